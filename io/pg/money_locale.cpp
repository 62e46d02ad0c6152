#include "io/pg/money_locale.h"

#include <optional>
#include <string>

#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

// Whether the role decides, and what the database says, or ALTER ROLE ALL.
constexpr const char* kWhoDecides =
    "SELECT s.source IN ('user', 'database user'), (SELECT pg_catalog.substr(c, 13) "
    "FROM pg_catalog.pg_db_role_setting d, pg_catalog.unnest(d.setconfig) AS c "
    "WHERE d.setrole = 0 AND c LIKE 'lc\\_monetary=%' AND d.setdatabase IN (0, (SELECT b.oid FROM "
    "pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())) "
    "ORDER BY d.setdatabase DESC LIMIT 1) FROM pg_catalog.pg_settings s WHERE s.name = 'lc_monetary'";
// For members of pg_read_all_settings.
constexpr const char* kServersOwn =
    "SELECT setting FROM pg_catalog.pg_file_settings WHERE name = 'lc_monetary' AND applied ORDER BY seqno DESC LIMIT "
    "1";

Result<bool> set(Conn& conn, const std::string& locale) {
  const auto done = conn.exec("SELECT pg_catalog.set_config('lc_monetary', " + quote_literal(locale) + ", false)");
  if (!done && !conn.usable()) return fail(done.error());
  return done.has_value();  // not a locale of that machine: the server ignores such a setting, too
}

}  // namespace

Result<MoneyLocale> pin_money_locale(Conn& conn) {
  FLUSSO_TRY_ASSIGN(const Rows decided, conn.exec(kWhoDecides));
  if (decided.empty() || !decided.boolean(0, 0)) return MoneyLocale::of_database;
  if (!decided.is_null(0, 1)) {
    FLUSSO_TRY_ASSIGN(const bool done, set(conn, decided.string(0, 1)));
    if (done) return MoneyLocale::of_database;
  }
  const auto file = conn.exec(kServersOwn);
  if (!file && !conn.usable()) return fail(file.error());
  if (file && !file->empty() && !file->is_null(0, 0)) {
    FLUSSO_TRY_ASSIGN(const bool done, set(conn, file->string(0, 0)));
    if (done) return MoneyLocale::of_database;
  }
  FLUSSO_TRY(set(conn, "C"));
  return MoneyLocale::unknown;
}

}  // namespace flusso::pg
