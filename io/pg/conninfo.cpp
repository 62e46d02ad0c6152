#include "io/pg/conninfo.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "io/pg/sqlstate.h"

namespace flusso::pg {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

bool is_code_char(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

void set(ConnInfo& info, std::string keyword, std::string value) {
  const auto found = std::find(info.keywords.begin(), info.keywords.end(), keyword);
  if (found != info.keywords.end()) {
    info.values[static_cast<std::size_t>(found - info.keywords.begin())] = std::move(value);
    return;
  }
  info.keywords.push_back(std::move(keyword));
  info.values.push_back(std::move(value));
}

std::string get(const ConnInfo& info, std::string_view keyword) {
  for (std::size_t i = 0; i < info.keywords.size(); ++i)
    if (info.keywords[i] == keyword) return info.values[i];
  return {};
}

void set_default(ConnInfo& info, const std::string& keyword, std::string value) {
  if (get(info, keyword).empty()) set(info, keyword, std::move(value));
}

void add_option(std::string& options, std::string_view name, std::string_view value) {
  if (!options.empty()) options += ' ';
  options += "-c ";
  options += name;
  options += '=';
  for (const char c : value) {
    if (c == ' ' || c == '\\') options += '\\';
    options += c;
  }
}

// A raw @ or / in a password cuts the URL elsewhere than its author thinks: parts of the password would become the host
// or the database, which messages show.
bool is_cut_wrong(std::string_view url) {
  const auto scheme = url.find("://");
  if (!url.starts_with("postgres") || scheme == std::string_view::npos) return false;  // key=value pairs
  std::string_view rest = url.substr(scheme + 3);
  const auto first = rest.find_first_of("@/");
  if (first != std::string_view::npos && rest[first] == '@') rest.remove_prefix(first + 1);
  return rest.substr(0, rest.find('?')).find('@') != std::string_view::npos;
}

// The part of libpq's message that people need: no "connection to server at … failed:", no LOCATION line.
std::string essence(std::string_view message, std::string_view sqlstate) {
  if (!sqlstate.empty()) {
    const auto at = message.rfind(std::string(sqlstate) + ": ");
    if (at != std::string_view::npos) message.remove_prefix(at + sqlstate.size() + 2);
  } else if (const auto failed = message.rfind(" failed: "); failed != std::string_view::npos) {
    message.remove_prefix(failed + 9);
  }
  message = message.substr(0, message.find('\n'));
  while (!message.empty() && (message.back() == ' ' || message.back() == '\r')) message.remove_suffix(1);
  return std::string(message);
}

}  // namespace

std::string startup_options(const ConnParams& params) {
  std::string options;
  add_option(options, "jit", "off");
  add_option(options, "max_parallel_workers_per_gather", "0");
  add_option(options, "TimeZone", "UTC");
  add_option(options, "DateStyle", "ISO,MDY");
  add_option(options, "IntervalStyle", "postgres");
  add_option(options, "bytea_output", "hex");
  add_option(options, "extra_float_digits", params.replication ? "3" : "1");
  add_option(options, "standard_conforming_strings", "on");
  // What literals and raw filters mean, and how names come out.
  add_option(options, "array_nulls", "on");
  add_option(options, "gin_fuzzy_search_limit", "0");
  add_option(options, "quote_all_identifiers", "off");
  add_option(options, "timezone_abbreviations", "Default");
  add_option(options, "transform_null_equals", "off");
  add_option(options, "row_security", "off");
  add_option(options, "search_path", params.search_path);
  add_option(options, "statement_timeout", fmt::format("{}", params.statement_timeout.count()));
  add_option(options, "lock_timeout", fmt::format("{}", params.lock_timeout.count()));
  add_option(options, "idle_in_transaction_session_timeout",
             fmt::format("{}", params.idle_in_transaction_timeout.count()));
  add_option(options, "idle_session_timeout", "0");  // would end a session before its first statement
  for (const auto& [name, value] : params.settings) add_option(options, name, value);
  return options;
}

Result<ConnInfo> conninfo_of(const ConnParams& params) {
  ConnInfo info;
  char* complaint = nullptr;  // may quote the whole URL: never shown
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(params.url.reveal().c_str(), &complaint));
  PQfreemem(complaint);
  if (!options || is_cut_wrong(params.url.reveal())) {
    return fail(ErrorKind::config, "pg.url",
                "the connection URL of the source is not a Postgres URL of the form "
                "postgres://user:password@host:port/database; check the port and that special characters of the "
                "password are percent-encoded");
  }
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) set(info, option->keyword, option->val);

  std::string pinned = get(info, "options");
  if (!pinned.empty()) pinned += ' ';
  set(info, "options", pinned + startup_options(params));
  set(info, "client_encoding", "UTF8");
  if (!params.application_name.empty()) set(info, "application_name", params.application_name);
  if (params.replication) set(info, "replication", "database");
  set_default(info, "keepalives", "1");
  set_default(info, "keepalives_idle", "10");
  set_default(info, "keepalives_interval", "5");
  set_default(info, "keepalives_count", "3");
  set_default(info, "tcp_user_timeout", "20000");

  int seconds = 10;
  if (const std::string given = get(info, "connect_timeout"); !given.empty()) {
    std::from_chars(given.data(), given.data() + given.size(), seconds);
    seconds = seconds <= 0 ? 600 : std::clamp(seconds, 2, 600);
  }
  const std::string hosts = get(info, "host");
  info.connect_timeout = Millis(seconds * 1000 * (1 + std::count(hosts.begin(), hosts.end(), ',')));
  return info;
}

