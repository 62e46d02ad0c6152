#include "io/pg/statement_check.h"

#include <fmt/format.h>

#include "io/pg/document_sql.h"
#include "io/pg/quote.h"
#include "io/pg/read_session.h"
#include "io/pg/reverse_sql.h"

namespace flusso::pg {
namespace {

Status parse(Conn& conn, const std::string& sql, const std::string& what) {
  const auto parsed = conn.exec(fmt::format("PREPARE flusso_statement AS {}\n; DEALLOCATE flusso_statement", sql));
  if (parsed) return {};
  return fail(in_context(what, parsed.error()));
}

Status parse_all(Conn& conn, const Plan& plan) {
  for (const IndexPlan& index : plan.indexes) {
    FLUSSO_TRY_ASSIGN(const DocumentSql sql, document_sql(index, plan));
    FLUSSO_TRY(parse(conn, live_sql(sql), "index " + index.name));
  }
  for (const LookupPath& path : plan.paths) {
    FLUSSO_TRY_ASSIGN(const ReverseSql sql, reverse_sql(path, plan));
    FLUSSO_TRY(
        parse(conn, sql.sql, fmt::format("index {}, relation {}", plan.indexes[path.index.value].name, path.name)));
  }
  return {};
}

}  // namespace

Status check_statements_are_taken(Conn& conn, const Plan& plan) {
  FLUSSO_TRY(conn.exec("SET search_path TO " + quote_identifier_list(search_path_of(plan))));
  const Status done = parse_all(conn, plan);
  if (conn.usable()) FLUSSO_TRY(conn.exec("SET search_path TO pg_catalog"));
  return done;
}

}  // namespace flusso::pg
