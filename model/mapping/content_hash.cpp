#include "model/mapping/content_hash.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/mapping/canonical_writer.h"

namespace flusso {

namespace {

std::uint64_t type_number(FieldKind kind) {
  switch (kind) {
    case FieldKind::text:
      return 0;
    case FieldKind::identifier:
      return 1;
    case FieldKind::keyword:
      return 2;
    case FieldKind::enumeration:
      return 3;
    case FieldKind::uuid:
      return 4;
    case FieldKind::boolean:
      return 5;
    case FieldKind::short_integer:
      return 6;
    case FieldKind::integer:
      return 7;
    case FieldKind::long_integer:
      return 8;
    case FieldKind::float_number:
      return 9;
    case FieldKind::double_number:
      return 10;
    case FieldKind::decimal:
      return 11;
    case FieldKind::date:
      return 12;
    case FieldKind::timestamp:
      return 13;
    case FieldKind::binary:
      return 14;
    case FieldKind::json:
      return 15;
    case FieldKind::custom:
      return 18;
  }
  return 0;
}
constexpr std::uint64_t kMapType = 16;
constexpr std::uint64_t kGeoPointType = 17;

enum ExtensionKind : std::uint8_t {
  kPrimaryKey = 1,
  kRelationKey = 2,
  kLeftKey = 3,
  kRightKey = 4,
  kSchema = 5,
  kThroughSchema = 6
};

class Encoder {
 public:
  explicit Encoder(const IndexSchema& schema) : schema_(schema) {}

  std::string encode() {
    out_.byte(static_cast<std::uint8_t>(schema_.version));
    out_.text(schema_.table.name);
    out_.text(schema_.table.schema);
    out_.variant(schema_.primary_key.empty() ? 0 : 1);
    if (!schema_.primary_key.empty()) key(schema_.primary_key, 0, kPrimaryKey);
    out_.variant(0);  // a document id of its own, which does not exist
    out_.option(schema_.soft_delete, [this](const SoftDelete& rule) {
      out_.variant(rule.by_field ? 0 : 1);
      out_.text(rule.name);
      filters(rule.when);
    });
    filters(schema_.filters);
    fields(schema_.fields);
    return out_.take() + extensions();
  }

 private:
  // The first column in place, the others as an extension of the site.
  void key(const KeyColumns& columns, std::uint64_t site, ExtensionKind kind) {
    out_.text(columns.empty() ? std::string() : columns.front());
    if (columns.size() < 2) return;
    CanonicalWriter payload;
    payload.list(KeyColumns(columns.begin() + 1, columns.end()),
                 [&](const std::string& column) { payload.text(column); });
    extensions_.push_back({site, kind, payload.take()});
  }

  void own_schema(const TableRef& table, std::uint64_t site, ExtensionKind kind) {
    if (table.schema == schema_.table.schema) return;
    CanonicalWriter payload;
    payload.text(table.schema);
    extensions_.push_back({site, kind, payload.take()});
  }

  std::string extensions() {
    std::sort(extensions_.begin(), extensions_.end(), [](const Extension& a, const Extension& b) {
      return std::pair(a.site, a.kind) < std::pair(b.site, b.kind);
    });
    CanonicalWriter out;
    std::string bytes;
    for (const Extension& extension : extensions_) {
      CanonicalWriter head;
      head.u64(extension.site);
      head.byte(extension.kind);
      bytes += head.take() + extension.payload;
    }
    return bytes;
  }

  void filters(const Filters& list) {
    out_.option(list, [this](const std::vector<Filter>& items) {
      out_.list(items, [this](const Filter& filter) { this->filter(filter); });
    });
  }

  void filter(const Filter& filter) {
    if (const auto* raw = std::get_if<FilterRaw>(&filter.condition)) {
      out_.variant(0);
      out_.text(raw->sql);
    } else if (const auto* null = std::get_if<FilterNull>(&filter.condition)) {
      out_.variant(1);
      out_.text(null->column);
      out_.variant(null->is_null ? 0 : 1);
    } else {
      const auto& compare = std::get<FilterCompare>(filter.condition);
      out_.variant(2);
      out_.text(compare.column);
      out_.variant(static_cast<std::uint64_t>(compare.op));
      operands(compare);
    }
  }

  void operands(const FilterCompare& compare) {
    const auto write = [this](const std::string& operand) { out_.text(operand); };
    if (compare.op == FilterOp::in || compare.op == FilterOp::not_in) {
      out_.variant(1);
      out_.list(compare.operands, write);
      return;
    }
    out_.variant(compare.op == FilterOp::between ? 2 : 0);
    for (const std::string& operand : compare.operands) write(operand);
  }

  void fields(const std::vector<Field>& list) {
    out_.list(list, [this](const Field& field) { this->field(field); });
  }

  void field(const Field& field) {
    out_.text(field.name);
    out_.map(hashed_options(field));
    std::visit([this](const auto& source) { this->source(source); }, field.source);
  }

