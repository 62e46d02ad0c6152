#include "pipeline/stall_watch.h"

#include <gtest/gtest.h>

#include <thread>

namespace flusso::pipeline {
namespace {

TEST(StallWatch, a_wait_longer_than_its_patience_is_reported_once_per_patience) {
  Options options;
  options.id_count = 10;
  Budgets budgets(options);
  StallWatch watch(budgets, Millis{30000});
  ManualClock clock;
  clock.advance(Millis{1});
  EXPECT_EQ(watch.look(clock.now()), 0U);

  auto all = budgets.ids.try_acquire(10, Urgency::live);
  std::jthread waiter([&](const std::stop_token& stop) { budgets.ids.acquire(5, Urgency::live, stop); });
  while (budgets.ids.waiters() == 0) std::this_thread::yield();

  clock.advance(Millis{29000});
  EXPECT_EQ(watch.look(clock.now()), 0U);
  clock.advance(Millis{1000});
  EXPECT_EQ(watch.look(clock.now()), 1U);
  clock.advance(Millis{1000});
  EXPECT_EQ(watch.look(clock.now()), 0U);
  all.reset();
  waiter.join();
  clock.advance(Millis{60000});
  EXPECT_EQ(watch.look(clock.now()), 0U);
}

}  // namespace
}  // namespace flusso::pipeline
