#include "io/pg/generated_columns.h"

#include <fmt/format.h>

#include "io/pg/quote.h"

namespace flusso::pg {
namespace {

constexpr int kCanBePublished = 180000;
constexpr const char* kPublished = "SELECT pubgencols = 's' FROM pg_catalog.pg_publication WHERE pubname = $1";

}  // namespace

Result<std::vector<Error>> check_generated(Conn& conn, const std::string& publication, const Plan& plan) {
  std::vector<Error> findings;
  for (const TablePlan& table : plan.tables) {
    for (const std::string& name : table.columns) {
      const ColumnInfo* column = table.info.column(name);
      if (column == nullptr || !column->generated) continue;
      findings.push_back(Error{
          ErrorKind::permanent, "pg.generated_key",
          fmt::format("column {} of table {}, which an index needs to find its documents, is generated, and generated "
                      "columns are not replicated{}; use a plain column as key",
                      name, to_text(table.info.table),
                      conn.server_version() < kCanBePublished
                          ? " before Postgres 18"
                          : fmt::format(" unless you run ALTER PUBLICATION {} SET (publish_generated_columns = stored)",
                                        quote_identifier(publication)))});
    }
  }
  if (findings.empty() || conn.server_version() < kCanBePublished) return findings;
  FLUSSO_TRY_ASSIGN(const Rows published, conn.exec_params(kPublished, {publication}));
  if (!published.empty() && published.boolean(0, 0)) findings.clear();
  return findings;
}

}  // namespace flusso::pg
