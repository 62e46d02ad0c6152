#include "model/schema/names.h"

#include <algorithm>

namespace flusso {

namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

tl::unexpected<std::string> no(std::string why) { return tl::unexpected<std::string>(std::move(why)); }

std::string too_long(std::string_view name) {
  const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? "it is longer than 63 bytes" : "it is longer than 63 bytes in UTF-8";
}

NameResult parse_quoted(std::string_view text) {
  std::string name;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\0') return no("it contains a NUL byte");
    if (text[i] == '"') {
      if (i + 2 >= text.size() || text[i + 1] != '"') return no("a double quote inside a quoted name is written twice");
      ++i;
    }
    name.push_back(text[i]);
  }
  if (name.empty()) return no("a quoted name must not be empty");
  if (name.size() > kMaxNameBytes) return no(too_long(name));
  return name;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string folded(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

NameResult parse_plain_name(std::string_view text) {
  std::string name = folded(trimmed(text));
  if (name.empty()) return no("it is empty");
  if (name.size() > kMaxNameBytes) return no("it is longer than 63 bytes");
  if (!is_lower(name.front()) && name.front() != '_') return no("it must begin with a letter or an underscore");
  const bool plain =
      std::all_of(name.begin(), name.end(), [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
  if (!plain) return no("only letters, digits and underscores are allowed");
  return name;
}

NameResult parse_postgres_name(std::string_view text) {
  const std::string_view bare = trimmed(text);
  if (bare.size() >= 2 && bare.front() == '"' && bare.back() == '"') return parse_quoted(bare);
  NameResult name = parse_plain_name(bare);
  if (!name && !bare.empty() && name.error().starts_with("only"))
    return no(name.error() + "; a name with other characters is written with double quotes inside the string");
  return name;
}

NameResult parse_index_name(std::string_view text) {
  const std::string_view bare = trimmed(text);
  if (!bare.empty() && (bare.front() == '_' || bare.front() == '-' || bare.front() == '+'))
    return no("OpenSearch forbids index names that begin with _, - or +");
  NameResult name = parse_plain_name(bare);
  if (!name && bare.find_first_of(" ,:\"*+/\\|?#<>") != std::string_view::npos)
    return no("OpenSearch forbids blanks and , : \" * + / \\ | ? # < > in index names");
  return name;
}

NameResult parse_field_name(std::string_view text) {
  const std::string_view name = trimmed(text);
  if (name.empty()) return no("it is empty");
  if (name.size() > kMaxNameBytes) return no("it is longer than 63 bytes");
  if (is_digit(name.front())) return no("it must begin with a letter or an underscore");
  const bool plain = std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_'; });
  if (!plain) return no("only letters, digits and underscores are allowed");
  return std::string(name);
}

}  // namespace flusso
