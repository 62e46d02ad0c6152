#pragma once
// Flags that several commands have, so that they are called and explained alike, and how help is printed.

#include <string>

namespace CLI {
class App;
}

namespace flusso::cli {

// -c, --config, FLUSSO_CONFIG; the value that `path` holds is the default.
void add_config_flag(CLI::App& command, std::string& path);

// Help that shows each flag's variable as [env: NAME] (manual, "Environment variables"); for all commands added later.
void set_help_format(CLI::App& app);

}  // namespace flusso::cli
