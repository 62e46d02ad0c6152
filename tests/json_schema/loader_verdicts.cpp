// What the loader says about files, for tests/json_schema/run.py: reads paths from standard input, one per line, and
// prints one JSON object per line: {"errors": [message…]}. With --trees it prints for each *.yml how its YAML was
// understood: null, or the tree with every scalar as "kind:text".

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "io/config/loader.h"
#include "io/config/yaml_tree.h"

namespace flusso::config {
namespace {

using nlohmann::ordered_json;

ordered_json tree_of(const Node& node) {
  struct Kind {
    ordered_json operator()(std::monostate) const { return "null:"; }
    ordered_json operator()(bool value) const { return value ? "bool:true" : "bool:false"; }
    ordered_json operator()(std::int64_t value) const { return "number:" + std::to_string(value); }
    ordered_json operator()(const Digits& value) const { return "number:" + value.text; }
    ordered_json operator()(const std::string& value) const { return "string:" + value; }
    ordered_json operator()(const Unusable&) const { return "unusable:"; }
    ordered_json operator()(const std::vector<Node>& items) const {
      ordered_json out = ordered_json::array();
      for (const Node& item : items) out.push_back(tree_of(item));
      return out;
    }
    ordered_json operator()(const std::vector<Entry>& entries) const {
      ordered_json out = ordered_json::object();
      for (const Entry& entry : entries) out[entry.key] = tree_of(entry.value);
      return out;
    }
  };
  return std::visit(Kind{}, node.data);
}

ordered_json tree_of_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  Diagnostics report;
  Reading reading(path, report);
  const auto root = parse_yaml(text, reading);
  return root && !report.has_errors() ? tree_of(*root) : ordered_json();
}

ordered_json verdict_on(const std::string& path) {
  const bool schema = path.ends_with(".yml") || path.ends_with(".yaml");
  const Diagnostics report = schema ? load_schema(path).diagnostics : load(path).diagnostics;
  ordered_json errors = ordered_json::array();
  for (const Diagnostic& diagnostic : report.sorted())
    if (diagnostic.severity == Severity::error) errors.push_back(diagnostic.message);
  return {{"errors", errors}};
}

}  // namespace
}  // namespace flusso::config

int main(int argc, char** argv) {
  const bool trees = argc > 1 && std::string_view(argv[1]) == "--trees";
  for (std::string path; std::getline(std::cin, path);) {
    const auto line = trees ? flusso::config::tree_of_file(path) : flusso::config::verdict_on(path);
    std::cout << line.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  }
  return 0;
}
