#include "io/config/toml_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "io/config/toml_depth.h"
#include "io/config/utf8.h"

// toml++ 3.3 asserts on some malformed texts instead of reporting them. Its asserts become exceptions, in every build.
namespace flusso::config {
struct TomlAssertion {};
constexpr void require_of_toml(bool holds) {
  if (!holds) throw TomlAssertion();
}
}  // namespace flusso::config
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ::flusso::config::require_of_toml(static_cast<bool>(expr))
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

namespace flusso::config {

namespace {

Mark mark_of(const toml::source_region& region) {
  return Mark{static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

struct TooManyValues {
  Mark at;
};

Node convert(const toml::node& node, std::size_t& nodes) {
  Node out;
  out.at = mark_of(node.source());
  if (++nodes > kMaxNodes) throw TooManyValues{out.at};
  if (const auto* table = node.as_table()) {
    std::vector<Entry> entries;
    for (const auto& [key, value] : *table)
      entries.push_back(Entry{std::string(key.str()), mark_of(key.source()), convert(value, nodes)});
    // toml++ sorts keys by name; readers report in the order of the file.
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
    out.data = std::move(entries);
  } else if (const auto* array = node.as_array()) {
    std::vector<Node> items;
    for (const toml::node& item : *array) items.push_back(convert(item, nodes));
    out.data = std::move(items);
  } else if (const auto* text = node.as_string()) {
    out.data = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.data = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.data = boolean->get();
  } else if (const auto* number = node.as_floating_point()) {
    std::string digits = fmt::format("{}", number->get());
    if (digits.find_first_not_of("-0123456789") == std::string::npos) digits += ".0";  // written with a fraction
    if (std::isfinite(number->get()))
      out.data = Digits{std::move(digits)};
    else
      out.data = Unusable{"infinity or NaN"};
  } else {
    out.data = Unusable{"a date or time"};
  }
  return out;
}

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// toml++ quotes what it saw, which may be the beginning of a password: kept only where the line may be shown.
std::string description_of(const toml::parse_error& error, std::string_view text, int line) {
  std::string description(error.description());
  const std::string_view shown = line_of(text, line);
  if (masked_line(shown) != shown)
    if (const auto quoted = description.find(", saw "); quoted != std::string::npos) description.resize(quoted);
  return description;
}

bool asserts(std::string_view text) {
  try {
    (void)toml::parse(text);
  } catch (const TomlAssertion&) {
    return true;
  } catch (const toml::parse_error&) {
  }
  return false;
}

// The line that made toml++ assert, which says nothing itself: the shortest run of first lines that still does. The
// parser goes from front to back, so halving finds it.
int asserting_line(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
    ends.push_back(at + 1);
  const auto first =
      std::partition_point(ends.begin(), ends.end(), [&](std::size_t end) { return !asserts(text.substr(0, end)); });
  return static_cast<int>(first - ends.begin()) + 1;
}

}  // namespace

std::optional<Node> parse_toml(std::string_view text, Reading& reading) {
  if (const auto broken = first_invalid_utf8(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*broken), '\n');
    reading.error(Mark{static_cast<int>(line), 1}, "the file is not valid UTF-8");
    return std::nullopt;
  }
  if (const auto line = too_deep_line(text)) {
    reading.error(Mark{*line, 1}, "keys and values are nested too deeply");
    return std::nullopt;
  }
  try {
    std::size_t nodes = 0;
    Node root = convert(toml::parse(text), nodes);
    root.at = Mark{1, 1};
    return root;
  } catch (const toml::parse_error& error) {
    const Mark at = mark_of(error.source());
    reading.error(at, "this is not valid TOML: " + description_of(error, text, at.line));
  } catch (const TooManyValues& stop) {
    reading.error(stop.at, "the file holds too many values");
  } catch (const TomlAssertion&) {
    reading.error(Mark{asserting_line(text), 1}, "this is not valid TOML");
  } catch (const std::exception& error) {
    reading.error(Mark{1, 1}, fmt::format("this file cannot be read as TOML: {}", error.what()));
  }
  return std::nullopt;
}

}  // namespace flusso::config
