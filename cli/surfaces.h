#pragma once
// Which address the public surface has, and what happens when it cannot be had.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "io/surfaces/http_server.h"
#include "model/config/config.h"
#include "model/status_report.h"

namespace flusso::cli {

struct SurfaceAddress {
  std::string text;
  bool named = false;  // by the flag, its variable or the file
};

// `flag`: of the flag or its variable, which wins over the file (manual, "HTTP surfaces").
SurfaceAddress public_address(const std::optional<std::string>& flag, const ServerConfig& server);

// Serves until the result is destroyed; `look` is called on the server's thread. An address that somebody named must be
// had: else an error with the cure. The default one is a convenience: else a warning, and null
// (docs/decisions/016-the-default-address-is-a-convenience.md).
Result<std::unique_ptr<surfaces::HttpServer>> open_public_surface(const SurfaceAddress& address,
                                                                  std::function<StatusReport()> look);

}  // namespace flusso::cli
