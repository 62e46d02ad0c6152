// Vectors of the frozen encoding, read from YAML: names of existing indexes depend on every one of them.

#include <gtest/gtest.h>

#include "model/mapping/content_hash.h"
#include "tests/unit/io/config/reading_support.h"

namespace flusso::config {
namespace {

struct Vector {
  const char* name;
  const char* yaml;
  std::size_t bytes;
  const char* hash;
};

void PrintTo(const Vector& vector, std::ostream* out) { *out << vector.name; }

class ContentHashVectors : public testing::TestWithParam<Vector> {};

TEST_P(ContentHashVectors, have_their_length_and_hash) {
  const IndexSchema schema = schema_of(GetParam().yaml);
  EXPECT_EQ(canonical_encoding(schema).size(), GetParam().bytes);
  EXPECT_EQ(content_hash(schema), GetParam().hash);
}

const Vector kVectors[] = {
    {"plain", R"(
version: 1
table: users
primary_key: id
fields:
  - integer: id
    required: false
)",
     112, "7a9061db"},
    {"required", R"(
version: 1
table: users
primary_key: id
fields:
  - integer: id
    required: true
)",
     112, "22bafe28"},
    {"without_key", R"(
version: 1
table: users
fields:
  - integer: id
    required: false
)",
     109, "1fbf5656"},
    {"siblings", R"(
version: 1
table: users
primary_key: id
fields:
  - integer: id
    required: true
  - keyword: email
    required: true
  - text: fullName
    column: full_name
    required: true
    transforms: [trim]
  - enum: tier
    required: false
    variants: [free, pro]
    default: free
)",
     330, "9a6aaee5"},
    {"identifier", R"(
version: 1
table: users
primary_key: id
fields:
  - integer: id
    required: true
  - identifier: sku
    required: true
)",
     198, "1b6c1e95"},
    {"map", R"(
version: 1
table: users
primary_key: id
fields:
  - integer: id
    required: true
  - map: labels
    values: text
    required: false
)",
     200, "a9381097"},
    {"relations", R"(
version: 1
table: users
primary_key: id
soft_delete:
  column: deleted_at
filters:
  - { column: status, op: eq, value: active }
fields:
  - integer: id
    required: true
  - has_many: orders
    table: orders
    primary_key: id
    foreign_key: user_id
    order_by:
      - { column: id, direction: desc }
    limit: 10
    fields:
      - long: id
        required: true
  - count: orderCount
    table: orders
    foreign_key: user_id
)",
     447, "454fa207"},
    {"constants", R"(
version: 1
table: users
primary_key: id
fields:
  - integer: id
    required: true
  - constant: kind
    value: user
  - constant: v
    value: 2
  - constant: w
    value: 1.50
)",
     222, "45f594a4"},
    {"composite_key", R"(
version: 1
table: users
primary_key: [tenant_id, id]
fields:
  - integer: id
    required: false
)",
     139, "914fe3fe"},
    {"composite_relation_in_another_schema", R"(
version: 1
table: users
primary_key: [tenant_id, id]
fields:
  - integer: id
    required: false
  - count: orderCount
    table: orders
    schema: sales
    foreign_key: [tenant_id, user_id]
)",
     263, "fedb4f9d"},
    {"quoted_table", R"(
version: 1
table: '"Order Items"'
primary_key: id
fields:
  - integer: id
    required: false
)",
     118, "45dfe2ff"},
};

INSTANTIATE_TEST_SUITE_P(All, ContentHashVectors, testing::ValuesIn(kVectors),
                         [](const testing::TestParamInfo<Vector>& each) { return std::string(each.param.name); });

std::string hash_of_fields(const std::string& fields) {
  return content_hash(schema_of("version: 1\ntable: users\nprimary_key: id\nfields:\n" + fields));
}

