#include "pipeline/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flusso::pipeline {
namespace {

// A higher timeline carries on what the sink has followed when the old one was left behind everything it was told.
std::optional<std::string> timeline_gap(const SourceRecord& record, const SourceView& found) {
  if (found.timeline == record.timeline) return std::nullopt;
  if (found.timeline < record.timeline)
    return fmt::format("the server is on timeline {}, the sink followed timeline {}: the server was restored",
                       found.timeline, record.timeline);
  const auto left = std::find_if(found.earlier.begin(), found.earlier.end(),
                                 [&](const TimelineEnd& end) { return end.timeline == record.timeline; });
  if (left == found.earlier.end())
    return fmt::format("the server's timeline {} does not come from timeline {}, which the sink followed",
                       found.timeline, record.timeline);
  if (left->end >= record.claimed) return std::nullopt;
  return fmt::format(
      "the server left timeline {} at {}, before {}, up to which the sink followed it: a standby that lagged behind "
      "was "
      "promoted, or the server was restored to an earlier moment",
      record.timeline, left->end, record.claimed);
}

std::optional<std::string> slot_gap(const SourceRecord& record, const SourceView& found, const std::string& slot) {
  if (!found.slot)
    return fmt::format("replication slot \"{}\" does not exist any more; the sink followed it up to {}", slot,
                       record.claimed);
  if (!found.slot->invalid.empty())
    return fmt::format("replication slot \"{}\" cannot go on from {}: {}", slot, found.slot->confirmed_flush,
                       found.slot->invalid);
  if (found.slot->confirmed_flush > record.claimed)
    return fmt::format(
        "replication slot \"{}\" stands at {}, past {}, the last position that was confirmed from here: it was made "
        "anew, or something else has moved it",
        slot, found.slot->confirmed_flush, record.claimed);
  return std::nullopt;
}

bool stops(const History& history, const Options& options) {
  return history.gap && options.on_slot_lost == SlotLossPolicy::stop;
}

}  // namespace

std::optional<std::string> gap_of(const SourceRecord& record, const SourceView& found, const std::string& slot) {
  if (record.system_id != found.system_id)
    return fmt::format("the sink followed another Postgres cluster (system identifier {}, this one is {})",
                       record.system_id, found.system_id);
  if (record.database_oid != found.database_oid)
    return fmt::format("the sink followed another database of this cluster (oid {}, \"{}\" is {})", record.database_oid,
                       found.database, found.database_oid);
  if (auto gap = timeline_gap(record, found)) return gap;
  if (found.wal_end < record.claimed)
    return fmt::format(
        "the server's WAL ends at {}, before {}, up to which the sink followed it: the server was restored to an "
        "earlier moment",
        found.wal_end, record.claimed);
  if (auto gap = slot_gap(record, found, slot)) return gap;
  if (found.publication_missing)
    return fmt::format("the publication was dropped: what replication slot \"{}\" holds after {} cannot be read", slot,
                       found.slot->confirmed_flush);
  return std::nullopt;
}

Error slot_lost(const std::string& what) {
  return Error{
      ErrorKind::permanent, "source.slot_lost",
      what +
          "; changes may be missing, so nothing was written or confirmed. To build every index anew behind its "
          "alias, start once with --on-slot-lost reseed, or set on_slot_lost = \"reseed\" in [source]"};
}

Result<std::vector<History>> read_histories(Backends& backends, const SourceView& found, const Options& options,
                                            const std::optional<std::string>& known_gap) {
  std::vector<History> histories;
  for (SinkBackend& sink : backends.sinks()) {
    History history;
    if (sink.records) {
      FLUSSO_TRY_ASSIGN(history.record, sink.records->load_source(options.slot));
      if (history.record) history.gap = known_gap ? known_gap : gap_of(*history.record, found, options.slot);
    }
    if (stops(history, options)) return fail(slot_lost("sink " + sink.name + ": " + *history.gap));
    histories.push_back(std::move(history));
  }
  return histories;
}

Status judge_prepared(std::vector<History>& histories, Backends& backends, const SourceState& made,
                      const Options& options) {
  for (std::size_t s = 0; s < histories.size(); ++s) {
    History& history = histories[s];
    if (!history.record || history.gap) continue;
    if (made.slot_created)
      history.gap = fmt::format("replication slot \"{}\" vanished a moment ago and was made anew", made.slot);
    else if (made.slot_skipped || made.confirmed_flush > history.record->claimed)
      history.gap =
          fmt::format("replication slot \"{}\" was moved to {}, past {}, the last position that was confirmed",
                      made.slot, made.confirmed_flush, history.record->claimed);
    if (stops(history, options)) return fail(slot_lost("sink " + backends.sinks()[s].name + ": " + *history.gap));
  }
  return {};
}

}  // namespace flusso::pipeline
