#include "io/pg/pg_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/pg/quote.h"
#include "model/row_key.h"

namespace flusso::pg {
namespace {

// A fan-out of millions takes its time, on a lane of its own; a stop request ends it.
constexpr Millis kBriefly{20000};
constexpr Millis kUnbounded{0};
constexpr Millis kResolveLockTimeout{2000};

Params value_params(const std::vector<std::string>& values, std::size_t columns) {
  std::vector<std::vector<std::string>> parts(columns);
  for (const std::string& value : values) {
    if (value.find('\0') != std::string::npos) continue;
    std::vector<std::string> split = split_key(value, columns);
    if (split.size() != columns) continue;
    for (std::size_t i = 0; i < columns; ++i) parts[i].push_back(std::move(split[i]));
  }
  Params params;
  for (const std::vector<std::string>& column : parts) params.emplace_back(array_text(column));
  return params;
}

// Keys of one path on their way out.
struct Page {
  IndexId index;
  std::vector<std::string> keys;
};

}  // namespace

PgResolver::PgResolver(const PgSourceOptions& options, const Plan& plan, Patience patience)
    : session_(options, plan, "resolver", patience == Patience::brief ? kBriefly : kUnbounded, kResolveLockTimeout),
      plan_(plan) {}

Result<const ReverseSql*> PgResolver::path(PathId id) {
  const auto found = paths_.find(id.value);
  if (found != paths_.end()) return &found->second;
  if (id.value >= plan_.paths.size())
    return fail(ErrorKind::bug, "pg.unknown_path", "a lookup names a path outside the plan");
  FLUSSO_TRY_ASSIGN(ReverseSql sql, reverse_sql(plan_.paths[id.value], plan_));
  return &paths_.emplace(id.value, std::move(sql)).first->second;
}

Status PgResolver::resolve(const LookupPlan& lookup, std::size_t page_keys,
                           const std::function<Status(IndexId, std::vector<std::string>)>& emit, std::stop_token stop) {
  const bool nothing = std::all_of(lookup.starts.begin(), lookup.starts.end(),
                                   [](const LookupPlan::Start& start) { return start.values.empty(); });
  if (nothing) return {};
  FLUSSO_TRY_ASSIGN(Conn * conn, session_.use(std::move(stop)));
  const std::size_t page_size = std::max<std::size_t>(page_keys, 1);
  std::vector<TableRef> tables;
  std::vector<Statement> statements;
  std::vector<Page> pages(lookup.starts.size());
  statements.push_back({kBeginRead, {}, {}, false, {}});
  statements.push_back({});  // the lock, once all tables are known
  for (std::size_t i = 0; i < lookup.starts.size(); ++i) {
    const LookupPlan::Start& start = lookup.starts[i];
    if (start.values.empty()) continue;
    FLUSSO_TRY_ASSIGN(const ReverseSql* sql, path(start.path));
    for (const TableRef& table : sql->tables)
      if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
    const std::string name = fmt::format("path_{}", start.path.value);
    FLUSSO_TRY(conn->prepare(name, sql->sql));
    Page& page = pages[i];
    page.index = plan_.paths[start.path.value].index;
    const auto on_row = [&page, &emit, page_size](const Rows& rows) -> Status {
      page.keys.push_back(rows.string(0, 0));
      if (page.keys.size() < page_size) return {};
      return emit(page.index, std::exchange(page.keys, {}));
    };
    statements.push_back({name, value_params(start.values, sql->columns), {}, true, on_row});
  }
  statements[1].sql = lock_sql(tables, plan_);
  if (statements[1].sql.empty()) statements.erase(statements.begin() + 1);
  statements.push_back({"COMMIT", {}, {}, false, {}});
  const SteadyTime begun = std::chrono::steady_clock::now();
  if (auto done = conn->pipeline(statements); !done)
    return fail(explain_timeout(std::move(done).error(), begun, session_, tables));
  for (Page& page : pages)
    if (!page.keys.empty()) FLUSSO_TRY(emit(page.index, std::move(page.keys)));
  return {};
}

std::unique_ptr<RowResolver> make_resolver(const PgSourceOptions& options, const Plan& plan, Patience patience) {
  return std::make_unique<PgResolver>(options, plan, patience);
}

}  // namespace flusso::pg
