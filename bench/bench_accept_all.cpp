// A server that accepts everything at once: it shows what flusso and Postgres can do when the sink costs nothing.
//   bench_accept_all [--port N] [--hash]        prints "listening on http://127.0.0.1:PORT" when it is ready
//   GET /_stats_bench {"documents":N,"deletes":N,"bulks":N,"bytes":N,"digest":"…","cpu_seconds":S,"last_seconds":S}
// The same figures are printed on SIGTERM and SIGINT. One thread, epoll, keep-alive; bulk bodies are counted as they
// stream by and never stored.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <unordered_map>

#include "bench/bulk_counter.h"
#include "bench/fake_cluster.h"

namespace {

using flusso::bench::BulkCounter;
using flusso::bench::ClusterAnswer;
using flusso::bench::FakeCluster;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kMaxHeadBytes = 64 * 1024;

struct Totals {
  std::uint64_t documents = 0, deletes = 0, bulks = 0, bytes = 0, digest = 0;
  double last_seconds = 0;  // of the steady clock, when the last document came
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string render(const Totals& totals) {
  return fmt::format(
      R"({{"documents":{},"deletes":{},"bulks":{},"bytes":{},"digest":"{:016x}","cpu_seconds":{:.3f},"last_seconds":{:.6f}}})",
      totals.documents, totals.deletes, totals.bulks, totals.bytes, totals.digest, cpu_seconds(), totals.last_seconds);
}

// One client: collects a head, then streams or collects the body, then answers.
class Connection {
 public:
  Connection(int fd, bool hashing) : fd_(fd), counter_(hashing) {}
  ~Connection() { ::close(fd_); }

  // False when the client is gone.
  bool readable(std::string& scratch, FakeCluster& cluster, Totals& totals) {
    while (true) {
      const ssize_t count = ::recv(fd_, scratch.data(), scratch.size(), MSG_DONTWAIT);
      if (count == 0) return false;
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      std::string_view chunk(scratch.data(), static_cast<std::size_t>(count));
      while (!chunk.empty())
        if (!take(chunk, cluster, totals)) return false;
      if (static_cast<std::size_t>(count) < scratch.size()) return true;
    }
  }

 private:
  bool take(std::string_view& chunk, FakeCluster& cluster, Totals& totals) {
    if (!in_body_) {
      const std::size_t had = head_.size();
      head_.append(chunk.substr(0, std::min(chunk.size(), kMaxHeadBytes)));
      const std::size_t end = head_.find("\r\n\r\n", had < 3 ? 0 : had - 3);
      if (end == std::string::npos) {
        chunk = {};
        return head_.size() < kMaxHeadBytes;
      }
      chunk.remove_prefix(end + 4 - had);
      head_.resize(end);
      begin_body();
    }
    const std::string_view part = chunk.substr(0, std::min<std::uint64_t>(chunk.size(), body_left_));
    if (is_bulk_)
      counter_.take(part);
    else
      body_.append(part);
    body_left_ -= part.size();
    chunk.remove_prefix(part.size());
    return body_left_ > 0 || finish(cluster, totals);
  }

  void begin_body() {
    in_body_ = true;
    const std::size_t blank = head_.find(' ');
    method_ = head_.substr(0, blank);
    target_ = head_.substr(blank + 1, head_.find(' ', blank + 1) - blank - 1);
    is_bulk_ = target_.starts_with("/_bulk");
    body_bytes_ = stated_length();
    body_left_ = body_bytes_;
    body_.clear();
    if (is_bulk_) counter_.begin();
  }
  std::uint64_t stated_length() const {
    static constexpr std::string_view kName = "\r\ncontent-length:";
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    const auto found = std::search(head_.begin(), head_.end(), kName.begin(), kName.end(), same);
    if (found == head_.end()) return 0;
    const char* digits = &*found + kName.size();
    while (*digits == ' ') ++digits;
    std::uint64_t length = 0;
    std::from_chars(digits, head_.data() + head_.size(), length);
    return length;
  }

  bool finish(FakeCluster& cluster, Totals& totals) {
    in_body_ = false;
    head_.clear();
    if (is_bulk_) {
      ++totals.bulks;
      totals.bytes += body_bytes_;
      totals.documents += counter_.documents();
      totals.last_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
      totals.deletes += counter_.deletes();
      totals.digest += counter_.digest();
      return reply(200, counter_.answer());
    }
    if (target_ == "/_stats_bench") return reply(200, render(totals));
    const ClusterAnswer answer = cluster.answer(method_, target_, body_);
    return reply(answer.status, answer.body);
  }
  bool reply(int status, std::string_view body) {
    std::string text = fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                                   status, body.size());
    if (method_ != "HEAD") text += body;
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t count = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  const int fd_;
  BulkCounter counter_;
  std::string head_, method_, target_, body_;
  bool in_body_ = false;
  bool is_bulk_ = false;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_left_ = 0;
};

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 128) != 0) {
    std::perror("bench_accept_all: cannot listen");
    return -1;
  }
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  fmt::print("listening on http://127.0.0.1:{}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

int termination_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int serve(int port, bool hashing) {
  const int signals = termination_signals();
  const int listener = listen_on(port);
  if (listener < 0) return 1;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, signals);
  watch(epoll, listener);
  std::unordered_map<int, std::unique_ptr<Connection>> connections;
  FakeCluster cluster;
  Totals totals;
  std::string scratch(kReadBytes, '\0');
  while (true) {
    epoll_event events[64];
    const int ready = ::epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[i].data.fd;
      if (fd == signals) {
        fmt::print("{}\n", render(totals));
        return 0;
      }
      if (fd == listener) {
        const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections.emplace(client, std::make_unique<Connection>(client, hashing));
        watch(epoll, client);
      } else if (!connections.at(fd)->readable(scratch, cluster, totals)) {
        connections.erase(fd);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  bool hashing = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--hash") {
      hashing = true;
    } else if (argument == "--port" && i + 1 < argc) {
      port = std::atoi(argv[++i]);
    } else {
      fmt::print(stderr, "usage: bench_accept_all [--port N] [--hash]\n");
      return 2;
    }
  }
  return serve(port, hashing);
}
