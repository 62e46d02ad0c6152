#include "cli/commands/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/config_source.h"
#include "cli/flags.h"
#include "cli/index_plans.h"
#include "cli/print.h"
#include "cli/table_argument.h"
#include "io/config/key_argument.h"
#include "io/config/loader.h"
#include "io/pg/pg_reads.h"
#include "io/pg/reverse_sql.h"
#include "io/pg/row_probe.h"
#include "model/row_key.h"

namespace flusso::cli {
namespace {

struct ExplainOptions {
  std::string config = kDefaultConfig;
  std::string table;
  std::string key;
};

constexpr std::size_t kShownIds = 20;
constexpr std::size_t kPageKeys = 1000;

std::string joined(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ", ")); }

// What identifies a row for the reader: the catalog's key, else that of an index over the table.
Result<KeyColumns> row_key(const TablePlan& table, const Plan& plan) {
  if (!table.info.primary_key.empty()) return table.info.primary_key;
  for (const IndexPlan& index : plan.indexes)
    if (index.schema.table == table.info.table) return index.schema.primary_key;
  if (!table.info.unique_keys.empty()) return table.info.unique_keys.front();
  return fail(ErrorKind::config, "explain.no_key",
              fmt::format("table {} has neither a primary key nor a unique index, so no key names one of its rows",
                          to_text(table.info.table)));
}

// The values of a link's columns as a key text; nothing when one of them is NULL.
std::optional<std::string> link_value(const Link& link, const pg::RowProbe::Row& row) {
  std::string key;
  for (std::size_t i = 0; i < link.columns.size(); ++i) {
    const std::optional<std::string>& text = row[link.columns[i]];
    if (!text) return std::nullopt;
    if (link.columns.size() == 1) return text;
    append_key_part(key, *text, i == 0);
  }
  return key;
}

// Documents found so far: all are counted, few are kept.
struct Found {
  std::size_t count = 0;
  std::vector<std::string> shown;
  void add(const std::string& key) {
    if (shown.size() < kShownIds) shown.push_back(document_id(key));
    ++count;
  }
};

class Explanation {
 public:
  Explanation(const LivePlan& live, const TablePlan& table, const KeyColumns& key_columns, std::string key)
      : live_(live), table_(table), key_columns_(key_columns), key_(std::move(key)) {}

  Status print() {
    pg::RowProbe probe(live_.source, live_.plan);
    FLUSSO_TRY_ASSIGN(row_, probe.row(table_, key_columns_, key_));
    print_line(fmt::format("{}  {} = {}{}", to_text(table_.info.table), joined(key_columns_), key_,
                           row_ ? "" : "  (no such row now: only what its key tells is known)"));
    resolver_ = pg::make_resolver(live_.source, live_.plan);
    for (std::size_t id = 0; id < live_.plan.indexes.size(); ++id)
      FLUSSO_TRY(print_index(IndexId{static_cast<std::uint16_t>(id)}));
    return {};
  }

 private:
  Status print_index(IndexId id) {
    const IndexPlan& index = live_.plan.indexes[id.value];
    bool titled = false;
    for (const Link& link : table_.links) {
      if (link.index != id) continue;
      if (!std::exchange(titled, true))
        print_line(fmt::format("\nindex {}  ({}_{})", index.name, index.name, index.mapping.hash));
      FLUSSO_TRY(print_link(link));
    }
    return {};
  }

  Status print_link(const Link& link) {
    std::vector<std::string> columns;
    for (const std::uint16_t position : link.columns) columns.push_back(table_.columns[position]);
    const bool direct = link.kind == Link::Kind::direct;
    const bool root = direct && live_.plan.indexes[link.index.value].schema.table == table_.info.table &&
                      columns == live_.plan.indexes[link.index.value].schema.primary_key;
    const std::string name = direct ? (root ? "the row is the document's own" : "the foreign key is the document's key")
                                    : "through " + live_.plan.paths[link.path.value].name;
    std::optional<std::string> value;
    if (row_)
      value = link_value(link, *row_);
    else if (columns == key_columns_)
      value = key_;
    print_line(fmt::format("  {}, by {}{}", name, joined(columns),
                           value  ? " = " + *value
                           : row_ ? " (NULL: touches nothing)"
                                  : ""));
    if (!direct) {
      FLUSSO_TRY_ASSIGN(const pg::ReverseSql sql, pg::reverse_sql(live_.plan.paths[link.path.value], live_.plan));
      print_line("    " + sql.sql);
    }
    if (value) {
      FLUSSO_TRY_ASSIGN(const Found found, documents(link, *value));
      print_found(found);
    }
    if (!link.in_identity)
      print_line(
          fmt::format("    note: the replica identity of {} does not carry {}: an UPDATE of it or a DELETE does "
                      "not name the document it leaves; it is searched for by the row's token",
                      to_text(table_.info.table), joined(columns)));
    return {};
  }

  Result<Found> documents(const Link& link, const std::string& value) {
    Found found;
    if (link.kind == Link::Kind::direct) {
      found.add(value);
      return found;
    }
    LookupPlan lookup;
    lookup.starts.push_back({link.path, {value}});
    FLUSSO_TRY(resolver_->resolve(lookup, kPageKeys,
                                  [&found](IndexId, const std::vector<std::string>& keys) {
                                    for (const std::string& key : keys) found.add(key);
                                    return Status();
                                  },
                                  {}));
    return found;
  }

  static void print_found(const Found& found) {
    if (found.count == 0) {
      print_line("    → no document");
      return;
    }
    const std::size_t more = found.count - found.shown.size();
    print_line(fmt::format("    → {} document{}: {}{}", found.count, found.count == 1 ? "" : "s", joined(found.shown),
                           more > 0 ? fmt::format(" and {} more", more) : ""));
  }

  const LivePlan& live_;
  const TablePlan& table_;
  const KeyColumns& key_columns_;
  std::string key_;
  std::optional<pg::RowProbe::Row> row_;
  std::unique_ptr<RowResolver> resolver_;
};

Status explain(const ExplainOptions& options) {
  FLUSSO_TRY_ASSIGN(const Config config, config::load_config(options.config));
  std::vector<IndexPlan> indexes = enabled_index_plans(config);
  if (indexes.empty()) return fail(ErrorKind::config, "config.no_index", "no index is enabled in " + options.config);
  FLUSSO_TRY_ASSIGN(const TableRef wanted, find_table(options.table, indexes));
  FLUSSO_TRY_ASSIGN(const LivePlan live, live_plan(config, std::move(indexes)));
  const TablePlan* table = live.plan.find(wanted);
  if (table == nullptr) return fail(ErrorKind::bug, "explain.table", "the plan lost table " + to_text(wanted));
  FLUSSO_TRY_ASSIGN(const KeyColumns key_columns, row_key(*table, live.plan));
  FLUSSO_TRY_ASSIGN(std::string key, config::parse_key_argument(options.key, key_columns));
  return Explanation(live, *table, key_columns, std::move(key)).print();
}

}  // namespace

Command add_explain(CLI::App& app) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App* command =
      app.add_subcommand("explain", "Show which documents a change of a row rebuilds, and through which paths");
  command->add_option("table", options->table, "[schema.]table, double quotes around a name that must keep its case")
      ->required();
  command->add_option("key", options->key, "The row's primary key, or its parts as a JSON array")->required();
  add_config_flag(*command, options->config);
  return {command, [options] { return exit_code(explain(*options)); }};
}

}  // namespace flusso::cli
