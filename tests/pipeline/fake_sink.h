#pragma once
// A sink's ports of one process over a FakeCluster: the bulk client, the control plane, the records.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "model/ports/sink.h"
#include "tests/pipeline/fake_cluster.h"

namespace flusso::fakes {

// What the sink's fakes of one process share, and what a test watches and steers.
struct SinkShare {
  SinkShare(FakeCluster& the_cluster, Faults& the_faults, Chance& the_chance, Verdict& the_verdict)
      : cluster(the_cluster), faults(the_faults), chance(the_chance), verdict(the_verdict) {}
  FakeCluster& cluster;
  Faults& faults;
  Chance& chance;
  Verdict& verdict;
  SinkLimits limits;
  std::function<void()> ring = [] {};
  // The process dies within a call of the control plane; called before or after its effect.
  std::function<void()> on_crash = [] {};
  // A run gives up its requests.
  std::function<void()> on_cancel = [] {};
  std::uint64_t document_bytes = 0;  // budget that requests in flight must stay within; 0 = not checked
  std::atomic<bool> dead{false};
  std::atomic<bool> throw_in_read_reply{false};
  std::atomic<unsigned> requests{0};
  std::atomic<unsigned> control_failures{0};  // calls of the control plane that the sink did not answer
  std::atomic<unsigned> refreshes{0};
};

// Which concrete generations the process writes to at the moment.
class FakeBulkWriter : public BulkWriter {
 public:
  // The process was killed: whatever it has in flight is out of its hands, its memory is gone.
  virtual void die() = 0;
  virtual std::optional<Generation> target(const std::string& index, unsigned slot) const = 0;
};

std::unique_ptr<FakeBulkWriter> make_fake_bulk_writer(SinkShare& share);
std::unique_ptr<IndexAdmin> make_fake_index_admin(SinkShare& share);
std::unique_ptr<SyncRecords> make_fake_records(SinkShare& share);
std::unique_ptr<TokenSearch> make_fake_token_search(SinkShare& share);

}  // namespace flusso::fakes
