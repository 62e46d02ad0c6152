#include "io/opensearch/refresher.h"

#include <utility>

#include "io/opensearch/reply_reader.h"
#include "model/log.h"

namespace flusso::opensearch {
namespace {
constexpr Logger kRefreshLog{"sink"};
constexpr std::size_t kMaxNamesBytes = 2500;  // the server reads request lines of at most 4 KiB
}  // namespace

OsBulkWriter::Refresher::Refresher(http::Loop& loop, http::Endpoint endpoint, std::string sink)
    : loop_(loop), endpoint_(std::move(endpoint)), sink_(std::move(sink)) {}

void OsBulkWriter::Refresher::refresh(const std::vector<std::string>& indexes) {
  {
    const std::lock_guard lock(mutex_);
    wanted_.insert(indexes.begin(), indexes.end());
  }
  pump();
}

void OsBulkWriter::Refresher::pump() {
  std::string names;
  {
    const std::lock_guard lock(mutex_);
    if (busy_ || closed_ || wanted_.empty()) return;
    while (!wanted_.empty() && names.size() < kMaxNamesBytes) {
      if (!names.empty()) names += ',';
      names += http::percent_encode(*wanted_.begin());
      wanted_.erase(wanted_.begin());
    }
    busy_ = true;
  }
  http::Request request =
      http::request_to(endpoint_, http::Method::post, "/" + names + "/_refresh?ignore_unavailable=true");
  loop_.submit(std::move(request), [self = shared_from_this()](http::Reply reply) {
    if (!reply.complete() && reply.failure != http::Failure::cancelled)
      kRefreshLog.warn("refresh failed", kv("sink", self->sink_), kv("reason", reply.reason));
    else if (reply.complete() && reply.status >= 300)
      kRefreshLog.warn("refresh failed", kv("sink", self->sink_), kv("status", reply.status),
                       kv("reason", error_reason(reply.body)));
    {
      const std::lock_guard lock(self->mutex_);
      self->busy_ = false;
    }
    self->pump();
  });
}

void OsBulkWriter::Refresher::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

}  // namespace flusso::opensearch
