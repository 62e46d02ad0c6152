#pragma once
// The demo store's catalog and schemas by hand, for tests of SQL text that need no server.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "model/plan.h"
#include "tests/support/files.h"

namespace flusso::pg::test {

struct ColumnSpec {
  std::string name;
  std::string type;  // base type; "!" at the end = NOT NULL
};

inline TableInfo table_info(const std::string& name, KeyColumns key, const std::vector<ColumnSpec>& columns) {
  TableInfo info;
  info.table = {"public", name};
  info.primary_key = key;
  info.unique_keys = {key};
  for (const ColumnSpec& spec : columns) {
    ColumnInfo column;
    column.name = spec.name;
    column.not_null = spec.type.ends_with('!');
    column.base_type = column.not_null ? spec.type.substr(0, spec.type.size() - 1) : spec.type;
    column.type = column.base_type;
    if (column.base_type == "order_status") column.type = "public.order_status";
    column.category = column.base_type == "text" ? 'S' : 'U';
    info.columns.push_back(std::move(column));
  }
  return info;
}

inline std::vector<TableInfo> demo_tables() {
  return {
      table_info("users", {"id"},
                 {{"id", "int8!"},
                  {"email", "text!"},
                  {"full_name", "text!"},
                  {"phone", "text"},
                  {"tier", "text!"},
                  {"country", "text"},
                  {"newsletter", "bool!"},
                  {"login_count", "int4!"},
                  {"created_at", "timestamptz!"},
                  {"deleted", "bool!"}}),
      [] {
        TableInfo profiles = table_info("profiles", {"id"},
                                        {{"id", "int8!"},
                                         {"user_id", "int8!"},
                                         {"bio", "text"},
                                         {"avatar_url", "text"},
                                         {"locale", "text"},
                                         {"birth_year", "int2"}});
        profiles.unique_keys.push_back({"user_id"});
        return profiles;
      }(),
      table_info("orders", {"id"},
                 {{"id", "int8!"},
                  {"user_id", "int8!"},
                  {"status", "order_status!"},
                  {"total", "numeric!"},
                  {"placed_at", "timestamptz!"},
                  {"shipped_at", "timestamptz"}}),
      [] {
        TableInfo items = table_info("order_items", {"id"},
                                     {{"id", "int8!"},
                                      {"order_id", "int8!"},
                                      {"product_id", "int8!"},
                                      {"quantity", "int4!"},
                                      {"unit_price", "numeric!"}});
        items.unique_keys.push_back({"order_id", "id"});
        return items;
      }(),
      table_info("products", {"id"},
                 {{"id", "int8!"},
                  {"sku", "text!"},
                  {"price", "numeric!"},
                  {"category_id", "int8"},
                  {"attributes", "jsonb"},
                  {"archived_at", "timestamptz"}}),
      table_info("categories", {"id"}, {{"id", "int8!"}, {"name", "text!"}}),
      table_info("tags", {"id"}, {{"id", "int8!"}, {"name", "text!"}}),
      table_info("product_tags", {"product_id", "tag_id"}, {{"product_id", "int8!"}, {"tag_id", "int8!"}}),
  };
}

inline Field column(const std::string& name, FieldKind kind, const std::string& source = "") {
  ColumnField field;
  field.column = source.empty() ? name : source;
  field.kind = kind;
  return Field{name, {}, field, {}};
}
template <class Source>
Field field(const std::string& name, Source source) {
  return Field{name, {}, std::move(source), {}};
}
inline JoinField join(JoinVerb verb, const std::string& table, KeyColumns key, std::vector<Field> fields) {
  JoinField out;
  out.verb = verb;
  out.table = {"public", table};
  out.primary_key = {"id"};
  out.key = std::move(key);
  out.fields = std::move(fields);
  return out;
}
inline AggregateField aggregate(AggregateOp op, const std::string& table, KeyColumns key, const std::string& of = "",
                                std::optional<FieldKind> type = std::nullopt) {
  AggregateField out;
  out.op = op;
  out.table = {"public", table};
  out.foreign_key = std::move(key);
  out.column = of;
  (op == AggregateOp::ids ? out.element_type : out.value_type) = type;
  return out;
}
inline Filter compare(const std::string& name, FilterOp op, std::vector<std::string> operands) {
  return Filter{FilterCompare{name, op, std::move(operands)}, {}};
}

inline IndexSchema users_schema() {
  IndexSchema schema;
  schema.table = {"public", "users"};
  schema.primary_key = {"id"};
  schema.soft_delete = SoftDelete{false, "deleted", "deleted", {}, {}};
  Field email = column("email", FieldKind::keyword);
  std::get<ColumnField>(email.source).transforms = {Transform::trim, Transform::lowercase};
  ObjectField account;
  account.fields = {column("tier", FieldKind::enumeration), column("country", FieldKind::keyword),
                    column("newsletter", FieldKind::boolean), column("loginCount", FieldKind::integer, "login_count"),
                    column("createdAt", FieldKind::timestamp, "created_at")};
  Field locale = column("locale", FieldKind::keyword);
  std::get<ColumnField>(locale.source).default_value = Value{std::string("en")};
  JoinField items = join(JoinVerb::has_many, "order_items", {"order_id"},
                         {column("productId", FieldKind::long_integer, "product_id"),
                          column("unitPrice", FieldKind::decimal, "unit_price")});
  JoinField orders =
      join(JoinVerb::has_many, "orders", {"user_id"},
           {column("id", FieldKind::long_integer), column("status", FieldKind::enumeration), field("items", items)});
  orders.order_by = {OrderBy{"placed_at", true, true}, OrderBy{"id", true, true}};
  AggregateField lifetime = aggregate(AggregateOp::sum, "orders", {"user_id"}, "total", FieldKind::decimal);
  lifetime.filters = {{compare("status", FilterOp::neq, {"cancelled"})}};
  schema.fields = {
      column("id", FieldKind::long_integer),
      email,
      field("kind", ConstantField{Value{std::string("customer")}}),
      field("account", account),
      field("profile", join(JoinVerb::has_one, "profiles", {"user_id"}, {column("bio", FieldKind::text), locale})),
      field("orders", orders),
      field("orderCount", aggregate(AggregateOp::count, "orders", {"user_id"})),
      field("lifetimeValue", lifetime),
      field("lastOrderAt", aggregate(AggregateOp::max, "orders", {"user_id"}, "placed_at", FieldKind::timestamp))};
  return schema;
}

inline IndexSchema products_schema() {
  IndexSchema schema;
  schema.table = {"public", "products"};
  schema.primary_key = {"id"};
  schema.filters = {{Filter{FilterNull{"archived_at", true}, {}}}};
  JoinField tags = join(JoinVerb::many_to_many, "tags", {}, {column("name", FieldKind::keyword)});
  tags.through = Through{{"public", "product_tags"}, {"product_id"}, {"tag_id"}};
  JoinField first = tags;
  first.limit = 2;
  first.order_by = {OrderBy{"name", false, false}};
  AggregateField ids = aggregate(AggregateOp::ids, "tags", {}, "", FieldKind::long_integer);
  ids.through = tags.through;
  schema.fields = {column("sku", FieldKind::identifier),
                   column("price", FieldKind::decimal),
                   column("attributes", FieldKind::json),
                   field("category", join(JoinVerb::belongs_to, "categories", {"category_id"},
                                          {column("name", FieldKind::keyword)})),
                   field("tags", tags),
                   field("firstTags", first),
                   field("tagIds", ids)};
  return schema;
}

inline Plan plan_of(const IndexSchema& schema) {
  IndexPlan index;
  index.name = schema.table.name;
  index.schema = schema;
  index.tables = tables_of(schema);
  Plan plan;
  plan.indexes.push_back(std::move(index));
  for (TableInfo& info : demo_tables()) plan.tables.push_back(TablePlan{std::move(info), {}, {}, {}, {}});
  return plan;
}

// A golden file's lines joined: breaks are for readers, and every line but the first begins with its blank. ␁, ␂ and ␃
// stand for the marks of strings, numbers and dates.
inline std::string golden(const std::string& name) {
  std::ifstream file(flusso::test::source_path("tests/unit/io/pg/golden/" + name));
  std::string text;
  for (std::string line; std::getline(file, line);) text += line;
  for (const auto& [mark, byte] : {std::pair<std::string, const char*>("␁", "\x01"), {"␂", "\x02"}, {"␃", "\x03"}})
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) text.replace(at, mark.size(), byte);
  return text;
}

}  // namespace flusso::pg::test
