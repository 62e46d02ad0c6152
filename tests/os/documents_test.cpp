// Documents on a real cluster: what the server answers for each kind of item, and what the mapping makes of values.
#include "tests/os/opensearch_fixture.h"

namespace flusso {
namespace {

using http::Method;
using nlohmann::json;
using testing::index_plan;
using testing::mapping_field;
using testing::write_documents;

class Documents : public testing::OpenSearchTest {
 protected:
  void use(std::vector<MappingField> fields) {
    plan_.indexes = {index_plan("users", "f53a8889", std::move(fields))};
    const auto staged = sink_.admin->stage(plan_.indexes[0]);
    ASSERT_TRUE(staged) << staged.error().what;
    sink_.writer->begin_run(plan_);
    sink_.writer->set_generation(IndexId{0}, 0, *staged);
    index_ = "/" + prefix_ + "users_f53a8889_1";
  }
  std::vector<OutcomeKind> write(const std::vector<std::pair<std::string, std::string>>& documents) {
    std::vector<OutcomeKind> kinds;
    outcome_ = write_documents(sink_, documents);
    for (const Outcome& item : outcome_.items) kinds.push_back(item.kind);
    return kinds;
  }
  std::vector<std::string> ids_sorted_by(const std::string& field) {
    call(Method::post, index_ + "/_refresh");
    const json found = get(index_ + "/_search?size=100&sort=" + field);
    std::vector<std::string> ids;
    for (const json& hit : found["hits"]["hits"]) ids.push_back(hit["_id"]);
    return ids;
  }
  Plan plan_;
  std::string index_;
  BulkOutcome outcome_;
};

using Kinds = std::vector<OutcomeKind>;

TEST_F(Documents, upserts_deletes_and_rejections_are_told_apart) {
  use({mapping_field("id", "long")});
  EXPECT_EQ(write({{"1", R"({"id":1})"},
                   {"2", R"({"id":"ada@x.io"})"},
                   {"3", R"({"id":3,"unknown":1})"},
                   {"4", ""},
                   {"1", ""}}),
            (Kinds{OutcomeKind::applied, OutcomeKind::rejected, OutcomeKind::rejected, OutcomeKind::applied,
                   OutcomeKind::applied}));
  EXPECT_TRUE(
      outcome_.items[1].reason.starts_with("mapper_parsing_exception: failed to parse field [id] of type [long]"));
  EXPECT_EQ(outcome_.items[1].reason.find("ada@x.io"), std::string::npos);
  EXPECT_TRUE(outcome_.items[2].reason.starts_with("strict_dynamic_mapping_exception"));
}

TEST_F(Documents, blocks_and_closed_indexes_refuse_everything_for_now) {
  use({mapping_field("id", "long")});
  call(Method::put, index_ + "/_settings", R"({"index.blocks.write":true})");
  EXPECT_EQ(write({{"1", R"({"id":1})"}}), Kinds{OutcomeKind::refused});
  call(Method::put, index_ + "/_settings", R"({"index.blocks.write":null,"index.blocks.read_only_allow_delete":true})");
  EXPECT_EQ(write({{"1", R"({"id":1})"}}), Kinds{OutcomeKind::refused});
  EXPECT_NE(outcome_.items[0].reason.find("blocked by"), std::string::npos);
  call(Method::put, index_ + "/_settings", R"({"index.blocks.read_only_allow_delete":null})");
  EXPECT_EQ(write({{"1", R"({"id":1})"}}), Kinds{OutcomeKind::applied});
  call(Method::post, index_ + "/_close");
  EXPECT_EQ(write({{"1", R"({"id":1})"}}), Kinds{OutcomeKind::refused});
}

TEST_F(Documents, odd_ids_arrive_as_they_are) {
  use({mapping_field("id", "long")});
  EXPECT_EQ(write({{"a\"b\\c\n/é ☃", R"({"id":1})"}, {std::string(600, 'k'), R"({"id":2})"}}),
            Kinds(2, OutcomeKind::applied));
  EXPECT_EQ(get(index_ + "/_doc/" + http::percent_encode("a\"b\\c\n/é ☃"))["_source"]["id"], 1);
  EXPECT_EQ(ids_sorted_by("id").at(1).substr(0, 8), "#sha256-");
}

TEST_F(Documents, a_missing_pipeline_is_no_fault_of_the_document) {
  OpenSearchSinkConfig config;
  config.pipeline = "no such pipeline";
  sink_ = make_sink(config);
  use({mapping_field("id", "long")});
  EXPECT_EQ(write({{"1", R"({"id":1})"}}), Kinds{OutcomeKind::refused});
}

TEST_F(Documents, a_forced_refresh_makes_writes_searchable) {
  use({mapping_field("id", "long")});
  ASSERT_EQ(write({{"1", R"({"id":1})"}}), Kinds{OutcomeKind::applied});
  EXPECT_EQ(get(index_ + "/_count")["count"], 0);
  sink_.writer->refresh({IndexId{0}});
  int count = 0;
  for (int i = 0; i < 500 && count == 0; ++i) count = get(index_ + "/_count")["count"].get<int>();
  EXPECT_EQ(count, 1);
}

TEST_F(Documents, an_ordered_enum_sorts_by_rank_as_a_whole_value_only) {
  MappingField tier = mapping_field("tier", "keyword");
  tier.variants = {"pro", "free", "pro plus", " spaced ", "a => b", "back\\slash", "ünïcode ☃ 𝄞", "0"};
  use({tier});
  ASSERT_EQ(write({{"unknown", R"({"tier":"profree"})"},
                   {"p7", R"({"tier":"0"})"},
                   {"p6", R"({"tier":"ünïcode ☃ 𝄞"})"},
                   {"p5", R"({"tier":"back\\slash"})"},
                   {"p4", R"({"tier":"a => b"})"},
                   {"p3", R"({"tier":" spaced "})"},
                   {"p2", R"({"tier":"pro plus"})"},
                   {"p1", R"({"tier":"free"})"},
                   {"p0", R"({"tier":"pro"})"}}),
            Kinds(9, OutcomeKind::applied));
  EXPECT_EQ(ids_sorted_by("tier.sort"),
            (std::vector<std::string>{"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "unknown"}));
  const json found = get(index_ + "/_search?sort=tier.sort&size=1");
  EXPECT_EQ(found["hits"]["hits"][0]["sort"][0], "0");
}

TEST_F(Documents, text_and_code_analysis_work_as_the_manual_says) {
  MappingField sku = mapping_field("sku", "text");
  sku.options = {{"analyzer", Value{std::string("flusso_code")}}};
  use({sku, mapping_field("name", "text"), mapping_field("code", "keyword")});
  ASSERT_EQ(write({{"1", R"({"sku":"C-01234","name":"Crème Brûlée","code":"Ab-9"})"}}), Kinds{OutcomeKind::applied});
  call(Method::post, index_ + "/_refresh");
  for (const char* query : {"sku:C01234", "sku:01234", "sku:c-01234", "name:creme",
                            "name.keyword_lowercase:\"creme brulee\"", "code.text:9", "code.keyword_lowercase:ab-9"})
    EXPECT_EQ(get(index_ + "/_count?q=" + http::percent_encode(query))["count"], 1) << query;
  EXPECT_EQ(get(index_ + "/_count?q=sku:c1234")["count"], 0);
}

TEST_F(Documents, free_form_fields_take_any_key_and_guess_no_dates) {
  MappingField extra = mapping_field("extra", "object");
  extra.options = {{"dynamic", Value{true}}};
  MappingField labels = mapping_field("labels", "object");
  labels.options = {{"dynamic", Value{true}}};
  labels.map_values_type = "keyword";
  use({extra, labels});
  EXPECT_EQ(write({{"1", R"({"extra":{"when":"2026-01-01","n":1},"labels":{"a":"x"}})"},
                   {"2", R"({"extra":{"when":"soon"},"labels":{"a":"y","b":"z"}})"}}),
            Kinds(2, OutcomeKind::applied));
  const json properties = get(index_).at(index_.substr(1))["mappings"]["properties"];
  EXPECT_EQ(properties["extra"]["properties"]["when"]["type"], "text");
  EXPECT_EQ(properties["labels"]["properties"]["b"]["type"], "keyword");
  EXPECT_TRUE(properties["labels"]["properties"]["b"]["fields"].contains("keyword_lowercase"));
}

}  // namespace
}  // namespace flusso
