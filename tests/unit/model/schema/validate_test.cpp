// Rules on schemas built by hand; what files can say wrong is in tests/corpus.

#include "model/schema/validate.h"

#include <gtest/gtest.h>

namespace flusso {
namespace {

Field column(const std::string& name, FieldKind kind = FieldKind::keyword) {
  ColumnField source;
  source.column = name;
  source.kind = kind;
  return Field{name, {}, source, {}};
}

Field has_many(const std::string& name, KeyColumns foreign_key) {
  JoinField join;
  join.table = {"public", name};
  join.primary_key = {"id"};
  join.key = std::move(foreign_key);
  join.fields = {column("id")};
  return Field{name, {}, join, {}};
}

IndexSchema schema_with(std::vector<Field> fields) {
  IndexSchema schema;
  schema.table = {"public", "users"};
  schema.primary_key = {"id"};
  schema.fields = std::move(fields);
  return schema;
}

std::string messages(IndexSchema schema) {
  std::string out;
  for (const SchemaFinding& finding : validate_schema(schema)) out += finding.message + "\n";
  return out;
}

bool says(const IndexSchema& schema, std::string_view part) { return messages(schema).find(part) != std::string::npos; }

TEST(ValidateSchema, a_sound_schema_has_no_findings) {
  EXPECT_EQ(messages(schema_with({column("email"), has_many("orders", {"user_id"})})), "");
}

TEST(ValidateSchema, a_schema_without_relations_needs_no_key) {
  IndexSchema schema = schema_with({column("email")});
  schema.primary_key.clear();
  EXPECT_EQ(messages(schema), "");
  schema.fields.push_back(has_many("orders", {"user_id"}));
  EXPECT_TRUE(says(schema, "needs the root's key"));
}

TEST(ValidateSchema, fields_must_exist_and_have_keys_of_their_own) {
  EXPECT_TRUE(says(schema_with({}), "no fields"));
  EXPECT_TRUE(says(schema_with({column("a"), column("a")}), "already taken"));
  EXPECT_TRUE(says(schema_with({column("a-b")}), "no document key"));
}

TEST(ValidateSchema, limits_and_lists_must_not_be_empty) {
  Field join = has_many("orders", {"user_id"});
  std::get<JoinField>(join.source).limit = 0;
  EXPECT_TRUE(says(schema_with({join}), "`limit`"));
  IndexSchema schema = schema_with({column("a")});
  schema.filters = std::vector<Filter>{Filter{FilterCompare{"a", FilterOp::in, {}}, {}}};
  EXPECT_TRUE(says(schema, "empty"));
  schema.filters = std::vector<Filter>{Filter{FilterCompare{"a", FilterOp::between, {"1"}}, {}}};
  EXPECT_TRUE(says(schema, "between"));
}

TEST(ValidateSchema, keys_of_both_sides_have_the_same_length) {
  EXPECT_TRUE(says(schema_with({has_many("orders", {"a", "b"})}), "`foreign_key` of `orders` has 2 columns"));
  IndexSchema schema = schema_with({has_many("orders", {"a", "b"})});
  schema.primary_key = {"tenant_id", "id"};
  EXPECT_EQ(messages(schema), "");
}

TEST(ValidateSchema, a_nested_join_hangs_on_the_key_of_its_parent) {
  Field outer = has_many("orders", {"user_id"});
  std::get<JoinField>(outer.source).fields.push_back(has_many("items", {"tenant_id", "order_id"}));
  EXPECT_TRUE(says(schema_with({outer}), "`foreign_key` of `items` has 2 columns"));
  std::get<JoinField>(outer.source).primary_key = {"tenant_id", "id"};
  EXPECT_EQ(messages(schema_with({outer})), "");
}

TEST(ValidateSchema, soft_delete_by_column_takes_the_name_as_it_is) {
  IndexSchema schema = schema_with({column("a")});
  schema.soft_delete = SoftDelete{false, "Deleted At", "", {}, {}};
  EXPECT_TRUE(validate_schema(schema).empty());
  EXPECT_EQ(schema.soft_delete->column, "Deleted At");
}

TEST(ValidateSchema, soft_delete_by_field_takes_the_column_of_a_plain_root_field) {
  Field gone = column("gone", FieldKind::boolean);
  std::get<ColumnField>(gone.source).column = "deleted_flag";
  IndexSchema schema = schema_with({gone});
  schema.soft_delete = SoftDelete{true, "gone", "", {}, {}};
  EXPECT_TRUE(validate_schema(schema).empty());
  EXPECT_EQ(schema.soft_delete->column, "deleted_flag");
  schema.soft_delete->name = "absent";
  EXPECT_TRUE(says(schema, "does not have"));
}

}  // namespace
}  // namespace flusso
