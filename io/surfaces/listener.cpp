#include "io/surfaces/listener.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace flusso::surfaces {
namespace {

constexpr int kBacklog = 64;

Error failed(const std::string& address, int number) {
  const char* code = number == EADDRINUSE ? "surface.in_use" : "surface.address";
  return Error{ErrorKind::permanent, code,
               fmt::format("cannot listen on {}: {}", address, std::generic_category().message(number))};
}

struct Parts {
  std::string host;
  std::string port;
};

Parts split(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {};
  Parts parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.size() >= 2 && parts.host.front() == '[') parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  if (bound.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

}  // namespace

Listener::Listener(int socket, std::string address) : socket_(socket), address_(std::move(address)) {}

Listener::Listener(Listener&& other) noexcept : socket_(other.release()), address_(std::move(other.address_)) {}

Listener::~Listener() {
  if (socket_ >= 0) ::close(socket_);
}

int Listener::release() { return std::exchange(socket_, -1); }

Result<Listener> Listener::open(const std::string& address) {
  const Parts parts = split(address);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const bool empty = parts.host.empty() || parts.port.empty();
  if (empty || ::getaddrinfo(parts.host.c_str(), parts.port.c_str(), &hints, &raw) != 0)
    return fail(failed(address, EINVAL));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(raw, &::freeaddrinfo);
  Listener made(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), address);
  if (made.socket_ < 0) return fail(failed(address, errno));
  // An address whose last connections are still closing may be taken again at once; a second listener is still refused.
  const int yes = 1;
  ::setsockopt(made.socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (found->ai_family == AF_INET6) {
    const int no = 0;
    ::setsockopt(made.socket_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
  }
  if (::bind(made.socket_, found->ai_addr, found->ai_addrlen) != 0) return fail(failed(address, errno));
  if (::listen(made.socket_, kBacklog) != 0) return fail(failed(address, errno));
  made.address_ = address.substr(0, address.rfind(':') + 1) + std::to_string(port_of(made.socket_));
  return made;
}

}  // namespace flusso::surfaces
