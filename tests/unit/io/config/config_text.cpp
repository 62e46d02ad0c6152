#include "tests/unit/io/config/config_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace flusso::config {
namespace {

// Structured bindings: a member that is added to the model does not compile here until it is compared.

std::string shown(const std::string& text) { return fmt::format("<{}>", text); }
std::string shown(bool value) { return value ? "yes" : "no"; }
std::string shown(const Value& value);
std::string shown(const KeyColumns& columns) { return fmt::format("{}", columns); }
template <class Number>
requires std::is_arithmetic_v<Number> std::string shown(Number number) { return fmt::format("{}", number); }
template <class Enum>
requires std::is_enum_v<Enum> std::string shown(Enum value) { return fmt::format("#{}", static_cast<int>(value)); }
std::string shown(const EnvOrValue& value) {
  if (const auto* reference = std::get_if<EnvReference>(&value)) return fmt::format("env <{}>", reference->variable);
  return fmt::format("literal <{}>", std::get<Secret>(value).reveal());
}
std::string shown(const TableRef& table) {
  const auto& [schema, name] = table;
  return fmt::format("<{}>.<{}>", schema, name);
}
std::string shown(const Through& through) {
  const auto& [table, left, right] = through;
  return fmt::format("through {} {} {}", shown(table), shown(left), shown(right));
}
std::string shown(const OrderBy& order) {
  const auto& [column, descending, given] = order;
  return fmt::format("<{}> {} {}", column, descending, given);
}
std::string shown(const Filter& filter) {
  const auto& [condition, at] = filter;
  (void)at;
  if (const auto* raw = std::get_if<FilterRaw>(&condition)) return fmt::format("raw <{}>", raw->sql);
  if (const auto* null = std::get_if<FilterNull>(&condition)) {
    const auto& [column, is_null] = *null;
    return fmt::format("<{}> null {}", column, is_null);
  }
  const auto& [column, op, operands] = std::get<FilterCompare>(condition);
  return fmt::format("<{}> {} {}", column, shown(op), operands);
}
template <class Item>
std::string shown(const std::vector<Item>& items) {
  std::string out = "[";
  for (const Item& item : items) out += shown(item) + ";";
  return out + "]";
}
template <class Item>
std::string shown(const std::optional<Item>& item) {
  return item ? shown(*item) : "absent";
}
// Unlike JSON, tells a number that is kept as digits from an integer.
std::string shown(const Value& value) {
  if (const auto* digits = std::get_if<Digits>(&value.data)) return "digits " + digits->text;
  if (const auto* list = std::get_if<ValueList>(&value.data)) return shown(*list);
  if (const auto* map = std::get_if<ValueMap>(&value.data)) {
    std::string out = "{";
    for (const auto& [key, item] : *map) out += fmt::format("<{}>: {};", key, shown(item));
    return out + "}";
  }
  return to_json(value);
}

class Dump {
 public:
  std::string out;

  void fields(const std::vector<Field>& all, int depth) {
    for (const Field& field : all) {
      const auto& [name, options, source, at, options_type_at] = field;
      (void)at;
      (void)options_type_at;
      line(depth, fmt::format("<{}> {}", name, shown(Value{options})));
      std::visit([&](const auto& kind) { one(kind, depth + 1); }, source);
    }
  }
  template <class... Parts>
  void line(int depth, const Parts&... parts) {
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
    ((out += parts, out += ' '), ...);
    out += '\n';
  }

