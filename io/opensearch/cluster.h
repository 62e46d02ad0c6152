#pragma once
// Blocking calls to the cluster with errors told in one sentence: the sink, the URL without credentials, what was asked
// and what came back. Thread: control only.

#include <initializer_list>
#include <memory>
#include <string>

#include "io/http/client.h"
#include "io/opensearch/outage_log.h"
#include "model/result.h"

namespace flusso::opensearch {

class Cluster {
 public:
  Cluster(http::Client client, std::string sink, std::shared_ptr<OutageLog> outage);

  // A 2xx reply, or one whose status is in `also`; everything else is an error with code http.<status>, or
  // http.connect, http.timeout … when no answer came. Transient: no answer, 429, 5xx, a
  // cluster or index block. Permanent: the rest.
  Result<http::Reply> call(http::Method method, const std::string& target, std::string body = {},
                           std::initializer_list<int> also = {});
  const std::string& sink() const { return sink_; }
  // "sink primary at http://…: " + text
  Error error(ErrorKind kind, std::string code, const std::string& text) const;

 private:
  http::Client client_;
  const std::string sink_;
  const std::shared_ptr<OutageLog> outage_;
};

}  // namespace flusso::opensearch
