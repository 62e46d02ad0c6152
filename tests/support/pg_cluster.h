#pragma once
// A Postgres server of the test's own, for what a shared one cannot suffer: stopping it, settings that need a restart,
// a synchronous standby that never answers. Made in a temporary folder on a free port, gone with the object.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace flusso::pg::test {

class PrivateCluster {
 public:
  // `settings`: further lines of postgresql.conf.
  explicit PrivateCluster(const std::string& settings = "wal_level=logical\n") {
    char folder[] = "/tmp/flusso_pg_XXXXXX";
    if (::mkdtemp(folder) == nullptr) {
      ADD_FAILURE() << "cannot make a temporary folder";
      return;
    }
    folder_ = folder;
    port_ = free_port();
    if (::geteuid() == 0 && !shell("chown postgres " + folder_)) return;
    if (!as_server("initdb -D " + folder_ + "/data -A trust -U postgres --no-sync")) return;
    std::ofstream(folder_ + "/data/postgresql.conf", std::ios::app)
        << "port=" << port_ << "\nlisten_addresses='127.0.0.1,::1'\nunix_socket_directories='" << folder_
        << "'\nfsync=off\nmax_connections=30\nshared_buffers=16MB\n"
        << settings;
    started_ = as_server("pg_ctl -D " + folder_ + "/data -l " + folder_ + "/log -w start");
  }
  ~PrivateCluster() {
    if (started_) stop("immediate");
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  PrivateCluster(const PrivateCluster&) = delete;
  PrivateCluster& operator=(const PrivateCluster&) = delete;

  bool ready() const { return started_; }
  const std::string& folder() const { return folder_; }
  int port() const { return port_; }
  // Over the Unix socket, whatever pg_hba.conf says about the network.
  std::string socket_url() const {
    return "postgres://postgres@/postgres?host=" + folder_ + "&port=" + std::to_string(port_);
  }
  // Replaces pg_hba.conf, adds lines to postgresql.conf, and makes the server read both.
  bool configure(const std::string& hba, const std::string& settings) {
    std::ofstream(folder_ + "/data/pg_hba.conf") << "local all all trust\n" << hba;
    std::ofstream(folder_ + "/data/postgresql.conf", std::ios::app) << settings;
    return as_server("pg_ctl -D " + folder_ + "/data reload");
  }
  // Runs a program as the server's user, in a shell: quote with ".
  bool as_server_user(const std::string& command) const { return as_server(command); }
  std::string url() const { return "postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/postgres"; }
  // True when the server has gone within `seconds`.
  bool stop(const std::string& mode, int seconds = 20) {
    return as_server("pg_ctl -D " + folder_ + "/data -m " + mode + " -t " + std::to_string(seconds) + " -w stop");
  }
  // After stop(): starts again as a hot standby that follows nobody.
  bool become_standby() { return as_server("touch " + folder_ + "/data/standby.signal") && start(); }
  // A standby becomes a primary on a timeline of its own.
  bool promote() { return as_server("pg_ctl -D " + folder_ + "/data -w promote"); }
  bool start() { return as_server("pg_ctl -D " + folder_ + "/data -l " + folder_ + "/log -w start"); }

 private:
  static bool shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }
  // Server programs refuse to run as root.
  bool as_server(const std::string& command) const {
    const std::string program = "PATH=/usr/lib/postgresql/15/bin:$PATH " + command;
    const bool done =
        ::geteuid() == 0 ? shell("cd /tmp && runuser -u postgres -- sh -c '" + program + "'") : shell(program);
    EXPECT_TRUE(done || command.find("stop") != std::string::npos) << command;
    return done;
  }
  static int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), length);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(fd);
    return ntohs(address.sin_port);
  }

  std::string folder_;
  int port_ = 0;
  bool started_ = false;
};

}  // namespace flusso::pg::test
