#include "io/opensearch/os_index_admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/opensearch/names.h"
#include "model/log.h"

namespace flusso::opensearch {
namespace {

using http::Method;
using Json = nlohmann::json;
constexpr Logger kAdminLog{"sink"};

// The recorded generation is there and is the very index that was recorded (one that was deleted and came back by
// automatic creation has another UUID and a guessed mapping).
bool is_intact(const Generations& generations, Generation generation, const std::string& recorded_uuid) {
  const auto found = generations.find(generation);
  return found != generations.end() && (recorded_uuid.empty() || recorded_uuid == found->second);
}

bool is_ours(const Json& task, const std::string& opaque_id, const std::set<std::string>& aliases) {
  if (const auto headers = task.find("headers"); headers != task.end() && headers->is_object()) {
    const auto id = headers->find("X-Opaque-Id");
    if (id != headers->end() && id->is_string() && id->get_ref<const std::string&>() == opaque_id) return true;
  }
  const auto description = task.find("description");
  if (description == task.end() || !description->is_string()) return false;
  const auto& text = description->get_ref<const std::string&>();
  return std::any_of(aliases.begin(), aliases.end(),
                     [&](const std::string& alias) { return text.find(alias + "_") != std::string::npos; });
}

}  // namespace

OsIndexAdmin::OsIndexAdmin(http::Client client, std::string sink, IndexAdminOptions options,
                           std::shared_ptr<OutageLog> outage)
    : options_(std::move(options)),
      cluster_(std::move(client), std::move(sink), std::move(outage)),
      meta_(cluster_, options_.prefix, options_.body.replicas) {}

std::string OsIndexAdmin::hash_alias(const IndexPlan& plan) const {
  return opensearch::hash_alias(options_.prefix, plan);
}

Status OsIndexAdmin::connect() {
  FLUSSO_TRY_ASSIGN(const http::Reply reply, cluster_.call(Method::get, "/"));
  const Json answer = Json::parse(reply.body, nullptr, false);
  if (!answer.is_object() || !answer.contains("version"))
    return fail(
        cluster_.error(ErrorKind::permanent, "os.not_opensearch", "something answers there, but it is not OpenSearch"));
  return meta_.ensure();
}

Result<OsIndexAdmin::Found> OsIndexAdmin::find(const std::string& alias) {
  known_aliases_.insert(alias);
  Found found;
  FLUSSO_TRY_ASSIGN(found.generations, list_generations(cluster_, alias));
  FLUSSO_TRY_ASSIGN(const std::optional<std::string> text, meta_.load(alias));
  if (text) found.record = parse_record(*text);
  if (text && !found.record)
    kAdminLog.warn("index record cannot be read", kv("sink", cluster_.sink()), kv("record", alias));
  return found;
}

Result<IndexState> OsIndexAdmin::state(const IndexPlan& plan) {
  const std::string alias = hash_alias(plan);
  FLUSSO_TRY_ASSIGN(const Found found, find(alias));
  IndexState state;
  if (!found.record) return state;
  const IndexRecord& record = *found.record;
  if (record.staged && is_intact(found.generations, *record.staged, record.staged_uuid)) state.staged = record.staged;
  if (is_intact(found.generations, record.active, record.uuid)) {
    state.active = record.active;
    state.seeded = record.seeded;
  } else {
    kAdminLog.warn("recorded index is gone", kv("sink", cluster_.sink()),
                   kv("index", generation_index(alias, record.active)));
    state.active = std::exchange(state.staged, std::nullopt).value_or(Generation{0});
  }
  if (state.active.number > 0) state.uuid = found.generations.at(state.active);
  return state;
}

Result<std::string> OsIndexAdmin::create_index(const IndexPlan& plan, const std::string& alias, Generation generation) {
  const std::string target = "/" + http::percent_encode(generation_index(alias, generation));
  const HiddenField hidden = plan.traced.empty() ? HiddenField::no : HiddenField::row_tokens;
  const std::string body = render_index_body(plan.mapping, options_.body, hidden);
  FLUSSO_TRY(cluster_.call(Method::put, target, body).map([](const http::Reply&) {}));
  FLUSSO_TRY_ASSIGN(const Generations generations, list_generations(cluster_, alias));
  const auto created = generations.find(generation);
  if (created == generations.end())
    return fail(cluster_.error(ErrorKind::transient, "os.index_missing",
                               generation_index(alias, generation) + " was created but is not there"));
  return created->second;
}

Result<Generation> OsIndexAdmin::stage(const IndexPlan& plan) {
  const std::string alias = hash_alias(plan);
  FLUSSO_TRY_ASSIGN(const Found found, find(alias));
  Generation last{0};
  if (!found.generations.empty()) last = found.generations.rbegin()->first;
  if (found.record) last = std::max({last, found.record->active, found.record->staged.value_or(Generation{0})});
  const Generation next{last.number + 1};
  FLUSSO_TRY_ASSIGN(const std::string uuid, create_index(plan, alias, next));
  IndexRecord record{next, false, uuid, std::nullopt, {}};
  const bool replaces_complete =
      found.record && found.record->seeded && is_intact(found.generations, found.record->active, found.record->uuid);
  if (replaces_complete) {
    record = *found.record;
    record.staged = next;
    record.staged_uuid = uuid;
  }
  FLUSSO_TRY(meta_.save(alias, render_record(record)));
  if (!replaces_complete) FLUSSO_TRY(point_aliases(plan, alias, next, Takeover::same_hash));
  kAdminLog.info("index created", kv("sink", cluster_.sink()), kv("index", generation_index(alias, next)));
  return next;
}

// Only the field: what a document shows (_source.excludes) is settled when an index is made.
Status OsIndexAdmin::accept_tokens(const IndexPlan& plan, Generation generation) {
  const std::string target = "/" + http::percent_encode(generation_index(hash_alias(plan), generation)) + "/_mapping";
  return cluster_.call(Method::put, target, render_token_mapping()).map([](const http::Reply&) {});
}

Status OsIndexAdmin::promote(const IndexPlan& plan, Generation generation) {
  const std::string alias = hash_alias(plan);
  const std::string index = generation_index(alias, generation);
  const std::string target = "/" + http::percent_encode(index);
  FLUSSO_TRY_ASSIGN(const Found found, find(alias));
  const auto existing = found.generations.find(generation);
  if (existing == found.generations.end())
    return fail(cluster_.error(ErrorKind::permanent, "os.index_missing",
                               fmt::format("{} cannot be promoted because it does not exist", index)));
  FLUSSO_TRY(cluster_.call(Method::post, target + "/_refresh").map([](const http::Reply&) {}));
  const Json settings = {{"index", {{"refresh_interval", options_.refresh_interval}}}};
  FLUSSO_TRY(cluster_.call(Method::put, target + "/_settings", settings.dump()).map([](const http::Reply&) {}));
  FLUSSO_TRY(point_aliases(plan, alias, generation, Takeover::same_name));
  FLUSSO_TRY(meta_.save(alias, render_record(IndexRecord{generation, true, existing->second, std::nullopt, {}})));
  kAdminLog.info("index promoted", kv("sink", cluster_.sink()), kv("index", index));
  return {};
}

// The hash alias must succeed, whoever holds it; the convenience alias moves in the same call where that is possible.
Status OsIndexAdmin::point_aliases(const IndexPlan& plan, const std::string& alias, Generation generation,
                                   Takeover takeover) {
  const std::string target = generation_index(alias, generation);
  std::vector<AliasMove> required;
  FLUSSO_TRY_ASSIGN(std::vector<std::string> holders, alias_holders(cluster_, alias));
  const bool held_by_target = std::erase(holders, target) > 0;
  if (!held_by_target || !holders.empty()) required.push_back(AliasMove{alias, std::move(holders), target});
  FLUSSO_TRY_ASSIGN(const std::optional<AliasMove> convenience, convenience_move(plan, alias, target, takeover));
  std::vector<AliasMove> moves = required;
  if (convenience) moves.push_back(*convenience);
  Status moved = move_aliases(cluster_, moves);
  if (!moved && moved.error().kind == ErrorKind::permanent && convenience) {
    kAdminLog.warn("convenience alias not moved", kv("sink", cluster_.sink()), kv("alias", convenience->alias),
                   kv("reason", moved.error().what));
    moved = move_aliases(cluster_, required);
  }
  return moved;
}

// {prefix}{name}: taken when it is free or held by indexes that may be left; anybody else keeps it.
Result<std::optional<AliasMove>> OsIndexAdmin::convenience_move(const IndexPlan& plan, const std::string& alias,
                                                                const std::string& target, Takeover takeover) {
  const std::string name = options_.prefix + plan.name;
  FLUSSO_TRY_ASSIGN(std::vector<std::string> holders, alias_holders(cluster_, name));
  if (std::erase(holders, target) > 0 && holders.empty()) return std::nullopt;
  for (const std::string& index : holders) {
    if (!is_generation_of_name(index, options_.prefix, plan.name)) {
      kAdminLog.warn("convenience alias is held by a foreign index", kv("sink", cluster_.sink()), kv("alias", name),
                     kv("index", index));
      return std::nullopt;
    }
    if (takeover == Takeover::same_hash && !generation_of(index, alias)) return std::nullopt;
  }
  return AliasMove{name, std::move(holders), target};
}

Status OsIndexAdmin::retire_others(const IndexPlan& plan, Generation keep) {
  const std::string alias = hash_alias(plan);
  FLUSSO_TRY_ASSIGN(const Generations generations, list_generations(cluster_, alias));
  for (const auto& [generation, uuid] : generations) {
    if (generation == keep) continue;
    const std::string index = generation_index(alias, generation);
    FLUSSO_TRY(cluster_.call(Method::del, "/" + http::percent_encode(index), {}, {404}).map([](const http::Reply&) {}));
    kAdminLog.info("index deleted", kv("sink", cluster_.sink()), kv("index", index));
  }
  return {};
}

Result<bool> OsIndexAdmin::exists(const IndexPlan& plan, Generation generation) {
  const std::string target = "/" + http::percent_encode(generation_index(hash_alias(plan), generation));
  FLUSSO_TRY_ASSIGN(const http::Reply reply, cluster_.call(Method::head, target, {}, {404}));
  return reply.status != 404;
}

Result<std::optional<std::string>> OsIndexAdmin::load(const std::string& id) { return meta_.load(id); }
Status OsIndexAdmin::save(const std::string& id, const std::string& text) { return meta_.save(id, text); }
Status OsIndexAdmin::remove(const std::string& id) { return meta_.remove(id); }

Result<std::size_t> OsIndexAdmin::running_bulks() {
  FLUSSO_TRY_ASSIGN(const http::Reply reply,
                    cluster_.call(Method::get, "/_tasks?actions=indices:data/write/bulk*&detailed=true"));
  const Json answer = Json::parse(reply.body, nullptr, false);
  const auto nodes = answer.is_object() ? answer.find("nodes") : answer.end();
  if (!answer.is_object() || nodes == answer.end() || !nodes->is_object())
    return fail(cluster_.error(ErrorKind::transient, "os.bad_answer", "the list of running tasks cannot be read"));
  std::size_t count = 0;
  for (const Json& node : *nodes) {
    const auto tasks = node.is_object() ? node.find("tasks") : node.end();
    if (!node.is_object() || tasks == node.end() || !tasks->is_object()) continue;
    for (const Json& task : *tasks)
      if (task.is_object() && is_ours(task, options_.opaque_id, known_aliases_)) ++count;
  }
  return count;
}

}  // namespace flusso::opensearch
