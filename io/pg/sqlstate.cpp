#include "io/pg/sqlstate.h"

#include <algorithm>
#include <array>

namespace flusso::pg {
namespace {

// Conditions that pass by themselves although their class does not say so.
constexpr std::array<std::string_view, 9> kTransient = {
    "55P03",  // lock not available, lock_timeout
    "55006",  // object in use: the slot is active
    "57014",  // cancelled, statement_timeout
    "57P01",  // admin shutdown
    "57P02",  // crash shutdown
    "57P03",  // cannot connect now
    "57P05",  // idle session timeout
    "25P02",  // in failed transaction
    "25P03",  // idle in transaction timeout
};

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

}  // namespace

ErrorKind kind_of_sqlstate(std::string_view sqlstate) {
  if (sqlstate.size() != 5) return ErrorKind::permanent;
  if (std::find(kTransient.begin(), kTransient.end(), sqlstate) != kTransient.end()) return ErrorKind::transient;
  const std::string_view group = sqlstate.substr(0, 2);
  if (group == "08") return sqlstate == "08P01" ? ErrorKind::permanent : ErrorKind::transient;
  if (group == "40" || group == "53" || group == "58") return ErrorKind::transient;
  if (group == "28" || group == "3D") return ErrorKind::config;
  return ErrorKind::permanent;
}

std::string code_of_sqlstate(std::string_view sqlstate) { return "pg." + std::string(sqlstate); }

bool is_data_error(const Error& error) {
  const std::string_view code = error.code;
  return begins_with(code, "pg.22") || begins_with(code, "pg.21") || begins_with(code, "pg.54") || code == "pg.P0001";
}

}  // namespace flusso::pg