std::string sqlstate_in(std::string_view message) {
  for (auto at = message.rfind(":  "); at != std::string_view::npos && at > 0; at = message.rfind(":  ", at - 1)) {
    const std::string_view rest = message.substr(at + 3);
    if (rest.size() > 6 && rest[5] == ':' && std::all_of(rest.begin(), rest.begin() + 5, is_code_char))
      return std::string(rest.substr(0, 5));
  }
  return {};
}

Error connect_error(std::string_view message, const std::string& target, const std::string& user,
                    const std::string& database, bool needs_password, bool replication) {
  const std::string state = sqlstate_in(message);
  const std::string why = essence(message, state);
  if (needs_password) {
    return Error{
        ErrorKind::config, "pg.28P01",
        fmt::format("Postgres at {} wants a password for user \"{}\" and none is given; add it to the source's "
                    "connection_url or set PGPASSWORD",
                    target, user)};
  }
  if (state.empty()) {
    return Error{ErrorKind::transient, code_of_sqlstate(kCannotConnect),
                 fmt::format("cannot reach Postgres at {}: {}; check that the server runs and that host, port and "
                             "sslmode in the source's connection_url are right",
                             target, why)};
  }
  const std::string code = code_of_sqlstate(state);
  if (state.substr(0, 2) == "28") {
    return Error{
        ErrorKind::config, code,
        fmt::format("Postgres at {} refused the login of user \"{}\": {}; check user and password in the source's "
                    "connection_url and the server's pg_hba.conf",
                    target, user, why)};
  }
  if (state == "3D000") {
    return Error{ErrorKind::config, code,
                 fmt::format("cannot connect to {}: database \"{}\" does not exist; create it or correct the source's "
                             "connection_url",
                             target, database)};
  }
  if (state == "42501" && replication) {
    return Error{ErrorKind::permanent, "pg.no_replication",
                 fmt::format("user \"{}\" at {} may not open a replication connection: {}; run ALTER ROLE \"{}\" "
                             "REPLICATION; as a superuser",
                             user, target, why, user)};
  }
  if (state == "42704" && why.find("idle_session_timeout") != std::string::npos) {
    return Error{ErrorKind::permanent, "pg.version",
                 fmt::format("flusso needs PostgreSQL 14 or newer, the server at {} is older", target)};
  }
  if (state == "08P01") {
    return Error{ErrorKind::permanent, "pg.pooler",
                 fmt::format("the server at {} refuses our session settings ({}), as connection poolers do; connect to "
                             "Postgres itself, not to a pooler",
                             target, why)};
  }
  if (state == "53300") {
    return Error{ErrorKind::transient, code,
                 fmt::format("Postgres at {} has no connection left: {}; raise max_connections or max_wal_senders, or "
                             "lower --workers",
                             target, why)};
  }
  return Error{kind_of_sqlstate(state), code, fmt::format("cannot connect to Postgres at {}: {}", target, why)};
}

}  // namespace flusso::pg
