#pragma once
// `flusso check`: validates the files and prints the typed mapping; without --offline it also asks the database whether
// the tables and key columns are there. Never writes.

#include <string>

namespace flusso::cli {

struct CheckOptions {
  std::string config = "flusso.toml";
  bool offline = false;
};

int check_command(const CheckOptions& options);

}  // namespace flusso::cli
