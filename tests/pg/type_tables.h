#pragma once
// The tables of tests/golden/types as rows of a real database and as indexes over them. Each case stands in six places:
//
//   <table>_plain    a column of a root row                        {"v3": J}
//   <table>_strict   the same, NOT NULL
//   <table>_lists    an array of one such value                    {"v3": [J]}
//   <table>_grids    an array of two dimensions                    {"v3": [[J,J]]}
//   <table>_parents  a row of a relation, and min, max and sum     {"rows": [{"v3": J}], "min3": J, …}
//
// so one line of a table says what all of them must give, live and in a seed.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "io/pg/catalog.h"
#include "io/pg/conn.h"
#include "model/plan.h"
#include "tests/pg/documents_fixture.h"
#include "tests/support/pg_database.h"
#include "tests/support/type_table.h"

namespace flusso::pg::test {

using flusso::test::read_type_table;
using flusso::test::TypeCase;
using flusso::test::TypeTable;

// What the documents of an index must be. Every index has one row, whose key is 1.
struct ExpectedIndex {
  std::string name;
  std::vector<std::string> fields;  // names as they follow each other, also those inside `rows`
  std::vector<std::string> about;   // per field: type, target and value
  std::string document;
  std::map<std::string, std::uint64_t> losses;
};

class TypeTables {
 public:
  // Fills an empty database. The connection's search_path is public, pg_catalog.
  explicit TypeTables(Conn& conn) : conn_(conn) {
    run(conn_, flusso::test::read_file(flusso::test::type_file("setup.sql")));
    for (const std::string& name : flusso::test::value_tables()) {
      const TypeTable table = read_type_table(name);
      add_roots(table);
      add_parents(table);
    }
    add_aggregates(read_type_table("aggregates"));
    describe();
  }

  const Plan& plan() const { return plan_; }
  const std::vector<ExpectedIndex>& expected() const { return expected_; }

  // Reads every index live and by scan with these options and compares.
  void check(const PgSourceOptions& options) const {
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      const auto index = static_cast<std::uint16_t>(i);
      compare(expected_[i], read_documents(plan_, {"1"}, index, options), "live");
      compare(expected_[i], scan_documents(plan_, index, options), "seed");
    }
  }

 private:
  enum class Shape { plain, strict, lists, grids };

  static Field field_of(const std::string& name, const std::string& target) {
    if (target == "map" || target == "geo") {
      Field field;
      field.name = name;
      if (target == "map") {
        MapField map;
        map.column = name;
        field.source = map;
      } else {
        field.source = GeoField{name, "", "", false};
      }
      return field;
    }
    if (target.starts_with("custom:")) {
      Field field = column(name, FieldKind::custom);
      std::get<ColumnField>(field.source).custom_opensearch = target.substr(7);
      return field;
    }
    return column(name, kind_of(target));
  }

  static FieldKind kind_of(const std::string& name) {
    for (int i = 0; i <= static_cast<int>(FieldKind::custom); ++i)
      if (to_text(static_cast<FieldKind>(i)) == name) return static_cast<FieldKind>(i);
    ADD_FAILURE() << "no target is called " << name;
    return FieldKind::keyword;
  }

  static std::string cast(const TypeCase& one) { return "(" + one.value + ")::" + one.type; }

  static bool has_place(const TypeCase& one, Shape shape) {
    if (shape == Shape::plain) return true;
    if (shape == Shape::strict) return one.value != "NULL";
    return !one.type.ends_with("[]") && one.target != "map" && one.target != "geo";
  }

  void add_roots(const TypeTable& table) {
    struct Form {
      Shape shape;
      const char* name;
      const char* type_tail;
      const char* before;
      const char* after;
      std::uint64_t times;
    };
    for (const Form& form :
         {Form{Shape::plain, "_plain", "", "", "", 1}, Form{Shape::strict, "_strict", " NOT NULL", "", "", 1},
          Form{Shape::lists, "_lists", "[]", "[", "]", 1}, Form{Shape::grids, "_grids", "[]", "[[", "]]", 2}}) {
      const std::string name = table.name + form.name;
      std::string columns = "id int PRIMARY KEY, parent_id int";
      std::string values = "1, 1";
      ExpectedIndex expected;
      std::vector<Field> fields;
      for (std::size_t i = 0; i < table.cases.size(); ++i) {
        const TypeCase& one = table.cases[i];
        if (!has_place(one, form.shape)) continue;
        const std::string field = "v" + std::to_string(i);
        columns += ", " + field + " " + one.type + form.type_tail;
        std::string value = cast(one);
        if (form.times == 2) value += ", " + value;
        if (*form.before != '\0')
          value = "ARRAY" + std::string(form.before) + value + form.after + "::" + one.type + "[]";
        values += ", " + value;
        std::string json = one.json;
        if (form.times == 2) json += "," + json;
        add(expected, field, one, form.before + json + form.after, form.times);
        fields.push_back(field_of(field, one.target));
      }
      run(conn_, "CREATE TABLE " + name + " (" + columns + "); INSERT INTO " + name + " SELECT " + values);
      finish(name, std::move(fields), std::move(expected));
    }
  }

