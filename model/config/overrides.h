#pragma once
// Where connection values come from when a run starts: an explicit { env = "X" } names its own source and is never
// overridden; else the reserved variable (DATABASE_URL, <SINK>_OPENSEARCH_URL, …_USERNAME, …_PASSWORD); else what the
// file says. A reserved variable that is set but empty counts as unset. Manual: "Secrets & connection values".

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config/config.h"
#include "model/result.h"

namespace flusso {

// Injected so that tests need no process environment; production passes std::getenv.
using EnvLookup = std::function<std::optional<std::string>(std::string_view)>;

struct ResolvedSource {
  Secret url;                          // for libpq, percent-encoded where it was built from parts
  std::string description;             // for people: no password
  std::vector<std::string> overrides;  // reserved variables that took effect, by name
};

struct ResolvedOpenSearch {
  std::string url;  // without user and password, without a slash at the end
  std::optional<Secret> username;
  std::optional<Secret> password;      // set whenever username is, possibly empty
  std::vector<std::string> overrides;  // reserved variables that took effect, by name
  std::vector<std::string> warnings;   // sentences worth logging once
};

// Errors are config.env_unset (names the variable and where it is used), config.connection_missing and
// config.bad_url; none contains a value. Thread: any; reads nothing but `lookup`.
Result<ResolvedSource> resolve_source(const SourceConfig& source, const EnvLookup& lookup);
Result<ResolvedOpenSearch> resolve_opensearch(std::string_view sink_name, const OpenSearchSinkConfig& sink,
                                              const EnvLookup& lookup);

// The prefix in force: `given` (a flag or its variable) wins over the file. Error config.bad_prefix.
Result<std::string> resolve_prefix(const std::string& from_file, const std::optional<std::string>& given);

// <SINK>_OPENSEARCH_<what>, e.g. PRIMARY_OPENSEARCH_URL.
std::string reserved_variable(std::string_view sink_name, std::string_view what);

}  // namespace flusso
