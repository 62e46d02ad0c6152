#include "io/config/sinks.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "io/config/section.h"
#include "io/config/values.h"
#include "model/config/addresses.h"
#include "model/schema/names.h"

namespace flusso::config {

namespace {

void read_optional(Reading& reading, Section& section, std::string_view key, bool& target) {
  if (const Node* node = section.optional(key))
    target = read_bool(reading, *node, fmt::format("`{}`", key)).value_or(target);
}

template <class Unsigned>
void read_optional(Reading& reading, Section& section, std::string_view key, std::uint64_t min, Unsigned& target) {
  if (const Node* node = section.optional(key))
    if (const auto number =
            read_unsigned(reading, *node, fmt::format("`{}`", key), min, std::numeric_limits<Unsigned>::max()))
      target = static_cast<Unsigned>(*number);
}

std::optional<EnvOrValue> read_optional_secret(Reading& reading, Section& section, std::string_view key) {
  const Node* node = section.optional(key);
  return node == nullptr ? std::nullopt : read_env_or_value(reading, *node, fmt::format("`{}`", key));
}

OpenSearchSinkConfig read_opensearch(Reading& reading, Section& section) {
  OpenSearchSinkConfig sink;
  sink.url = read_optional_secret(reading, section, "url");
  if (sink.url)
    if (const Secret* literal = std::get_if<Secret>(&*sink.url); literal != nullptr && !is_http_url(literal->reveal()))
      reading.error(section.optional("url")->at, "`url` is no HTTP address", "http://… or https://… without blanks");
  sink.username = read_optional_secret(reading, section, "username");
  sink.password = read_optional_secret(reading, section, "password");
  read_optional(reading, section, "tls_verify", sink.tls_verify);
  read_optional(reading, section, "batch_size", 1, sink.batch_size);
  read_optional(reading, section, "max_bytes", 1, sink.max_bytes);
  read_optional(reading, section, "timeout_secs", 1, sink.timeout_secs);
  read_optional(reading, section, "max_retries", 0, sink.max_retries);
  if (const Node* node = section.optional("pipeline"))
    if (auto name = read_string(reading, *node, "`pipeline`")) {
      if (trimmed(*name).empty()) reading.error(node->at, "`pipeline` is empty", "the name of an ingest pipeline");
      sink.pipeline = std::move(*name);
    }
  read_optional(reading, section, "number_of_shards", 1, sink.number_of_shards);
  read_optional(reading, section, "number_of_replicas", 0, sink.number_of_replicas);
  if (const Node* node = section.optional("refresh_interval"))
    if (auto interval = read_string(reading, *node, "`refresh_interval`")) {
      if (!is_refresh_interval(*interval))
        reading.error(node->at, fmt::format("`refresh_interval` is `{}`", *interval),
                      "a time such as \"10s\", or \"-1\"");
      sink.refresh_interval = std::move(*interval);
    }
  if (const Node* node = section.optional("text_analysis"))
    sink.text_analysis = read_choice<TextAnalysis>(reading, *node, "`text_analysis`",
                                                   {{"builtin", TextAnalysis::builtin}, {"icu", TextAnalysis::icu}})
                             .value_or(TextAnalysis::builtin);
  read_optional(reading, section, "auto_subfields", sink.auto_subfields);
  return sink;
}

StdoutSinkConfig read_stdout(Reading& reading, Section& section) {
  StdoutSinkConfig sink;
  read_optional(reading, section, "pretty", sink.pretty);
  return sink;
}

enum class SinkType { opensearch, stdout_sink };

// Without a type, keys that no sink has are still mistakes: one of them may be the misspelt `type`.
void finish_without_type(Section& section) {
  for (const std::string_view key :
       {"url", "username", "password", "tls_verify", "batch_size", "max_bytes", "timeout_secs", "max_retries",
        "pipeline", "number_of_shards", "number_of_replicas", "refresh_interval", "text_analysis", "auto_subfields",
        "pretty"})
    section.entry(key);
  section.finish();
}

std::optional<SinkConfig> read_sink(Reading& reading, const Entry& entry) {
  const NameResult name = parse_plain_name(entry.key);
  if (!name)
    reading.error(entry.at, fmt::format("the sink name `{}` is not a valid name: {}", entry.key, name.error()));
  Section section(reading, entry.value, fmt::format("sink `{}`", entry.key));
  const Node* type_node = section.required("type", "`opensearch` or `stdout`");
  std::optional<SinkType> type;
  if (type_node != nullptr)
    type = read_choice<SinkType>(reading, *type_node, "`type`",
                                 {{"opensearch", SinkType::opensearch}, {"stdout", SinkType::stdout_sink}});
  if (!type) {
    finish_without_type(section);
    return std::nullopt;
  }
  SinkConfig sink;
  sink.at = reading.at(entry.at);
  if (*type == SinkType::opensearch)
    sink.kind = read_opensearch(reading, section);
  else
    sink.kind = read_stdout(reading, section);
  section.finish();
  if (!name) return std::nullopt;
  sink.name = *name;
  return sink;
}

}  // namespace

std::vector<SinkConfig> read_sinks(Reading& reading, const Node& node) {
  std::vector<SinkConfig> sinks;
  const auto* entries = node.mapping();
  if (entries == nullptr) {
    reading.error(node.at, fmt::format("`sinks` is {}", kind_of(node)), "one table `[sinks.<name>]` per sink");
    return sinks;
  }
  std::set<std::string> names;
  for (const Entry& entry : *entries) {
    auto sink = read_sink(reading, entry);
    if (!sink) continue;
    if (!names.insert(sink->name).second)
      reading.error(entry.at, fmt::format("the sink name `{}` stands twice", sink->name));
    else
      sinks.push_back(std::move(*sink));
  }
  std::sort(sinks.begin(), sinks.end(), [](const SinkConfig& a, const SinkConfig& b) { return a.name < b.name; });
  return sinks;
}

}  // namespace flusso::config