 private:
  void one(const ColumnField& field, int depth) {
    const auto& [column, kind, postgres, opensearch, required, transforms, fallback, variants] = field;
    line(depth, "column", shown(column), shown(kind), shown(postgres), shown(opensearch), shown(required),
         shown(transforms), shown(fallback), shown(variants));
  }
  void one(const MapField& field, int depth) {
    const auto& [column, values, required] = field;
    line(depth, "map", shown(column), shown(values), shown(required));
  }
  void one(const GeoField& field, int depth) {
    const auto& [column, lat, lon, required] = field;
    line(depth, "geo", shown(column), shown(lat), shown(lon), shown(required));
  }
  void one(const ObjectField& field, int depth) {
    const auto& [inner] = field;
    line(depth, "object");
    fields(inner, depth + 1);
  }
  void one(const ConstantField& field, int depth) {
    const auto& [value] = field;
    line(depth, "constant", shown(value));
  }
  void one(const JoinField& field, int depth) {
    const auto& [verb, table, primary, key, through, required, filters, order, limit, inner] = field;
    line(depth, "join", shown(verb), shown(table), shown(primary), shown(key), shown(through), shown(required),
         shown(filters), shown(order), shown(limit));
    fields(inner, depth + 1);
  }
  void one(const AggregateField& field, int depth) {
    const auto& [op, table, column, value_type, element_type, key, through, filters] = field;
    line(depth, "aggregate", shown(op), shown(table), shown(column), shown(value_type), shown(element_type), shown(key),
         shown(through), shown(filters));
  }
};

void dump(const IndexSchema& schema, Dump& dump) {
  const auto& [version, table, key, soft_delete, filters, fields, at] = schema;
  (void)at;
  dump.line(0, "schema", shown(version), shown(table), shown(key), shown(filters));
  if (soft_delete) {
    const auto& [by_field, name, column, when, place] = *soft_delete;
    (void)place;
    dump.line(1, "soft delete", shown(by_field), shown(name), shown(column), shown(when));
  }
  dump.fields(fields, 1);
}

void dump(const SourceConfig& source, Dump& dump) {
  const auto& [url, manage, spill_dir, partial, identity, lost, wal_mib, heartbeat, at] = source;
  (void)at;
  dump.line(0, "source", shown(manage), shown(spill_dir), shown(partial), shown(identity),
            shown(lost == SlotLossPolicy::reseed), shown(wal_mib), shown(heartbeat));
  if (const auto* text = std::get_if<EnvOrValue>(&url)) dump.line(1, shown(*text));
  if (const auto* parts = std::get_if<ConnectionParts>(&url)) {
    const auto& [host, port, user, password, database] = *parts;
    dump.line(1, shown(host), shown(port), shown(user), shown(password), shown(database));
  }
}

void dump(const SinkConfig& sink, Dump& dump) {
  const auto& [name, kind, at] = sink;
  (void)at;
  dump.line(0, "sink", shown(name));
  if (const auto* printed = std::get_if<StdoutSinkConfig>(&kind)) {
    const auto& [pretty] = *printed;
    dump.line(1, "stdout", shown(pretty));
    return;
  }
  const auto& [url, username, password, tls, batch, bytes, timeout, retries, pipeline, shards, replicas, refresh,
               analysis, subfields] = std::get<OpenSearchSinkConfig>(kind);
  dump.line(1, "opensearch", shown(url), shown(username), shown(password), shown(tls), shown(batch), shown(bytes),
            shown(timeout), shown(retries), shown(pipeline), shown(shards), shown(replicas), shown(refresh),
            shown(analysis), shown(subfields));
}

}  // namespace

std::string text_of(const IndexSchema& schema) {
  Dump out;
  dump(schema, out);
  return out.out;
}

std::string text_of(const Config& config) {
  const auto& [source, sinks, indexes, on_error, prefix, server] = config;
  Dump out;
  out.line(0, "config", shown(on_error), shown(prefix), shown(server.public_address), shown(server.private_address));
  dump(source, out);
  for (const SinkConfig& sink : sinks) dump(sink, out);
  for (const IndexConfig& index : indexes) {
    const auto& [name, path, enabled, policy, schema, at] = index;
    (void)at;
    out.line(0, "index", shown(name), shown(path), shown(enabled), shown(policy));
    dump(schema, out);
  }
  return out.out;
}

}  // namespace flusso::config
