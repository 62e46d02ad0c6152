#include "io/pg/check/statements.h"

#include <fmt/format.h>

#include <functional>

#include "io/pg/check/explain.h"
#include "io/pg/document_sql.h"
#include "io/pg/quote.h"
#include "io/pg/range_sql.h"
#include "io/pg/read_session.h"
#include "io/pg/reverse_sql.h"
#include "model/check/prune.h"

namespace flusso::pg {
namespace {

class IndexStatements {
 public:
  IndexStatements(ReadOnlySession& session, const Plan& plan, const IndexPlan& index, const DatabaseFacts& facts,
                  Told& told, CheckFindings& findings)
      : session_(session), plan_(plan), index_(index), facts_(facts), told_(told), findings_(findings) {}

  void documents() {
    const auto live = explain_live(index_.schema);
    if (!live) {
      find_culprits(live.error());
      return;
    }
    scan(*live, document_lookups(index_.schema, facts_));
    seed();
  }

  void reverse(const LookupPath& path) {
    const std::vector<Lookup> lookups = path_lookups(path, index_.schema);
    const Lookup& first = lookups.front();
    const auto sql = reverse_sql(path, plan_);
    const auto explained = sql ? explain(session_, sql->sql, sql->columns) : fail(sql.error());
    if (explained)
      scan(*explained, lookups);
    else
      complain(first.field, first.at, "the lookup of documents from changed rows", explained.error());
  }

 private:
  Result<std::string> explain_live(const IndexSchema& schema) {
    IndexPlan index = index_;
    index.schema = schema;
    FLUSSO_TRY_ASSIGN(const DocumentSql sql, document_sql(index, plan_));
    return explain(session_, live_sql(sql), sql.key_columns.size());
  }

  void scan(const std::string& plan_json, const std::vector<Lookup>& lookups) {
    check_scans(index_.name, scans_of(plan_json), lookups, facts_, told_, findings_);
  }

  // A chunk of the first scan: blocks where no relation is read, else keys from one that exists.
  void seed() {
    const auto sql = document_sql(index_, plan_);
    if (!sql) return;
    const auto explain_chunk = [&](const std::string& chunk) {
      const auto explained = explain(session_, chunk, 0);
      if (!explained) complain({}, index_.schema.at, "the statement of the first scan", explained.error());
      return explained.has_value();
    };
    if (index_.flat && !explain_chunk(block_range_sql(*sql, sql->table, 0, 1))) return;
    const auto key = session_.ask(fmt::format("SELECT {} FROM {} AS root{} LIMIT 1", sql->key, quote_table(sql->table),
                                              sql->key_present.empty() ? "" : " WHERE " + sql->key_present));
    const bool found = key && !key->empty();
    explain_chunk(key_range_sql(*sql, found ? key->string(0, 0) : std::string(), {}));
  }

  // Wraps one field into a schema that reads nothing else.
  using Wrap = std::function<IndexSchema(std::vector<Field>)>;

  void find_culprits(const Error& whole) {
    const Wrap root = [this](std::vector<Field> fields) {
      IndexSchema schema = index_.schema;
      schema.fields = std::move(fields);
      return schema;
    };
    const std::size_t before = findings_.size();
    const auto bare = explain_live(root({placeholder()}));
    if (!bare) {
      complain({}, index_.schema.at, "the statement that builds documents, even without its fields,", bare.error());
      return;
    }
    descend(index_.schema.fields, {}, root);
    if (findings_.size() == before) complain({}, index_.schema.at, "the statement that builds documents", whole);
  }

  // True when a culprit was found among the fields.
  bool descend(const std::vector<Field>& fields, const std::string& prefix, const Wrap& wrap) {
    bool found = false;
    for (const Field& field : fields) {
      const auto alone = explain_live(wrap({field}));
      if (alone) continue;
      found = true;
      const std::string path = prefix.empty() ? field.name : prefix + "." + field.name;
      if (!inside(field, path, wrap)) complain(path, field.at, "the statement of this field", alone.error());
    }
    return found;
  }

  // True when what is inside the field is to blame, not the field itself.
  bool inside(const Field& field, const std::string& path, const Wrap& wrap) {
    const bool object = std::holds_alternative<ObjectField>(field.source);
    if (!object && !std::holds_alternative<JoinField>(field.source)) return false;
    const Wrap deeper = [&](std::vector<Field> fields) {
      Field shell = field;
      if (object)
        std::get<ObjectField>(shell.source).fields = std::move(fields);
      else
        std::get<JoinField>(shell.source).fields = std::move(fields);
      return wrap({std::move(shell)});
    };
    if (!explain_live(deeper({placeholder()}))) return false;
    return descend(object ? std::get<ObjectField>(field.source).fields : std::get<JoinField>(field.source).fields, path,
                   deeper);
  }

  void complain(const std::string& field, const Position& at, std::string_view what, const Error& error) {
    if (error.code == "pg.08006") return;  // told once, for everything
    const FindingSeverity severity = is_timeout(error) ? FindingSeverity::warning : FindingSeverity::error;
    const std::string message = is_timeout(error)
                                    ? fmt::format("{} could not be planned in time: {}", what, error.what)
                                    : fmt::format("{} is refused by Postgres ({}): {}", what, error.code, error.what);
    findings_.push_back({severity, index_.name, field, message, at, FindingPart::field});
  }

  ReadOnlySession& session_;
  const Plan& plan_;
  const IndexPlan& index_;
  const DatabaseFacts& facts_;
  Told& told_;
  CheckFindings& findings_;
};

}  // namespace

void check_statements(ReadOnlySession& session, const Plan& plan, const DatabaseFacts& facts, CheckFindings& findings) {
  Told told;
  std::vector<IndexStatements> all;
  for (const IndexPlan& index : plan.indexes) all.emplace_back(session, plan, index, facts, told, findings);
  // Where a document reads is told before where a change leads, if both want the same index.
  for (IndexStatements& statements : all) statements.documents();
  for (const LookupPath& path : plan.paths)
    if (path.index.value < all.size() && !path.hops.empty()) all[path.index.value].reverse(path);
}

}  // namespace flusso::pg
