// Scalars, maps and points against the catalog: names, types, nulls, transforms, variants.
#include <gmock/gmock.h>

#include "model/check/column_types.h"
#include "tests/unit/model/check/store.h"

namespace flusso::check_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Accepted {
  FieldKind kind;
  std::vector<Type> types;
};

const std::vector<Accepted> kAccepted = {
    {FieldKind::text, {kText, kVarchar, kChar, kName, kCitextType, kMoodType}},
    {FieldKind::identifier, {kText, kVarchar, kChar, kName, kCitextType, kMoodType}},
    {FieldKind::keyword, {kText, kVarchar, kChar, kName, kCitextType, kMoodType}},
    {FieldKind::enumeration, {kText, kVarchar, kChar, kName, kCitextType, kMoodType}},
    {FieldKind::uuid, {kUuid}},
    {FieldKind::boolean, {kBool}},
    {FieldKind::short_integer, {kInt2}},
    {FieldKind::integer, {kInt4}},
    {FieldKind::long_integer, {kInt8}},
    {FieldKind::float_number, {kFloat4}},
    {FieldKind::double_number, {kFloat8}},
    {FieldKind::decimal, {kNumeric, kMoney}},
    {FieldKind::date, {kDate}},
    {FieldKind::timestamp, {kTimestamp, kTimestampTz, kTime, kTimeTz}},
    {FieldKind::binary, {kBytea}},
    {FieldKind::json, {kJson, kJsonb}},
};
const std::vector<Type> kTypes = {kInt2,      kInt4,  kInt8,        kFloat4,    kFloat8, kNumeric, kMoney,
                                  kBool,      kUuid,  kText,        kVarchar,   kChar,   kName,    kDate,
                                  kTimestamp, kTime,  kTimestampTz, kTimeTz,    kBytea,  kJson,    kJsonb,
                                  kInet,      kPoint, kMoodType,    kCitextType};

TEST(ColumnTypes, every_declared_type_takes_exactly_the_types_of_the_manual) {
  const DatabaseFacts facts;
  for (const Accepted& row : kAccepted) {
    for (const Type& type : kTypes) {
      const bool wanted =
          std::any_of(row.types.begin(), row.types.end(), [&](const Type& one) { return one.oid == type.oid; });
      EXPECT_EQ(accepts(row.kind, value_type(column("c", type), facts)), wanted)
          << to_text(row.kind) << " over " << type.name;
    }
  }
}

TEST(ColumnTypes, a_users_own_type_called_like_a_built_in_one_is_not_taken_for_it) {
  const DatabaseFacts facts;
  const Type own{30000, "int8", 'U', 'c'};
  EXPECT_FALSE(accepts(FieldKind::long_integer, value_type(column("c", own), facts)));
}

TEST(ColumnTypes, the_types_of_custom_may_be_written_in_any_way_postgres_knows) {
  const DatabaseFacts facts;
  const auto taken = [&](const char* written, const Type& type) {
    return accepts_custom({written}, value_type(column("c", type), facts));
  };
  EXPECT_TRUE(taken("Character  Varying(20)", kVarchar));
  EXPECT_TRUE(taken("timestamp(3) with time zone", kTimestampTz));
  EXPECT_TRUE(taken("numeric(12,2)[]", kNumeric));
  EXPECT_TRUE(taken("pg_catalog.int4", kInt4));
  EXPECT_TRUE(taken("serial", kInt4));
  EXPECT_TRUE(taken("inet", kInet));
  EXPECT_TRUE(taken("mood", kMoodType));
  EXPECT_FALSE(taken("cidr", kInet));
  EXPECT_FALSE(taken("", kInet));
}

using Columns = Store;

TEST_F(Columns, a_column_that_fits_is_not_mentioned) { EXPECT_EQ(said(scalar("email", FieldKind::keyword)), ""); }

TEST_F(Columns, an_unknown_column_is_named_with_the_nearest_one) {
  const CheckFindings findings = check(scalar("emial", FieldKind::keyword));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, FindingSeverity::error);
  EXPECT_EQ(findings[0].index, "users");
  EXPECT_EQ(findings[0].field, "emial");
  EXPECT_EQ(findings[0].at.line, 7);
  EXPECT_THAT(findings[0].message, HasSubstr("unknown column public.users.emial, did you mean email?"));
}

TEST_F(Columns, a_wrong_type_names_both_and_the_declaration_that_fits) {
  EXPECT_THAT(said(scalar("id", FieldKind::integer)),
              StartsWith("error users.id: type mismatch: `integer` takes integer, column public.users.id is int8; "
                         "declare `long`"));
}

