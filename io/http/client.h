#pragma once
// Blocking calls over a Loop for the control thread: one request, one reply, cut short by a stop token.
// Thread: control only (any thread but the loop's own).

#include <memory>
#include <stop_token>
#include <string>

#include "io/http/loop.h"

namespace flusso::http {

// Where a client sends its requests and what every one of them carries.
struct Endpoint {
  std::string url;  // base, without credentials and trailing slash
  std::optional<BasicAuth> auth;
  bool tls_verify = true;
  Millis timeout{30000};
  std::vector<Header> headers;
};

class Client {
 public:
  Client(std::shared_ptr<Loop> loop, Endpoint endpoint, std::stop_token stop = {});

  // `target` is path and query, beginning with '/'. A body is sent as application/json.
  // A failure (also of the connection) is in the reply; `stop` ends the wait with Failure::cancelled.
  Reply call(Method method, const std::string& target, std::string body = {});
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  std::shared_ptr<Loop> loop_;
  Endpoint endpoint_;
  std::stop_token stop_;
};

// A request to that endpoint with its credentials, headers and timeout; no body yet.
Request request_to(const Endpoint& endpoint, Method method, const std::string& target);

}  // namespace flusso::http
