#pragma once
// Builds an OpenSearch sink from resolved configuration: both planes over one HTTP thread.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "io/http/loop.h"
#include "model/config/config.h"
#include "model/ports/sink.h"

namespace flusso::opensearch {

struct SinkOptions {
  std::string url;                      // may carry user:password@; http or https
  std::optional<std::string> username;  // wins over the URL's; without it a password is not used
  std::optional<Secret> password;
  OpenSearchSinkConfig config;  // its url, username and password are not looked at
  std::string prefix;
  std::string slot;                  // replication slot: marks our requests as X-Opaque-Id flusso:<slot>
  std::shared_ptr<http::Loop> loop;  // shared with other sinks; absent = one of its own
  std::stop_token stop;              // ends control calls that are waiting (error http.cancelled)
};

// Contacts nobody. Error config.url when the URL is not usable.
Result<SinkBackend> make_opensearch_sink(const std::string& name, SinkOptions options);

}  // namespace flusso::opensearch
