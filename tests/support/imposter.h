#pragma once
// An HTTP server on a free port of 127.0.0.1 that misbehaves on request: it answers, resets, truncates, holds or talks
// garbage as its script says. One thread per connection; everything it saw is kept for the test to look at.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace flusso::testing {

struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  int connection = 0;  // counts from 0
};

struct Answer {
  enum class How {
    reply,
    reset_before_body,  // headers read, body left unread, connection reset
    reset_after_body,   // the whole request read, connection reset
    close_after_body,   // the whole request read, connection closed without an answer
    truncate,           // announces more bytes than it sends
    garbage,            // no HTTP at all
    hold,               // no answer until the imposter is released
  };
  int status = 200;
  std::string body;
  How how = How::reply;
};

class Imposter {
 public:
  // `script` gets each request and its number from 0; for a request with a body it is asked twice, first with the head
  // alone (only reset_before_body counts then), so it must not count calls itself.
  using Script = std::function<Answer(const SeenRequest&, std::size_t)>;

  explicit Imposter(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 64);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~Imposter() {
    release();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : connections_) thread.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  // Lets every held answer go.
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  // Waits until `count` requests have been seen.
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return seen_.size() >= count; });
  }
  std::vector<SeenRequest> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void accept_all() {
    for (int number = 0;; ++number) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        ::close(fd);
        return;
      }
      open_.push_back(fd);
      connections_.emplace_back([this, fd, number] { serve(fd, number); });
    }
  }

  static bool receive(int fd, std::string& buffer) {
    char chunk[65536];
    const ssize_t count = ::recv(fd, chunk, sizeof chunk, 0);
    if (count <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(count));
    return true;
  }
  static void send_all(int fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  static SeenRequest parse_head(std::string_view head) {
    SeenRequest request;
    std::size_t line_end = head.find("\r\n");
    const std::string_view first = head.substr(0, line_end);
    const std::size_t blank = first.find(' ');
    const std::size_t second = first.find(' ', blank + 1);
    request.method = first.substr(0, blank);
    request.target = first.substr(blank + 1, second - blank - 1);
    while (line_end != std::string_view::npos) {
      head.remove_prefix(line_end + 2);
      line_end = head.find("\r\n");
      const std::string_view line = head.substr(0, line_end);
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      std::string_view value = line.substr(colon + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      request.headers[name] = value;
    }
    return request;
  }

  void serve(int fd, int number) {
    std::string buffer;
    while (serve_one(fd, number, buffer)) {
    }
    const std::lock_guard lock(mutex_);
    open_.erase(std::find(open_.begin(), open_.end(), fd));
    ::close(fd);
  }

  bool serve_one(int fd, int number, std::string& buffer) {
    std::size_t head_end = 0;
    while ((head_end = buffer.find("\r\n\r\n")) == std::string::npos)
      if (!receive(fd, buffer)) return false;
    SeenRequest request = parse_head(std::string_view(buffer).substr(0, head_end));
    request.connection = number;
    const auto stated = request.headers.find("content-length");
    const std::size_t body_bytes =
        stated == request.headers.end() ? 0 : static_cast<std::size_t>(std::stoull(stated->second));
    std::size_t index = 0;
    {
      const std::lock_guard lock(mutex_);
      index = next_++;
    }
    Answer early = script_(request, index);
    const auto note = [&] {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
      changed_.notify_all();
    };
    if (early.how == Answer::How::reset_before_body) {
      note();
      reset(fd);
      return false;
    }
    buffer.erase(0, head_end + 4);
    while (buffer.size() < body_bytes)
      if (!receive(fd, buffer)) return false;
    request.body = buffer.substr(0, body_bytes);
    buffer.erase(0, body_bytes);
    const Answer answer = body_bytes > 0 ? script_(request, index) : early;
    note();
    switch (answer.how) {
      case Answer::How::reset_before_body:
      case Answer::How::reset_after_body:
        reset(fd);
        return false;
      case Answer::How::close_after_body:
        ::shutdown(fd, SHUT_RDWR);
        return false;
      case Answer::How::garbage:
        send_all(fd, "\x01\x02 this is not HTTP\r\n\r\n");
        ::shutdown(fd, SHUT_RDWR);
        return false;
      case Answer::How::truncate:
        send_all(fd, "HTTP/1.1 " + std::to_string(answer.status) +
                         " X\r\nContent-Length: " + std::to_string(answer.body.size() + 10) + "\r\n\r\n" + answer.body);
        ::shutdown(fd, SHUT_RDWR);
        return false;
      case Answer::How::hold: {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return released_; });
        break;
      }
      case Answer::How::reply:
        break;
    }
    std::string reply =
        "HTTP/1.1 " + std::to_string(answer.status) +
        " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
    if (request.method != "HEAD") reply += answer.body;
    send_all(fd, reply);
    return true;
  }
  // The close that follows sends a reset instead of a FIN.
  static void reset(int fd) {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  Script script_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  bool stopping_ = false;
  std::size_t next_ = 0;
  std::vector<int> open_;
  std::vector<SeenRequest> seen_;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

// Answers everything so.
inline Imposter always(Answer answer) {
  return Imposter([answer](const SeenRequest&, std::size_t) { return answer; });
}

}  // namespace flusso::testing
