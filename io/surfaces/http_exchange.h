#pragma once
// One request and its answer, as far as the surfaces care: no body is read, and headers are only written.

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace flusso::surfaces {

struct HttpRequest {
  std::string method;
  std::string path;  // decoded, without the query
};

struct HttpReply {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Called on the server's thread, one request after the other: must be quick.
using HttpHandler = std::function<HttpReply(const HttpRequest&)>;

}  // namespace flusso::surfaces