  static bool is_ordered(const TypeCase& one) {
    static const std::set<std::string> unordered = {"json", "xml",  "point",  "line",    "lseg",
                                                    "box",  "path", "json[]", "polygon", "circle"};
    return !one.target.starts_with("custom:") && one.target != "map" && one.target != "geo" &&
           !unordered.contains(one.type);
  }
  static bool can_be_summed(const TypeCase& one) {
    static const std::set<std::string> numbers = {"smallint",         "integer", "bigint",        "real",
                                                  "double precision", "numeric", "numeric(12,2)", "money"};
    static const std::set<std::string> targets = {"short", "integer", "long", "float", "double", "decimal"};
    return numbers.contains(one.type) && targets.contains(one.target);
  }

  void add_parents(const TypeTable& table) {
    const std::string name = table.name + "_parents";
    run(conn_, "CREATE TABLE " + name + " (id int PRIMARY KEY); INSERT INTO " + name + " VALUES (1); CREATE INDEX ON " +
                   table.name + "_plain (parent_id)");
    JoinField join;
    join.verb = JoinVerb::has_many;
    join.table = {"public", table.name + "_plain"};
    join.primary_key = {"id"};
    join.key = {"parent_id"};
    ExpectedIndex rows;
    ExpectedIndex all;
    std::vector<Field> aggregates;
    for (std::size_t i = 0; i < table.cases.size(); ++i) {
      const TypeCase& one = table.cases[i];
      const std::string number = std::to_string(i);
      join.fields.push_back(field_of("v" + number, one.target));
      add(rows, "v" + number, one, one.json, 1);
      const auto aggregate = [&](const std::string& verb, AggregateOp op) {
        AggregateField made;
        made.op = op;
        made.table = join.table;
        made.column = "v" + number;
        made.foreign_key = {"parent_id"};
        made.value_type = kind_of(one.target);
        aggregates.push_back(field(verb + number, made));
        add(all, verb + number, one, one.json, 1);
      };
      if (is_ordered(one)) {
        aggregate("min", AggregateOp::min);
        aggregate("max", AggregateOp::max);
      }
      if (can_be_summed(one)) aggregate("sum", AggregateOp::sum);
    }
    all.document = "\"rows\":[{" + rows.document + "}]" + (all.document.empty() ? "" : ",") + all.document;
    all.fields.insert(all.fields.begin(), rows.fields.begin(), rows.fields.end());
    all.about.insert(all.about.begin(), rows.about.begin(), rows.about.end());
    for (const auto& [loss, count] : rows.losses) all.losses["rows." + loss] = count;
    std::vector<Field> fields{field("rows", join)};
    fields.insert(fields.end(), aggregates.begin(), aggregates.end());
    finish(name, std::move(fields), std::move(all));
  }

  // One table of values per case.
  void add_aggregates(const TypeTable& table) {
    run(conn_, "CREATE TABLE rolled_up (id int PRIMARY KEY); INSERT INTO rolled_up VALUES (1)");
    static const std::map<std::string, AggregateOp> ops = {{"count", AggregateOp::count}, {"sum", AggregateOp::sum},
                                                           {"avg", AggregateOp::avg},     {"min", AggregateOp::min},
                                                           {"max", AggregateOp::max},     {"ids", AggregateOp::ids}};
    ExpectedIndex expected;
    std::vector<Field> fields;
    for (std::size_t i = 0; i < table.cases.size(); ++i) {
      const TypeCase& one = table.cases[i];
      const std::string values = "values_" + std::to_string(i);
      AggregateField made;
      made.op = ops.at(one.aggregate);
      made.table = {"public", values};
      made.foreign_key = {"parent_id"};
      const bool ids = made.op == AggregateOp::ids;
      if (!ids && made.op != AggregateOp::count) made.column = "v";
      if (one.target != "-") (ids ? made.element_type : made.value_type) = kind_of(one.target);
      run(conn_, "CREATE TABLE " + values + " (n serial" + (ids ? "" : " PRIMARY KEY") +
                     ", parent_id int DEFAULT 1, v " + one.type + (ids ? " PRIMARY KEY" : "") + "); CREATE INDEX ON " +
                     values + " (parent_id)");
      for (std::size_t at = 0; !one.value.empty() && at <= one.value.size();) {
        const std::size_t bar = std::min(one.value.find(" | ", at), one.value.size());
        run(conn_,
            "INSERT INTO " + values + " (v) VALUES ((" + one.value.substr(at, bar - at) + ")::" + one.type + ")");
        at = bar + 3;
      }
      fields.push_back(field("v" + std::to_string(i), made));
      add(expected, "v" + std::to_string(i), one, one.json, 1);
    }
    finish("rolled_up", std::move(fields), std::move(expected));
  }

