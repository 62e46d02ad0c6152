#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <memory>

namespace flusso::cli {
namespace {

class HelpFormat : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string text = CLI::Formatter::make_option_opts(option);
    const std::string& variable = option->get_envname();
    if (variable.empty()) return text;
    const std::string theirs = " (" + get_label("Env") + ":" + variable + ")";
    if (const std::size_t at = text.find(theirs); at != std::string::npos)
      text.replace(at, theirs.size(), " [env: " + variable + "]");
    return text;
  }
};

}  // namespace

void add_config_flag(CLI::App& command, std::string& path) {
  command.add_option("-c,--config", path, "Configuration file")->envname("FLUSSO_CONFIG")->capture_default_str();
}

void set_help_format(CLI::App& app) { app.formatter(std::make_shared<HelpFormat>()); }

}  // namespace flusso::cli
