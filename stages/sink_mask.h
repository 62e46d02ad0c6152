#pragma once
// A set of sinks as bits: what the ledger keeps per document and state. Thread: any. Pure.

#include <bit>
#include <cstdint>

#include "model/batches.h"
#include "model/ids.h"

namespace flusso::stages {

using SinkMask = std::uint16_t;

constexpr SinkMask bit(std::uint8_t sink) { return static_cast<SinkMask>(1U << sink); }

// Sinks that have at least one target bit.
inline SinkMask sinks_of(Targets targets) {
  SinkMask mask = 0;
  for (std::uint8_t sink = 0; sink < kMaxSinks; ++sink)
    if (targets.has(SinkId{sink})) mask = static_cast<SinkMask>(mask | bit(sink));
  return mask;
}

// The share of `all` that belongs to these sinks.
inline Targets targets_of(SinkMask sinks, Targets all) {
  Targets result;
  for (std::uint8_t sink = 0; sink < kMaxSinks; ++sink)
    if ((sinks & bit(sink)) != 0) result = result | all.only(SinkId{sink});
  return result;
}

// Calls f(number of the sink) for each.
template <class F>
void for_each_sink(SinkMask sinks, F&& f) {
  while (sinks != 0) {
    const auto sink = static_cast<std::uint8_t>(std::countr_zero(sinks));
    sinks = static_cast<SinkMask>(sinks & (sinks - 1U));
    f(sink);
  }
}

}  // namespace flusso::stages
