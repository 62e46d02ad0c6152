#include "cli/commands/schema.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/print.h"
#include "io/config/json_schema.h"

namespace flusso::cli {

Command add_schema(CLI::App& app) {
  const auto format = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of a file format, for editors");
  command->add_option("file", *format, "config: of flusso.toml, as JSON; index: of *.schema.yml, as YAML")
      ->envname("FLUSSO_SCHEMA")
      ->check(CLI::IsMember({"config", "index"}))
      ->required();
  return {command, [format] {
            std::string_view text = *format == "config" ? config::config_json_schema() : config::index_json_schema();
            while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
            print_line(text);
            return 0;
          }};
}

}  // namespace flusso::cli
