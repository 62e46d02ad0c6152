#include "io/pg/text_parts.h"

#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

constexpr std::size_t kMaxArguments = 100;

std::string call_concat(const std::vector<std::string>& arguments) {
  std::string sql = "concat(";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) sql += ',';
    sql += arguments[i];
  }
  return sql + ')';
}

}  // namespace

void TextParts::constant(std::string_view text) {
  if (text.empty()) return;
  if (!parts_.empty() && parts_.back().literal)
    parts_.back().text += text;
  else
    parts_.push_back({true, std::string(text)});
}

void TextParts::expression(std::string sql) { parts_.push_back({false, std::move(sql)}); }

void TextParts::append(const TextParts& other) {
  for (const Part& part : other.parts_) {
    if (part.literal)
      constant(part.text);
    else
      expression(part.text);
  }
}

bool TextParts::is_constant() const { return parts_.empty() || (parts_.size() == 1 && parts_.front().literal); }

std::string TextParts::constant_text() const { return parts_.empty() ? std::string() : parts_.front().text; }

std::string TextParts::sql() const {
  std::vector<std::string> level;
  level.reserve(parts_.size());
  for (const Part& part : parts_) level.push_back(part.literal ? quote_literal(part.text) : part.text);
  if (level.empty()) level.push_back("''");
  while (level.size() > kMaxArguments) {
    std::vector<std::string> next;
    for (std::size_t i = 0; i < level.size(); i += kMaxArguments) {
      const std::size_t end = std::min(level.size(), i + kMaxArguments);
      next.push_back(call_concat(
          {level.begin() + static_cast<std::ptrdiff_t>(i), level.begin() + static_cast<std::ptrdiff_t>(end)}));
    }
    level = std::move(next);
  }
  return call_concat(level);
}

}  // namespace flusso::pg
