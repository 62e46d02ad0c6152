// docs/reference/types.md shows the very cases that are tested on a server: its tables are made from their files.
// FLUSSO_UPDATE_DOCS=1 writes them anew.

#include <cstdlib>
#include <fstream>

#include "tests/support/type_table.h"

namespace flusso::test {
namespace {

constexpr std::size_t kLongestCell = 64;

// The length in characters of a text in UTF-8, and its first or last ones.
std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

// Code in a cell of a table: long values by their ends, control and odd characters must not break the table.
std::string code(const std::string& text) {
  if (text.empty()) return "";
  std::string shown = text;
  if (characters(text) > kLongestCell)
    shown = text.substr(0, 20) + "…" + text.substr(text.size() - 20) + " (" + std::to_string(text.size()) + ")";
  std::string out = shown.find('`') == std::string::npos ? "`" : "`` ";
  for (const char c : shown) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out + (shown.find('`') == std::string::npos ? "`" : " ``");
}

std::string markdown(const TypeTable& table) {
  const bool aggregates = table.name == "aggregates";
  std::string out = aggregates ? "| Type | Aggregate | Declared | Values | JSON |\n| --- | --- | --- | --- | --- |\n"
                               : "| Type | Declared | Value | JSON |\n| --- | --- | --- | --- |\n";
  for (const TypeCase& one : table.cases) {
    out += "| " + one.type + " | ";
    if (aggregates) out += one.aggregate + " | ";
    out += one.target + " | " + code(one.value) + " | " + code(one.json);
    if (!one.loss.empty()) out += ", counted as `" + one.loss + "`";
    out += " |\n";
  }
  return out;
}

// The document with the table between its two comments replaced.
std::string with_table(const std::string& document, const TypeTable& table) {
  const std::string begin = "<!-- " + table.name + " -->\n";
  const std::string end = "<!-- end of " + table.name + " -->";
  const std::size_t from = document.find(begin);
  const std::size_t to = document.find(end);
  if (from == std::string::npos || to == std::string::npos || to < from) {
    ADD_FAILURE() << "docs/reference/types.md has no place for " << table.name;
    return document;
  }
  return document.substr(0, from + begin.size()) + "\n" + markdown(table) + "\n" + document.substr(to);
}

TEST(TypesDocument, shows_the_cases_that_are_tested) {
  const std::string path = source_path("docs/reference/types.md");
  const std::string document = read_file(path);
  std::string wanted = document;
  for (const std::string& name : value_tables()) wanted = with_table(wanted, read_type_table(name));
  wanted = with_table(wanted, read_type_table("aggregates"));
  if (std::getenv("FLUSSO_UPDATE_DOCS") != nullptr) std::ofstream(path) << wanted;
  EXPECT_TRUE(wanted == document) << path << " differs from tests/golden/types; run this test with "
                                  << "FLUSSO_UPDATE_DOCS=1 to write it";
}

}  // namespace
}  // namespace flusso::test
