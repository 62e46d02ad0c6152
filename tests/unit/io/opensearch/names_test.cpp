#include "io/opensearch/names.h"

#include <gtest/gtest.h>

namespace flusso::opensearch {
namespace {

TEST(Names, a_generation_is_recognised_only_in_its_canonical_form) {
  EXPECT_EQ(generation_of("users_f53a8889_12", "users_f53a8889"), Generation{12});
  for (const char* other :
       {"users_f53a8889", "users_f53a8889_", "users_f53a8889_0", "users_f53a8889_01", "users_f53a8889_1x",
        "users_f53a8889_-1", "users_f53a8889_99999999999", "users_f53a8889x_1", "users_f53a8889_1_2"})
    EXPECT_FALSE(generation_of(other, "users_f53a8889")) << other;
}

TEST(Names, an_alias_with_the_same_beginning_is_another_index) {
  EXPECT_TRUE(is_generation_of_name("dev_users_f53a8889_1", "dev_", "users"));
  EXPECT_TRUE(is_generation_of_name("dev_users_00000000_7", "dev_", "users"));
  for (const char* other : {"dev_users_old_f53a8889_1", "dev_users_f53a8889", "users_f53a8889_1",
                            "dev_users_F53A8889_1", "dev_user", "dev_usersx"})
    EXPECT_FALSE(is_generation_of_name(other, "dev_", "users")) << other;
}

}  // namespace
}  // namespace flusso::opensearch
