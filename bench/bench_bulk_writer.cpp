// What the OpenSearch data plane costs by itself: action lines, sending and reading the answers, without source and
// graph.
//   bench_bulk_writer --url http://127.0.0.1:PORT [--requests 500] [--batch 1000] [--bytes 500]
// Point it at bench_accept_all. Prints documents per second and this process's processor time per document.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "io/opensearch/opensearch_sink.h"
#include "stages/bulk_body.h"

namespace {

using namespace flusso;  // a program of its own

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Documents {
  std::shared_ptr<Slab> slab = std::make_shared<Slab>();
  std::vector<BulkItem> items;
};

Documents make_documents(std::size_t count, std::size_t bytes) {
  Documents made;
  made.slab->bytes.reserve(count * (bytes + 10));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = made.slab->bytes.size();
    const std::string key = std::to_string(1000000 + i);
    made.slab->bytes += key + "{\"text\":\"" + std::string(bytes - 11, 'x') + "\"}";
    const std::string_view row = std::string_view(made.slab->bytes).substr(at);
    made.items.push_back(BulkItem{IndexId{0}, Targets{1}, row.substr(0, key.size()), row.substr(key.size())});
  }
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  opensearch::SinkOptions options;
  options.slot = "bench";
  std::size_t requests = 500, batch = 1000, bytes = 500;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--url") options.url = value;
    if (name == "--requests") requests = std::stoull(value);
    if (name == "--batch") batch = std::stoull(value);
    if (name == "--bytes") bytes = std::max<std::size_t>(std::stoull(value), 16);
  }
  Result<SinkBackend> sink = opensearch::make_opensearch_sink("bench", std::move(options));
  if (!sink) {
    fmt::print(stderr, "bench_bulk_writer: {}\n", sink.error().what);
    return 2;
  }
  BulkWriter& writer = *sink->writer;
  Plan plan;
  plan.indexes.resize(1);
  plan.indexes[0].name = "bench";
  plan.indexes[0].mapping.hash = "00000000";
  writer.begin_run(plan);
  writer.set_generation(IndexId{0}, 0, Generation{1});
  const Documents documents = make_documents(batch, bytes);
  const stages::RenderAction render = [&](const BulkItem& item, unsigned slot, std::string& lines) {
    writer.render_action(item, slot, lines);
  };

  std::mutex mutex;
  std::condition_variable answered;
  std::size_t in_flight = 0, bad = 0;
  const double cpu_before = cpu_seconds();
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < requests; ++i) {
    BulkRequest request = stages::make_request(SinkId{0}, documents.items, {documents.slab}, render);
    {
      std::unique_lock lock(mutex);
      answered.wait(lock, [&] { return in_flight < writer.limits().requests_in_flight; });
      ++in_flight;
    }
    writer.send(std::move(request), [&](BulkReply reply) {
      const BulkOutcome outcome = writer.read_reply(reply);
      const std::lock_guard lock(mutex);
      for (const Outcome& item : outcome.items) bad += item.kind == OutcomeKind::applied ? 0 : 1;
      --in_flight;
      answered.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return in_flight == 0; });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const double total = static_cast<double>(requests * batch);
  fmt::print("{:.0f} documents, {:.0f}/s, {:.3f} us of processor time each, {} not applied\n", total, total / seconds,
             1e6 * (cpu_seconds() - cpu_before) / total, bad);
  return bad == 0 ? 0 : 1;
}
