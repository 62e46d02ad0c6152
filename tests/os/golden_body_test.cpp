// The golden index body (tests/golden/mapping) on a real node: it is accepted, a document with every field is, and
// ordered enums of paths that differ only in punctuation keep their own orders.

#include "tests/os/opensearch_fixture.h"
#include "tests/support/files.h"

namespace flusso {
namespace {

using http::Method;
using nlohmann::json;

class GoldenBody : public testing::OpenSearchTest {
 protected:
  void SetUp() override {
    OpenSearchTest::SetUp();
    if (HasFatalFailure()) return;
    const std::string body = test::read_file(test::source_path("tests/golden/mapping/every_field.builtin.json"));
    index_ = "/" + prefix_ + "items";
    const http::Reply made = call(Method::put, index_, body);
    ASSERT_EQ(made.status, 200) << made.body;
  }
  bool takes(const std::string& id, const std::string& body) {
    const http::Reply reply = call(Method::put, index_ + "/_doc/" + id, body);
    EXPECT_TRUE(reply.status == 200 || reply.status == 201 || reply.status == 400) << reply.body;
    if (reply.status == 400) refused_ = reply.body;
    return reply.status != 400;
  }
  std::vector<std::string> sorted_by(const std::string& field) {
    call(Method::post, index_ + "/_refresh");
    const json found = get(index_ + "/_search?size=100&sort=" + field);
    std::vector<std::string> ids;
    for (const json& hit : found["hits"]["hits"]) ids.push_back(hit["_id"]);
    return ids;
  }
  std::string index_;
  std::string refused_;
};

TEST_F(GoldenBody, takes_a_document_with_every_field) {
  EXPECT_TRUE(
      takes("1", R"({"title":"A title","sku":"C-01234","code":"x","token":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "active":true,"rank":1,"stock":2,"id":9007199254740993,"ratio":1e-07,"weight":5e-324,"price":12345678901234567890.10,
    "born":"0001-01-01","changedAt":"9999-12-31T23:59:59.999999+00:00","picture":"AP8=","extra":{"when":"2024-01-02","n":1},
    "opaque":[1,{"a":"\u0000"}],"flat":{"a":{"b":1}},"listed":[{"k":1}],"labels":{"en":"x"},"names":{"de":"C-01234"},
    "seen":{"home":"2024-01-02T03:04:05"},"counts":{"a":7},"cost":1.50,"address":"10.0.0.1","spot":{"lat":48.1,"lon":11.50},
    "level":"low","mood":"any","a":{"b":"small","c":{"free":{"x":[1,null]}}},"a_b":"small","body":"words","exact":1.50,
    "owner":{"name":"n"},"first":null,"parts":[{"id":1,"labels":{"k":"v"},"level":"low"}],"tags":[{"name":"t"}],"partCount":1,
    "partWeight":1.5000000000000000,"partSum":null,"firstSeen":"1970-01-02T00:00:00","lastName":"z","partIds":[1,2],
    "kind":"item","nothing":null,"flag":true,"version":2,"factor":1.50,"list":[1,2],"empty":[],"shape":{"x":1,"y":{"z":"two"}}})"))
      << refused_;
  const json properties = get(index_ + "/_mapping").at(index_.substr(1))["mappings"]["properties"];
  EXPECT_EQ(properties["extra"]["properties"]["when"]["type"], "text") << "dates are not guessed";
  EXPECT_EQ(properties["names"]["properties"]["de"]["analyzer"], "flusso_code");
  EXPECT_EQ(properties["seen"]["properties"]["home"]["type"], "date");
  EXPECT_EQ(properties["parts"]["properties"]["labels"]["properties"]["k"]["type"], "keyword");
}

TEST_F(GoldenBody, takes_no_field_that_the_schema_does_not_name) {
  for (const char* body : {R"({"unknown":1})", R"({"a":{"unknown":1}})", R"({"parts":[{"unknown":1}]})",
                           R"({"shape":{"unknown":1}})", R"({"owner":{"unknown":1}})"})
    EXPECT_FALSE(takes("1", body)) << body;
}

TEST_F(GoldenBody, takes_what_postgres_can_write_at_the_edges) {
  for (const char* body : {R"({"extra":{"a":"\ud800"}})", R"({"title":"\u0000\u0001"})", R"({"weight":-0})",
                           R"({"weight":1.7976931348623157e+308})", R"({"changedAt":"1969-12-31T18:29:45+00:00"})",
                           R"({"changedAt":"0001-01-01T00:00:00"})", R"({"picture":""})"})
    EXPECT_TRUE(takes("1", body)) << body << ": " << refused_;
}

TEST_F(GoldenBody, ordered_enums_keep_their_own_orders_and_rank_whole_values) {
  ASSERT_TRUE(takes("1", R"({"a":{"b":"big"},"a_b":"big","level":"high low"})"));
  ASSERT_TRUE(takes("2", R"({"a":{"b":"small"},"a_b":"small","level":"low"})"));
  ASSERT_TRUE(takes("3", R"({"a":{"b":"smallbig"},"a_b":"bigsmall","level":"high"})"));
  EXPECT_EQ(sorted_by("a.b.sort"), (std::vector<std::string>{"2", "1", "3"}));
  EXPECT_EQ(sorted_by("a_b.sort"), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(sorted_by("level.sort"), (std::vector<std::string>{"2", "3", "1"}));
}

}  // namespace
}  // namespace flusso
