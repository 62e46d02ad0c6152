#include "model/mapping/field_types.h"

#include <algorithm>

namespace flusso {

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

std::vector<std::string_view> types_that_hold(FieldKind kind) {
  switch (kind) {
    case FieldKind::text:
    case FieldKind::identifier:
    case FieldKind::keyword:
    case FieldKind::enumeration:
    case FieldKind::uuid:
      return {"text", "match_only_text", "keyword", "wildcard", "constant_keyword", "search_as_you_type"};
    case FieldKind::boolean:
      return {"boolean"};
    case FieldKind::short_integer:
      return {"short", "integer", "long", "unsigned_long", "double", "scaled_float"};
    case FieldKind::integer:
      return {"integer", "long", "unsigned_long", "double", "scaled_float"};
    case FieldKind::long_integer:
      return {"long", "unsigned_long", "double", "scaled_float"};
    case FieldKind::float_number:
      return {"float", "double", "scaled_float"};
    case FieldKind::double_number:
      return {"double", "scaled_float"};
    case FieldKind::decimal:
      return {"double", "scaled_float", "keyword"};
    case FieldKind::date:
    case FieldKind::timestamp:
      return {"date", "date_nanos"};
    case FieldKind::binary:
      return {"binary"};
    case FieldKind::json:
      return {"object", "nested", "flat_object"};
    case FieldKind::custom:
      return {};
  }
  return {};
}

bool can_be_mapped_as(FieldKind kind, std::string_view type) {
  const auto types = types_that_hold(kind);
  return std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace flusso
