#include "io/pg/check/explain.h"

#include <fmt/format.h>

#include <atomic>
#include <nlohmann/json.hpp>

namespace flusso::pg {
namespace {

using Json = nlohmann::json;

constexpr const char* kExplain = "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ";
constexpr int kMaxDepth = 200;

std::string text_of(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void collect(const Json& node, const std::string& above, int depth, std::vector<ScanNode>& scans) {
  if (!node.is_object() || depth > kMaxDepth) return;
  std::string joins = above;
  for (const char* key : {"Join Filter", "Hash Cond", "Merge Cond"})
    if (const std::string condition = text_of(node, key); !condition.empty()) joins += condition + "\n";
  ScanNode scan;
  scan.kind = text_of(node, "Node Type");
  scan.table = {text_of(node, "Schema"), text_of(node, "Relation Name")};
  if (!scan.table.name.empty()) {
    scan.alias = text_of(node, "Alias");
    scan.index = text_of(node, "Index Name");
    scan.index_condition = text_of(node, "Index Cond");
    scan.conditions = scan.index_condition + "\n" + text_of(node, "Filter") + "\n" + joins;
    scans.push_back(std::move(scan));
  }
  const auto plans = node.find("Plans");
  if (plans == node.end() || !plans->is_array()) return;
  for (const Json& plan : *plans) collect(plan, joins, depth + 1, scans);
}

}  // namespace

Result<std::string> explain(ReadOnlySession& session, const std::string& sql, std::size_t parameters) {
  std::string statement = kExplain + sql;
  if (parameters > 0) {
    static std::atomic<int> count{0};
    const std::string name = fmt::format("flusso_check_{}", ++count);
    FLUSSO_TRY(session.ask(fmt::format("PREPARE {} AS {}", name, sql)));
    std::string values;
    for (std::size_t i = 0; i < parameters; ++i) values += i == 0 ? "'{}'" : ",'{}'";
    statement = fmt::format("{}EXECUTE {}({})", kExplain, name, values);
  }
  FLUSSO_TRY_ASSIGN(const Rows rows, session.ask(statement));
  return rows.string(0, 0);
}

std::vector<ScanNode> scans_of(std::string_view plan_json) {
  std::vector<ScanNode> scans;
  const Json plan = Json::parse(plan_json, nullptr, false);
  if (!plan.is_array()) return scans;
  for (const Json& statement : plan)
    if (const auto root = statement.find("Plan"); statement.is_object() && root != statement.end())
      collect(*root, {}, 0, scans);
  return scans;
}

}  // namespace flusso::pg
