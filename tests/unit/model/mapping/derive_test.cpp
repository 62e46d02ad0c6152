#include "model/mapping/derive.h"

#include <gtest/gtest.h>

#include "model/mapping/content_hash.h"
#include "model/mapping/field_types.h"

namespace flusso {
namespace {

IndexSchema plain_schema() {
  ColumnField id;
  id.column = "id";
  id.kind = FieldKind::integer;
  IndexSchema schema;
  schema.table = {"public", "users"};
  schema.primary_key = {"id"};
  schema.fields = {Field{"id", {}, id, {}}};
  return schema;
}

TEST(DeriveMapping, names_the_index_and_its_hash) {
  const IndexMapping mapping = derive_mapping("users", plain_schema());
  EXPECT_EQ(mapping.name, "users");
  EXPECT_EQ(mapping.hash, "7a9061db");
  ASSERT_EQ(mapping.fields.size(), 1U);
  EXPECT_EQ(mapping.fields[0].type, "integer");
  EXPECT_FALSE(mapping.fields[0].nullable);
  EXPECT_FALSE(has_dynamic_fields(mapping));
}

TEST(DeriveMapping, a_type_in_the_options_becomes_the_type) {
  IndexSchema schema = plain_schema();
  schema.fields[0].options = {{"type", Value{std::string("long")}}, {"index", Value{false}}};
  const IndexMapping mapping = derive_mapping("users", schema);
  EXPECT_EQ(mapping.fields[0].type, "long");
  EXPECT_EQ(to_json(Value{mapping.fields[0].options}), R"({"index":false})");
}

TEST(DeriveMapping, fields_that_accept_any_key_are_found_at_any_depth) {
  IndexSchema schema = plain_schema();
  MapField labels;
  labels.column = "labels";
  schema.fields.push_back(Field{"outer", {}, ObjectField{{Field{"labels", {}, labels, {}}}}, {}});
  EXPECT_TRUE(has_dynamic_fields(derive_mapping("users", schema)));
}

TEST(ContentHash, ignores_the_key_order_of_options) {
  IndexSchema first = plain_schema();
  IndexSchema second = plain_schema();
  first.fields[0].options = {{"b", Value{true}}, {"a", Value{std::int64_t{1}}}};
  second.fields[0].options = {{"a", Value{std::int64_t{1}}}, {"b", Value{true}}};
  EXPECT_EQ(content_hash(first), content_hash(second));
  EXPECT_NE(content_hash(first), content_hash(plain_schema()));
}

TEST(ContentHash, takes_any_number_text) {
  const auto hash_of = [](const char* digits) {
    IndexSchema schema = plain_schema();
    schema.fields.push_back(Field{"c", {}, ConstantField{Value{Digits{digits}}}, {}});
    return content_hash(schema);
  };
  EXPECT_EQ(hash_of("1.50"), hash_of("1.5"));
  EXPECT_EQ(hash_of("15e-1"), hash_of("1.5"));
  EXPECT_EQ(hash_of("0.0"), hash_of("-0e5"));
  EXPECT_NE(hash_of("1.5"), hash_of("-1.5"));
  // Beyond 96 bits or 28 fraction digits the text itself counts.
  EXPECT_NE(hash_of("1e400"), hash_of("1e401"));
  EXPECT_NE(hash_of("79228162514264337593543950335"), hash_of("79228162514264337593543950336"));
  EXPECT_NE(hash_of("1e99999999999"), hash_of("1e-99999999999"));
}

TEST(FieldTypes, every_kind_can_be_mapped_as_its_own_type) {
  for (const FieldKind kind :
       {FieldKind::text, FieldKind::identifier, FieldKind::keyword, FieldKind::enumeration, FieldKind::uuid,
        FieldKind::boolean, FieldKind::short_integer, FieldKind::integer, FieldKind::long_integer,
        FieldKind::float_number, FieldKind::double_number, FieldKind::decimal, FieldKind::date, FieldKind::timestamp,
        FieldKind::binary, FieldKind::json})
    EXPECT_TRUE(can_be_mapped_as(kind, mapping_type(kind))) << to_text(kind);
}

TEST(FieldTypes, narrower_and_foreign_types_are_refused) {
  EXPECT_FALSE(can_be_mapped_as(FieldKind::long_integer, "integer"));
  EXPECT_FALSE(can_be_mapped_as(FieldKind::integer, "short"));
  EXPECT_FALSE(can_be_mapped_as(FieldKind::keyword, "long"));
  EXPECT_FALSE(can_be_mapped_as(FieldKind::json, "nonsense"));
  EXPECT_TRUE(can_be_mapped_as(FieldKind::short_integer, "long"));
  EXPECT_TRUE(can_be_mapped_as(FieldKind::decimal, "scaled_float"));
  EXPECT_TRUE(can_be_mapped_as(FieldKind::timestamp, "date_nanos"));
}

}  // namespace
}  // namespace flusso
