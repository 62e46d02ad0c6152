#pragma once
// One subcommand: its place on the command line and what runs when it was chosen.

#include <functional>

namespace CLI {
class App;
}

namespace flusso::cli {

struct Command {
  CLI::App* app = nullptr;
  std::function<int()> execute;  // returns the exit code
};

}  // namespace flusso::cli