TEST(ContentHash, a_single_column_list_equals_the_plain_column) {
  EXPECT_EQ(content_hash(schema_of("{version: 1, table: users, primary_key: [id], fields: [{integer: id}]}")),
            "7a9061db");
}

TEST(ContentHash, a_quoted_plain_name_equals_the_bare_name) {
  EXPECT_EQ(content_hash(schema_of("{version: 1, table: '\"users\"', primary_key: id, fields: [{integer: id}]}")),
            "7a9061db");
}

TEST(ContentHash, comments_key_order_and_formatting_do_not_count) {
  EXPECT_EQ(content_hash(schema_of("# users\nfields: [ { required: false, integer: id } ]\nprimary_key: ID\ntable: ' "
                                   "Users '\nversion: 1\nschema: public\n")),
            "7a9061db");
}

TEST(ContentHash, a_default_of_null_equals_none) {
  EXPECT_EQ(hash_of_fields("  - {integer: id, default: null}\n"), hash_of_fields("  - {integer: id}\n"));
}

TEST(ContentHash, a_constant_without_value_equals_null) {
  EXPECT_EQ(hash_of_fields("  - {constant: a}\n"), hash_of_fields("  - {constant: a, value: null}\n"));
}

TEST(ContentHash, equal_numbers_hash_alike_whatever_their_zeros) {
  EXPECT_EQ(hash_of_fields("  - {constant: a, value: 1.50}\n"), hash_of_fields("  - {constant: a, value: 1.5}\n"));
  EXPECT_NE(hash_of_fields("  - {constant: a, value: 1.5}\n"), hash_of_fields("  - {constant: a, value: '1.5'}\n"));
}

TEST(ContentHash, absent_and_empty_filters_differ) {
  const std::string join = "  - {count: n, table: t, foreign_key: f";
  EXPECT_NE(hash_of_fields(join + "}\n"), hash_of_fields(join + ", filters: []}\n"));
  EXPECT_EQ(hash_of_fields(join + "}\n"), hash_of_fields(join + ", filters: }\n"));
}

TEST(ContentHash, no_direction_and_asc_differ) {
  const std::string head =
      "  - {has_many: o, table: t, primary_key: id, foreign_key: f, fields: [{long: id}], order_by: [";
  EXPECT_NE(hash_of_fields(head + "{column: a}]}\n"), hash_of_fields(head + "{column: a, direction: asc}]}\n"));
}

TEST(ContentHash, a_json_field_hashes_without_the_dynamic_that_its_mapping_has) {
  EXPECT_NE(hash_of_fields("  - {json: a}\n"), hash_of_fields("  - {json: a, options: {dynamic: true}}\n"));
  EXPECT_EQ(hash_of_fields("  - {map: a, values: text}\n"),
            hash_of_fields("  - {map: a, values: text, options: {dynamic: true}}\n"));
}

TEST(ContentHash, keys_of_all_sites_count) {
  const std::string a =
      "  - {many_to_many: t, table: t, primary_key: id, through: {table: j, left_key: l, right_key: [a, b]}, fields: "
      "[{long: id}]}\n";
  Diagnostics report;
  Reading reading("schema.yml", report);
  auto broken = read_schema("version: 1\ntable: users\nprimary_key: id\nfields:\n" + a, reading);
  ASSERT_TRUE(broken);
  EXPECT_EQ(validate_schema(*broken).size(), 1U) << "the related table's key has one column, right_key two";
  const std::string composite =
      "  - {many_to_many: t, table: t, primary_key: [id, k], through: {table: j, left_key: l, right_key: [a, b]}, "
      "fields: [{long: id}]}\n";
  const std::string other =
      "  - {many_to_many: t, table: t, primary_key: [id, k], through: {table: j, left_key: l, right_key: [a, c]}, "
      "fields: [{long: id}]}\n";
  EXPECT_NE(hash_of_fields(composite), hash_of_fields(other));
}

}  // namespace
}  // namespace flusso::config
