#include "io/opensearch/opensearch_sink.h"

#include <algorithm>
#include <utility>

#include "io/opensearch/os_bulk_writer.h"
#include "io/opensearch/os_index_admin.h"
#include "io/opensearch/os_token_search.h"

namespace flusso::opensearch {
namespace {

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string opaque_id(const std::string& slot) {
  std::string id = "flusso:" + slot;
  std::erase_if(id, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return id;
}

SinkLimits limits_of(const OpenSearchSinkConfig& config) {
  SinkLimits limits;
  limits.max_documents = std::max(config.batch_size, 1U);
  limits.max_bytes = std::max<std::uint64_t>(config.max_bytes, 1);
  limits.request_timeout = Millis(std::chrono::seconds(std::max(config.timeout_secs, 1U)));
  return limits;
}

}  // namespace

Result<SinkBackend> make_opensearch_sink(const std::string& name, SinkOptions options) {
  Result<http::BaseUrl> base = http::parse_base_url(options.url);
  if (!base) return fail(in_context("sink " + name, base.error()));
  const OpenSearchSinkConfig& config = options.config;
  const SinkLimits limits = limits_of(config);
  http::Endpoint endpoint;
  endpoint.url = base->text;
  endpoint.auth = std::move(base->auth);
  if (options.username) endpoint.auth = http::BasicAuth{*options.username, options.password.value_or(Secret{})};
  endpoint.tls_verify = config.tls_verify;
  endpoint.timeout = limits.request_timeout;
  endpoint.headers = {{"X-Opaque-Id", opaque_id(options.slot)}};
  if (!options.loop) options.loop = std::make_shared<http::Loop>();
  const auto outage = std::make_shared<OutageLog>(name, endpoint.url, system_clock());

  IndexAdminOptions admin{options.prefix, opaque_id(options.slot),
                          IndexBodyOptions{std::max(config.number_of_shards, 1U), config.number_of_replicas,
                                           config.text_analysis, config.auto_subfields},
                          config.refresh_interval};
  BulkWriterOptions writer{name, options.prefix, config.pipeline.value_or(""), limits, Backoff{}};
  SinkBackend backend;
  backend.name = name;
  backend.admin = std::make_unique<OsIndexAdmin>(http::Client(options.loop, endpoint, options.stop), name,
                                                 std::move(admin), outage);
  backend.tokens = std::make_unique<OsTokenSearch>(
      Cluster(http::Client(options.loop, endpoint, options.stop), name, outage), options.prefix);
  backend.writer = std::make_unique<OsBulkWriter>(options.loop, std::move(endpoint), std::move(writer), outage);
  return backend;
}

}  // namespace flusso::opensearch
