#include "cli/print.h"

#include <fmt/format.h>

#include <cstdio>

namespace flusso::cli {

void print_text(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_line(std::string_view line) {
  print_text(line);
  print_text("\n");
}

void print_error(const Error& error) {
  std::fflush(stdout);
  const bool list = error.code == "config.invalid";
  const std::string text = list ? error.what : "flusso: error: " + error.what;
  std::fputs(text.c_str(), stderr);
  if (text.empty() || text.back() != '\n') std::fputc('\n', stderr);
}

int exit_code(const Status& done) {
  if (done) return 0;
  print_error(done.error());
  return 1;
}

}  // namespace flusso::cli
