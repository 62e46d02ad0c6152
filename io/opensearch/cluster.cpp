#include "io/opensearch/cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "io/opensearch/reply_reader.h"

namespace flusso::opensearch {
namespace {

ErrorKind kind_of(const http::Reply& reply) {
  switch (reply.failure) {
    case http::Failure::none:
      return reply.status == 429 || reply.status >= 500 || is_cluster_block(error_reason(reply.body))
                 ? ErrorKind::transient
                 : ErrorKind::permanent;
    case http::Failure::cancelled:
      return ErrorKind::cancelled;
    case http::Failure::tls:
    case http::Failure::invalid:
    case http::Failure::too_large:
      return ErrorKind::permanent;
    default:
      return ErrorKind::transient;
  }
}

}  // namespace

Cluster::Cluster(http::Client client, std::string sink, std::shared_ptr<OutageLog> outage)
    : client_(std::move(client)), sink_(std::move(sink)), outage_(std::move(outage)) {}

Error Cluster::error(ErrorKind kind, std::string code, const std::string& text) const {
  return Error{kind, std::move(code), fmt::format("sink {} at {}: {}", sink_, client_.endpoint().url, text)};
}

Result<http::Reply> Cluster::call(http::Method method, const std::string& target, std::string body,
                                  std::initializer_list<int> also) {
  http::Reply reply = client_.call(method, target, std::move(body));
  const std::string asked =
      fmt::format("{} {}", http::to_text(method), target.substr(0, target.find('?')).substr(0, 300));
  if (!reply.complete()) {
    if (reply.failure != http::Failure::cancelled) outage_->failed(reply.reason);
    return fail(error(kind_of(reply), fmt::format("http.{}", http::to_text(reply.failure)),
                      fmt::format("{} failed: {}", asked, reply.reason)));
  }
  if (reply.status == 502 || reply.status == 503 || reply.status == 504)
    outage_->failed(fmt::format("status {}: {}", reply.status, error_reason(reply.body)));
  else
    outage_->answered();
  const bool expected =
      (reply.status >= 200 && reply.status < 300) || std::find(also.begin(), also.end(), reply.status) != also.end();
  if (expected) return reply;
  return fail(error(kind_of(reply), fmt::format("http.{}", reply.status),
                    fmt::format("{} was answered {}: {}", asked, reply.status, error_reason(reply.body))));
}

}  // namespace flusso::opensearch
