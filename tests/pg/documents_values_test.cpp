// Every type and every awkward value, against JSON written by hand.

#include <gtest/gtest.h>

#include "documents_fixture.h"

namespace flusso::pg {
namespace {

using namespace test;

// One row of one column, read as one field named "v".
struct Case {
  std::string type;
  std::string value;  // SQL
  Field field;
  std::string expected;
};

Field v(FieldKind kind) { return column("v", kind); }

Field custom(const std::string& opensearch) {
  Field field = column("v", FieldKind::custom);
  std::get<ColumnField>(field.source).custom_opensearch = opensearch;
  return field;
}

Field with_default(FieldKind kind, Value value) {
  Field field = column("v", kind);
  std::get<ColumnField>(field.source).default_value = std::move(value);
  return field;
}

Field with_transforms(std::vector<Transform> transforms) {
  Field field = column("v", FieldKind::keyword);
  std::get<ColumnField>(field.source).transforms = std::move(transforms);
  return field;
}

// Reads each case live and by scan; both must be `expected`, wrapped as {"v":…}.
void check(const std::vector<Case>& cases, const std::string& prepare = "") {
  Store store;
  ASSERT_TRUE(store.ready());
  if (!prepare.empty()) store.exec(prepare);
  for (const Case& one : cases) {
    SCOPED_TRACE(one.type + " " + one.value);
    for (const std::string null : {"", " NOT NULL"}) {
      if (!null.empty() && one.value == "NULL") continue;
      store.exec("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, v " + one.type + null +
                 "); INSERT INTO t VALUES (1, " + one.value + ")");
      IndexSchema schema;
      schema.table = store.table("t");
      schema.primary_key = {"id"};
      schema.fields = {one.field};
      const Plan plan = store.plan(schema);
      const std::string expected = "{\"v\":" + one.expected + "}";
      EXPECT_EQ(read_documents(plan, {"1"}).documents["1"], expected) << null;
      EXPECT_EQ(scan_documents(plan).documents["1"], expected) << null;
    }
  }
}

TEST(DocumentValues, numbers_keep_every_digit_and_lose_what_json_cannot_hold) {
  check({
      {"smallint", "-32768", v(FieldKind::short_integer), "-32768"},
      {"integer", "NULL", v(FieldKind::integer), "null"},
      {"bigint", "9223372036854775807", v(FieldKind::long_integer), "9223372036854775807"},
      {"real", "0.1", v(FieldKind::float_number), "0.1"},
      {"real", "'NaN'", v(FieldKind::float_number), "null"},
      {"double precision", "1e308", v(FieldKind::double_number), "1e+308"},
      {"double precision", "1234567890.1234567", v(FieldKind::double_number), "1234567890.1234567"},
      {"double precision", "'-Infinity'", v(FieldKind::double_number), "null"},
      {"double precision", "'Infinity'", v(FieldKind::double_number), "null"},
      {"double precision", "NULL", v(FieldKind::double_number), "null"},
      {"double precision", "'NaN'", v(FieldKind::keyword), "\"NaN\""},
      {"numeric", "12345678901234567890123456789.123456789", v(FieldKind::decimal),
       "12345678901234567890123456789.123456789"},
      {"numeric(12,2)", "10.00", v(FieldKind::decimal), "10.00"},
      {"numeric", "'NaN'", v(FieldKind::decimal), "null"},
      {"numeric", "'Infinity'", v(FieldKind::decimal), "null"},
      {"numeric", "'NaN'", custom("scaled_float"), "null"},
      {"numeric", "NULL", v(FieldKind::decimal), "null"},
      {"money", "'-1234.50'", v(FieldKind::decimal), "-1234.50"},
      {"money", "NULL", v(FieldKind::decimal), "null"},
      {"boolean", "true", v(FieldKind::boolean), "true"},
      {"boolean", "false", v(FieldKind::boolean), "false"},
      {"boolean", "NULL", v(FieldKind::boolean), "null"},
  });
}

TEST(DocumentValues, texts_are_escaped_and_keep_their_blanks) {
  check(
      {
          {"text", R"(E'a"b\\c\nd\te\u00e9\U0001F600')", v(FieldKind::text), R"("a\"b\\c\nd\teé😀")"},
          {"text", "''", v(FieldKind::keyword), "\"\""},
          {"text", "NULL", v(FieldKind::keyword), "null"},
          {"text", "E'\\x01'", v(FieldKind::keyword), R"("\u0001")"},
          {"varchar(10)", "'vc'", v(FieldKind::identifier), "\"vc\""},
          {"char(5)", "'ab'", v(FieldKind::keyword), "\"ab   \""},
          {"name", "'n'", v(FieldKind::keyword), "\"n\""},
          {"mood", "'so \"so\"'", v(FieldKind::enumeration), R"("so \"so\"")"},
          {"mood", "NULL", v(FieldKind::enumeration), "null"},
          {"uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", v(FieldKind::uuid),
           "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
          {"uuid", "NULL", v(FieldKind::uuid), "null"},
          {"short_text", "'d'", v(FieldKind::keyword), "\"d\""},
          {"interval", "'1 day 2 hours'", custom("keyword"), "\"1 day 02:00:00\""},
          {"inet", "'10.0.0.1'", custom("ip"), "\"10.0.0.1\""},
          {"int4range", "'[1,5)'", custom("keyword"), "\"[1,5)\""},
      },
      "CREATE TYPE mood AS ENUM ('ok', 'so \"so\"'); CREATE DOMAIN short_text AS varchar(5)");
}

TEST(DocumentValues, times_are_iso_8601_or_null_where_opensearch_cannot_hold_them) {
  check({
      {"date", "'2024-01-02'", v(FieldKind::date), "\"2024-01-02\""},
      {"date", "'infinity'", v(FieldKind::date), "null"},
      {"date", "'0044-03-15 BC'", v(FieldKind::date), "null"},
      {"date", "'10000-01-01'", v(FieldKind::date), "null"},
      {"date", "'9999-12-31'", v(FieldKind::date), "\"9999-12-31\""},
      {"date", "NULL", v(FieldKind::date), "null"},
      {"date", "'infinity'", v(FieldKind::keyword), "\"infinity\""},
      {"timestamp", "'2024-01-02 03:04:05.5'", v(FieldKind::timestamp), "\"2024-01-02T03:04:05.5\""},
      {"timestamp", "'-infinity'", v(FieldKind::timestamp), "null"},
      {"timestamp", "'0001-01-01 00:00:00'", v(FieldKind::timestamp), "\"0001-01-01T00:00:00\""},
      {"timestamptz", "'2024-01-02 03:04:05+02'", v(FieldKind::timestamp), "\"2024-01-02T01:04:05+00:00\""},
      {"timestamptz", "'2024-01-02 03:04:05.123456+00'", v(FieldKind::timestamp),
       "\"2024-01-02T03:04:05.123456+00:00\""},
      {"timestamptz", "'infinity'", v(FieldKind::timestamp), "null"},
      {"timestamptz", "'9999-12-31 23:59:59.999999+00'", v(FieldKind::timestamp),
       "\"9999-12-31T23:59:59.999999+00:00\""},
      {"timestamptz", "'10000-01-01 00:00:00+00'", v(FieldKind::timestamp), "null"},
      {"timestamptz", "'0044-03-15 00:00:00+00 BC'", v(FieldKind::timestamp), "null"},
      {"timestamptz", "NULL", v(FieldKind::timestamp), "null"},
      {"timestamp(3)", "'2024-01-02 03:04:05.123'", custom("date"), "\"2024-01-02T03:04:05.123\""},
      {"time", "'12:34:56.5'", v(FieldKind::timestamp), "\"1970-01-01T12:34:56.5\""},
      {"time", "'24:00'", v(FieldKind::timestamp), "\"1970-01-02T00:00:00\""},
      {"time", "NULL", v(FieldKind::timestamp), "null"},
      {"timetz", "'12:34:56+02'", v(FieldKind::timestamp), "\"1970-01-01T10:34:56+00:00\""},
      {"time", "'12:34:56'", v(FieldKind::keyword), "\"12:34:56\""},
  });
}

TEST(DocumentValues, bytes_are_base64_on_one_line_and_json_passes_through) {
  const std::string long_bytes = "decode(repeat('00ff', 60), 'hex')";
  std::string expected = "\"";
  for (int i = 0; i < 40; ++i) expected += "AP8A/wD/AP8A/wD/";
  expected = expected.substr(0, 1 + 160) + "\"";
  check({
      {"bytea", "'\\x00ff'", v(FieldKind::binary), "\"AP8=\""},
      {"bytea", long_bytes, v(FieldKind::binary), expected},
      {"bytea", "NULL", v(FieldKind::binary), "null"},
      {"json", "'{\"b\" : 1.50,\"a\":1e400, \"n\":12345678901234567890123}'", v(FieldKind::json),
       "{\"b\" : 1.50,\"a\":1e400, \"n\":12345678901234567890123}"},
      {"json", "E'{\"a\":\\n1}'", v(FieldKind::json), "{\"a\": 1}"},
      {"jsonb", "'{\"b\":1,\"a\":[null,\"x\"]}'", v(FieldKind::json), "{\"a\": [null, \"x\"], \"b\": 1}"},
      {"jsonb", "NULL", v(FieldKind::json), "null"},
      {"jsonb", "'null'", v(FieldKind::json), "null"},
  });
}

TEST(DocumentValues, rules_hold_for_elements_of_arrays) {
  check(
      {
          {"int[]", "'{1,NULL,3}'", v(FieldKind::integer), "[1,null,3]"},
          {"int[]", "'{}'", v(FieldKind::integer), "[]"},
          {"int[]", "NULL", v(FieldKind::integer), "null"},
          {"text[]", R"('{"a b","c\"d",NULL}')", v(FieldKind::keyword), R"(["a b","c\"d",null])"},
          {"varchar(5)[]", "'{x}'", v(FieldKind::keyword), "[\"x\"]"},
          {"boolean[]", "'{t,f}'", v(FieldKind::boolean), "[true,false]"},
          {"double precision[]", "'{1.5,NaN,-Infinity,NULL}'", v(FieldKind::double_number), "[1.5,null,null,null]"},
          {"numeric[]", "'{1.50,NaN}'", v(FieldKind::decimal), "[1.50,null]"},
          {"numeric[]", "NULL", v(FieldKind::decimal), "null"},
          {"numeric[]", "'{}'", v(FieldKind::decimal), "[]"},
          {"money[]", "'{1.50}'", v(FieldKind::decimal), "[1.50]"},
          {"timestamptz[]", "'{2024-01-02 03:04:05.5+00,infinity}'", v(FieldKind::timestamp),
           "[\"2024-01-02T03:04:05.5+00:00\",null]"},
          {"date[]", "'{2024-01-02,infinity}'", v(FieldKind::date), "[\"2024-01-02\",null]"},
          {"time[]", "'{12:00}'", v(FieldKind::timestamp), "[\"1970-01-01T12:00:00\"]"},
          {"bytea[]", "ARRAY['\\x00ff'::bytea,NULL]", v(FieldKind::binary), "[\"AP8=\",null]"},
          {"uuid[]", "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", v(FieldKind::uuid),
           "[\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"]"},
          {"mood[]", "'{ok}'", v(FieldKind::enumeration), "[\"ok\"]"},
          {"jsonb[]", "ARRAY['{\"a\":1}'::jsonb]", v(FieldKind::json), "[{\"a\": 1}]"},
      },
      "CREATE TYPE mood AS ENUM ('ok')");
}

TEST(DocumentValues, transforms_and_defaults_apply_in_order) {
  using T = Transform;
  Field both = with_transforms({T::trim, T::lowercase});
  std::get<ColumnField>(both.source).default_value = Value{std::string("none")};
  check(
      {
          {"text", "E' \\t A b \\n'", with_transforms({T::trim}), "\"A b\""},
          {"text", "'ÄB'", with_transforms({T::lowercase}), "\"äb\""},
          {"text", "NULL", with_transforms({T::lowercase}), "null"},
          {"text", "' X '", both, "\"x\""},
          {"text", "NULL", both, "\"none\""},
          {"char(4)", "'AB'", with_transforms({T::lowercase}), "\"ab  \""},
          {"char(4)", "'AB'", with_transforms({T::trim}), "\"AB\""},
          {"mood", "'OK'", with_transforms({T::lowercase}), "\"ok\""},
          {"text[]", "'{\" A \",NULL}'", with_transforms({T::trim, T::lowercase}), "[\"a\",null]"},
          {"int", "NULL", with_default(FieldKind::integer, Value{std::int64_t{5}}), "5"},
          {"int", "7", with_default(FieldKind::integer, Value{std::int64_t{5}}), "7"},
          {"int", "NULL", with_default(FieldKind::integer, Value{std::string("5")}), "5"},
          {"numeric", "NULL", with_default(FieldKind::decimal, Value{Digits{"1.50"}}), "1.50"},
          {"numeric", "'NaN'", with_default(FieldKind::decimal, Value{Digits{"1.50"}}), "null"},
          {"double precision", "NULL", with_default(FieldKind::double_number, Value{std::int64_t{0}}), "0"},
          {"boolean", "NULL", with_default(FieldKind::boolean, Value{true}), "true"},
          {"boolean", "NULL", with_default(FieldKind::boolean, Value{std::string("false")}), "false"},
          {"text", "NULL", with_default(FieldKind::keyword, Value{std::string("it's \"x\" \\")}), R"("it's \"x\" \\")"},
          {"text", "NULL", with_default(FieldKind::keyword, Value{std::int64_t{5}}), "\"5\""},
          {"uuid", "NULL", with_default(FieldKind::uuid, Value{std::string("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")}),
           "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""},
          {"timestamptz", "NULL", with_default(FieldKind::timestamp, Value{std::string("2024-01-02T03:04:05+02:00")}),
           "\"2024-01-02T01:04:05+00:00\""},
          {"date", "NULL", with_default(FieldKind::date, Value{std::string("2024-01-02")}), "\"2024-01-02\""},
          {"date", "'infinity'", with_default(FieldKind::date, Value{std::string("2024-01-02")}), "null"},
      },
      "CREATE TYPE mood AS ENUM ('OK')");
}

TEST(DocumentValues, geo_map_object_and_constants) {
  Store store;
  ASSERT_TRUE(store.ready());
  store.exec(
      "CREATE TABLE t (id int PRIMARY KEY, lat double precision, lon numeric, p jsonb, s text, m jsonb, a text NOT "
      "NULL);"
      "INSERT INTO t VALUES (1, 48.1, 11.50, '{\"lat\":1,\"lon\":2}', '1,2', '{\"en\":\"x\"}', 'q'), (2, NULL, 1, "
      "NULL, NULL, NULL, 'q'),"
      "(3, 'NaN', 1, '[1,2]', 'u', '{}', 'q')");
  IndexSchema schema;
  schema.table = store.table("t");
  schema.primary_key = {"id"};
  GeoField two{"", "lat", "lon", false};
  GeoField single{"p", "", "", false};
  GeoField text{"s", "", "", false};
  MapField map;
  map.column = "m";
  ObjectField object;
  object.fields = {column("a", FieldKind::keyword), field("k", ConstantField{Value{true}})};
  ValueMap nested{{"x", Value{Digits{"1.50"}}}, {"y", Value{ValueList{Value{std::int64_t{1}}, Value{}}}}};
  schema.fields = {field("two", two),
                   field("single", single),
                   field("text", text),
                   field("m", map),
                   field("o", object),
                   field("c\"1", ConstantField{Value{std::string("it's \\ \"q\"")}}),
                   field("c2", ConstantField{Value{}}),
                   field("c3", ConstantField{Value{nested}}),
                   field("c4", ConstantField{Value{std::int64_t{-5}}})};
  const Plan plan = store.plan(schema);
  const std::string tail =
      R"(,"o":{"a":"q","k":true},"c\"1":"it's \\ \"q\"","c2":null,"c3":{"x":1.50,"y":[1,null]},"c4":-5})";
  const auto check_row = [&](const Collected& seen) {
    EXPECT_EQ(seen.documents.at("1"),
              R"({"two":{"lat":48.1,"lon":11.50},"single":{"lat": 1, "lon": 2},"text":"1,2","m":{"en": "x"})" + tail);
    EXPECT_EQ(seen.documents.at("2"), R"({"two":null,"single":null,"text":null,"m":null)" + tail);
    EXPECT_EQ(seen.documents.at("3"), R"({"two":null,"single":[1, 2],"text":"u","m":{})" + tail);
  };
  check_row(read_documents(plan, {"1", "2", "3"}));
  check_row(scan_documents(plan));
}

TEST(DocumentValues, more_fields_than_a_function_takes_arguments) {
  Store store;
  ASSERT_TRUE(store.ready());
  std::string columns;
  std::string expected = "{";
  IndexSchema schema;
  for (int i = 0; i < 450; ++i) {
    columns += ", c" + std::to_string(i) + " int DEFAULT " + std::to_string(i);
    schema.fields.push_back(column("c" + std::to_string(i), FieldKind::integer));
    expected += (i > 0 ? ",\"c" : "\"c") + std::to_string(i) + "\":" + std::to_string(i);
  }
  store.exec("CREATE TABLE t (id int PRIMARY KEY" + columns + "); INSERT INTO t (id) VALUES (1)");
  schema.table = store.table("t");
  schema.primary_key = {"id"};
  const Plan plan = store.plan(schema);
  EXPECT_EQ(read_documents(plan, {"1"}).documents["1"], expected + "}");
  EXPECT_EQ(scan_documents(plan).documents["1"], expected + "}");
}

}  // namespace
}  // namespace flusso::pg
