#pragma once
// Strong types for the ids and positions that flow through the pipeline. Mixing two of them does not compile.

#include <fmt/format.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace flusso {

// A WAL position in bytes, printed as Postgres does: 0/16B3748.
struct Lsn {
  std::uint64_t value = 0;
  auto operator<=>(const Lsn&) const = default;
};
std::string to_text(Lsn lsn);
std::optional<Lsn> parse_lsn(std::string_view text);

// A 32-bit transaction id as pgoutput sends it.
struct Xid {
  std::uint32_t value = 0;
  auto operator<=>(const Xid&) const = default;
};

// Position of a group in the run's order of confirmation: 0, 1, 2 …; issued by stages/assemble alone.
struct GroupSeq {
  std::uint64_t value = 0;
  auto operator<=>(const GroupSeq&) const = default;
};

// Positions in the run's Plan (model/plan.h).
struct IndexId {
  std::uint16_t value = 0;
  auto operator<=>(const IndexId&) const = default;
};
struct TableId {
  std::uint16_t value = 0;
  auto operator<=>(const TableId&) const = default;
};
struct PathId {
  std::uint16_t value = 0;
  auto operator<=>(const PathId&) const = default;
};
// Position of a sink in the run's list of sinks, in sink-name order.
struct SinkId {
  std::uint8_t value = 0;
  auto operator<=>(const SinkId&) const = default;
};

// Number of a concrete index behind its hash alias: {name}_{hash}_{generation}; starts at 1, never reused.
struct Generation {
  std::uint32_t number = 0;
  auto operator<=>(const Generation&) const = default;
};

// Where one document is written: one bit per sink and slot; each sink has two slots (two generations at most).
// Bit 2*sink + slot.
struct Targets {
  std::uint32_t bits = 0;
  auto operator<=>(const Targets&) const = default;
  bool empty() const { return bits == 0; }
  bool has(SinkId sink) const { return (bits >> (2U * sink.value) & 3U) != 0; }
  bool has(SinkId sink, unsigned slot) const { return (bits >> (2U * sink.value + slot) & 1U) != 0; }
  Targets only(SinkId sink) const { return Targets{bits & (3U << (2U * sink.value))}; }
  static Targets of(SinkId sink, unsigned slot) { return Targets{1U << (2U * sink.value + slot)}; }
  friend Targets operator|(Targets a, Targets b) { return Targets{a.bits | b.bits}; }
  friend Targets operator&(Targets a, Targets b) { return Targets{a.bits & b.bits}; }
};
inline constexpr std::size_t kMaxSinks = 16;

}  // namespace flusso

template <>
struct fmt::formatter<flusso::Lsn> : fmt::formatter<std::string> {
  template <class Context>
  auto format(flusso::Lsn lsn, Context& context) const {
    return fmt::formatter<std::string>::format(flusso::to_text(lsn), context);
  }
};
template <>
struct fmt::formatter<flusso::Generation> : fmt::formatter<std::uint32_t> {
  template <class Context>
  auto format(flusso::Generation generation, Context& context) const {
    return fmt::formatter<std::uint32_t>::format(generation.number, context);
  }
};
