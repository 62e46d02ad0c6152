#include "model/mapping/field_types.h"

#include <algorithm>
#include <array>

namespace flusso {

namespace {

template <std::size_t n>
bool among(std::string_view type, const std::array<std::string_view, n>& types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

std::string_view mapping_type(FieldKind kind) {
  switch (kind) {
    case FieldKind::text:
    case FieldKind::identifier:
      return "text";
    case FieldKind::keyword:
    case FieldKind::enumeration:
    case FieldKind::uuid:
      return "keyword";
    case FieldKind::boolean:
      return "boolean";
    case FieldKind::short_integer:
      return "short";
    case FieldKind::integer:
      return "integer";
    case FieldKind::long_integer:
      return "long";
    case FieldKind::float_number:
      return "float";
    case FieldKind::double_number:
    case FieldKind::decimal:
      return "double";
    case FieldKind::date:
    case FieldKind::timestamp:
      return "date";
    case FieldKind::binary:
      return "binary";
    case FieldKind::json:
      return "object";
    case FieldKind::custom:
      return "";
  }
  return "";
}

bool can_be_mapped_as(FieldKind kind, std::string_view type) {
  using namespace std::string_view_literals;
  static constexpr std::array kText = {"text"sv,     "match_only_text"sv,  "keyword"sv,
                                       "wildcard"sv, "constant_keyword"sv, "search_as_you_type"sv};
  static constexpr std::array kWholeNumbers = {"short"sv,         "integer"sv, "long"sv,
                                               "unsigned_long"sv, "double"sv,  "scaled_float"sv};
  switch (kind) {
    case FieldKind::text:
    case FieldKind::identifier:
    case FieldKind::keyword:
    case FieldKind::enumeration:
    case FieldKind::uuid:
      return among(type, kText);
    case FieldKind::boolean:
      return type == "boolean";
    case FieldKind::short_integer:
      return among(type, kWholeNumbers);
    case FieldKind::integer:
      return among(type, kWholeNumbers) && type != "short";
    case FieldKind::long_integer:
      return among(type, kWholeNumbers) && type != "short" && type != "integer";
    case FieldKind::float_number:
      return type == "float" || type == "double" || type == "scaled_float";
    case FieldKind::double_number:
      return type == "double" || type == "scaled_float";
    case FieldKind::decimal:
      return type == "double" || type == "scaled_float" || type == "keyword";
    case FieldKind::date:
    case FieldKind::timestamp:
      return type == "date" || type == "date_nanos";
    case FieldKind::binary:
      return type == "binary";
    case FieldKind::json:
      return type == "object" || type == "nested" || type == "flat_object";
    case FieldKind::custom:
      return true;
  }
  return false;
}

}  // namespace flusso
