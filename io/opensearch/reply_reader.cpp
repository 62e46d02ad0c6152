#include "io/opensearch/reply_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace flusso::opensearch {
namespace {

using simdjson::SUCCESS;
namespace ondemand = simdjson::ondemand;

constexpr std::size_t kMaxErrorBodyBytes = 64 * 1024;

int severity(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::applied:
      return 0;
    case OutcomeKind::gone:
      return 1;
    case OutcomeKind::rejected:
      return 2;
    case OutcomeKind::retry:
      return 3;
    case OutcomeKind::refused:
      return 4;
    case OutcomeKind::in_doubt:
      return 5;
  }
  return 5;
}

std::string describe(int status, std::string_view type, std::string_view reason) {
  if (type.empty() && reason.empty()) return fmt::format("status {}", status);
  if (type.empty()) return tidy_reason(reason);
  return tidy_reason(fmt::format("{}: {}", type, reason));
}

BulkOutcome all(std::size_t count, OutcomeKind kind, const std::string& reason) {
  return BulkOutcome{std::vector<Outcome>(count, Outcome{kind, reason})};
}

// Walks the items and hands each result to `take` (which says whether to go on). False when the text is not as
// expected.
template <class Take>
bool for_each_item(ondemand::document& document, Take take) {
  ondemand::array items;
  if (document.find_field_unordered("items").get_array().get(items) != SUCCESS) return false;
  for (auto element : items) {
    ondemand::object wrapper;
    if (element.get_object().get(wrapper) != SUCCESS) return false;
    for (auto field : wrapper) {
      std::string_view verb;
      ondemand::object result;
      if (field.unescaped_key().get(verb) != SUCCESS || field.value().get_object().get(result) != SUCCESS) return false;
      const bool is_delete = verb == "delete";
      std::int64_t status = 0;
      std::string type;
      std::string reason;
      for (auto member : result) {
        std::string_view key;
        ondemand::value value;
        if (member.unescaped_key().get(key) != SUCCESS || member.value().get(value) != SUCCESS) return false;
        if (key == "status") {
          if (value.get_int64().get(status) != SUCCESS) return false;
        } else if (key == "error") {
          ondemand::object error;
          std::string_view text;
          if (value.get_object().get(error) == SUCCESS) {
            for (auto part : error) {
              std::string_view name;
              ondemand::value content;
              if (part.unescaped_key().get(name) != SUCCESS || part.value().get(content) != SUCCESS) return false;
              if (name != "type" && name != "reason") continue;
              std::string_view words;
              if (content.get_string().get(words) == SUCCESS) (name == "type" ? type : reason) = words;
            }
          } else if (value.get_string().get(text) == SUCCESS) {
            reason = text;
          }
          if (type.empty() && reason.empty()) reason = "an error without a reason";
        }
      }
      if (status < 100 || status > 599) return false;
      if (!take(static_cast<int>(status), type, reason, is_delete)) return false;
    }
  }
  return true;  // simdjson has seen the root object's closing brace before it handed out the first item
}

}  // namespace

std::string tidy_reason(std::string_view text) {
  if (const std::size_t preview = text.find("Preview of field's value"); preview != std::string_view::npos)
    text = text.substr(0, preview);
  std::string out(text.substr(0, kMaxReasonBytes));
  if (text.size() > kMaxReasonBytes) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0U) out.pop_back();
    out += "…";
  }
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  return out;
}

Outcome outcome_of(int status, std::string_view type, std::string_view reason, bool is_delete) {
  const auto with = [&](OutcomeKind kind) { return Outcome{kind, describe(status, type, reason)}; };
  if ((status >= 200 && status < 300) || status == 409) return Outcome{};
  if (status == 404 && type == "index_not_found_exception") return with(OutcomeKind::gone);
  if (status == 404 && is_delete && type.empty() && reason.empty()) return Outcome{};
  if (type == "cluster_block_exception" || type == "index_closed_exception" || status == 401 || status == 403)
    return with(OutcomeKind::refused);
  if (type == "illegal_argument_exception" && reason.starts_with("pipeline with id ["))
    return with(OutcomeKind::refused);
  if (status == 429 || status == 503) return with(OutcomeKind::retry);
  if (status >= 500) return with(OutcomeKind::in_doubt);
  return with(OutcomeKind::rejected);
}

Outcome worse(Outcome a, Outcome b) { return severity(b.kind) > severity(a.kind) ? b : a; }

BulkOutcome read_bulk_reply(std::string_view body, std::size_t capacity, const std::vector<unsigned>& actions) {
  thread_local ondemand::parser parser;
  simdjson::padded_string copy;
  simdjson::padded_string_view text;
  if (capacity >= body.size() + simdjson::SIMDJSON_PADDING) {
    text = simdjson::padded_string_view(body.data(), body.size(), capacity);
  } else {
    copy = simdjson::padded_string(body);
    text = copy;
  }
  ondemand::document document;
  if (parser.iterate(text).get(document) != SUCCESS)
    return all(actions.size(), OutcomeKind::in_doubt, "the answer is not JSON");
  BulkOutcome outcome;
  outcome.items.resize(actions.size());
  std::size_t item = 0;
  unsigned seen = 0;
  const bool complete =
      for_each_item(document, [&](int status, std::string_view type, std::string_view reason, bool is_delete) {
        while (item < actions.size() && seen == actions[item]) {
          ++item;
          seen = 0;
        }
        if (item == actions.size()) return false;
        if (status < 200 || status > 299)
          outcome.items[item] = worse(std::move(outcome.items[item]), outcome_of(status, type, reason, is_delete));
        ++seen;
        return true;
      });
  while (item < actions.size() && seen == actions[item]) {
    ++item;
    seen = 0;
  }
  if (!complete || item != actions.size())
    return all(actions.size(), OutcomeKind::in_doubt, "the answer does not list every document sent");
  return outcome;
}

bool is_mapping_race(std::string_view reason) {
  return reason.starts_with("illegal_argument_exception: mapper [") &&
         reason.find("] cannot be changed from type [") != std::string_view::npos;
}

bool is_cluster_block(std::string_view reason) { return reason.starts_with("cluster_block_exception"); }

std::string error_reason(std::string_view body) {
  const std::string_view head = body.substr(0, kMaxErrorBodyBytes);
  const nlohmann::json parsed = nlohmann::json::parse(head, nullptr, false);
  if (parsed.is_object()) {
    const auto error = parsed.find("error");
    if (error != parsed.end() && error->is_string()) return tidy_reason(error->get_ref<const std::string&>());
    if (error != parsed.end() && error->is_object()) {
      const auto text = [&](const char* key) {
        const auto found = error->find(key);
        return found != error->end() && found->is_string() ? found->get<std::string>() : std::string();
      };
      if (error->contains("type") || error->contains("reason")) return describe(0, text("type"), text("reason"));
    }
  }
  return tidy_reason(head.substr(0, 200));
}

}  // namespace flusso::opensearch
