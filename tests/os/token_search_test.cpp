// The hidden field of row tokens on a real cluster: never shown, found by a search, over every generation.
#include "tests/os/opensearch_fixture.h"

namespace flusso {
namespace {

using http::Method;
using nlohmann::json;
using testing::index_plan;
using testing::mapping_field;
using testing::write_documents;

class TokenSearchTest : public testing::OpenSearchTest {
 protected:
  void use(std::vector<TracedTable> traced) {
    plan_.indexes = {index_plan("users", "f53a8889", {mapping_field("id", "long")})};
    plan_.indexes[0].traced = std::move(traced);
    stage();
  }
  void stage() {
    const auto staged = sink_.admin->stage(plan_.indexes[0]);
    ASSERT_TRUE(staged) << staged.error().what;
    sink_.writer->begin_run(plan_);
    sink_.writer->set_generation(IndexId{0}, 0, *staged);
  }
  void write(const std::vector<std::pair<std::string, std::string>>& documents) {
    for (const Outcome& item : write_documents(sink_, documents).items)
      EXPECT_EQ(item.kind, OutcomeKind::applied) << item.reason;
  }
  std::vector<std::vector<std::string>> find(const std::vector<std::vector<std::string>>& questions) {
    const Status refreshed = sink_.tokens->refresh(plan_.indexes[0]);
    EXPECT_TRUE(refreshed) << refreshed.error().what;
    auto found = sink_.tokens->find(plan_.indexes[0], questions);
    EXPECT_TRUE(found) << found.error().what;
    return found ? *found : std::vector<std::vector<std::string>>();
  }
  Plan plan_;
};

using Answers = std::vector<std::vector<std::string>>;
const std::vector<TracedTable> kOrders = {{{"public", "orders"}, {"id"}}};

TEST_F(TokenSearchTest, documents_are_found_by_their_tokens_and_do_not_show_them) {
  use(kOrders);
  write({{"1", R"({"id":1,"flusso_keys":["public.orders\u001f7","public.orders\u001f8"]})"},
         {"2", R"({"id":2,"flusso_keys":["public.orders\u001f8"]})"},
         {"3", R"({"id":3,"flusso_keys":[]})"}});
  EXPECT_EQ(find({{"public.orders\x1f"
                   "7"},
                  {"public.orders\x1f"
                   "8",
                   "public.orders\x1f"
                   "7"},
                  {"public.orders\x1f"
                   "9"}}),
            (Answers{{"1"}, {"1", "2"}, {}}));
  const json shown = get("/" + prefix_ + "users/_doc/1");
  EXPECT_EQ(shown["_source"], (json{{"id", 1}}));
}

TEST_F(TokenSearchTest, every_generation_is_asked) {
  use(kOrders);
  write({{"1", R"({"id":1,"flusso_keys":["t\u001f1"]})"}});
  stage();
  write({{"2", R"({"id":2,"flusso_keys":["t\u001f1"]})"}});
  EXPECT_EQ(find({{"t\x1f"
                   "1"}}),
            (Answers{{"1", "2"}}));
}

TEST_F(TokenSearchTest, an_answer_longer_than_a_page_is_complete) {
  use(kOrders);
  for (int batch = 0; batch < 12; ++batch) {
    std::vector<std::pair<std::string, std::string>> documents;
    for (int i = 0; i < 1000; ++i)
      documents.emplace_back(std::to_string(batch * 1000 + i), R"({"id":1,"flusso_keys":["t\u001f*"]})");
    write(documents);
  }
  const Answers answers = find({{"t\x1f*"}, {"t\x1fnone"}});
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].size(), 12'000U);
  EXPECT_TRUE(answers[1].empty());
}

TEST_F(TokenSearchTest, an_index_without_the_field_takes_it_and_a_missing_one_answers_nothing) {
  use({});
  EXPECT_EQ(find({{"t\x1fx"}}), (Answers{{}}));
  plan_.indexes[0].traced = kOrders;
  ASSERT_TRUE(sink_.admin->accept_tokens(plan_.indexes[0], Generation{1}));
  ASSERT_TRUE(sink_.admin->accept_tokens(plan_.indexes[0], Generation{1})) << "again";
  write({{"1", R"({"id":1,"flusso_keys":["t\u001fx"]})"}});
  EXPECT_EQ(find({{"t\x1fx"}}), (Answers{{"1"}}));
  call(Method::del, "/" + prefix_ + "users_f53a8889_1");
  EXPECT_EQ(find({{"t\x1fx"}}), (Answers{{}}));
}

}  // namespace
}  // namespace flusso
