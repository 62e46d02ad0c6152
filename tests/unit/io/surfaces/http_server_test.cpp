#include "io/surfaces/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace flusso::surfaces {
namespace {

// A blocking connection to 127.0.0.1 or ::1.
class Client {
 public:
  explicit Client(const std::string& address) {
    const auto port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    const bool six = address.starts_with('[');
    socket_ = ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    sockaddr_in four{AF_INET, port, {htonl(INADDR_LOOPBACK)}, {}};
    sockaddr_in6 long_one{AF_INET6, port, 0, IN6ADDR_LOOPBACK_INIT, 0};
    connected_ = ::connect(socket_, six ? reinterpret_cast<sockaddr*>(&long_one) : reinterpret_cast<sockaddr*>(&four),
                           six ? sizeof(long_one) : sizeof(four)) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  bool connected() const { return connected_; }
  void send(const std::string& text) const {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Until the server closes.
  std::string rest() const {
    std::string all;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof(buffer), 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(got));
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

HttpReply echo(const HttpRequest& request) {
  if (request.path == "/throw") throw std::runtime_error("a handler's mistake");
  return HttpReply{200, request.method + " " + request.path, {{"X-Test", "yes"}}};
}

std::unique_ptr<HttpServer> served(const std::string& address) {
  auto listener = Listener::open(address);
  if (!listener) {
    ADD_FAILURE() << listener.error().what;
    return nullptr;
  }
  return std::move(*HttpServer::start(std::move(*listener), &echo));
}

std::string get(const std::string& address, const std::string& line) {
  const Client client(address);
  client.send(line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return client.rest();
}

TEST(HttpServer, answers_with_status_headers_and_body) {
  const auto server = served("127.0.0.1:0");
  const std::string answer = get(server->address(), "GET /status?x=1");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("X-Test: yes\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nGET /status")) << answer;
}

TEST(HttpServer, head_has_no_body) {
  const auto server = served("127.0.0.1:0");
  const std::string answer = get(server->address(), "HEAD /status");
  EXPECT_NE(answer.find("Content-Length: 12\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServer, names_the_port_that_was_chosen_and_frees_it_at_its_end) {
  auto server = served("127.0.0.1:0");
  const std::string address = server->address();
  EXPECT_FALSE(address.ends_with(":0"));
  const auto second = Listener::open(address);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "surface.in_use");
  EXPECT_EQ(second.error().what, "cannot listen on " + address + ": Address already in use");
  server.reset();
  EXPECT_FALSE(Client(address).connected());
  EXPECT_TRUE(Listener::open(address));
}

TEST(HttpServer, takes_ipv6_addresses) {
  for (const char* address : {"[::1]:0", "[::]:0"}) {
    const auto server = served(address);
    EXPECT_TRUE(server->address().starts_with(std::string(address).substr(0, 4)));
    EXPECT_TRUE(get(server->address(), "GET /six").ends_with("GET /six"));
  }
  const auto both = served("[::]:0");
  EXPECT_TRUE(
      get("127.0.0.1" + both->address().substr(both->address().rfind(':')), "GET /four").ends_with("GET /four"));
}

TEST(HttpServer, an_address_that_is_not_ours_is_named) {
  for (const char* address : {"192.0.2.1:0", "[2001:db8::1]:0", "nonsense", "", ":80", "host:80"}) {
    const auto listener = Listener::open(address);
    ASSERT_FALSE(listener) << address;
    EXPECT_EQ(listener.error().code, "surface.address") << address;
    EXPECT_TRUE(listener.error().what.starts_with("cannot listen on " + std::string(address) + ": "));
  }
}

TEST(HttpServer, clients_that_say_nothing_hold_up_nobody) {
  const auto server = served("127.0.0.1:0");
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<Client>(server->address()));
    slow.back()->send("GET /heal");
  }
  EXPECT_TRUE(get(server->address(), "GET /healthz").ends_with("GET /healthz"));
}

TEST(HttpServer, requests_without_end_are_refused) {
  const auto server = served("127.0.0.1:0");
  const std::string line = get(server->address(), "GET /" + std::string(20'000, 'x'));
  EXPECT_TRUE(line.starts_with("HTTP/1.1 414")) << line.substr(0, 100);
  const Client client(server->address());
  client.send("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(client.rest().starts_with("HTTP/1.1 431"));
}

TEST(HttpServer, a_body_is_not_waited_for) {
  const auto server = served("127.0.0.1:0");
  const Client client(server->address());
  client.send("POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nbegin");
  EXPECT_TRUE(client.rest().ends_with("POST /status"));
}

TEST(HttpServer, what_is_no_http_is_refused_and_a_handlers_mistake_is_a_500) {
  const auto server = served("127.0.0.1:0");
  const Client client(server->address());
  client.send("\x16\x03\x01 nonsense\r\n\r\n\r\n");
  EXPECT_EQ(client.rest().find("HTTP/1.1 200"), std::string::npos);
  EXPECT_TRUE(get(server->address(), "GET /throw").starts_with("HTTP/1.1 500"));
  EXPECT_TRUE(get(server->address(), "GET /on").ends_with("GET /on"));
}

}  // namespace
}  // namespace flusso::surfaces
