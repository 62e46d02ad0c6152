#include "io/opensearch/analysis.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace flusso::opensearch {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMark = "flusso_enumsort_mark";
constexpr std::string_view kUnmark = "flusso_enumsort_unmark";
constexpr std::uint32_t kOpeningMark = 0xE000;
constexpr std::uint32_t kClosingMark = 0xE001;

void append_code_unit(std::string& out, std::uint32_t unit) { out += fmt::format("\\u{:04x}", unit); }

// The text with every UTF-16 code unit written as \uXXXX: mapping rules trim blanks and read backslashes and "=>",
// so nothing of a variant may stand there as it is. Bytes that are not UTF-8 become U+FFFD.
std::string escaped_units(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) {
      append_code_unit(out, 0xFFFD);
      ++i;
      continue;
    }
    std::uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    i += length;
    if (point >= 0x10000) {
      append_code_unit(out, 0xD800 + ((point - 0x10000) >> 10));
      append_code_unit(out, 0xDC00 + ((point - 0x10000) & 0x3FFU));
    } else {
      append_code_unit(out, point);
    }
  }
  return out;
}

Json rank_rules(const std::vector<std::string>& variants) {
  const std::size_t digits = std::to_string(variants.size() - 1).size();
  Json rules = Json::array();
  for (std::size_t rank = 0; rank < variants.size(); ++rank) {
    std::string rule;
    append_code_unit(rule, kOpeningMark);
    rule += escaped_units(variants[rank]);
    append_code_unit(rule, kClosingMark);
    rules.push_back(rule + fmt::format(" => {:0{}}", rank, digits));
  }
  return rules;
}

Json base_analysis(TextAnalysis kind) {
  const bool icu = kind == TextAnalysis::icu;
  Json analysis;
  analysis["filter"]["flusso_word_delimiter"] = {
      {"type", "word_delimiter_graph"}, {"catenate_all", true}, {"preserve_original", true}};
  analysis["analyzer"]["flusso_code"] = {
      {"type", "custom"},
      {"tokenizer", "whitespace"},
      {"filter", {"flusso_word_delimiter", "flatten_graph", "lowercase", icu ? "icu_folding" : "asciifolding"}}};
  analysis["analyzer"]["flusso_text"] = {
      {"type", "custom"},
      {"tokenizer", icu ? "icu_tokenizer" : "standard"},
      {"filter", icu ? Json{"icu_normalizer", "icu_folding"} : Json{"lowercase", "asciifolding"}}};
  analysis["normalizer"]["flusso_lowercase"] = {
      {"type", "custom"},
      {"filter", icu ? Json::array({"icu_normalizer"}) : Json::array({"lowercase", "asciifolding"})}};
  return analysis;
}

}  // namespace

std::string Analysis::add_ordered_enum(std::string_view path, const std::vector<std::string>& variants) {
  std::string name = "flusso_enumsort__";
  for (const char c : path) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += alphanumeric ? c : '_';
  }
  std::string unique = name;
  for (int number = 2; ordered_enums_.contains(unique); ++number) unique = fmt::format("{}__{}", name, number);
  ordered_enums_[unique] = variants;
  return unique;
}

Json Analysis::render() const {
  Json analysis = base_analysis(kind_);
  if (ordered_enums_.empty()) return analysis;
  analysis["char_filter"][std::string(kMark)] = {
      {"type", "pattern_replace"}, {"pattern", "(?s)\\A(.*)\\z"}, {"replacement", "\uE000$1\uE001"}};
  analysis["char_filter"][std::string(kUnmark)] = {
      {"type", "pattern_replace"}, {"pattern", "[\uE000\uE001]"}, {"replacement", ""}};
  for (const auto& [name, variants] : ordered_enums_) {
    analysis["char_filter"][name] = {{"type", "mapping"}, {"mappings", rank_rules(variants)}};
    analysis["normalizer"][name] = {
        {"type", "custom"}, {"char_filter", Json::array({kMark, name, kUnmark})}, {"filter", Json::array()}};
  }
  return analysis;
}

}  // namespace flusso::opensearch
