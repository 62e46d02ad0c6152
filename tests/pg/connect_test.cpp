// Every way to reach a server, for SQL and for replication connections alike, on a server of the test's own: TLS with
// all its modes, client certificates, SCRAM, odd passwords, password files, several hosts, IPv6, Unix sockets.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/pg_cluster.h"
#include "tests/support/pg_database.h"
#include "tests/support/tls_files.h"

namespace flusso::pg {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPassword = "p@ss/w:o?r#d %41'\"\\ ü&=";
// As above, every special character by its number.
constexpr const char* kEncoded = "p%40ss%2Fw%3Ao%3Fr%23d%20%2541%27%22%5C%20%C3%BC%26%3D";
constexpr const char* kServerName = "db.flusso.test";

// The server is made once: its start takes longer than all the tests.
class Reach : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::unsetenv("PGPASSFILE");
    cluster = new test::PrivateCluster("wal_level=logical\npassword_encryption='scram-sha-256'\n");
    if (!cluster->ready()) return;
    files = new flusso::test::TlsFiles(make_folder(), kServerName, "by_certificate");
    if (!files->ready()) return;
    // The server reads its own copies: keys must belong to it.
    const std::string own = cluster->folder() + "/data/";
    for (const char* name : {"server.crt", "server.key", "root.crt"})
      std::filesystem::copy_file(files->file(name), own + name);
    ready = std::system(
                ("chown $(stat -c %u " + own + "PG_VERSION) " + own + "server.key && chmod 600 " + own + "server.key")
                    .c_str()) == 0 &&
            cluster->configure(
                "hostssl all by_certificate all cert\nhostssl all over_tls all scram-sha-256\n"
                "hostnossl all in_clear all scram-sha-256\n",
                "ssl=on\nssl_cert_file='server.crt'\nssl_key_file='server.key'\nssl_ca_file='root.crt'\n");
    auto admin = test::open_url(cluster->socket_url());
    if (!admin) {
      ADD_FAILURE() << admin.error().what;
      ready = false;
      return;
    }
    for (const char* role : {"by_certificate", "over_tls", "in_clear"})
      test::run(*admin, std::string("CREATE ROLE ") + role + " LOGIN REPLICATION PASSWORD " + quote_literal(kPassword));
    // A reload is a signal: the server has read the files when it serves TLS.
    ready = ready && test::eventually([] { return connect(over_tls("sslmode=require")).has_value(); });
    EXPECT_TRUE(ready);
  }
  static void TearDownTestSuite() {
    delete files;
    delete cluster;
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }
  void SetUp() override { ASSERT_TRUE(ready); }

  static std::string make_folder() {
    char name[] = "/tmp/flusso_tls_XXXXXX";
    folder = ::mkdtemp(name) == nullptr ? "" : name;
    return folder;
  }
  static std::string url(const std::string& role, const std::string& password, const std::string& host,
                         const std::string& options) {
    return "postgres://" + role + (password.empty() ? "" : ":" + password) + "@" + host + ":" +
           std::to_string(cluster->port()) + "/postgres?" + options;
  }
  static std::string over_tls(const std::string& options) { return url("over_tls", kEncoded, "127.0.0.1", options); }
  static std::string in_clear(const std::string& host = "127.0.0.1") {
    return url("in_clear", kEncoded, host, "sslmode=disable");
  }
  // By the name in the certificate, which no name server knows.
  static std::string by_name(const std::string& options, const std::string& name = kServerName) {
    return url("over_tls", kEncoded, name, "hostaddr=127.0.0.1&" + options);
  }
  static Result<Conn> connect(const std::string& url, bool replication = false) {
    ConnParams params;
    params.url = Secret(url);
    params.application_name = "flusso:test";
    params.replication = replication;
    return Conn::connect(params);
  }
  static std::string tls_in_use(Conn& conn) {
    return test::run(conn, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").string(0, 0);
  }
  // Both kinds of connection work; the SQL one is encrypted or not.
  static void expect_reached(const std::string& url, bool encrypted) {
    auto sql = connect(url);
    ASSERT_TRUE(sql) << sql.error().what;
    EXPECT_EQ(tls_in_use(*sql), encrypted ? "t" : "f");
    auto walsender = connect(url, true);
    ASSERT_TRUE(walsender) << walsender.error().what;
    EXPECT_EQ(test::run(*walsender, "IDENTIFY_SYSTEM").size(), 1);
    EXPECT_EQ(tls_in_use(*walsender), encrypted ? "t" : "f");
  }
  // Both kinds are refused with a sentence that says this and never the password.
  template <class Matcher>
  static void expect_refused(const std::string& url, Matcher&& says) {
    for (const bool replication : {false, true}) {
      const auto conn = connect(url, replication);
      ASSERT_FALSE(conn);
      EXPECT_THAT(conn.error().what, says);
      EXPECT_THAT(conn.error().what, AllOf(Not(HasSubstr("w:o?r")), Not(HasSubstr("w%3Ao")), Not(HasSubstr("p@ss")),
                                           Not(HasSubstr("\n"))));
    }
  }

  static test::PrivateCluster* cluster;
  static flusso::test::TlsFiles* files;
  static std::string folder;
  static bool ready;
};
test::PrivateCluster* Reach::cluster = nullptr;
flusso::test::TlsFiles* Reach::files = nullptr;
std::string Reach::folder;
bool Reach::ready = false;

