#include "io/pg/xid_set.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <set>

namespace flusso::pg {
namespace {

TEST(XidSet, neighbours_take_no_more_room_than_one) {
  XidSet set;
  for (std::uint32_t xid = 1000; xid < 101000; ++xid) set.insert(Xid{xid});
  EXPECT_LE(set.bytes(), 64u);
  EXPECT_TRUE(set.contains(Xid{1000}) && set.contains(Xid{100999}));
  EXPECT_FALSE(set.contains(Xid{999}) || set.contains(Xid{101000}));
}

TEST(XidSet, both_ends_of_the_numbers_are_numbers_like_others) {
  XidSet set;
  set.insert(Xid{0xFFFFFFFF});
  set.insert(Xid{0});
  EXPECT_TRUE(set.contains(Xid{0}) && set.contains(Xid{0xFFFFFFFF}));
  EXPECT_FALSE(set.contains(Xid{1}) || set.contains(Xid{0xFFFFFFFE}));
}

TEST(XidSet, it_holds_what_was_put_in_and_nothing_else) {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    XidSet set;
    std::set<std::uint32_t> expected;
    const auto range = static_cast<std::uint32_t>(1 + random() % 200);
    for (int i = 0; i < 150; ++i) {
      const auto xid = static_cast<std::uint32_t>(5 + random() % range);
      set.insert(Xid{xid});
      expected.insert(xid);
    }
    for (std::uint32_t xid = 0; xid < range + 10; ++xid)
      ASSERT_EQ(set.contains(Xid{xid}), expected.contains(xid)) << xid;
  }
}

}  // namespace
}  // namespace flusso::pg
