// Field kinds by their names, for type keys and for the siblings that name a type.

#include "io/config/fields.h"
#include "io/config/values.h"

namespace flusso::config {

const std::vector<FieldKind>& scalar_kinds() {
  static const std::vector<FieldKind> kKinds = {
      FieldKind::text,         FieldKind::identifier,   FieldKind::keyword,       FieldKind::enumeration,
      FieldKind::uuid,         FieldKind::boolean,      FieldKind::short_integer, FieldKind::integer,
      FieldKind::long_integer, FieldKind::float_number, FieldKind::double_number, FieldKind::decimal,
      FieldKind::date,         FieldKind::timestamp,    FieldKind::binary,        FieldKind::json,
  };
  return kKinds;
}

std::optional<FieldKind> read_kind(Reading& reading, const Node& node, std::string_view what,
                                   const std::vector<FieldKind>& allowed) {
  std::vector<std::pair<std::string_view, FieldKind>> choices;
  for (const FieldKind kind : allowed) choices.emplace_back(to_text(kind), kind);
  return read_choice(reading, node, what, choices);
}

}  // namespace flusso::config
