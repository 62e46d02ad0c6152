#include "io/pg/check/lookups.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/pg/quote.h"
#include "model/key_columns.h"

namespace flusso::pg {
namespace {

std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

class Collector {
 public:
  Collector(const DatabaseFacts& facts, std::vector<Lookup>& out) : facts_(facts), out_(out) {}

  void fields(const std::vector<Field>& fields, const std::string& prefix) {
    for (const Field& field : fields) {
      const std::string path = joined(prefix, field.name);
      if (const auto* object = std::get_if<ObjectField>(&field.source)) this->fields(object->fields, path);
      if (const auto* join = std::get_if<JoinField>(&field.source)) {
        if (join->through) add(join->through->table, join->through->left_key, path, field.at);
        const bool by_its_key = join->through || join->verb == JoinVerb::belongs_to;
        add(join->table, by_its_key ? join->primary_key : join->key, path, field.at);
        this->fields(join->fields, path);
      }
      if (const auto* aggregate = std::get_if<AggregateField>(&field.source)) rollup(*aggregate, path, field.at);
    }
  }

 private:
  void rollup(const AggregateField& aggregate, const std::string& path, const Position& at) {
    if (!aggregate.through) {
      add(aggregate.table, aggregate.foreign_key, path, at);
      return;
    }
    add(aggregate.through->table, aggregate.through->left_key, path, at);
    if (const TableFacts* far = facts_.find(aggregate.table)) add(aggregate.table, far->info.primary_key, path, at);
  }
  void add(const TableRef& table, const KeyColumns& columns, const std::string& path, const Position& at) {
    out_.push_back({table, columns, path, at});
  }

  const DatabaseFacts& facts_;
  std::vector<Lookup>& out_;
};

const Field* find_field(const std::vector<Field>& fields, std::string_view path) {
  const auto dot = path.find('.');
  for (const Field& field : fields) {
    if (field.name != path.substr(0, dot)) continue;
    if (dot == std::string_view::npos) return &field;
    if (const auto* object = std::get_if<ObjectField>(&field.source))
      return find_field(object->fields, path.substr(dot + 1));
    if (const auto* join = std::get_if<JoinField>(&field.source)) return find_field(join->fields, path.substr(dot + 1));
  }
  return nullptr;
}

bool continues_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// EXPLAIN quotes a name only where it must.
bool mentions(const std::string& conditions, const std::string& alias, const std::string& column) {
  if (conditions.find(alias + "." + quote_identifier(column)) != std::string::npos) return true;
  const std::string plain = alias + "." + column;
  for (auto at = conditions.find(plain); at != std::string::npos; at = conditions.find(plain, at + 1)) {
    const std::size_t end = at + plain.size();
    const bool begins = at == 0 || !continues_name(conditions[at - 1]);
    if (begins && (end == conditions.size() || !continues_name(conditions[end]))) return true;
  }
  return false;
}

// An index that begins with one of the columns finds few rows.
bool has_index(const TableFacts& table, const KeyColumns& columns) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const IndexFacts& index) {
    return !index.columns.empty() && contains(columns, index.columns.front());
  });
}

// The plan searches the table by these columns in an index that the facts leave out: a partial one, which serves this
// statement all the same.
bool is_served_by_another(const std::vector<ScanNode>& scans, const TableFacts& table, const Lookup& lookup) {
  return std::any_of(scans.begin(), scans.end(), [&](const ScanNode& scan) {
    const bool known = std::any_of(table.indexes.begin(), table.indexes.end(),
                                   [&](const IndexFacts& index) { return index.name == scan.index; });
    return scan.table == lookup.table && !scan.index.empty() && !known &&
           std::any_of(lookup.columns.begin(), lookup.columns.end(),
                       [&](const std::string& column) { return mentions(scan.index_condition, scan.alias, column); });
  });
}

// The whole table is read in search of these columns.
bool is_read_in_full(const std::vector<ScanNode>& scans, const Lookup& lookup) {
  return std::any_of(scans.begin(), scans.end(), [&](const ScanNode& scan) {
    return scan.table == lookup.table && scan.kind == "Seq Scan" &&
           std::all_of(lookup.columns.begin(), lookup.columns.end(),
                       [&](const std::string& column) { return mentions(scan.conditions, scan.alias, column); });
  });
}

std::string list(const KeyColumns& columns) { return fmt::format("{}", fmt::join(columns, ", ")); }

}  // namespace

std::vector<Lookup> document_lookups(const IndexSchema& schema, const DatabaseFacts& facts) {
  std::vector<Lookup> out{{schema.table, schema.primary_key, {}, schema.at}};
  Collector(facts, out).fields(schema.fields, {});
  return out;
}

std::vector<Lookup> path_lookups(const LookupPath& path, const IndexSchema& schema) {
  const std::string field = path.name.substr(0, path.name.find(' '));  // "tags (junction)"
  const Field* found = find_field(schema.fields, field);
  std::vector<Lookup> out;
  for (const Hop& hop : path.hops) out.push_back({hop.table, hop.match, field, found ? found->at : schema.at});
  return out;
}

void check_scans(const std::string& index, const std::vector<ScanNode>& scans, const std::vector<Lookup>& lookups,
                 const DatabaseFacts& facts, Told& told, CheckFindings& findings) {
  for (const Lookup& lookup : lookups) {
    const TableFacts* table = facts.find(lookup.table);
    if (table == nullptr || lookup.columns.empty()) continue;
    // Without an index that begins with the columns the planner may still find something else to walk from end to end:
    // another index for its order, a neighbouring table. So the absence counts, not the shape of the plan.
    const bool indexed = has_index(*table, lookup.columns);
    if (indexed ? !is_read_in_full(scans, lookup) : is_served_by_another(scans, *table, lookup)) continue;
    if (!told.insert({lookup.table, lookup.columns}).second) continue;
    std::string message = fmt::format("each lookup of rows of {} by {} reads the whole table", to_text(lookup.table),
                                      list(lookup.columns));
    if (indexed) {
      message +=
          " although an index begins with these columns: it does not fit the comparison; give both columns of "
          "the key one type and collation";
    } else {
      std::string columns;
      for (const std::string& column : lookup.columns)
        columns += (columns.empty() ? "" : ", ") + quote_identifier(column);
      message += fmt::format(": no index begins with {}; run CREATE {}INDEX CONCURRENTLY ON {} ({});",
                             lookup.columns.size() == 1 ? "it" : "one of them", lookup.field.empty() ? "UNIQUE " : "",
                             quote_table(lookup.table), columns);
    }
    findings.push_back(
        {FindingSeverity::warning, index, lookup.field, std::move(message), lookup.at, FindingPart::field});
  }
}

}  // namespace flusso::pg
