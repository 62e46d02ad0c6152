#pragma once
// A simulated OpenSearch: generations of indexes, a durable meta store, and bulk requests that it has received but not
// yet worked on. A request outlives the process that sent it, and may be applied after its sender has given it up.
// Thread: one.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/batches.h"
#include "model/ports/source.h"
#include "tests/sim/random.h"
#include "tests/support/verdict.h"

namespace flusso::sim {

using invariants::Invariant;
using invariants::Verdict;

struct Stored {
  std::optional<std::string> content;  // nothing: deleted
  std::uint64_t read_at = 0;           // event of the read that this content, or the last refusal, comes from
  bool from_seed = false;
};
struct StoredGeneration {
  std::map<std::string, Stored> documents;
  bool suspect = false;  // known to have missed changes; served until its successor is complete
};

struct SeedMeta {
  int generation = 0;
  ChunkPlan plan;
  std::string done;
};
// What flusso_meta remembers of one index; survives everything.
struct IndexMeta {
  int alias = 0;  // what readers see
  int active = 0;
  bool seeded = false;
  std::optional<int> staged;
  std::optional<SeedMeta> seed;
  int last_number = 0;
};

struct Write {
  std::size_t item = 0;  // of the request
  std::size_t index = 0;
  int generation = 0;
  std::string key;
  std::optional<std::string> content;
  std::uint64_t read_at = 0;
  bool from_seed = false;
};

// A bulk request as the server has it.
struct Wire {
  std::uint64_t id = 0;
  std::uint64_t process = 0;  // who sent it
  std::vector<Write> writes;
  std::size_t items = 0;
  enum class Fate { answered, lost_reply, zombie, refused, too_large } fate = Fate::answered;
  bool worked = false;                    // the server is done with it
  bool replied = false;                   // the sender has its answer, or has given up
  bool held = false;                      // a directed test holds it back
  std::int64_t must_land_ms = INT64_MAX;  // a zombie lands before that or never
  std::vector<OutcomeKind> outcomes;      // by item
};

class SimSink {
 public:
  std::map<int, StoredGeneration> generations[2];  // by index
  IndexMeta meta[2];
  bool has_record = false;
  Lsn claimed;
  std::set<std::pair<std::size_t, int>> following;
  std::vector<Wire> wires;

  // Bulk tasks that are still running, whoever sent them.
  std::size_t running_bulks() const;
  // The server works on a request: every item of `percent_busy` in a hundred is answered 429.
  void work(Wire& wire, Random& random, unsigned percent_busy, Verdict& verdict);
  Wire* find(std::uint64_t id);
  void forget_finished();
  int stage(std::size_t index);
  void promote_alias(std::size_t index, int generation) { meta[index].alias = generation; }
  void mark_seeded(std::size_t index, int generation);
  void retire_others(std::size_t index, int keep);

 private:
  OutcomeKind apply(const Write& write, Verdict& verdict);
};

}  // namespace flusso::sim
