#include "model/config/overrides.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/config/addresses.h"
#include "model/config/prefix.h"
#include "model/schema/names.h"

namespace flusso {

namespace {

std::optional<std::string> non_empty(const EnvLookup& lookup, std::string_view variable) {
  auto value = lookup(variable);
  if (value && value->empty()) return std::nullopt;
  return value;
}

Result<std::string> referenced(const EnvReference& reference, std::string_view where, const EnvLookup& lookup) {
  if (auto value = lookup(reference.variable)) return std::move(*value);
  return fail(ErrorKind::config, "config.env_unset",
              fmt::format("the environment variable {} is not set; {} reads it", reference.variable, where));
}

// By the precedence above; nothing when no place has a value.
Result<std::optional<std::string>> by_precedence(const std::optional<EnvOrValue>& written, const std::string& variable,
                                                 std::string_view where, const EnvLookup& lookup,
                                                 std::vector<std::string>& overrides) {
  if (written)
    if (const auto* reference = std::get_if<EnvReference>(&*written)) {
      FLUSSO_TRY_ASSIGN(std::string value, referenced(*reference, where, lookup));
      return std::optional<std::string>(std::move(value));
    }
  if (auto value = non_empty(lookup, variable)) {
    overrides.push_back(variable);
    return value;
  }
  if (written) return std::optional<std::string>(std::get<Secret>(*written).reveal());
  return std::optional<std::string>();
}

std::string bracketed(const std::string& host) {
  const bool ipv6 = host.find(':') != std::string::npos && !host.starts_with('/') && !host.starts_with('[');
  if (ipv6) return "[" + host + "]";
  return host.starts_with('[') ? host : percent_encoded(host);
}

Result<ResolvedSource> source_of_parts(const ConnectionParts& parts, const EnvLookup& lookup) {
  ResolvedSource out;
  std::string user = percent_encoded(parts.user);
  if (parts.password) {
    std::string password;
    if (const auto* reference = std::get_if<EnvReference>(&*parts.password)) {
      FLUSSO_TRY_ASSIGN(password, referenced(*reference, "[source.connection_url] password", lookup));
    } else {
      password = std::get<Secret>(*parts.password).reveal();
    }
    user += ":" + percent_encoded(password);
  }
  out.url = Secret(fmt::format("postgresql://{}@{}:{}/{}", user, bracketed(parts.host), parts.port,
                               percent_encoded(parts.database)));
  out.description = fmt::format("{}@{}:{}/{}", parts.user, parts.host, parts.port, parts.database);
  return out;
}

Result<ResolvedSource> source_of_url(std::string_view text, std::string_view where) {
  const std::string_view url = trimmed(text);
  if (!is_postgres_url(url))
    return fail(ErrorKind::config, "config.bad_url",
                fmt::format("{} is no Postgres URL: postgres://… or postgresql://… without blanks is needed", where));
  ResolvedSource out;
  out.url = Secret(std::string(url));
  out.description = without_secrets(url);
  return out;
}

// Takes user:password@ out of an HTTP URL, so that it may be shown.
struct SplitUrl {
  std::string url;
  std::optional<std::string> username;
  std::optional<std::string> password;
};
SplitUrl split_user(std::string_view url) {
  SplitUrl out;
  const auto host = url.find("://") + 3;
  const auto end = std::min(url.find_first_of("/?#", host), url.size());
  const auto at = url.substr(0, end).rfind('@');
  std::string_view rest = url.substr(host);
  if (at != std::string_view::npos && at >= host) {
    const std::string_view user = url.substr(host, at - host);
    const auto colon = user.find(':');
    out.username = percent_decoded(user.substr(0, colon));
    if (colon != std::string_view::npos) out.password = percent_decoded(user.substr(colon + 1));
    rest = url.substr(at + 1);
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  out.url = std::string(url.substr(0, host)).append(rest);
  return out;
}

std::optional<Secret> secret(std::optional<std::string> text) {
  if (!text) return std::nullopt;
  return Secret(std::move(*text));
}

}  // namespace

std::string reserved_variable(std::string_view sink_name, std::string_view what) {
  std::string name(sink_name);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return fmt::format("{}_OPENSEARCH_{}", name, what);
}

Result<ResolvedSource> resolve_source(const SourceConfig& source, const EnvLookup& lookup) {
  const auto* written = std::get_if<EnvOrValue>(&source.connection_url);
  if (written != nullptr)
    if (const auto* reference = std::get_if<EnvReference>(written)) {
      FLUSSO_TRY_ASSIGN(const std::string url, referenced(*reference, "[source] connection_url", lookup));
      return source_of_url(url, fmt::format("the value of {}", reference->variable));
    }
  if (const auto url = non_empty(lookup, "DATABASE_URL")) {
    FLUSSO_TRY_ASSIGN(ResolvedSource out, source_of_url(*url, "the value of DATABASE_URL"));
    out.overrides.push_back("DATABASE_URL");
    return out;
  }
  if (written != nullptr) return source_of_url(std::get<Secret>(*written).reveal(), "[source] connection_url");
  if (const auto* parts = std::get_if<ConnectionParts>(&source.connection_url)) return source_of_parts(*parts, lookup);
  return fail(ErrorKind::config, "config.connection_missing",
              "there is no database to read from: set `connection_url` in [source] or the variable DATABASE_URL");
}

Result<ResolvedOpenSearch> resolve_opensearch(std::string_view sink_name, const OpenSearchSinkConfig& sink,
                                              const EnvLookup& lookup) {
  ResolvedOpenSearch out;
  const auto value = [&](const std::optional<EnvOrValue>& written, std::string_view key, std::string_view what) {
    return by_precedence(written, reserved_variable(sink_name, what), fmt::format("[sinks.{}] {}", sink_name, key),
                         lookup, out.overrides);
  };
  FLUSSO_TRY_ASSIGN(const std::optional<std::string> url, value(sink.url, "url", "URL"));
  if (!url)
    return fail(ErrorKind::config, "config.connection_missing",
                fmt::format("sink {} has no address: set `url` in [sinks.{}] or the variable {}", sink_name, sink_name,
                            reserved_variable(sink_name, "URL")));
  const std::string_view bare = trimmed(*url);
  if (!is_http_url(bare))
    return fail(ErrorKind::config, "config.bad_url",
                fmt::format("the address of sink {} is no HTTP address: http://… or https://… without blanks is needed",
                            sink_name));
  SplitUrl split = split_user(bare);
  out.url = std::move(split.url);
  FLUSSO_TRY_ASSIGN(std::optional<std::string> username, value(sink.username, "username", "USERNAME"));
  FLUSSO_TRY_ASSIGN(std::optional<std::string> password, value(sink.password, "password", "PASSWORD"));
  if (!username) username = std::move(split.username);
  if (!password) password = std::move(split.password);
  if (username && !password) password = "";
  if (!username && password) {
    out.warnings.push_back(
        fmt::format("sink {} has a password but no username: requests are sent without either", sink_name));
    password.reset();
  }
  out.username = secret(std::move(username));
  out.password = secret(std::move(password));
  return out;
}

Result<std::string> resolve_prefix(const std::string& from_file, const std::optional<std::string>& given) {
  const std::string& prefix = given ? *given : from_file;
  if (const std::string problem = prefix_problem(prefix); !problem.empty())
    return fail(ErrorKind::config, "config.bad_prefix",
                fmt::format("the index prefix {} cannot begin an index name: {}", prefix, problem));
  return prefix;
}

}  // namespace flusso
