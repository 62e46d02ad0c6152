#pragma once
// The (document, sink) pairs whose newer read went, or is going, to the generation under construction: a seed document
// must not overwrite them (design 6-e). A pair may be forgotten once no chunk can still bring an older read of it.
// Thread: one (the ledger node). Pure.

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "stages/sink_mask.h"

namespace flusso::stages {

class Touched {
 public:
  // An attempt to write the document to these sinks goes out.
  void begin(std::string_view key, SinkMask sinks);
  // It ended, for good, in the event of that number. Nothing for a pair that is not remembered.
  void end(std::string_view key, std::uint8_t sink, std::uint64_t event);
  bool contains(std::string_view key, std::uint8_t sink) const;
  std::size_t size() const { return pairs_.size(); }

  // Every chunk that is still open began in that event or later: what ended before it can go.
  void forget_ended_before(std::uint64_t event);
  void forget_sinks(SinkMask sinks);

 private:
  // 128 bits of the key's text, and the sink as it is.
  struct Pair {
    std::uint64_t high = 0, low = 0;
    std::uint8_t sink = 0;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    std::size_t operator()(const Pair& p) const {
      return static_cast<std::size_t>(p.low ^ (p.sink * 0x9E3779B97F4A7C15ULL));
    }
  };
  static Pair pair(std::string_view key, std::uint8_t sink);

  std::unordered_map<Pair, std::uint64_t, PairHash> pairs_;  // the event of the end, 0 while in flight or in doubt
  std::uint64_t forgotten_before_ = 0;
};

}  // namespace flusso::stages
