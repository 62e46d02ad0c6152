#include "cli/commands/completions.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/print.h"

namespace flusso::cli {
namespace {

struct Flag {
  std::vector<std::string> names;  // with their dashes
  std::string about;
  bool takes_value = false;
  std::vector<std::string> values;  // what it may be; empty = anything, completed as a file name
};

struct Known {
  std::string name;
  std::string about;
  std::vector<Flag> flags;
  std::vector<std::string> values;  // of the first positional
};

// "a|b|c" out of the type name of an option that only takes these: "TEXT:{a,b,c}".
std::vector<std::string> choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.rfind('}');
  std::vector<std::string> found;
  if (open == std::string::npos || close == std::string::npos || close < open) return found;
  std::string word;
  for (const char c : type.substr(open + 1, close - open - 1) + ",") {
    if (c != ',') {
      word.push_back(c);
    } else {
      found.push_back(word);
      word.clear();
    }
  }
  return found;
}

// The first sentence, on one line and without what a shell would take for its own.
std::string about(std::string text) {
  text = text.substr(0, text.find_first_of("\n;"));
  for (char& c : text)
    if (c == '\'' || c == '[' || c == ']' || c == ':') c = ' ';
  return text;
}

std::vector<Known> known_commands(const CLI::App& app) {
  std::vector<Known> all;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    Known known{command->get_name(), about(command->get_description()), {}, {}};
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional()) {
        if (known.values.empty()) known.values = choices(*option);
        continue;
      }
      Flag flag{{}, about(option->get_description()), option->get_expected_max() > 0, choices(*option)};
      for (const std::string& name : option->get_snames()) flag.names.push_back("-" + name);
      for (const std::string& name : option->get_lnames()) flag.names.push_back("--" + name);
      known.flags.push_back(std::move(flag));
    }
    all.push_back(std::move(known));
  }
  return all;
}

std::string names_of(const std::vector<Known>& commands) {
  std::vector<std::string> names;
  for (const Known& command : commands) names.push_back(command.name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string bash(const std::vector<Known>& commands) {
  std::string out = fmt::format(
      "# flusso completions for bash: source <(flusso completions bash)\n"
      "_flusso() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}\n"
      "  if (( COMP_CWORD == 1 )); then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case $command in\n",
      names_of(commands));
  for (const Known& command : commands) {
    std::vector<std::string> words = command.values;
    out += fmt::format("    {})\n      case $before in\n", command.name);
    for (const Flag& flag : command.flags) {
      words.insert(words.end(), flag.names.begin(), flag.names.end());
      if (!flag.takes_value) continue;
      const std::string reply = flag.values.empty()
                                    ? "compgen -f -- \"$word\""
                                    : fmt::format("compgen -W '{}' -- \"$word\"", fmt::join(flag.values, " "));
      out += fmt::format("        {}) COMPREPLY=($({})); return ;;\n", fmt::join(flag.names, "|"), reply);
    }
    out += fmt::format("      esac\n      COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n", fmt::join(words, " "));
  }
  return out + "  esac\n}\ncomplete -o filenames -F _flusso flusso\n";
}

std::string zsh(const std::vector<Known>& commands) {
  std::string out =
      "#compdef flusso\n# flusso completions for zsh: flusso completions zsh > \"${fpath[1]}/_flusso\"\n"
      "_flusso() {\n  local -a commands=(\n";
  for (const Known& command : commands) out += fmt::format("    '{}:{}'\n", command.name, command.about);
  out +=
      "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n  local "
      "command=$words[2]\n"
      "  shift words; (( CURRENT-- ))\n  case $command in\n";
  for (const Known& command : commands) {
    out += fmt::format("    {})\n      _arguments \\\n", command.name);
    for (const Flag& flag : command.flags) {
      const std::string value = !flag.takes_value     ? ""
                                : flag.values.empty() ? ":value:_files"
                                                      : fmt::format(":value:({})", fmt::join(flag.values, " "));
      for (const std::string& name : flag.names) out += fmt::format("        '{}[{}]{}' \\\n", name, flag.about, value);
    }
    out += command.values.empty() ? "        '*:argument:' ;;\n"
                                  : fmt::format("        '1:value:({})' ;;\n", fmt::join(command.values, " "));
  }
  return out +
         "  esac\n}\n"
         "if [[ $funcstack[1] == _flusso ]]; then _flusso \"$@\"; else compdef _flusso flusso; fi\n";
}

std::string fish(const std::vector<Known>& commands) {
  std::string out = "# flusso completions for fish: flusso completions fish > ~/.config/fish/completions/flusso.fish\n";
  for (const Known& command : commands)
    out += fmt::format("complete -c flusso -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name, command.about);
  for (const Known& command : commands) {
    const std::string when = fmt::format("-n '__fish_seen_subcommand_from {}'", command.name);
    if (!command.values.empty())
      out += fmt::format("complete -c flusso {} -f -a '{}'\n", when, fmt::join(command.values, " "));
    for (const Flag& flag : command.flags) {
      std::string names;
      for (const std::string& name : flag.names)
        names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      const std::string value = !flag.takes_value     ? ""
                                : flag.values.empty() ? " -r"
                                                      : fmt::format(" -x -a '{}'", fmt::join(flag.values, " "));
      out += fmt::format("complete -c flusso {}{}{} -d '{}'\n", when, names, value, flag.about);
    }
  }
  return out;
}

}  // namespace

Command add_completions(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completions", "Print completions for a shell");
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return {command, [&app, shell] {
            const std::vector<Known> commands = known_commands(app);
            print_text(*shell == "bash" ? bash(commands) : *shell == "zsh" ? zsh(commands) : fish(commands));
            return 0;
          }};
}

}  // namespace flusso::cli
