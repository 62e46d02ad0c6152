#pragma once
// A small store made by hand, as the catalog would show it: users, their orders, tags and the junction. Tests bend one
// thing and look at what the rules say.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/check/rules.h"

namespace flusso::check_test {

inline constexpr std::uint32_t kMood = 20001;   // CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')
inline constexpr std::uint32_t kMoods = 20002;  // mood[]
inline constexpr std::uint32_t kCitext = 20003;

struct Type {
  std::uint32_t oid;
  const char* name;
  char category = 'U';
  char kind = 'b';
};
inline constexpr Type kInt2{21, "int2", 'N'}, kInt4{23, "int4", 'N'}, kInt8{20, "int8", 'N'};
inline constexpr Type kFloat4{700, "float4", 'N'}, kFloat8{701, "float8", 'N'}, kNumeric{1700, "numeric", 'N'};
inline constexpr Type kMoney{790, "money", 'N'}, kBool{16, "bool", 'B'}, kUuid{2950, "uuid"}, kText{25, "text", 'S'};
inline constexpr Type kVarchar{1043, "varchar", 'S'}, kChar{1042, "bpchar", 'S'}, kName{19, "name", 'S'};
inline constexpr Type kDate{1082, "date", 'D'}, kTimestamp{1114, "timestamp", 'D'}, kTime{1083, "time", 'D'};
inline constexpr Type kTimestampTz{1184, "timestamptz", 'D'}, kTimeTz{1266, "timetz", 'D'}, kBytea{17, "bytea"};
inline constexpr Type kJson{114, "json"}, kJsonb{3802, "jsonb"}, kInet{869, "inet", 'I'}, kPoint{600, "point", 'G'};
inline constexpr Type kTexts{1009, "_text", 'A'}, kInts{1007, "_int4", 'A'};
inline constexpr Type kMoodType{kMood, "mood", 'E', 'e'}, kMoodsType{kMoods, "_mood", 'A'};
inline constexpr Type kCitextType{kCitext, "citext", 'S'};

enum class Null { no, yes };

inline ColumnInfo column(const std::string& name, const Type& type, Null null = Null::no) {
  ColumnInfo info;
  info.name = name;
  info.type = type.name;
  info.type_oid = info.base_oid = type.oid;
  info.base_type = type.name;
  info.category = type.category;
  info.kind = type.kind;
  info.not_null = null == Null::no;
  return info;
}

inline TableFacts table(const std::string& name, std::vector<ColumnInfo> columns, KeyColumns key) {
  TableFacts facts;
  facts.info.table = {"public", name};
  facts.info.columns = std::move(columns);
  facts.info.primary_key = key;
  facts.info.unique_keys = {key};
  return facts;
}

inline Field make(const std::string& name, decltype(Field::source) source) {
  Field field;
  field.name = name;
  field.source = std::move(source);
  field.at = {"users.schema.yml", 7, 5};
  return field;
}
inline Field scalar(const std::string& name, FieldKind kind, const std::string& column_name = {}) {
  ColumnField field;
  field.column = column_name.empty() ? name : column_name;
  field.kind = kind;
  return make(name, field);
}
inline Filter compare(const std::string& name, FilterOp op, std::vector<std::string> operands) {
  return Filter{FilterCompare{name, op, std::move(operands)}, {"users.schema.yml", 20, 9}};
}

class Store : public ::testing::Test {
 protected:
  Store() {
    facts.role = "app";
    facts.enum_labels[kMood] = {"sad", "ok", "happy"};
    facts.elements[kMoods] = {kMood, "mood", 'E', 'e'};
    facts.tables.push_back(
        table("users",
              {column("id", kInt8), column("email", kText), column("phone", kText, Null::yes),
               column("mood", kMoodType), column("manager_id", kInt8, Null::yes), column("deleted", kBool),
               column("deleted_at", kTimestampTz, Null::yes), column("settings", kJsonb), column("latitude", kFloat8)},
              {"id"}));
    facts.tables.push_back(table("orders",
                                 {column("id", kInt8), column("user_id", kInt4), column("note", kText, Null::yes),
                                  column("total", kNumeric), column("quantity", kInt4), column("body", kJson)},
                                 {"id"}));
    facts.tables.push_back(table("tags", {column("id", kInt8), column("name", kText)}, {"id"}));
    facts.tables.push_back(
        table("user_tags", {column("user_id", kInt8), column("tag_id", kInt8)}, {"user_id", "tag_id"}));
    schema.table = {"public", "users"};
    schema.primary_key = {"id"};
    schema.at = {"users.schema.yml", 1, 1};
  }

  TableInfo& users() { return facts.tables[0].info; }
  TableInfo& orders() { return facts.tables[1].info; }
  static ColumnInfo& of(TableInfo& info, const std::string& name) {
    for (ColumnInfo& candidate : info.columns)
      if (candidate.name == name) return candidate;
    ADD_FAILURE() << "no column " << name;
    return info.columns.front();
  }
  JoinField has_orders() const {
    JoinField join;
    join.verb = JoinVerb::has_many;
    join.table = {"public", "orders"};
    join.primary_key = {"id"};
    join.key = {"user_id"};
    join.fields = {scalar("id", FieldKind::long_integer)};
    return join;
  }
  JoinField has_tags() const {
    JoinField join;
    join.verb = JoinVerb::many_to_many;
    join.table = {"public", "tags"};
    join.primary_key = {"id"};
    join.through = Through{{"public", "user_tags"}, {"user_id"}, {"tag_id"}};
    join.fields = {scalar("name", FieldKind::keyword)};
    return join;
  }
  AggregateField rollup(AggregateOp op, const std::string& column_name = {}) const {
    AggregateField aggregate;
    aggregate.op = op;
    aggregate.table = {"public", "orders"};
    aggregate.column = column_name;
    aggregate.foreign_key = {"user_id"};
    return aggregate;
  }

  CheckFindings check() {
    CheckFindings findings;
    check_schema("users", schema, facts, findings);
    return findings;
  }
  CheckFindings check(Field field) {
    schema.fields.push_back(std::move(field));
    return check();
  }
  // "error users.orders.total: sentence", one line each.
  static std::string text(const CheckFindings& findings) {
    std::string out;
    for (const CheckFinding& finding : findings)
      out += std::string(to_text(finding.severity)) + " " + finding.index +
             (finding.field.empty() ? "" : "." + finding.field) + ": " + finding.message + "\n";
    return out;
  }
  std::string said(Field field) { return text(check(std::move(field))); }
  std::string said() { return text(check()); }

  DatabaseFacts facts;
  IndexSchema schema;
};

}  // namespace flusso::check_test
