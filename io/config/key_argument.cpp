#include "io/config/key_argument.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "model/row_key.h"

namespace flusso::config {
namespace {

// The elements of one flat array as texts; digits of numbers are kept.
class Parts : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<std::string> parts;

  bool null() override { return false; }
  bool boolean(bool value) override { return add(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return add(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& digits) override { return add(digits); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return false; }
  bool end_object() override { return false; }
  bool key(string_t&) override { return false; }
  bool start_array(std::size_t) override { return !std::exchange(inside_, true); }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool add(std::string part) {
    parts.push_back(std::move(part));
    return inside_;
  }
  bool inside_ = false;
};

std::optional<std::vector<std::string>> array_parts(std::string_view given) {
  if (given.empty() || given.front() != '[') return std::nullopt;
  Parts reader;
  if (!nlohmann::json::sax_parse(given.begin(), given.end(), &reader)) return std::nullopt;
  return std::move(reader.parts);
}

std::string forms(const KeyColumns& columns) {
  std::string plain;
  std::string array;
  for (const std::string& column : columns) {
    plain += (plain.empty() ? "<" : ":<") + column + ">";
    array += (array.empty() ? "<" : ", <") + column + ">";
  }
  return fmt::format("{} or the JSON array [{}]", plain, array);
}

}  // namespace

Result<std::string> parse_key_argument(std::string_view given, const KeyColumns& columns) {
  if (given.find('\0') != std::string_view::npos)
    return fail(ErrorKind::config, "config.key", "a key cannot hold the character NUL");
  if (const auto parts = array_parts(given); parts && parts->size() == columns.size()) {
    if (columns.size() == 1) return parts->front();
    std::string key;
    for (std::size_t i = 0; i < parts->size(); ++i) append_key_part(key, (*parts)[i], i == 0);
    return key;
  }
  if (given.starts_with("#sha256-"))
    return fail(
        ErrorKind::config, "config.key",
        fmt::format("`{}` is the digest of a key that is too long for an _id and leads back to no row; give the "
                    "key itself: {}",
                    given, forms(columns)));
  if (split_key(given, columns.size()).size() != columns.size())
    return fail(ErrorKind::config, "config.key",
                fmt::format("`{}` does not name a key of {} columns; write {}", given, columns.size(), forms(columns)));
  return std::string(given);
}

}  // namespace flusso::config
