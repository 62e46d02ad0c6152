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

// Every branch of the encoding once.
constexpr const char* kEveryBranch = R"(version: 1
table: items
schema: shop
primary_key: id
soft_delete:
  field: booleanF
  when:
    - { column: state, op: eq, value: done }
filters:
  - { raw: "a = 1" }
  - { column: b, op: is_not_null }
fields:
  - { text: textF, column: text_c }
  - { identifier: identifierF, column: identifier_c }
  - { keyword: keywordF, column: keyword_c }
  - { enum: enumF, column: enum_c }
  - { uuid: uuidF, column: uuid_c, required: true }
  - { boolean: booleanF, column: boolean_c }
  - { short: shortF, column: short_c }
  - { integer: integerF, column: integer_c }
  - { long: longF, column: long_c }
  - { float: floatF, column: float_c }
  - { double: doubleF, column: double_c }
  - { decimal: decimalF, column: decimal_c }
  - { date: dateF, column: date_c, required: true }
  - { timestamp: timestampF, column: timestamp_c }
  - { binary: binaryF, column: binary_c }
  - { json: jsonF, column: json_c }
  - { custom: price, postgres: [numeric, money], opensearch: scaled_float, default: 0, options: { scaling_factor: 100 } }
  - { map: labels, values: keyword, required: true, options: { dynamic: strict } }
  - { geo: spot, lat: lat, lon: lon, required: true }
  - { geo: point }
  - object: inner
    options: { nested: { k: [-1, null, -2.5] }, enabled: true }
    fields:
      - { text: a, transforms: [trim, lowercase], default: x }
      - { object: deep, fields: [{ enum: b, variants: [one, two] }] }
  - belongs_to: owner
    table: users
    primary_key: id
    column: owner_id
    filters: [{ column: gone, op: is_null }, { column: name, op: is_not_null }]
    fields:
      - { integer: id }
      - has_one: team
        table: teams
        primary_key: id
        foreign_key: user_id
        required: true
        order_by: [{ column: rank, direction: asc }, { column: id }]
        fields: [{ integer: id, required: true }]
  - many_to_many: tags
    table: tags
    primary_key: id
    through: { table: item_tags, left_key: item_id, right_key: tag_id }
    filters: []
    order_by: []
    limit: 3
    fields: [{ keyword: name }]
  - count: n
    table: lines
    through: { table: j, left_key: l, right_key: r }
    filters: [{ raw: "x > 1" }]
  - sum: s
    table: lines
    column: amount
    value_type: decimal
    foreign_key: item_id
    filters:
      - { column: k, op: in, value: [1, '2'] }
      - { column: k, op: not_in, value: [3] }
      - { column: d, op: between, value: [1, 9] }
      - { column: t, op: like, value: a% }
  - { avg: av, table: lines, column: amount, foreign_key: item_id }
  - min: mi
    table: lines
    column: at
    value_type: timestamp
    foreign_key: item_id
    filters:
      - { column: k, op: neq, value: 1 }
      - { column: k, op: lt, value: 1 }
      - { column: k, op: lte, value: 1 }
      - { column: k, op: gt, value: 1 }
      - { column: k, op: gte, value: '1.50' }
      - { column: t, op: ilike, value: b }
  - { max: ma, table: lines, column: at, value_type: date, foreign_key: item_id }
  - { ids: ids, table: lines, element_type: long, foreign_key: item_id }
  - { constant: c1 }
  - { constant: c2, value: false }
  - { constant: c3, value: [a, 1] }
  - { constant: c4, value: { b: 1.250, a: null } }
)";

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
    {"every_branch", kEveryBranch, 3453, "ef77570c"},
};

INSTANTIATE_TEST_SUITE_P(All, ContentHashVectors, testing::ValuesIn(kVectors),
                         [](const testing::TestParamInfo<Vector>& each) { return std::string(each.param.name); });

// The lengths and hashes of this and of "every_branch" come from a second implementation of the encoding.
TEST(ContentHash, every_extension_has_its_length_and_hash) {
  std::string yaml = kEveryBranch;
  const auto replace = [&yaml](const std::string& from, const std::string& to) {
    const std::size_t first = yaml.find(from);
    ASSERT_NE(first, std::string::npos) << from;
    for (std::size_t at = first; at != std::string::npos; at = yaml.find(from, at + to.size()))
      yaml.replace(at, from.size(), to);
  };
  replace("schema: shop\nprimary_key: id\n", "schema: shop\nprimary_key: [id, shard]\n");
  replace("primary_key: id\n    column: owner_id", "primary_key: [id, shard]\n    column: [owner_id, owner_shard]");
  replace("foreign_key: user_id", "foreign_key: [user_id, user_shard]");
  replace("table: tags\n    primary_key: id", "table: tags\n    schema: far\n    primary_key: [id, shard]");
  replace("{ table: item_tags, left_key: item_id, right_key: tag_id }",
          "{ table: item_tags, schema: links, left_key: [item_id, item_shard], right_key: [tag_id, tag_shard] }");
  replace("{ table: j, left_key: l,", "{ table: j, schema: links, left_key: [l, l2],");
  replace("foreign_key: item_id", "foreign_key: [item_id, item_shard]");
  replace("  - sum: s\n    table: lines\n", "  - sum: s\n    table: lines\n    schema: public\n");
  const IndexSchema schema = schema_of(yaml);
  EXPECT_EQ(canonical_encoding(schema).size(), 3853U);
  EXPECT_EQ(content_hash(schema), "08e5125d");
}

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
