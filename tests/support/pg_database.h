#pragma once
// A database of its own on the test server ($FLUSSO_TEST_PG, a superuser's URL), with a slot and a publication name
// that nobody else uses. Everything is gone when the object is. A missing server is a failure, never a skip.

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "io/pg/catalog.h"
#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "io/pg/quote.h"

namespace flusso::pg::test {

inline std::string with_option(const std::string& url, const std::string& option) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + option;
}

inline Result<Conn> open_url(const std::string& url, const std::string& name = "flusso:test") {
  ConnParams params;
  params.url = Secret(url);
  params.application_name = name;
  params.search_path = "public, pg_catalog";
  return Conn::connect(params);
}

// Runs one or more statements; a failure fails the test.
inline Rows run(Conn& conn, const std::string& sql) {
  auto rows = conn.exec(sql);
  if (!rows) {
    ADD_FAILURE() << rows.error().code << " " << rows.error().what << "\n in " << sql;
    return {};
  }
  return std::move(*rows);
}

// Polls `condition` until it holds; false after `at_most`.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::seconds at_most = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

class TestDatabase {
 public:
  // `server`: another server's URL than the shared one, of which nothing has to be cleaned up.
  explicit TestDatabase(std::string server = {}) : server_(std::move(server)) {
    static std::atomic<int> count{0};
    name_ = "flusso_t_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    shared_ = server_.empty();
    if (shared_) {
      const char* url = std::getenv("FLUSSO_TEST_PG");
      server_ = url == nullptr ? "" : url;
    }
    if (server_.empty()) {
      ADD_FAILURE() << "FLUSSO_TEST_PG is not set: it must be the URL of a superuser on a throw-away cluster";
      return;
    }
    auto admin = open_url(server_);
    if (!admin) {
      ADD_FAILURE() << admin.error().what;
      return;
    }
    run(*admin, "CREATE DATABASE " + name_);
    admin_.emplace(std::move(*admin));
    auto conn = open_url(url());
    if (!conn)
      ADD_FAILURE() << conn.error().what;
    else
      conn_.emplace(std::move(*conn));
  }
  ~TestDatabase() {
    if (!shared_ || !admin_) return;
    conn_.reset();
    eventually([&] {
      return admin_->exec(
                 "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active AND database = '" +
                 name_ + "'") &&
             admin_
                 ->exec("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '" +
                        name_ + "'")
                 .has_value();
    });
    run(*admin_, "DROP DATABASE " + name_ + " WITH (FORCE)");
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  bool ready() const { return conn_.has_value(); }
  const std::string& name() const { return name_; }
  std::string url() const { return with_option(server_, "dbname=" + name_); }
  std::string url_as(const std::string& role, const std::string& password) const {
    return with_option(url(), "user=" + role + "&password=" + password);
  }
  Rows run(const std::string& sql) { return test::run(*conn_, sql); }
  Conn& conn() { return *conn_; }
  std::string slot() const { return name_; }
  std::string publication() const { return "pub " + name_; }
  PgSourceOptions options() const {
    PgSourceOptions options;
    options.url = Secret(url());
    options.slot = slot();
    options.publication = publication();
    return options;
  }

 private:
  static Rows run(Conn& conn, const std::string& sql) { return test::run(conn, sql); }
  std::string server_, name_;
  bool shared_ = true;
  std::optional<Conn> admin_, conn_;
};

// A plan that looks at these columns of one table of schema public.
inline TablePlan table_plan(TestDatabase& database, const std::string& table, std::vector<std::string> columns) {
  TablePlan plan;
  auto infos = describe_tables(database.conn(), {TableRef{"public", table}});
  if (!infos)
    ADD_FAILURE() << infos.error().what;
  else
    plan.info = infos->front();
  plan.columns = std::move(columns);
  return plan;
}

}  // namespace flusso::pg::test
