#include "io/pg/pg_visibility.h"

#include <fmt/format.h>

#include <charconv>

namespace flusso::pg {
namespace {

constexpr Millis kVisibilityTimeout{10000};

// Takes digits up to the next separator (or the end) off the front.
bool take_number(std::string_view& text, char separator, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return separator == ',';
  if (text.front() != separator) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<SnapshotXids> parse_snapshot(std::string_view text) {
  const auto bad = [] { return fail(ErrorKind::bug, "pg.snapshot", "pg_current_snapshot() has an unknown form"); };
  SnapshotXids snapshot;
  if (!take_number(text, ':', snapshot.xmin) || !take_number(text, ':', snapshot.xmax)) return bad();
  while (!text.empty()) {
    std::uint64_t xid = 0;
    if (!take_number(text, ',', xid)) return bad();
    if (!snapshot.xip.empty() && snapshot.xip.back() >= xid) return bad();
    snapshot.xip.push_back(xid);
  }
  return snapshot;
}

Result<SnapshotXids> PgVisibility::ask() {
  if (!conn_ || !conn_->usable()) {
    ConnParams params;
    params.url = options_.url;
    params.application_name = fmt::format("flusso:{}:fence", options_.slot);
    params.statement_timeout = kVisibilityTimeout;
    FLUSSO_TRY_ASSIGN(conn_, Conn::connect(params, options_.stop));
    FLUSSO_TRY(conn_->prepare("visibility", "SELECT pg_catalog.pg_current_snapshot()::text"));
  }
  FLUSSO_TRY_ASSIGN(const Rows rows, conn_->exec_prepared("visibility", {}));
  return parse_snapshot(rows.text(0, 0));
}

Result<SnapshotXids> PgVisibility::now() {
  auto answer = ask();
  if (!answer) conn_.reset();
  return answer;
}

std::unique_ptr<Visibility> make_visibility(const PgSourceOptions& options) {
  return std::make_unique<PgVisibility>(options);
}

}  // namespace flusso::pg
