#pragma once
// One index being seeded into one set of sinks: which chunks are done, which one a scan lane reads next, how far it is.
// Thread: one at a time (pipeline/seed_board holds the mutex). Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/ports/source.h"

namespace flusso::stages {

// Done chunks as a bitmap, written to the sink's meta index.
std::string pack_bitmap(const std::vector<bool>& bits);  // hex text, 4 bits a digit
std::vector<bool> unpack_bitmap(const std::string& text,
                                std::size_t size);  // short or damaged text: missing bits are false

class Seeding {
 public:
  Seeding(IndexId index, Targets targets, ChunkPlan plan, std::vector<bool> done);

  IndexId index() const { return index_; }
  Targets targets() const { return targets_; }
  std::uint32_t filenode() const { return plan_.filenode; }
  const Chunk& chunk(std::size_t number) const { return plan_.chunks[number]; }
  std::size_t chunks() const { return plan_.chunks.size(); }

  // The next chunk to read, marked as taken; nothing while all are taken or done.
  std::optional<std::size_t> take();
  // The read failed: the chunk is taken again later.
  void give_back(std::size_t number);
  // Every document of the chunk is durable.
  void record(std::size_t number);
  bool complete() const { return recorded_ == plan_.chunks.size(); }
  const std::vector<bool>& done() const { return done_; }
  std::size_t recorded() const { return recorded_; }
  double rows_total() const;
  double rows_recorded() const;

 private:
  IndexId index_;
  Targets targets_;
  ChunkPlan plan_;
  std::vector<bool> done_;
  std::vector<std::size_t> returned_;
  std::size_t next_ = 0;
  std::size_t recorded_ = 0;
};

}  // namespace flusso::stages
