#include "io/surfaces/public_surface.h"

#include <utility>

#include "io/surfaces/status_json.h"

namespace flusso::surfaces {
namespace {

HttpReply answer(const std::string& path, const std::function<StatusReport()>& look) {
  if (path == "/healthz") return HttpReply{200, {}, {}};
  if (path == "/readyz") return HttpReply{look().ready ? 200 : 503, {}, {}};
  if (path == "/status") return HttpReply{200, status_json(look()), {{"Content-Type", "application/json"}}};
  return HttpReply{404, {}, {}};
}

}  // namespace

HttpHandler public_surface(std::function<StatusReport()> look) {
  return [look = std::move(look)](const HttpRequest& request) {
    HttpReply reply = answer(request.path, look);
    if (reply.status != 404 && request.method != "GET" && request.method != "HEAD")
      reply = HttpReply{405, {}, {{"Allow", "GET, HEAD"}}};
    reply.headers.emplace_back("Cache-Control", "no-store");
    return reply;
  };
}

}  // namespace flusso::surfaces
