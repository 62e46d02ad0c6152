#include "model/check/access.h"

#include <fmt/format.h>

#include "model/check/sql_text.h"

namespace flusso {

void check_access(const Site& site, const TableFacts& table) {
  const std::string& role = site.facts->role;
  const TableRef& name = table.info.table;
  if (!table.schema_usable) {
    site.error(fmt::format("role \"{}\" may not use schema {}, where table {} is; run GRANT USAGE ON SCHEMA {} TO {};",
                           role, name.schema, to_text(name), quoted(name.schema), quoted(role)));
  }
  if (!table.readable) {
    site.error(fmt::format("role \"{}\" may not read table {}; run GRANT SELECT ON {} TO {};", role, to_text(name),
                           quoted(name), quoted(role)));
  }
  if (table.rows_hidden) {
    site.error(fmt::format("row level security hides rows of table {} from role \"{}\"; run ALTER ROLE {} BYPASSRLS;",
                           to_text(name), role, quoted(role)));
  }
}

}  // namespace flusso
