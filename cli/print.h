#pragma once
// What commands write for people: results on stdout, the one error sentence on stderr.

#include <string_view>

#include "model/result.h"

namespace flusso::cli {

void print_text(std::string_view text);
void print_line(std::string_view line);
// "flusso: error: <sentence>", or the diagnostics as they are.
void print_error(const Error& error);
// 0, or 1 after the error was printed.
int exit_code(const Status& done);

}  // namespace flusso::cli