  // Options with what the type itself brings along, unless the schema sets it.
  static ValueMap hashed_options(const Field& field) {
    ValueMap options = field.options;
    const auto inject = [&](std::string_view name, Value value) {
      const bool set =
          std::any_of(options.begin(), options.end(), [&](const auto& option) { return option.first == name; });
      if (!set) options.emplace_back(name, std::move(value));
    };
    const auto* column = std::get_if<ColumnField>(&field.source);
    if (column != nullptr && column->kind == FieldKind::identifier)
      inject("analyzer", Value{std::string("flusso_code")});
    if (std::holds_alternative<MapField>(field.source)) inject("dynamic", Value{true});
    return options;
  }

  void plain_type(FieldKind kind) { out_.variant(type_number(kind)); }

  // Columns without transforms, default or variants end alike.
  void bare_tail(bool required) {
    out_.boolean(!required);
    out_.u64(0);
    out_.variant(0);
    out_.u64(0);
  }

  void source(const ColumnField& column) {
    out_.variant(0);
    out_.text(column.column);
    plain_type(column.kind);
    if (column.kind == FieldKind::custom) {
      out_.list(column.custom_postgres, [this](const std::string& type) { out_.text(type); });
      out_.text(column.custom_opensearch);
    }
    out_.boolean(!column.required);
    out_.list(column.transforms,
              [this](Transform transform) { out_.variant(transform == Transform::lowercase ? 0 : 1); });
    out_.option(column.default_value, [this](const Value& value) { out_.value(value); });
    out_.list(column.variants, [this](const std::string& variant) { out_.text(variant); });
  }

  void source(const MapField& map) {
    out_.variant(0);
    out_.text(map.column);
    out_.variant(kMapType);
    plain_type(map.values);
    bare_tail(map.required);
  }

  void source(const GeoField& geo) {
    if (geo.lat.empty()) {
      out_.variant(0);
      out_.text(geo.column);
      out_.variant(kGeoPointType);
      bare_tail(geo.required);
      return;
    }
    out_.variant(2);
    out_.text(geo.lat);
    out_.text(geo.lon);
    out_.boolean(!geo.required);
  }

  void source(const ObjectField& object) {
    out_.variant(1);
    fields(object.fields);
  }

  void source(const ConstantField& constant) {
    out_.variant(4);
    out_.value(constant.value);
  }

  void through(const Through& junction, std::uint64_t site) {
    out_.text(junction.table.name);
    own_schema(junction.table, site, kThroughSchema);
    key(junction.left_key, site, kLeftKey);
    key(junction.right_key, site, kRightKey);
  }

  void source(const JoinField& join) {
    const std::uint64_t site = ++sites_;
    const bool to_one = join.verb == JoinVerb::belongs_to || join.verb == JoinVerb::has_one;
    out_.variant(3);
    out_.variant(0);
    out_.text(join.table.name);
    own_schema(join.table, site, kSchema);
    out_.variant(static_cast<std::uint64_t>(join.verb));
    if (join.through)
      through(*join.through, site);
    else
      key(join.key, site, kRelationKey);
    key(join.primary_key, site, kPrimaryKey);
    out_.boolean(to_one && !join.required);
    filters(join.filters);
    out_.option(join.order_by, [this](const std::vector<OrderBy>& entries) {
      out_.list(entries, [this](const OrderBy& entry) {
        out_.text(entry.column);
        out_.variant(entry.direction_given ? 1 : 0);
        if (entry.direction_given) out_.variant(entry.descending ? 1 : 0);
      });
    });
    out_.option(join.limit, [this](std::uint64_t limit) { out_.u64(limit); });
    fields(join.fields);
  }

  void source(const AggregateField& aggregate) {
    const std::uint64_t site = ++sites_;
    out_.variant(3);
    out_.variant(1);
    out_.text(aggregate.table.name);
    own_schema(aggregate.table, site, kSchema);
    out_.variant(static_cast<std::uint64_t>(aggregate.op));
    if (aggregate.op == AggregateOp::ids)
      plain_type(aggregate.element_type.value_or(FieldKind::keyword));
    else if (aggregate.op != AggregateOp::count)
      out_.text(aggregate.column);
    out_.variant(aggregate.through ? 1 : 0);
    if (aggregate.through)
      through(*aggregate.through, site);
    else
      key(aggregate.foreign_key, site, kRelationKey);
    out_.option(aggregate.value_type, [this](FieldKind kind) { plain_type(kind); });
    filters(aggregate.filters);
  }

  struct Extension {
    std::uint64_t site;
    ExtensionKind kind;
    std::string payload;
  };

  const IndexSchema& schema_;
  CanonicalWriter out_;
  std::uint64_t sites_ = 0;  // relations numbered from 1 as they are met, parents first
  std::vector<Extension> extensions_;
};

}  // namespace

std::string canonical_encoding(const IndexSchema& schema) { return Encoder(schema).encode(); }

std::string content_hash(const IndexSchema& schema) {
  std::uint32_t hash = 2166136261U;
  for (const char c : canonical_encoding(schema)) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{:08x}", hash);
}

}  // namespace flusso
