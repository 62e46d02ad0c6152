#pragma once
// The two things about URLs that this program needs: a base URL taken apart so that credentials never reach a log line,
// and percent encoding of one path segment or query value.

#include <optional>
#include <string>
#include <string_view>

#include "model/config/secret.h"
#include "model/result.h"

namespace flusso::http {

struct BasicAuth {
  std::string username;
  Secret password;
};

// scheme://host[:port][/path] without trailing slash; credentials of the user-info part (percent-decoded) are apart.
struct BaseUrl {
  std::string text;
  std::optional<BasicAuth> auth;
};

// Accepts http and https only. Error config.url never repeats the text, because it may hold a password.
Result<BaseUrl> parse_base_url(std::string_view text);

// Everything except RFC 3986 unreserved characters becomes %XX.
std::string percent_encode(std::string_view text);

}  // namespace flusso::http
