#include "io/opensearch/index_body.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace flusso::opensearch {
namespace {

using nlohmann::json;

MappingField field(std::string name, std::string type) {
  MappingField out;
  out.name = std::move(name);
  out.type = std::move(type);
  return out;
}
json body_of(std::vector<MappingField> fields, IndexBodyOptions options = {}) {
  return json::parse(render_index_body(IndexMapping{"users", "f53a8889", std::move(fields)}, options));
}

TEST(IndexBody, settings_and_builtin_analysis_are_always_there) {
  const json body = body_of({}, {3, 2, TextAnalysis::builtin, false});
  EXPECT_EQ(body, json::parse(R"({
    "settings": {
      "index": {"refresh_interval": "-1", "number_of_shards": 3, "number_of_replicas": 2},
      "analysis": {
        "filter": {"flusso_word_delimiter": {"type": "word_delimiter_graph", "catenate_all": true, "preserve_original": true}},
        "analyzer": {
          "flusso_code": {"type": "custom", "tokenizer": "whitespace", "filter": ["flusso_word_delimiter", "flatten_graph", "lowercase", "asciifolding"]},
          "flusso_text": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}},
        "normalizer": {"flusso_lowercase": {"type": "custom", "filter": ["lowercase", "asciifolding"]}}}},
    "mappings": {"dynamic": "strict", "properties": {}}})"));
}

TEST(IndexBody, icu_replaces_tokenizer_and_folding) {
  const json analysis = body_of({}, {1, 1, TextAnalysis::icu, true})["settings"]["analysis"];
  EXPECT_EQ(analysis["analyzer"]["flusso_code"]["filter"],
            json::parse(R"(["flusso_word_delimiter","flatten_graph","lowercase","icu_folding"])"));
  EXPECT_EQ(analysis["analyzer"]["flusso_text"],
            json::parse(R"({"type":"custom","tokenizer":"icu_tokenizer","filter":["icu_normalizer","icu_folding"]})"));
  EXPECT_EQ(analysis["normalizer"]["flusso_lowercase"]["filter"], json::parse(R"(["icu_normalizer"])"));
}

TEST(IndexBody, text_and_keyword_fields_get_their_subfields) {
  const json properties =
      body_of({field("name", "text"), field("code", "keyword"), field("age", "integer")})["mappings"]["properties"];
  EXPECT_EQ(properties, json::parse(R"({
    "name": {"type": "text", "analyzer": "flusso_text", "fields": {
      "keyword": {"type": "keyword", "ignore_above": 256},
      "keyword_lowercase": {"type": "keyword", "normalizer": "flusso_lowercase", "ignore_above": 256}}},
    "code": {"type": "keyword", "fields": {
      "text": {"type": "text", "analyzer": "flusso_code"},
      "keyword_lowercase": {"type": "keyword", "normalizer": "flusso_lowercase", "ignore_above": 256}}},
    "age": {"type": "integer"}})"));
}

TEST(IndexBody, without_auto_subfields_fields_are_bare) {
  EXPECT_EQ(body_of({field("name", "text")}, {1, 1, TextAnalysis::builtin, false})["mappings"]["properties"]["name"],
            json::parse(R"({"type":"text"})"));
}

TEST(IndexBody, options_win_over_everything_automatic) {
  MappingField sku = field("sku", "text");
  sku.options = {{"analyzer", Value{std::string("flusso_code")}}, {"boost", Value{Digits{"1.5"}}}};
  MappingField code = field("code", "keyword");
  code.options = {{"fields", Value{ValueMap{{"raw", Value{ValueMap{{"type", Value{std::string("keyword")}}}}}}}}};
  const json properties = body_of({sku, code})["mappings"]["properties"];
  EXPECT_EQ(properties["sku"]["analyzer"], "flusso_code");
  EXPECT_EQ(properties["sku"]["boost"], 1.5);
  EXPECT_EQ(properties["code"], json::parse(R"({"type":"keyword","fields":{"raw":{"type":"keyword"}}})"));
}

TEST(IndexBody, children_become_properties_that_inherit_strictness) {
  MappingField orders = field("orders", "nested");
  orders.children = {field("id", "long")};
  EXPECT_EQ(
      body_of({orders})["mappings"],
      json::parse(
          R"({"dynamic":"strict","properties":{"orders":{"type":"nested","properties":{"id":{"type":"long"}}}}})"));
}

TEST(IndexBody, an_ordered_enum_gets_a_sort_subfield_with_ranks_of_equal_width) {
  MappingField level = field("level", "keyword");
  for (int i = 0; i < 11; ++i) level.variants.push_back("v" + std::to_string(i));
  MappingField parent = field("a", "object");
  parent.children = {level};
  MappingField twin = field("a_level", "keyword");
  twin.variants = {"x", "y"};
  const json body = body_of({parent, twin}, {1, 1, TextAnalysis::builtin, false});
  const json sort = body["mappings"]["properties"]["a"]["properties"]["level"]["fields"]["sort"];
  EXPECT_EQ(sort, json::parse(R"({"type":"keyword","normalizer":"flusso_enumsort__a_level","ignore_above":256})"));
  EXPECT_EQ(body["mappings"]["properties"]["a_level"]["fields"]["sort"]["normalizer"], "flusso_enumsort__a_level__2");
  const json rules = body["settings"]["analysis"]["char_filter"]["flusso_enumsort__a_level"]["mappings"];
  ASSERT_EQ(rules.size(), 11U);
  EXPECT_EQ(rules[0], "\\ue000\\u0076\\u0030\\ue001 => 00");
  EXPECT_EQ(rules[10], "\\ue000\\u0076\\u0031\\u0030\\ue001 => 10");
}

TEST(IndexBody, free_form_fields_take_any_key_but_guess_no_dates) {
  MappingField extra = field("extra", "object");
  MappingField labels = field("labels", "object");
  labels.options = {{"dynamic", Value{true}}};
  labels.map_values_type = "keyword";
  MappingField orders = field("orders", "nested");
  orders.children = {labels};
  const json mappings = body_of({extra, orders}, {1, 1, TextAnalysis::builtin, false})["mappings"];
  EXPECT_EQ(mappings["dynamic"], "strict");
  EXPECT_EQ(mappings["date_detection"], false);
  EXPECT_EQ(mappings["properties"]["extra"], json::parse(R"({"type":"object","dynamic":true})"));
  EXPECT_EQ(mappings["dynamic_templates"],
            json::parse(R"([{"orders.labels":{"path_match":"orders.labels.*","mapping":{"type":"keyword"}}}])"));
}

TEST(IndexBody, limits_of_the_server_are_raised_only_when_the_schema_needs_it) {
  std::vector<MappingField> many;
  for (int i = 0; i < 400; ++i) many.push_back(field("f" + std::to_string(i), "text"));
  EXPECT_EQ(body_of(many)["settings"]["index"]["mapping.total_fields.limit"], 1200);
  EXPECT_FALSE(
      body_of(many, {1, 1, TextAnalysis::builtin, false})["settings"]["index"].contains("mapping.total_fields.limit"));
}

}  // namespace
}  // namespace flusso::opensearch