TEST_F(Reach, sslmode_disable_and_require_are_obeyed) {
  expect_reached(in_clear(), false);
  expect_reached(over_tls("sslmode=require"), true);
  expect_reached(over_tls("sslmode=prefer"), true);
  expect_refused(over_tls("sslmode=disable"), AllOf(HasSubstr("over_tls"), HasSubstr("pg_hba.conf")));
  expect_refused(url("in_clear", kEncoded, "127.0.0.1", "sslmode=require"), HasSubstr("pg_hba.conf"));
}

TEST_F(Reach, verify_ca_wants_the_right_authority_and_no_name) {
  expect_reached(over_tls("sslmode=verify-ca&sslrootcert=" + files->file("root.crt")), true);
  expect_refused(over_tls("sslmode=verify-ca&sslrootcert=" + files->file("stranger.crt")),
                 AllOf(HasSubstr("certificate verify failed"), HasSubstr("connection_url")));
}

TEST_F(Reach, verify_full_wants_the_name_as_well) {
  const std::string verify = "sslmode=verify-full&sslrootcert=" + files->file("root.crt");
  expect_reached(by_name(verify), true);
  expect_refused(by_name(verify, "other.flusso.test"),
                 AllOf(HasSubstr("does not match host name"), HasSubstr("other.flusso.test"), HasSubstr(kServerName)));
  expect_refused(by_name("sslmode=verify-full&sslrootcert=" + files->file("stranger.crt")),
                 HasSubstr("certificate verify failed"));
}

TEST_F(Reach, a_missing_root_certificate_is_named) {
  expect_refused(over_tls("sslmode=verify-full&sslrootcert=/nowhere/root.crt"), HasSubstr("/nowhere/root.crt"));
}

TEST_F(Reach, a_client_certificate_is_the_login) {
  ::chmod(files->file("client.key").c_str(), 0600);
  const std::string certificate =
      "sslmode=require&sslcert=" + files->file("client.crt") + "&sslkey=" + files->file("client.key");
  expect_reached(url("by_certificate", "", "127.0.0.1", certificate), true);
  expect_refused(url("by_certificate", "", "127.0.0.1", "sslmode=require&sslcert=/nowhere"),
                 AllOf(HasSubstr("by_certificate"), HasSubstr("certificate")));
}

TEST_F(Reach, a_wrong_password_of_any_spelling_is_refused_and_not_told) {
  expect_refused(
      url("in_clear", "w%3Ao%3Fr-wrong", "127.0.0.1", "sslmode=disable"),
      AllOf(HasSubstr("\"in_clear\""), HasSubstr("password authentication failed"), Not(HasSubstr("wrong"))));
}

