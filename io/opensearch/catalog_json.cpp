#include "io/opensearch/catalog_json.h"

namespace flusso::opensearch {
namespace {

using Json = nlohmann::json;

Json table_json(const TableRef& ref, const TableState& table) {
  Json columns = Json::array();
  for (const auto& [name, column] : table.columns)
    columns.push_back(Json::array({name, column.number, column.type, column.generated, column.version}));
  Json partitions = Json::array();
  for (const auto& [oid, partition] : table.partitions)
    partitions.push_back(Json::array({oid, partition.filenode, partition.attached, partition.made_as_partition}));
  return {{"schema", ref.schema},     {"table", ref.name},
          {"oid", table.oid},         {"filenode", table.filenode},
          {"columns", columns},       {"identity", table.identity},
          {"partitions", partitions}, {"memberships", table.memberships}};
}

}  // namespace

Json catalog_json(const CatalogState& state) {
  Json tables = Json::array();
  for (const auto& [ref, table] : state.tables) tables.push_back(table_json(ref, table));
  return {{"publication", state.publication}, {"tables", tables}};
}

CatalogState catalog_from(const Json& json) {
  CatalogState state;
  state.publication = json.at("publication").get<std::string>();
  for (const Json& entry : json.at("tables")) {
    TableState& table =
        state.tables[TableRef{entry.at("schema").get<std::string>(), entry.at("table").get<std::string>()}];
    table.oid = entry.at("oid").get<std::uint32_t>();
    table.filenode = entry.at("filenode").get<std::uint32_t>();
    for (const Json& column : entry.at("columns"))
      table.columns[column.at(0).get<std::string>()] =
          ColumnState{column.at(1).get<std::uint16_t>(), column.at(2).get<std::uint32_t>(), column.at(3).get<bool>(),
                      column.at(4).get<RowVersion>()};
    table.identity = entry.at("identity").get<KeyColumns>();
    for (const Json& partition : entry.at("partitions"))
      table.partitions[partition.at(0).get<std::uint32_t>()] = PartitionState{
          partition.at(1).get<std::uint32_t>(), partition.at(2).get<RowVersion>(), partition.at(3).get<bool>()};
    table.memberships = entry.at("memberships").get<std::set<std::string>>();
  }
  return state;
}

}  // namespace flusso::opensearch
