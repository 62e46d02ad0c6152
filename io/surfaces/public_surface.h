#pragma once
// What anybody who reaches the address may read, and change nothing by it: /healthz, /readyz, /status
// (docs/reference/http.md). Manual, "HTTP surfaces".

#include <functional>

#include "io/surfaces/http_exchange.h"
#include "model/status_report.h"

namespace flusso::surfaces {

// `look` is asked for each request that needs it, on the server's thread; it must outlive the handler.
//
//   GET /healthz   200 while the process lives        other paths     404     all without a body but /status
//   GET /readyz    200 when ready, else 503           other methods   405
//   GET /status    200, JSON                          HEAD            as GET
HttpHandler public_surface(std::function<StatusReport()> look);

}  // namespace flusso::surfaces
