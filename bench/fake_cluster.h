#pragma once
// The small part of a cluster that a seed needs beside _bulk: indexes, aliases, settings, and documents by id, all in
// memory and believed without checks. Thread: one.

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flusso::bench {

struct ClusterAnswer {
  int status = 200;
  std::string body = "{\"acknowledged\":true}";
};

class FakeCluster {
 public:
  // `target` is the path with its query, `body` complete.
  ClusterAnswer answer(std::string_view method, std::string_view target, const std::string& body) {
    const std::vector<std::string> parts = split(decoded(target.substr(0, target.find('?'))), '/');
    const std::string first = parts.empty() ? "" : parts[0];
    const std::string second = parts.size() > 1 ? parts[1] : "";
    if (first.empty()) return {200, R"({"version":{"distribution":"opensearch","number":"2.19.6"}})"};
    if (first == "_tasks") return {200, R"({"nodes":{}})"};
    if (first == "_alias") return alias(second);
    if (first == "_aliases") return move_aliases(body);
    if (first == "_cluster") return {200, R"({"status":"green"})"};
    if (second == "_doc" && parts.size() > 2) return document(method, first, parts[2], body);
    if (second == "_refresh") return {200, R"({"_shards":{"total":1,"successful":1,"failed":0}})"};
    if (second == "_settings" && method == "GET") return settings(first);
    if (second == "_mapping" && method == "GET")
      return {200, fmt::format(R"({{"{}":{{"mappings":{{"dynamic":"false"}}}}}})", first)};
    if (!second.empty()) return {};
    return index(method, first);
  }

 private:
  static std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(by), text.size());
      if (end > 0) parts.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
  }
  static std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%' && i + 2 < text.size()) {
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
      } else {
        out += text[i];
      }
    }
    return out;
  }
  static bool matches(std::string_view pattern, std::string_view name) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == name;
  }

  ClusterAnswer index(std::string_view method, const std::string& name) {
    const bool known = uuids_.contains(name) || aliases_.contains(name);
    if (method == "HEAD" || method == "GET") return known ? ClusterAnswer{200, "{}"} : not_found(name);
    if (method == "DELETE") {
      for (const std::string& each : split(name, ',')) uuids_.erase(each);
      return {};
    }
    if (known) return {400, R"({"error":{"type":"resource_already_exists_exception","reason":"exists"},"status":400})"};
    uuids_[name] = fmt::format("uuid{}", ++last_uuid_);
    return {};
  }
  static ClusterAnswer not_found(const std::string& name) {
    return {404, fmt::format(
                     R"({{"error":{{"type":"index_not_found_exception","reason":"no such index [{}]"}},"status":404}})",
                     name)};
  }
  ClusterAnswer settings(const std::string& patterns) const {
    nlohmann::json out = nlohmann::json::object();
    for (const std::string& pattern : split(patterns, ','))
      for (const auto& [name, uuid] : uuids_)
        if (matches(pattern, name) || (aliases_.contains(pattern) && aliases_.at(pattern).contains(name)))
          out[name]["settings"]["index"]["uuid"] = uuid;
    return {200, out.dump()};
  }
  ClusterAnswer alias(const std::string& name) const {
    const auto found = aliases_.find(name);
    if (found == aliases_.end() || found->second.empty()) return {404, R"({"error":"alias missing","status":404})"};
    nlohmann::json out = nlohmann::json::object();
    for (const std::string& holder : found->second) out[holder]["aliases"][name] = nlohmann::json::object();
    return {200, out.dump()};
  }
  ClusterAnswer move_aliases(const std::string& body) {
    const nlohmann::json request = nlohmann::json::parse(body, nullptr, false);
    if (!request.is_object()) return {400, "{}"};
    for (const auto& action : request.value("actions", nlohmann::json::array()))
      for (const auto& [verb, what] : action.items()) {
        std::set<std::string>& holders = aliases_[what.value("alias", "")];
        if (verb == "add") holders.insert(what.value("index", ""));
        if (verb == "remove") holders.erase(what.value("index", ""));
      }
    return {};
  }
  ClusterAnswer document(std::string_view method, const std::string& index_name, const std::string& id,
                         const std::string& body) {
    const std::string key = index_name + "/" + id;
    if (method == "PUT" || method == "POST") {
      documents_[key] = body;
      return {200, R"({"result":"updated"})"};
    }
    const auto found = documents_.find(key);
    if (found == documents_.end()) return {404, R"({"found":false,"result":"not_found"})"};
    if (method == "GET") return {200, "{\"found\":true,\"_source\":" + found->second + "}"};
    documents_.erase(found);
    return {200, R"({"result":"deleted"})"};
  }

  std::map<std::string, std::string> uuids_;  // by index
  std::map<std::string, std::set<std::string>> aliases_;
  std::map<std::string, std::string> documents_;
  unsigned last_uuid_ = 0;
};

}  // namespace flusso::bench