  static void add(ExpectedIndex& expected, const std::string& field, const TypeCase& one, const std::string& json,
                  std::uint64_t times) {
    expected.document += (expected.document.empty() ? "\"" : ",\"") + field + "\":" + json;
    expected.fields.push_back(field);
    expected.about.push_back(one.type + " " + one.aggregate + " as " + one.target + ": " + one.value.substr(0, 200));
    if (one.loss.empty()) return;
    // A list of several values in the table may lose more than one of them.
    const bool array = one.type.ends_with("[]");
    std::uint64_t lost = 1;
    if (array) {
      const auto count = [&](const std::string& text) {
        std::uint64_t found = 0;
        for (std::size_t at = 0; (at = one.value.find(text, at)) != std::string::npos; at += text.size()) ++found;
        return found;
      };
      lost = std::max<std::uint64_t>(1, count("NaN") + count("nfinity"));
    }
    expected.losses[field + " " + one.loss] = lost * times;
  }

  void finish(const std::string& table, std::vector<Field> fields, ExpectedIndex expected) {
    IndexPlan index;
    index.name = table;
    index.schema.table = {"public", table};
    index.schema.primary_key = {"id"};
    index.schema.fields = std::move(fields);
    index.tables = tables_of(index.schema);
    index.flat = index.tables.size() == 1;
    plan_.indexes.push_back(std::move(index));
    expected.name = table;
    expected.document = "{" + expected.document + "}";
    expected_.push_back(std::move(expected));
  }

  void describe() {
    std::vector<TableRef> tables;
    for (const IndexPlan& index : plan_.indexes)
      for (const TableRef& table : index.tables)
        if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
    run(conn_, "SET search_path = pg_catalog");
    auto infos = describe_tables(conn_, tables);
    run(conn_, "SET search_path = public, pg_catalog");
    ASSERT_TRUE(infos) << infos.error().what;
    for (TableInfo& info : *infos) plan_.tables.push_back(TablePlan{std::move(info), {}, {}, {}, {}});
  }

  // The text of each field, from behind its name to the next field's name.
  static std::vector<std::string> split(const ExpectedIndex& expected, const std::string& document) {
    std::vector<std::string> texts;
    std::size_t begin = document.find("\"" + expected.fields[0] + "\":");
    for (std::size_t i = 0; i < expected.fields.size() && begin != std::string::npos; ++i) {
      begin += expected.fields[i].size() + 3;
      const std::size_t end = i + 1 < expected.fields.size()
                                  ? document.find("\"" + expected.fields[i + 1] + "\":", begin)
                                  : document.size();
      texts.push_back(document.substr(begin, end == std::string::npos ? end : end - begin));
      begin = end;
    }
    return texts;
  }

  static void compare(const ExpectedIndex& expected, Collected seen, const std::string& path) {
    SCOPED_TRACE(expected.name + ", " + path);
    EXPECT_TRUE(seen.failures.empty()) << seen.failures.begin()->second.what;
    const std::string& document = seen.documents["1"];
    EXPECT_EQ(seen.losses, expected.losses);
    if (document == expected.document) return;
    const std::vector<std::string> wanted = split(expected, expected.document);
    const std::vector<std::string> found = split(expected, document);
    ASSERT_EQ(wanted.size(), found.size()) << document;
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(found[i], wanted[i]) << expected.about[i];
    ADD_FAILURE() << "the document differs";
  }

  Conn& conn_;
  Plan plan_;
  std::vector<ExpectedIndex> expected_;
};

}  // namespace flusso::pg::test
