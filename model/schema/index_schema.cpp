#include "model/schema/index_schema.h"

namespace flusso {

std::string to_text(const TableRef& table) { return table.schema + "." + table.name; }

std::string_view to_text(FieldKind kind) {
  switch (kind) {
    case FieldKind::text:
      return "text";
    case FieldKind::identifier:
      return "identifier";
    case FieldKind::keyword:
      return "keyword";
    case FieldKind::enumeration:
      return "enum";
    case FieldKind::uuid:
      return "uuid";
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
      return "double";
    case FieldKind::decimal:
      return "decimal";
    case FieldKind::date:
      return "date";
    case FieldKind::timestamp:
      return "timestamp";
    case FieldKind::binary:
      return "binary";
    case FieldKind::json:
      return "json";
    case FieldKind::custom:
      return "custom";
  }
  return "unknown";
}

}  // namespace flusso
