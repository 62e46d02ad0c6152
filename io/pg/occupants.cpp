#include "io/pg/occupants.h"

#include <fmt/format.h>

#include <algorithm>

namespace flusso::pg {
namespace {

constexpr int kMostNamed = 5;

constexpr const char* kSlots =
    "SELECT s.slot_name, s.active_pid, a.application_name FROM pg_catalog.pg_replication_slots s "
    "LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid ORDER BY s.active, s.slot_name";

// Also those that have connected and stream nothing yet; every role may see them.
constexpr const char* kWalsenders =
    "SELECT pid, application_name, pg_catalog.current_setting('max_wal_senders')::int "
    "FROM pg_catalog.pg_stat_replication ORDER BY pid";

std::string process(const Rows& rows, int row, int pid, int application) {
  const std::string_view name = rows.text(row, application);
  return fmt::format("process {}{}{}", rows.text(row, pid), name.empty() ? "" : ", ", name);
}

std::string and_more(int count) { return count > kMostNamed ? fmt::format(" and {} more", count - kMostNamed) : ""; }

}  // namespace

std::string name_slots(Conn& conn) {
  const auto rows = conn.exec(kSlots);
  if (!rows) return "the server does not say by whom";
  std::string names;
  for (int row = 0; row < std::min(rows->size(), kMostNamed); ++row)
    names += fmt::format("{}\"{}\" ({})", row == 0 ? "" : ", ", rows->text(row, 0),
                         rows->is_null(row, 1) ? "not in use" : process(*rows, row, 1, 2));
  return names + and_more(rows->size());
}

std::string name_walsenders_if_full(Conn& conn) {
  const auto rows = conn.exec(kWalsenders);
  if (!rows || rows->empty() || rows->size() < rows->integer(0, 2)) return {};
  std::string names;
  for (int row = 0; row < std::min(rows->size(), kMostNamed); ++row)
    names += (row == 0 ? "" : ", ") + process(*rows, row, 0, 1);
  return names + and_more(rows->size());
}

}  // namespace flusso::pg
