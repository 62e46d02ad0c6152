#include "io/config/literal_secrets.h"

#include <fmt/format.h>

namespace flusso::config {

namespace {

// user:password@ in the authority, or libpq's parameter.
bool has_password(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = url.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos) return true;
  const auto query = rest.find('?');
  return query != std::string_view::npos && rest.find("password=", query) != std::string_view::npos;
}

const Secret* literal(const std::optional<EnvOrValue>& value) { return value ? std::get_if<Secret>(&*value) : nullptr; }

}  // namespace

std::vector<std::string> literal_secrets(const Config& config) {
  std::vector<std::string> places;
  if (const auto* url = std::get_if<EnvOrValue>(&config.source.connection_url)) {
    const auto* text = std::get_if<Secret>(url);
    if (text != nullptr && has_password(text->reveal())) places.emplace_back("[source] connection_url");
  } else if (const auto* parts = std::get_if<ConnectionParts>(&config.source.connection_url)) {
    if (literal(parts->password) != nullptr) places.emplace_back("[source.connection_url] password");
  }
  for (const SinkConfig& sink : config.sinks) {
    const auto* opensearch = std::get_if<OpenSearchSinkConfig>(&sink.kind);
    if (opensearch == nullptr) continue;
    if (const Secret* url = literal(opensearch->url); url != nullptr && has_password(url->reveal()))
      places.push_back(fmt::format("[sinks.{}] url", sink.name));
    if (literal(opensearch->password) != nullptr) places.push_back(fmt::format("[sinks.{}] password", sink.name));
  }
  return places;
}

}  // namespace flusso::config
