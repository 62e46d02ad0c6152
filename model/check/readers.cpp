#include "model/check/readers.h"

namespace flusso {
namespace {

constexpr std::size_t kMaxNames = 10;

void collect(const std::vector<Field>& fields, const TableRef& table, const TableReader& parent,
             std::vector<TableReader>& out) {
  for (const Field& field : fields) {
    const TableReader reader{parent.index, parent.field.empty() ? field.name : parent.field + "." + field.name,
                             field.at};
    if (const auto* object = std::get_if<ObjectField>(&field.source)) collect(object->fields, table, reader, out);
    if (const auto* join = std::get_if<JoinField>(&field.source)) {
      if (join->table == table || (join->through && join->through->table == table)) out.push_back(reader);
      collect(join->fields, table, reader, out);
    }
    if (const auto* aggregate = std::get_if<AggregateField>(&field.source))
      if (aggregate->table == table || (aggregate->through && aggregate->through->table == table))
        out.push_back(reader);
  }
}

}  // namespace

std::vector<TableReader> readers_of(const TableRef& table, const std::vector<IndexPlan>& indexes) {
  std::vector<TableReader> out;
  for (const IndexPlan& index : indexes) {
    const TableReader root{index.name, {}, index.schema.at};
    if (index.schema.table == table) out.push_back(root);
    collect(index.schema.fields, table, root, out);
  }
  return out;
}

std::string names_of(const std::vector<TableReader>& readers) {
  std::string out;
  for (std::size_t i = 0; i < readers.size() && i < kMaxNames; ++i) {
    const TableReader& reader = readers[i];
    out += (out.empty() ? "" : ", ") + reader.index + (reader.field.empty() ? "" : "." + reader.field);
  }
  if (readers.size() > kMaxNames) out += ", …";
  return out;
}

}  // namespace flusso