TEST_F(Columns, a_domain_counts_as_its_base_type_and_an_array_as_its_element) {
  users().columns.push_back(column("tags", kTexts));
  users().columns.push_back(column("moods", kMoodsType));
  ColumnInfo domain = column("code", kVarchar);
  domain.type = "public.code";
  domain.type_oid = 40000;
  users().columns.push_back(domain);
  schema.fields = {scalar("tags", FieldKind::keyword), scalar("moods", FieldKind::enumeration),
                   scalar("code", FieldKind::identifier)};
  EXPECT_EQ(said(), "");
  schema.fields = {scalar("tags", FieldKind::integer)};
  EXPECT_THAT(said(), HasSubstr("type mismatch"));
}

TEST_F(Columns, a_required_nullable_column_is_a_warning_with_the_statement) {
  Field phone = scalar("phone", FieldKind::keyword);
  std::get<ColumnField>(phone.source).required = true;
  const std::string text = said(phone);
  EXPECT_THAT(text, StartsWith("warning users.phone: "));
  EXPECT_THAT(text, HasSubstr("ALTER TABLE \"public\".\"users\" ALTER COLUMN \"phone\" SET NOT NULL;"));
}

TEST_F(Columns, a_default_or_the_key_keeps_a_required_field_from_being_null) {
  Field phone = scalar("phone", FieldKind::keyword);
  std::get<ColumnField>(phone.source).required = true;
  std::get<ColumnField>(phone.source).default_value = Value{std::string("none")};
  EXPECT_EQ(said(phone), "");
  schema.fields.clear();
  schema.primary_key = {"phone"};
  users().unique_keys.push_back({"phone"});
  std::get<ColumnField>(phone.source).default_value.reset();
  EXPECT_THAT(said(phone), Not(HasSubstr("`required: true`")));
}

TEST_F(Columns, transforms_want_text) {
  Field id = scalar("id", FieldKind::long_integer);
  std::get<ColumnField>(id.source).transforms = {Transform::trim};
  EXPECT_THAT(said(id), HasSubstr("error users.id: `transforms` work on text"));
  schema.fields.clear();
  Field mood = scalar("mood", FieldKind::enumeration);
  std::get<ColumnField>(mood.source).transforms = {Transform::lowercase};
  EXPECT_EQ(said(mood), "");
}

TEST_F(Columns, variants_are_compared_with_the_labels_of_the_enum_type) {
  Field mood = scalar("mood", FieldKind::enumeration);
  std::get<ColumnField>(mood.source).variants = {"happy", "ok", "sad"};
  EXPECT_EQ(said(mood), "") << "another order is the author's choice";
  schema.fields.clear();
  std::get<ColumnField>(mood.source).variants = {"sad", "glad"};
  const std::string text = said(mood);
  EXPECT_THAT(text, HasSubstr("warning users.mood: `variants` leaves out ok, happy"));
  EXPECT_THAT(text, HasSubstr("`variants` names glad, which the enum type mood does not have"));
}

TEST_F(Columns, a_map_wants_json) {
  EXPECT_EQ(said(make("settings", MapField{"settings", FieldKind::text, true})), "");
  EXPECT_THAT(said(make("title", MapField{"email", FieldKind::text, false})), HasSubstr("`map` takes json or jsonb"));
}

TEST_F(Columns, a_point_wants_two_numbers_or_json_or_text) {
  EXPECT_EQ(said(make("a", GeoField{"settings", "", "", false})), "");
  EXPECT_EQ(said(make("b", GeoField{"email", "", "", false})), "");
  EXPECT_THAT(said(make("c", GeoField{"id", "", "", false})), HasSubstr("`geo` takes json, jsonb or text"));
  schema.fields.clear();
  EXPECT_THAT(said(make("d", GeoField{"", "latitude", "email", false})),
              HasSubstr("error users.d: type mismatch: `lon` takes a numeric column, public.users.email is text"));
}

TEST_F(Columns, constants_and_what_is_inside_objects_are_judged_too) {
  EXPECT_EQ(said(make("kind", ConstantField{Value{std::string("x")}})), "");
  EXPECT_THAT(said(make("inner", ObjectField{{scalar("nope", FieldKind::keyword)}})),
              StartsWith("error users.inner.nope: "));
}

}  // namespace
}  // namespace flusso::check_test
