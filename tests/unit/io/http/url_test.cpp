#include "io/http/url.h"

#include <gtest/gtest.h>

namespace flusso::http {
namespace {

TEST(Url, a_base_url_loses_its_trailing_slashes) {
  EXPECT_EQ(parse_base_url("http://localhost:9200//")->text, "http://localhost:9200");
  EXPECT_EQ(parse_base_url("HTTPS://search.example.com/os/")->text, "https://search.example.com/os");
}

TEST(Url, credentials_are_taken_out_and_decoded) {
  const auto base = parse_base_url("https://ada:p%40ss:word@host:9200");
  ASSERT_TRUE(base);
  EXPECT_EQ(base->text, "https://host:9200");
  ASSERT_TRUE(base->auth);
  EXPECT_EQ(base->auth->username, "ada");
  EXPECT_EQ(base->auth->password.reveal(), "p@ss:word");
}

TEST(Url, other_schemes_blanks_and_missing_hosts_are_refused_without_repeating_the_text) {
  for (const char* text : {"ftp://ada:topsecret@h", "http://", "http://ada:topsecret@", "http://h/a b",
                           "http://h?topsecret=1", "http://h\n", "", "http://:9200", "http://ada:topsecret@:1"}) {
    const auto base = parse_base_url(text);
    ASSERT_FALSE(base) << text;
    EXPECT_EQ(base.error().code, "config.url");
    EXPECT_EQ(base.error().what.find("topsecret"), std::string::npos);
  }
}

TEST(Url, percent_encoding_keeps_only_unreserved_characters) {
  EXPECT_EQ(percent_encode("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(percent_encode("a/b c:é"), "a%2Fb%20c%3A%C3%A9");
}

}  // namespace
}  // namespace flusso::http
