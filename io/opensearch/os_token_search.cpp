#include "io/opensearch/os_token_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/http/url.h"
#include "io/opensearch/names.h"
#include "model/row_token.h"

namespace flusso::opensearch {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPage = 1000;          // documents per question in an _msearch
constexpr std::size_t kScrollPage = 10'000;  // index.max_result_window
constexpr std::size_t kMaxBytes = 4 * 1024 * 1024;
constexpr std::string_view kLenient = "ignore_unavailable=true&allow_no_indices=true&expand_wildcards=open,hidden";

enum class Read { one_page, scroll };

std::string query_of(const std::vector<std::string>& tokens, Read read) {
  Json query = {{"size", read == Read::one_page ? kPage : kScrollPage},
                {"_source", false},
                {"query", {{"bool", {{"filter", {{"terms", {{std::string(kTokenField), tokens}}}}}}}}}};
  if (read == Read::one_page) query["track_total_hits"] = false;  // a scroll refuses it
  return query.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Appends the ids of a search's hits; false when the reply has another form.
bool append_ids(const Json& reply, std::vector<std::string>& ids) {
  if (!reply.is_object()) return false;
  const auto hits = reply.find("hits");
  if (hits == reply.end()) return true;  // the filter of the path leaves out what is empty
  const auto list = hits->find("hits");
  if (list == hits->end()) return true;
  for (const Json& hit : *list) {
    const auto id = hit.find("_id");
    if (id == hit.end() || !id->is_string()) return false;
    ids.push_back(id->get<std::string>());
  }
  return true;
}

void keep_distinct(std::vector<std::string>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

}  // namespace

OsTokenSearch::OsTokenSearch(Cluster cluster, std::string prefix)
    : cluster_(std::move(cluster)), prefix_(std::move(prefix)) {}

// Generations end in a number; whatever else matches is asked for nothing it could have.
std::string OsTokenSearch::generations_of(const IndexPlan& index) const { return hash_alias(prefix_, index) + "_*"; }

Status OsTokenSearch::refresh(const IndexPlan& index) {
  const std::string target = fmt::format("/{}/_refresh?{}", http::percent_encode(generations_of(index)), kLenient);
  FLUSSO_TRY(cluster_.call(http::Method::post, target));
  return {};
}

Result<std::vector<std::vector<std::string>>> OsTokenSearch::find(
    const IndexPlan& index, const std::vector<std::vector<std::string>>& questions) {
  const std::string generations = generations_of(index);
  const std::string header = Json{
      {"index", generations},
      {"ignore_unavailable", true},
      {"allow_no_indices", true},
      {"expand_wildcards",
       "open,hidden"}}.dump();
  std::vector<std::vector<std::string>> answers(questions.size());
  const auto odd = [this] {
    return fail(cluster_.error(ErrorKind::permanent, "os.reply", "the answer to a search is not understood"));
  };
  for (std::size_t first = 0; first < questions.size();) {
    std::string body;
    std::size_t end = first;
    for (; end < questions.size() && body.size() < kMaxBytes; ++end)
      body += header + '\n' + query_of(questions[end], Read::one_page) + '\n';
    FLUSSO_TRY_ASSIGN(
        const http::Reply reply,
        cluster_.call(http::Method::post,
                      "/_msearch?filter_path=responses.status,responses.error.reason,responses.hits.hits._id",
                      std::move(body)));
    const Json json = Json::parse(reply.body, nullptr, false);
    const auto responses = json.is_object() ? json.find("responses") : json.end();
    if (responses == json.end() || !responses->is_array() || responses->size() != end - first) return odd();
    for (std::size_t i = first; i < end; ++i) {
      const Json& response = (*responses)[i - first];
      const int status = response.value("status", 0);
      if (status == 404) continue;
      if (status < 200 || status >= 300)
        return fail(cluster_.error(ErrorKind::transient, fmt::format("http.{}", status),
                                   "a search for the documents of old rows failed: " +
                                       response.value("/error/reason"_json_pointer, std::string("no reason given"))));
      if (!append_ids(response, answers[i])) return odd();
      if (answers[i].size() >= kPage) {
        FLUSSO_TRY_ASSIGN(answers[i], scroll(generations, query_of(questions[i], Read::scroll)));
      }
      keep_distinct(answers[i]);
    }
    first = end;
  }
  return answers;
}

Result<std::vector<std::string>> OsTokenSearch::scroll(const std::string& target, const std::string& query) {
  constexpr std::string_view kOnly = "filter_path=_scroll_id,hits.hits._id";
  std::vector<std::string> ids;
  std::string scroll_id;
  std::string path = fmt::format("/{}/_search?scroll=1m&{}&{}", http::percent_encode(target), kLenient, kOnly);
  std::string body = query;
  while (true) {
    FLUSSO_TRY_ASSIGN(const http::Reply reply, cluster_.call(http::Method::post, path, body));
    const Json json = Json::parse(reply.body, nullptr, false);
    const std::size_t before = ids.size();
    if (!append_ids(json, ids))
      return fail(cluster_.error(ErrorKind::permanent, "os.reply", "the answer to a scroll is not understood"));
    scroll_id = json.value("_scroll_id", scroll_id);
    if (ids.size() == before) break;
    path = fmt::format("/_search/scroll?{}", kOnly);
    body = Json{{"scroll", "1m"}, {"scroll_id", scroll_id}}.dump();
  }
  // Failing to free it is no harm: it ends by itself after a minute.
  if (!scroll_id.empty())
    (void)cluster_.call(http::Method::del, "/_search/scroll", Json{{"scroll_id", {scroll_id}}}.dump(), {404});
  return ids;
}

}  // namespace flusso::opensearch
