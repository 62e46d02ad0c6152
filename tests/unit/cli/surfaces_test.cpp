#include "cli/surfaces.h"

#include <gtest/gtest.h>

#include "io/surfaces/listener.h"
#include "model/log.h"

namespace flusso::cli {
namespace {

struct Phrases final : LogBackend {
  bool enabled(LogLevel, std::string_view) const noexcept override { return true; }
  void write(LogLevel level, std::string_view, std::string_view phrase,
             std::initializer_list<LogField> fields) noexcept override {
    if (level != LogLevel::warn) return;
    warning = phrase;
    for (const LogField& field : fields) warning += " " + field.value;
  }
  std::string warning;
};

TEST(Surfaces, the_flag_wins_over_the_file_and_the_file_over_the_default) {
  ServerConfig file;
  EXPECT_EQ(public_address(std::nullopt, file).text, "127.0.0.1:9464");
  EXPECT_FALSE(public_address(std::nullopt, file).named);
  file.public_address = "0.0.0.0:80";
  EXPECT_EQ(public_address(std::nullopt, file).text, "0.0.0.0:80");
  EXPECT_TRUE(public_address(std::nullopt, file).named);
  EXPECT_EQ(public_address("[::1]:81", file).text, "[::1]:81");
  EXPECT_TRUE(public_address("[::1]:81", file).named);
}

TEST(Surfaces, an_address_that_was_named_must_be_had) {
  const auto taken = surfaces::Listener::open("127.0.0.1:0");
  const auto surface = open_public_surface({taken->address(), true}, [] { return StatusReport{}; });
  ASSERT_FALSE(surface);
  for (const char* part : {taken->address().c_str(), "in use", "--public-address", "FLUSSO_PUBLIC_ADDRESS",
                           "public_address under [server]", "port 0"})
    EXPECT_NE(surface.error().what.find(part), std::string::npos) << surface.error().what;
}

TEST(Surfaces, the_default_address_is_done_without_and_a_warning_says_so) {
  Phrases log;
  install_log_backend(&log);
  const auto taken = surfaces::Listener::open("127.0.0.1:0");
  const auto surface = open_public_surface({taken->address(), false}, [] { return StatusReport{}; });
  install_log_backend(nullptr);
  ASSERT_TRUE(surface);
  EXPECT_EQ(*surface, nullptr);
  EXPECT_NE(log.warning.find("not served"), std::string::npos);
  EXPECT_NE(log.warning.find(taken->address()), std::string::npos);
  EXPECT_NE(log.warning.find("--public-address"), std::string::npos);
}

TEST(Surfaces, any_free_port_is_named) {
  const auto surface = open_public_surface({"127.0.0.1:0", true}, [] { return StatusReport{}; });
  ASSERT_TRUE(surface) << surface.error().what;
  EXPECT_FALSE((*surface)->address().ends_with(":0"));
}

}  // namespace
}  // namespace flusso::cli
