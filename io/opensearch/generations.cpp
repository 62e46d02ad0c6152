#include "io/opensearch/generations.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "io/opensearch/names.h"

namespace flusso::opensearch {
namespace {

using http::Method;
using Json = nlohmann::json;

std::string uuid_of(const Json& index) {
  const Json* at = &index;
  for (const char* key : {"settings", "index", "uuid"}) {
    if (!at->is_object()) return {};
    const auto found = at->find(key);
    if (found == at->end()) return {};
    at = &*found;
  }
  return at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

Result<Generations> list_generations(Cluster& cluster, const std::string& hash_alias) {
  const std::string name = http::percent_encode(hash_alias);
  FLUSSO_TRY_ASSIGN(
      const http::Reply reply,
      cluster.call(Method::get,
                   fmt::format("/{0},{0}_*/_settings?filter_path=*.settings.index.uuid&expand_wildcards=all"
                               "&ignore_unavailable=true&allow_no_indices=true",
                               name)));
  const Json answer = Json::parse(reply.body, nullptr, false);
  if (!answer.is_object())
    return fail(cluster.error(ErrorKind::transient, "os.bad_answer", "the list of indexes cannot be read"));
  Generations generations;
  for (const auto& [index, content] : answer.items()) {
    if (index == hash_alias) {
      return fail(cluster.error(
          ErrorKind::permanent, "os.alias_is_index",
          fmt::format("{0} is an index, but flusso needs that name for an alias; reindex it into {0}_1 or delete it",
                      index)));
    }
    if (const auto generation = generation_of(index, hash_alias)) generations[*generation] = uuid_of(content);
  }
  return generations;
}

Result<std::vector<std::string>> alias_holders(Cluster& cluster, const std::string& alias) {
  FLUSSO_TRY_ASSIGN(const http::Reply reply,
                    cluster.call(Method::get, "/_alias/" + http::percent_encode(alias), {}, {404}));
  std::vector<std::string> holders;
  if (reply.status == 404) return holders;
  const Json answer = Json::parse(reply.body, nullptr, false);
  if (!answer.is_object())
    return fail(cluster.error(ErrorKind::transient, "os.bad_answer",
                              fmt::format("the holders of alias {} cannot be read", alias)));
  for (const auto& [index, content] : answer.items()) holders.push_back(index);
  return holders;
}

Status move_aliases(Cluster& cluster, const std::vector<AliasMove>& moves) {
  Json actions = Json::array();
  for (const AliasMove& move : moves) {
    for (const std::string& index : move.from)
      actions.push_back({{"remove", {{"index", index}, {"alias", move.alias}, {"must_exist", true}}}});
    actions.push_back({{"add", {{"index", move.to}, {"alias", move.alias}}}});
  }
  if (actions.empty()) return {};
  return cluster.call(Method::post, "/_aliases", Json{{"actions", actions}}.dump()).map([](const http::Reply&) {});
}

}  // namespace flusso::opensearch
