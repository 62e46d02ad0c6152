#include "io/surfaces/public_surface.h"

#include <gtest/gtest.h>

namespace flusso::surfaces {
namespace {

HttpReply ask(const std::string& method, const std::string& path, bool ready = true) {
  return public_surface([ready] {
    StatusReport report;
    report.ready = ready;
    report.phase = "live";
    return report;
  })(HttpRequest{method, path});
}

std::string header(const HttpReply& reply, const std::string& wanted) {
  for (const auto& [name, value] : reply.headers)
    if (name == wanted) return value;
  return {};
}

TEST(PublicSurface, the_process_is_healthy_while_it_answers) {
  EXPECT_EQ(ask("GET", "/healthz", false).status, 200);
  EXPECT_EQ(ask("GET", "/healthz").body, "");
}

TEST(PublicSurface, it_is_ready_when_the_report_says_so) {
  EXPECT_EQ(ask("GET", "/readyz", true).status, 200);
  EXPECT_EQ(ask("GET", "/readyz", false).status, 503);
  EXPECT_EQ(ask("GET", "/readyz", false).body, "");
}

TEST(PublicSurface, the_status_is_json_that_nobody_keeps) {
  const HttpReply reply = ask("GET", "/status");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.body.starts_with(R"({"phase":"live",)"));
  EXPECT_EQ(header(reply, "Content-Type"), "application/json");
  EXPECT_EQ(header(reply, "Cache-Control"), "no-store");
}

TEST(PublicSurface, other_paths_and_methods_get_an_empty_answer) {
  for (const char* path : {"/", "", "/metrics", "/indexes", "/status/", "/healthz/x", "/../etc/passwd"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
    EXPECT_EQ(ask("POST", path).status, 404) << path;
    EXPECT_EQ(ask("GET", path).body, "") << path;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"}) {
    EXPECT_EQ(ask(method, "/status").status, 405) << method;
    EXPECT_EQ(ask(method, "/status").body, "") << method;
    EXPECT_EQ(header(ask(method, "/status"), "Allow"), "GET, HEAD") << method;
  }
}

}  // namespace
}  // namespace flusso::surfaces
