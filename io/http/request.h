#pragma once
// One HTTP exchange as values. What matters most in a reply is whether the server may have acted on a request that
// failed: a write that may have been applied must not be sent again blindly.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/http/url.h"
#include "model/clock.h"

namespace flusso::http {

enum class Method { get, head, post, put, del };
std::string_view to_text(Method method);

struct Header {
  std::string name;
  std::string value;
};

struct Request {
  Method method = Method::get;
  std::string url;  // absolute, http or https
  std::vector<Header> headers;
  std::optional<BasicAuth> auth;
  bool tls_verify = true;
  std::string body;                            // sent first …
  std::span<const std::string_view> segments;  // … then these, copied nowhere: whoever submits keeps them until done
  Millis timeout{30000};                       // of the whole exchange
  std::uint64_t max_reply_bytes = 64ULL * 1024 * 1024;
};

enum class Failure {
  none,       // a complete reply came; look at its status
  connect,    // no connection: name not found, refused, timed out while connecting
  tls,        // the server's certificate or the handshake was refused
  timeout,    // connected, but no complete reply in time
  reset,      // the connection broke
  truncated,  // the reply ended early or is no HTTP
  too_large,  // the reply is longer than max_reply_bytes
  invalid,    // the request itself is impossible (URL)
  cancelled,  // by cancel() or by the loop's end
};
std::string_view to_text(Failure failure);  // "connect", "timeout", …: the second half of an error code

struct Reply {
  int status = 0;
  std::string body;  // its capacity leaves room for a JSON parser's padding (64 bytes) unless it is tiny
  Failure failure = Failure::none;
  std::string reason;          // for people, without URL and credentials; empty when nothing failed
  bool maybe_applied = false;  // with a failure: some of the body, or a whole request without body, may have left
  bool complete() const { return failure == Failure::none; }
};

}  // namespace flusso::http
