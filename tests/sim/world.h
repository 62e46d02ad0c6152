#pragma once
// The world around flusso: source, slot, sinks, time, and the process that may die at any event. Chance picks the next
// event among the possible ones; after every event the invariants hold, at the end every generation equals the source.
//
// Directed tests use the same world without its chance: they commit, hold a request back, crash, and let the rest run.
//
// Thread: one.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/process.h"
#include "tests/sim/random.h"
#include "tests/sim/sink.h"
#include "tests/sim/source.h"
#include "tests/support/verdict.h"

namespace flusso::sim {

inline constexpr std::int64_t kInDoubtMs = 200;

// How rough the world is; percentages.
struct Weather {
  unsigned late_visibility = 30;
  unsigned item_busy = 5;
  unsigned refused = 6, too_large = 3, lost_reply = 4, zombie = 4;
  unsigned chunk_failure = 5;
  unsigned crash = 1;  // per event, in tenths
  static Weather calm() { return Weather{0, 0, 0, 0, 0, 0, 0, 0}; }
};

class World {
 public:
  World(std::uint64_t seed, std::size_t sinks, Weather weather);
  ~World();

  // ---- what a random history does ----
  void run_history(int events);
  // Calm weather, no more changes: runs until nothing is left to do, then compares every generation with the source.
  void come_to_rest();

  // ---- for directed tests ----
  void start();  // a new process with every index
  void start(std::vector<std::size_t> enabled);
  void create_slot();
  void crash(Lsn* slot_falls_back_to = nullptr);  // everything in memory is lost
  void commit(std::vector<RowChange> rows, SimSource::Visible visible = SimSource::Visible::now);
  // One random event of the process, the server or time; false when nothing but time can pass.
  bool step();
  // Steps until the condition holds; broken: every_run_comes_to_rest.
  void run_until(const std::function<bool()>& condition, const std::string& what);
  // Steps a while and expects that the condition holds throughout.
  void expect_throughout(int events, const std::function<bool()>& condition, const std::string& what);
  void pass_time(std::int64_t ms);
  // What readers of the alias see; "" when there is no such document.
  std::string stored(std::size_t sink, std::size_t index, const std::string& key) const;
  Wire* wire(std::size_t sink, const std::function<bool(const Wire&)>& which);
  void release_wires();
  void check_generations(Lsn confirmed);
  void check_generation(std::size_t sink, std::size_t index, int generation, Lsn confirmed);

  std::uint64_t event = 0;
  std::int64_t now_ms = 0;
  std::uint64_t next_wire = 1;
  Random random;
  Weather weather;
  SimSource source;
  std::vector<SimSink> sinks;
  Lsn slot_confirmed;
  Lsn slot_checkpointed;  // where the slot stands again after a crash of the server
  Verdict verdict;
  std::unique_ptr<Process> process;
  stages::LedgerLimits ledger_limits;
  stages::PackerLimits packer_limits;
  std::size_t requests_on_wire = 2;  // per sink
  // Decides the fate of the next request instead of chance; returns nothing to leave it to chance.
  std::function<std::optional<Wire::Fate>(std::size_t sink, const Wire&)> fate;
  bool hidden = false;                    // what was committed to be visible later stays invisible
  std::function<bool(const Wire&)> hold;  // new requests for which this is true are held by the server until released

  SteadyTime time() const { return SteadyTime(Millis(now_ms)); }
  Wire::Fate next_fate(std::size_t sink, const Wire& wire);

 private:
  enum class What : std::uint8_t;
  struct Choice {
    What what;
    std::uint32_t a, b;
  };
  void collect();
  void collect_process();
  void collect_outside();
  void add(What what, unsigned weight, std::size_t a = 0, std::size_t b = 0);
  void perform(const Choice& choice);
  void print(const Choice& choice) const;
  void end_process();

  std::vector<Choice> choices_;
  std::vector<unsigned> weights_;
  unsigned total_weight_ = 0;
  std::uint64_t next_process_ = 1;
  std::shared_ptr<Accounts> accounts_;
  bool wild_ = false;  // things come from outside: commits, crashes, reindexes
};

}  // namespace flusso::sim
