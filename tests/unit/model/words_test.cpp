#include "model/words.h"

#include <gtest/gtest.h>

namespace flusso {
namespace {

TEST(DidYouMean, finds_the_nearest_word_within_two_edits) {
  EXPECT_EQ(did_you_mean("requierd", {"required", "column"}), "did you mean `required`?");
  EXPECT_EQ(did_you_mean("colum", {"required", "column"}), "did you mean `column`?");
  EXPECT_EQ(did_you_mean("sikp", {"stop", "skip"}), "did you mean `skip`?");
}

TEST(DidYouMean, is_silent_about_far_words_equal_words_and_short_words) {
  EXPECT_EQ(did_you_mean("elasticsearch", {"opensearch", "stdout"}), "");
  EXPECT_EQ(did_you_mean("column", {"column"}), "");
  EXPECT_EQ(did_you_mean("name", {"date"}), "");
  EXPECT_EQ(did_you_mean("a", {"b"}), "");
  EXPECT_EQ(did_you_mean(std::string(1'000'000, 'x'), {"column"}), "");
}

TEST(Listed, joins_words_as_people_do) {
  EXPECT_EQ(listed({"a"}), "`a`");
  EXPECT_EQ(listed({"a", "b"}), "`a` or `b`");
  EXPECT_EQ(listed({"a", "b", "c"}), "`a`, `b` or `c`");
}

}  // namespace
}  // namespace flusso
