#pragma once
// A listening TCP socket on an address as flags and files write it. Made here and not by the HTTP library, so that an
// error says what is wrong with the address, and that "any free port" tells which one it became.

#include <string>

#include "model/result.h"

namespace flusso::surfaces {

// Thread: one.
class Listener {
 public:
  // `address`: IP:port or [IPv6]:port (model/config/addresses.h); port 0 = any free one, [::] takes IPv4 as well.
  // Errors, permanent: surface.in_use while somebody else listens there; surface.address for any other reason.
  static Result<Listener> open(const std::string& address);
  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;

  // Gives the socket away.
  int release();
  // With the port that was chosen.
  const std::string& address() const { return address_; }

 private:
  Listener(int socket, std::string address);
  int socket_;
  std::string address_;
};

}  // namespace flusso::surfaces
