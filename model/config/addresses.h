#pragma once
// The shapes of addresses and intervals that a deployment may name, whether they come from the file, a flag or the
// environment. Pure checks; nothing is resolved or contacted.

#include <string>
#include <string_view>

namespace flusso {

bool is_postgres_url(std::string_view text);      // postgres:// or postgresql://, no blanks
bool is_http_url(std::string_view text);          // http:// or https://, a host, no blanks
bool is_socket_address(std::string_view text);    // IP:port, [IPv6]:port; port 0 means any free one
bool is_refresh_interval(std::string_view text);  // 10s, 500ms, 1m, 0, or -1 for never

// Every byte that is not unreserved in a URI as %XX.
std::string percent_encoded(std::string_view text);
// %XX decoded; a % that begins no escape stays.
std::string percent_decoded(std::string_view text);

// A connection URL without its password and without its query, for people: postgres://user:***@host:5432/db.
std::string without_secrets(std::string_view url);

}  // namespace flusso
