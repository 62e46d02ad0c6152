#include "io/config/tree.h"

namespace flusso::config {

std::string_view kind_of(const Node& node) {
  struct Name {
    std::string_view operator()(std::monostate) const { return "nothing"; }
    std::string_view operator()(bool) const { return "a boolean"; }
    std::string_view operator()(std::int64_t) const { return "a number"; }
    std::string_view operator()(const Digits&) const { return "a number"; }
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(const Unusable& other) const { return other.what; }
    std::string_view operator()(const std::vector<Node>&) const { return "a list"; }
    std::string_view operator()(const std::vector<Entry>&) const { return "a mapping"; }
  };
  return std::visit(Name{}, node.data);
}

}  // namespace flusso::config
