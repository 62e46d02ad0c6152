#pragma once
// The source's ports over a FakeDatabase. Every read sees the tables at one moment of the call, after a random small
// delay on the caller's own lane and before another one, so that results arrive late and out of order.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "model/ports/change_capture.h"
#include "model/ports/slot_monitor.h"
#include "model/ports/source.h"
#include "tests/pipeline/chance.h"
#include "tests/pipeline/fake_database.h"
#include "tests/pipeline/fake_schema.h"
#include "tests/pipeline/faults.h"

namespace flusso::fakes {

// What the source's fakes of one process share, and what a test watches and steers.
struct SourceShare {
  FakeDatabase& database;
  Faults& faults;
  Chance& chance;
  std::function<void()> ring;  // something a test may wait for has happened
  // Called before a position goes to the slot.
  std::function<void(Lsn before, Lsn now)> on_confirm = [](Lsn, Lsn) {};
  std::function<void()> on_prepare = [] {};
  std::atomic<bool> dead{false};  // the process was killed: nothing it does has an effect any more

  std::atomic<unsigned> runs{0};               // streams opened
  std::atomic<unsigned> keep_alives{0};        // feedback while intake is paused
  std::atomic<unsigned> chunks_open{0};        // chunk transactions open now
  std::atomic<unsigned> chunks_given_back{0};  // reads that ended without having read all
  std::atomic<unsigned> chunks_read{0};
  std::atomic<unsigned> plans_made{0};
  std::atomic<bool> throw_in_read{false};
  std::atomic<unsigned> chunk_rows{7};  // rows per chunk when planned
  std::string system_id = "system-1";
  OldRows old_rows = OldRows::name_parents;
};

std::unique_ptr<ChangeCapture> make_fake_capture(SourceShare& share, const Plan& plan);
std::unique_ptr<Visibility> make_fake_visibility(SourceShare& share);
std::unique_ptr<RowResolver> make_fake_resolver(SourceShare& share, const Plan& plan);
std::unique_ptr<DocumentSource> make_fake_documents(SourceShare& share, const Plan& plan);
std::unique_ptr<SnapshotScan> make_fake_scan(SourceShare& share, const Plan& plan);
std::unique_ptr<SlotMonitor> make_fake_slot_monitor(SourceShare& share);
std::unique_ptr<SourceAdmin> make_fake_source_admin(SourceShare& share);

}  // namespace flusso::fakes
