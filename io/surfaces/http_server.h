#pragma once
// A small HTTP/1.1 server for our own surfaces: it answers, and that is all. It serves no files and reads no bodies;
// headers, connections and idle time are bounded, and slow clients do not hold up others, so that a health check is
// answered in time (docs/decisions/015-libmicrohttpd-serves-the-surfaces.md).

#include <memory>
#include <string>

#include "io/surfaces/http_exchange.h"
#include "io/surfaces/listener.h"
#include "model/result.h"

namespace flusso::surfaces {

// Thread: construct and destroy on one; the handler is called on one of its own.
class HttpServer {
 public:
  // Errors: permanent, surface.server.
  static Result<std::unique_ptr<HttpServer>> start(Listener listener, HttpHandler handler);
  // Connections are closed and the port is free when it returns.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;

  const std::string& address() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace flusso::surfaces
