#pragma once
// A schema of its own in the test database, with what tests of documents need: statements, the catalog's view of a
// table, and documents read by plain SQL. Gone when the object is.

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "io/pg/document_sql.h"
#include "io/pg/pg_reads.h"
#include "io/pg/quote.h"
#include "model/intake.h"
#include "model/plan.h"

namespace flusso::pg::test {

inline std::string server_url() {
  const char* url = std::getenv("FLUSSO_TEST_PG");
  return url == nullptr ? std::string() : std::string(url);
}

inline ConnParams conn_params() {
  ConnParams params;
  params.url = Secret(server_url());
  params.application_name = "flusso:test";
  return params;
}

class Store {
 public:
  Store() {
    static int count = 0;
    schema_ = "docs_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    if (server_url().empty()) {
      ADD_FAILURE() << "FLUSSO_TEST_PG is not set: it must be the URL of a superuser on a throw-away cluster";
      return;
    }
    auto conn = Conn::connect(conn_params());
    if (!conn) {
      ADD_FAILURE() << conn.error().what;
      return;
    }
    conn_.emplace(std::move(*conn));
    exec("CREATE SCHEMA " + schema_);
    exec("SET search_path = " + schema_ + ", public");
  }
  ~Store() {
    if (conn_) exec("DROP SCHEMA " + schema_ + " CASCADE");
  }
  Store(const Store&) = delete;

  bool ready() const { return conn_.has_value(); }
  const std::string& schema() const { return schema_; }
  TableRef table(const std::string& name) const { return TableRef{schema_, name}; }

  Rows exec(const std::string& sql) {
    if (!conn_) return {};
    auto rows = conn_->exec(sql);
    if (!rows) {
      ADD_FAILURE() << rows.error().what << "\n in " << sql.substr(0, 2000);
      return {};
    }
    return std::move(*rows);
  }
  Conn& conn() { return *conn_; }

  TableInfo info(const std::string& name) { return info_of(table(name)); }
  TableInfo info_of(const TableRef& ref) {
    TableInfo info;
    info.table = ref;
    exec("SET search_path = pg_catalog");  // so that types are named with their schema
    const Rows columns = exec(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(b.typname, t.typname), "
        "coalesce(b.typcategory, t.typcategory), "
        "coalesce(b.typtype, t.typtype), a.attnotnull, coalesce(b.oid, t.oid), a.atttypid, a.attrelid, c.relkind "
        "FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype "
        "JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE a.attrelid = " +
        quote_literal(quote_table(info.table)) +
        "::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum");
    for (int i = 0; i < columns.size(); ++i) {
      ColumnInfo column;
      column.name = columns.string(i, 0);
      column.type = columns.string(i, 1);
      column.base_type = columns.string(i, 2);
      column.category = columns.text(i, 3)[0];
      column.kind = columns.text(i, 4)[0];
      column.not_null = columns.boolean(i, 5);
      column.base_oid = static_cast<std::uint32_t>(columns.unsigned_integer(i, 6));
      column.type_oid = static_cast<std::uint32_t>(columns.unsigned_integer(i, 7));
      info.oid = static_cast<std::uint32_t>(columns.unsigned_integer(i, 8));
      info.kind = columns.text(i, 9)[0];
      info.columns.push_back(std::move(column));
    }
    const Rows key = exec(
        "SELECT a.attname, i.indexrelid, i.indisprimary FROM pg_index i JOIN LATERAL unnest(i.indkey::int2[]) WITH "
        "ORDINALITY k(n, o) ON true "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n WHERE i.indrelid = " +
        std::to_string(info.oid) +
        " AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL ORDER BY i.indexrelid, k.o");
    std::map<std::string, std::vector<std::string>> unique;
    for (int i = 0; i < key.size(); ++i) {
      unique[key.string(i, 1)].push_back(key.string(i, 0));
      if (key.boolean(i, 2)) info.primary_key.push_back(key.string(i, 0));
    }
    for (auto& [index, columns_of] : unique) info.unique_keys.push_back(columns_of);
    exec("SET search_path = " + schema_ + ", public");
    return info;
  }

