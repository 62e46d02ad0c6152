#include "pipeline/read_lane.h"

#include <algorithm>

namespace flusso::pipeline {
namespace {

constexpr Logger kReadLog{"read"};
constexpr unsigned kQuickAttempts = 3;

// Names that a statement of ours knows and the server does not: the plan is older than the last DDL.
bool is_stale_plan(const Error& error) {
  return error.code == "pg.42P01" || error.code == "pg.42703" || error.code == "pg.42883" || error.code == "pg.42704" ||
         error.code == "pg.42501" || error.code == "pg.42804" || error.code == "pg.3F000";
}
bool is_shutdown(const Error& error) {
  return error.code == "pg.57P01" || error.code == "pg.57P02" || error.code == "pg.57P03";
}

}  // namespace

bool is_too_slow(const Error& error) { return error.code == "pg.statement_timeout"; }
bool is_lock_or_timeout(const Error& error) {
  return error.code == "pg.57014" || error.code == "pg.55P03" || is_too_slow(error);
}

bool ReadAttempts::again(const Error& error, std::stop_token stop) {
  if (stop.stop_requested() || run_.stopping()) return false;
  if (error.kind == ErrorKind::cancelled) return false;
  if (error.kind == ErrorKind::transient && is_lock_or_timeout(error)) {
    kReadLog.warn("a read waits for a lock or timed out and is tried again", kv("what", what_),
                  kv("reason", error.what));
    const Millis wait{std::min<unsigned>(100U << std::min(slow_++, 6U), 5000U)};
    return pause(stop, wait);
  }
  if (error.kind == ErrorKind::transient && !is_shutdown(error) && quick_ < kQuickAttempts)
    return pause(stop, Millis{50U << quick_++});
  Error ending = in_context(what_, error);
  // The next run describes the tables anew, and leaves out what cannot be read any more.
  if (is_stale_plan(error)) ending.kind = ErrorKind::transient;
  run_.fail(std::move(ending));
  return false;
}

}  // namespace flusso::pipeline
