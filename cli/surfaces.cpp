#include "cli/surfaces.h"

#include <utility>

#include "io/surfaces/listener.h"
#include "io/surfaces/public_surface.h"
#include "model/log.h"

namespace flusso::cli {
namespace {

constexpr Logger kSurfaceLog{"surface"};
constexpr const char* kDefaultAddress = "127.0.0.1:9464";
constexpr const char* kCure =
    "name another address with --public-address, FLUSSO_PUBLIC_ADDRESS or public_address under [server]; port 0 takes "
    "any free one";

Result<std::unique_ptr<surfaces::HttpServer>> serve(const std::string& address, std::function<StatusReport()> look) {
  FLUSSO_TRY_ASSIGN(surfaces::Listener listener, surfaces::Listener::open(address));
  return surfaces::HttpServer::start(std::move(listener), surfaces::public_surface(std::move(look)));
}

}  // namespace

SurfaceAddress public_address(const std::optional<std::string>& flag, const ServerConfig& server) {
  if (flag) return {*flag, true};
  if (server.public_address) return {*server.public_address, true};
  return {kDefaultAddress, false};
}

Result<std::unique_ptr<surfaces::HttpServer>> open_public_surface(const SurfaceAddress& address,
                                                                  std::function<StatusReport()> look) {
  auto served = serve(address.text, std::move(look));
  if (served) {
    kSurfaceLog.info("serving /healthz, /readyz and /status", kv("address", (*served)->address()));
    return served;
  }
  Error error = std::move(served).error();
  if (!address.named) {
    kSurfaceLog.warn("health and status are not served", kv("reason", error.what), kv("cure", kCure));
    return nullptr;
  }
  error.what += std::string("; ") + kCure;
  return fail(std::move(error));
}

}  // namespace flusso::cli
