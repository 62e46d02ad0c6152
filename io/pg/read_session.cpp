#include "io/pg/read_session.h"

#include <algorithm>

#include "io/pg/blockers.h"
#include "io/pg/quote.h"

namespace flusso::pg {
// Built-in names first; the schemas of the roots and public are for raw filters and for operators of extension types.
std::vector<std::string> search_path_of(const Plan& plan) {
  std::vector<std::string> schemas{"pg_catalog"};
  const auto add = [&schemas](const std::string& name) {
    if (std::find(schemas.begin(), schemas.end(), name) == schemas.end()) schemas.push_back(name);
  };
  for (const IndexPlan& index : plan.indexes) add(index.schema.table.schema);
  add("public");
  return schemas;
}

// Our statements start from keys and follow indexes. Plans are made once, maybe while tables are empty or without
// statistics; a scan of a whole child table per parent row must not come out of that.
std::vector<std::pair<std::string, std::string>> planner_settings() {
  return {{"enable_seqscan", "off"},
          {"enable_hashjoin", "off"},
          {"enable_mergejoin", "off"},
          {"enable_bitmapscan", "off"},
          {"plan_cache_mode", "force_generic_plan"}};
}

ReadSession::ReadSession(const PgSourceOptions& options, const Plan& plan, const char* role, Millis statement_timeout,
                         Millis lock_timeout) {
  params_.url = options.url;
  params_.application_name = "flusso:" + options.slot + ":" + role;
  params_.statement_timeout = statement_timeout;
  params_.lock_timeout = lock_timeout;
  params_.search_path = quote_identifier_list(search_path_of(plan));
  params_.settings = planner_settings();
}

Result<Conn*> ReadSession::use(std::stop_token stop) {
  if (conn_ && !conn_->usable()) conn_.reset();
  if (!conn_) {
    FLUSSO_TRY_ASSIGN(Conn conn, Conn::connect(params_, stop));
    conn_.emplace(std::move(conn));
  }
  conn_->bind(std::move(stop));
  return &*conn_;
}

std::string lock_sql(const std::vector<TableRef>& tables, const Plan& plan) {
  std::string names;
  for (const TableRef& table : tables) {
    const TablePlan* known = plan.find(table);
    const char kind = known == nullptr ? 'r' : known->info.kind;
    if (kind != 'r' && kind != 'p' && kind != 'v') continue;  // materialized views and foreign tables cannot be locked
    names += (names.empty() ? "" : ", ") + quote_table(table);
  }
  return names.empty() ? std::string() : "LOCK TABLE " + names + " IN ACCESS SHARE MODE";
}

Error explain_timeout(Error error, SteadyTime begun, ReadSession& session, const std::vector<TableRef>& tables) {
  if (error.code == "pg.57014" && session.statement_timeout().count() != 0 &&
      std::chrono::steady_clock::now() - begun >= session.statement_timeout()) {
    error.code = "pg.statement_timeout";
  } else if (error.code == "pg.55P03") {
    if (const auto conn = session.use({}); conn) error.what += "; " + name_lock_holders(**conn, tables);
  }
  return error;
}

bool is_timeout(const Error& error) {
  return error.code == "pg.57014" || error.code == "pg.55P03" || error.code == "pg.statement_timeout";
}

}  // namespace flusso::pg
