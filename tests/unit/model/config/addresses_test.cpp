#include "model/config/addresses.h"

#include <gtest/gtest.h>

namespace flusso {
namespace {

TEST(SocketAddress, is_an_ip_and_a_port) {
  for (const char* good : {"127.0.0.1:9464", "0.0.0.0:0", "[::]:80", "[::1]:9465", "[2001:db8::8a2e:370:7334]:65535",
                           "[::ffff:10.0.0.1]:1"})
    EXPECT_TRUE(is_socket_address(good)) << good;
  for (const char* bad : {"", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "1.2.3:4",
                          "1.2.3.4.5:6", "256.0.0.1:1", "01.2.3.4:5", "::1:80", "[::1]", "[1:2:3]:4", "[::1::]:4",
                          "[g::]:4", "[1.2.3.4::1]:80", "[1:2:3:4:5:6:7:8:9]:1", "127.0.0.1: 80"})
    EXPECT_FALSE(is_socket_address(bad)) << bad;
}

TEST(RefreshInterval, is_a_time_or_never) {
  for (const char* good : {"10s", "-1", "0", "500ms", "1m", "2h", "1d", "5micros"})
    EXPECT_TRUE(is_refresh_interval(good)) << good;
  for (const char* bad : {"", "10", "s", "-2", "-1s", "1.5s", "10 s", "10S", "99999999999s"})
    EXPECT_FALSE(is_refresh_interval(bad)) << bad;
}

TEST(PercentCoding, goes_round) {
  std::string every;
  for (int byte = 1; byte < 256; ++byte) every.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decoded(percent_encoded(every)), every);
  EXPECT_EQ(percent_encoded("aZ0-._~"), "aZ0-._~");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
}

TEST(WithoutSecrets, keeps_what_helps_and_nothing_else) {
  EXPECT_EQ(without_secrets("postgres://app:hunter2@db:5432/shop?sslmode=require"), "postgres://app:***@db:5432/shop");
  EXPECT_EQ(without_secrets("postgres://app@db/shop"), "postgres://app@db/shop");
  EXPECT_EQ(without_secrets("postgres://db/shop?password=hunter2"), "postgres://db/shop");
  EXPECT_EQ(without_secrets("hunter2"), "***");
}

}  // namespace
}  // namespace flusso