TEST_F(Reach, a_password_file_is_used_and_a_missing_password_said) {
  std::string escaped;
  for (const char* c = kPassword; *c != '\0'; ++c) {
    if (*c == ':' || *c == '\\') escaped += '\\';
    escaped += *c;
  }
  const std::string file = folder + "/passwords";
  std::ofstream(file) << "127.0.0.1:" << cluster->port() << ":*:in_clear:" << escaped << "\n";
  ::chmod(file.c_str(), 0600);
  ::setenv("PGPASSFILE", file.c_str(), 1);
  expect_reached(url("in_clear", "", "127.0.0.1", "sslmode=disable"), false);
  ::setenv("PGPASSFILE", "/nowhere", 1);
  expect_refused(url("in_clear", "", "127.0.0.1", "sslmode=disable"), HasSubstr("wants a password"));
  ::unsetenv("PGPASSFILE");
}

TEST_F(Reach, key_value_pairs_take_the_password_as_it_is) {
  std::string quoted;
  for (const char* c = kPassword; *c != '\0'; ++c) {
    if (*c == '\'' || *c == '\\') quoted += '\\';
    quoted += *c;
  }
  expect_reached("host=127.0.0.1 port=" + std::to_string(cluster->port()) +
                     " user=in_clear dbname=postgres sslmode=disable password='" + quoted + "'",
                 false);
}

TEST_F(Reach, ipv6_addresses_stand_in_brackets) {
  if (::system("test -e /proc/net/if_inet6 && grep -q ^00000000000000000000000000000001 /proc/net/if_inet6") != 0)
    GTEST_SKIP() << "this machine has no ::1";
  expect_reached(in_clear("[::1]"), false);
}

TEST_F(Reach, a_unix_socket_is_a_folder_as_host) {
  expect_reached(cluster->socket_url(), false);
  std::string folder_in_host = cluster->folder();
  for (auto at = folder_in_host.find('/'); at != std::string::npos; at = folder_in_host.find('/'))
    folder_in_host.replace(at, 1, "%2F");
  expect_reached("postgres://postgres@" + folder_in_host + ":" + std::to_string(cluster->port()) + "/postgres", false);
}

TEST_F(Reach, of_several_hosts_the_primary_is_found_wherever_it_stands) {
  test::PrivateCluster standby;
  ASSERT_TRUE(standby.ready());
  ASSERT_TRUE(standby.stop("fast"));
  ASSERT_TRUE(standby.become_standby());
  const auto hosts = [](const std::string& first, const std::string& second, const std::string& third) {
    return "postgres://postgres@" + first + "," + second + "," + third +
           "/postgres?sslmode=disable&target_session_attrs=";
  };
  const std::string nobody = "127.0.0.1:1";
  const std::string asleep = "127.0.0.1:" + std::to_string(standby.port());
  test::PrivateCluster primary;
  ASSERT_TRUE(primary.ready());
  const std::string awake = "127.0.0.1:" + std::to_string(primary.port());
  for (const auto& order : {hosts(nobody, asleep, awake), hosts(awake, asleep, nobody), hosts(asleep, awake, nobody)}) {
    for (const char* attributes : {"read-write", "primary"}) {
      for (const bool replication : {false, true}) {
        const auto conn = connect(order + attributes, replication);
        ASSERT_TRUE(conn) << conn.error().what;
        EXPECT_EQ(conn->target(), awake + "/postgres");
      }
    }
  }
  const auto nowhere = connect("postgres://postgres@" + nobody + "," + asleep +
                               "/postgres?sslmode=disable&target_session_attrs=primary");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().kind, ErrorKind::transient);
  EXPECT_THAT(nowhere.error().what, HasSubstr("standby"));
}

}  // namespace
}  // namespace flusso::pg
