#include "io/surfaces/http_server.h"

#include <microhttpd.h>

#include <utility>

namespace flusso::surfaces {
namespace {

constexpr unsigned kMaxConnections = 64;
constexpr unsigned kIdleSeconds = 10;
// The request line and all headers; more is answered with 431 or 414.
constexpr std::size_t kBytesPerConnection = 16 * 1024;

MHD_Result send(MHD_Connection* connection, const HttpReply& reply) {
  // The body is only read; MHD copies it.
  MHD_Response* response =
      MHD_create_response_from_buffer(reply.body.size(), const_cast<char*>(reply.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  for (const auto& [name, value] : reply.headers) MHD_add_response_header(response, name.c_str(), value.c_str());
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  MHD_destroy_response(response);
  return queued;
}

// Called by C code: nothing may be thrown.
MHD_Result on_request(void* handler, MHD_Connection* connection, const char* url, const char* method, const char*,
                      const char*, std::size_t*, void**) noexcept {
  HttpReply reply;
  try {
    reply = (*static_cast<HttpHandler*>(handler))(HttpRequest{method, url});
  } catch (...) {
    reply = HttpReply{500, {}, {}};
  }
  return send(connection, reply);
}

}  // namespace

struct HttpServer::State {
  HttpHandler handler;
  std::string address;
  MHD_Daemon* daemon = nullptr;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(Listener listener, HttpHandler handler) {
  auto state = std::make_unique<State>(State{std::move(handler), listener.address(), nullptr});
  const int socket = listener.release();
  state->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, nullptr, nullptr, &on_request, &state->handler,
                                   MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,
                                   MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                   kBytesPerConnection, MHD_OPTION_END);
  if (state->daemon == nullptr)  // it has closed the socket
    return fail(ErrorKind::permanent, "surface.server", "the HTTP server for " + state->address + " cannot be started");
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() { MHD_stop_daemon(state_->daemon); }

const std::string& HttpServer::address() const { return state_->address; }

}  // namespace flusso::surfaces
