#pragma once
// From a connection URL to the keywords libpq connects with: the user's options, and ours on top, which must win.
// The URL is a secret; no sentence made here repeats any of it but host, port, database and user.
// Thread: any; pure apart from libpq's own look at PG* environment variables.

#include <string>
#include <vector>

#include "io/pg/conn.h"

namespace flusso::pg {

struct ConnInfo {
  std::vector<std::string> keywords;
  std::vector<std::string> values;  // aligned with keywords
  Millis connect_timeout{10000};    // for all hosts together
};

// Errors: config pg.url (not a connection URL; the URL itself is not repeated).
Result<ConnInfo> conninfo_of(const ConnParams& params);

// The startup parameter `options`: "-c name=value …" with blanks and backslashes escaped.
std::string startup_options(const ConnParams& params);

// The SQLSTATE inside a verbose libpq message ("FATAL:  28P01: password …"), empty when there is none.
std::string sqlstate_in(std::string_view message);

// What went wrong while connecting, as one sentence with its cure. `message` is libpq's, verbose.
Error connect_error(std::string_view message, const std::string& target, const std::string& user,
                    const std::string& database, bool needs_password, bool replication);

}  // namespace flusso::pg