  // A plan with one index over these tables; only what reading documents needs.
  Plan plan(const IndexSchema& schema) { return plan(std::vector<IndexSchema>{schema}); }
  Plan plan(const std::vector<IndexSchema>& schemas) {
    Plan plan;
    for (const IndexSchema& schema : schemas) {
      IndexPlan index;
      index.name = schema.table.name;
      index.schema = schema;
      index.tables = tables_of(schema);
      index.flat = index.tables.size() == 1;
      for (const TableRef& ref : index.tables) {
        if (plan.find(ref) == nullptr) plan.tables.push_back(TablePlan{info_of(ref), {}, {}, {}, {}});
      }
      plan.indexes.push_back(std::move(index));
    }
    return plan;
  }

 private:
  std::string schema_;
  std::optional<Conn> conn_;
};

// Shorthand for fields.
inline Field column(const std::string& name, FieldKind kind, const std::string& source = "") {
  ColumnField field;
  field.column = source.empty() ? name : source;
  field.kind = kind;
  Field out;
  out.name = name;
  out.source = field;
  return out;
}
template <class Source>
Field field(const std::string& name, Source source) {
  Field out;
  out.name = name;
  out.source = std::move(source);
  return out;
}
inline Filter compare(const std::string& name, FilterOp op, std::vector<std::string> operands) {
  return Filter{FilterCompare{name, op, std::move(operands)}, {}};
}

inline PgSourceOptions source_options() {
  PgSourceOptions options;
  options.url = Secret(server_url());
  return options;
}

// What came out of a read.
struct Collected {
  std::map<std::string, std::string> documents;
  std::set<std::string> tombstones;
  std::map<std::string, Error> failures;
  std::map<std::string, std::uint64_t> losses;  // "field kind" → count
  std::size_t rows = 0;
  Status status;

  void take(const DocBatch& batch) {
    for (const DocRow& row : batch.rows) {
      ++rows;
      const std::string key(batch.key(row));
      if (row.body_length == 0)
        tombstones.insert(key);
      else
        documents[key] = std::string(batch.body(row));
    }
    for (const DocFailure& failure : batch.failures) failures.emplace(failure.key, failure.error);
    for (const ValueLoss& loss : batch.losses) losses[loss.field + " " + std::string(to_text(loss.kind))] += loss.count;
  }
};

inline BuildBatch batch_of(const std::vector<std::string>& keys, std::uint16_t index = 0) {
  BuildBatch batch;
  batch.index = IndexId{index};
  for (const std::string& key : keys) batch.items.push_back(BuildItem{key, Targets{1}});
  return batch;
}

inline Collected read_with(DocumentSource& source, const BuildBatch& batch, std::stop_token stop = {}) {
  Collected collected;
  ByteBudget budget("documents", 256ULL << 20);
  Intake intake(
      batch.index, budget, {}, [&collected](const DocBatch& part) { collected.take(part); }, stop);
  collected.status = source.read(batch, intake, stop);
  return collected;
}

// Documents of these keys through a DocumentSource of their own.
inline Collected read_documents(const Plan& plan, const std::vector<std::string>& keys, std::uint16_t index = 0,
                                const PgSourceOptions& options = source_options()) {
  const auto source = make_document_source(options, plan);
  Collected collected = read_with(*source, batch_of(keys, index));
  if (!collected.status) ADD_FAILURE() << collected.status.error().what;
  return collected;
}

// The whole index through plan() and read() of a SnapshotScan.
inline Collected scan_documents(const Plan& plan, std::uint16_t index = 0,
                                const PgSourceOptions& options = source_options()) {
  Collected collected;
  const auto scan = make_scan(options, plan);
  const auto chunks = scan->plan(IndexId{index});
  if (!chunks) {
    ADD_FAILURE() << chunks.error().what;
    return collected;
  }
  ByteBudget budget("documents", 256ULL << 20);
  Intake intake(IndexId{index}, budget, {}, [&collected](const DocBatch& part) { collected.take(part); }, {});
  for (const Chunk& chunk : chunks->chunks) {
    collected.status = scan->read(IndexId{index}, chunk, chunks->filenode, Targets{1}, intake, {});
    if (!collected.status) {
      ADD_FAILURE() << collected.status.error().what;
      break;
    }
  }
  return collected;
}

}  // namespace flusso::pg::test
