#include "io/surfaces/status_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace flusso::surfaces {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxReasonBytes = 1024;
constexpr std::size_t kMaxLosses = 1000;  // index, field and kind

// Cut between characters.
std::string short_reason(const std::string& text) {
  if (text.size() <= kMaxReasonBytes) return text;
  std::size_t end = kMaxReasonBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

Json indexes(const StatusReport& report) {
  Json all = Json::object();
  for (const auto& [name, state] : report.indexes) all[name] = to_text(state);
  return all;
}

Json paused(const StatusReport& report) {
  Json all = Json::object();
  for (const auto& [name, reason] : report.paused) all[name] = short_reason(reason);
  return all;
}

Json slot(const StatusReport& report) {
  if (!report.slot) return nullptr;
  Json one;
  one["wal_status"] = report.slot->wal_status;
  one["retained_bytes"] = report.slot->retained_bytes;
  one["safe_wal_bytes"] = report.slot->safe_wal_bytes ? Json(*report.slot->safe_wal_bytes) : Json(nullptr);
  return one;
}

Json seeds(const StatusReport& report) {
  Json all = Json::array();
  for (const SeedProgress& seed : report.seeds) {
    Json one;
    one["index"] = seed.index;
    one["rows_done"] = static_cast<std::uint64_t>(std::max(0.0, seed.rows_done));
    one["rows_estimated"] = static_cast<std::uint64_t>(std::max(0.0, seed.rows_total));
    one["chunks_done"] = seed.chunks_done;
    one["chunks"] = seed.chunks_total;
    one["resumed"] = seed.resumed;
    all.push_back(std::move(one));
  }
  return all;
}

Json value_losses(const StatusReport& report) {
  Json all = Json::object();
  std::size_t left = kMaxLosses;
  for (const ValueLosses::Entry& entry : report.value_losses) {
    if (left-- == 0) break;
    all[entry.index][entry.loss.field][std::string(to_text(entry.loss.kind))] = entry.loss.count;
  }
  return all;
}

}  // namespace

std::string status_json(const StatusReport& report) {
  Json body;
  body["phase"] = report.phase;
  body["uptime_seconds"] = report.uptime_seconds;
  body["indexes"] = indexes(report);
  body["changes_captured"] = report.changes_captured;
  body["changes_committed"] = report.changes_committed;
  body["changes_in_flight"] = report.changes_in_flight;
  body["documents_built"] = report.documents_built;
  body["documents_quarantined"] = report.documents_quarantined;
  body["batches"] = report.batches;
  body["last_flush_micros"] = report.last_flush_micros;
  body["slot_lag_bytes"] = report.slot ? Json(report.slot->lag_bytes) : Json(nullptr);
  body["errors"] = report.errors;
  body["last_error"] = report.last_error ? Json(short_reason(*report.last_error)) : Json(nullptr);

  body["version"] = report.version;
  body["role"] = report.role;
  body["paused"] = paused(report);
  body["slot"] = slot(report);
  body["confirmed_lsn"] = report.confirmed ? Json(fmt::format("{}", *report.confirmed)) : Json(nullptr);
  body["seeds"] = seeds(report);
  body["documents_seeded"] = report.documents_seeded;
  body["documents_written"] = report.documents_written;
  body["documents_in_flight"] = report.documents_in_flight;
  body["documents_in_doubt"] = report.documents_in_doubt;
  body["old_rows_searched"] = report.old_rows_searched;
  body["old_parents_found"] = report.old_parents_found;
  body["unknown_old_parents"] = report.unknown_old_parents;
  body["value_losses"] = value_losses(report);
  body["runs"] = report.runs;
  // Names and reasons may come from outside; what is no UTF-8 is replaced.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace flusso::surfaces
