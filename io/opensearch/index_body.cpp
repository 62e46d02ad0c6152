#include "io/opensearch/index_body.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "io/opensearch/analysis.h"
#include "model/row_token.h"

namespace flusso::opensearch {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDefaultTotalFields = 1000;
constexpr std::size_t kDefaultNestedFields = 50;
constexpr std::size_t kDefaultDepth = 20;
constexpr int kIgnoreAbove = 256;

Json to_json_value(const Value& value) {
  struct Visitor {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool truth) const { return truth; }
    Json operator()(std::int64_t number) const { return number; }
    Json operator()(const Digits& digits) const {
      Json number = Json::parse(digits.text, nullptr, false);
      return number.is_discarded() ? Json(digits.text) : number;
    }
    Json operator()(const std::string& text) const { return text; }
    Json operator()(const ValueList& list) const {
      Json array = Json::array();
      for (const Value& element : list) array.push_back(to_json_value(element));
      return array;
    }
    Json operator()(const ValueMap& map) const {
      Json object = Json::object();
      for (const auto& [key, element] : map) object[key] = to_json_value(element);
      return object;
    }
  };
  return std::visit(Visitor{}, value.data);
}

const Value* find_option(const MappingField& field, std::string_view key) {
  const auto found =
      std::find_if(field.options.begin(), field.options.end(), [&](const auto& option) { return option.first == key; });
  return found == field.options.end() ? nullptr : &found->second;
}

// The type the index will have: the schema's options may replace the derived one.
std::string effective_type(const MappingField& field) {
  const Value* type = find_option(field, "type");
  const auto* text = type == nullptr ? nullptr : std::get_if<std::string>(&type->data);
  return text == nullptr ? field.type : *text;
}

Json keyword_lowercase() {
  return {{"type", "keyword"}, {"normalizer", "flusso_lowercase"}, {"ignore_above", kIgnoreAbove}};
}

// What auto_subfields adds to a leaf of that type.
void add_auto_subfields(Json& property, const std::string& type) {
  if (type == "text") {
    property["analyzer"] = "flusso_text";
    property["fields"]["keyword"] = {{"type", "keyword"}, {"ignore_above", kIgnoreAbove}};
    property["fields"]["keyword_lowercase"] = keyword_lowercase();
  } else if (type == "keyword") {
    property["fields"]["text"] = {{"type", "text"}, {"analyzer", "flusso_code"}};
    property["fields"]["keyword_lowercase"] = keyword_lowercase();
  }
}

Json token_field() { return {{"type", "keyword"}, {"doc_values", false}, {"norms", false}}; }

// Walks the typed mapping once and collects what lies outside the properties.
class BodyBuilder {
 public:
  explicit BodyBuilder(const IndexBodyOptions& options) : options_(options), analysis_(options.text_analysis) {}

  Json build(const IndexMapping& mapping, HiddenField hidden) {
    Json properties = properties_of(mapping.fields, "", 1);
    if (hidden == HiddenField::row_tokens) ++total_fields_;
    Json body;
    body["settings"]["index"] = {
        {"refresh_interval", "-1"}, {"number_of_shards", options_.shards}, {"number_of_replicas", options_.replicas}};
    add_limits(body["settings"]["index"]);
    body["settings"]["analysis"] = analysis_.render();
    body["mappings"]["dynamic"] = "strict";
    if (free_form_) body["mappings"]["date_detection"] = false;
    if (!templates_.empty()) body["mappings"]["dynamic_templates"] = templates_;
    if (hidden == HiddenField::row_tokens) {
      const std::string name(kTokenField);
      properties[name] = token_field();
      body["mappings"]["_source"] = {{"excludes", {name}}};
    }
    body["mappings"]["properties"] = std::move(properties);
    return body;
  }

 private:
  Json properties_of(const std::vector<MappingField>& fields, const std::string& parent, std::size_t depth) {
    Json properties = Json::object();
    for (const MappingField& field : fields) properties[field.name] = property_of(field, parent + field.name, depth);
    return properties;
  }

  Json property_of(const MappingField& field, const std::string& path, std::size_t depth) {
    const std::string type = effective_type(field);
    Json property = {{"type", field.type}};
    if (field.children.empty() && options_.auto_subfields) add_auto_subfields(property, type);
    if (!field.variants.empty()) {
      property["fields"]["sort"] = {{"type", "keyword"},
                                    {"normalizer", analysis_.add_ordered_enum(path, field.variants)},
                                    {"ignore_above", kIgnoreAbove}};
    }
    add_free_form(property, field, type, path);
    for (const auto& [key, value] : field.options) property[key] = to_json_value(value);
    if (!field.children.empty()) property["properties"] = properties_of(field.children, path + ".", depth + 1);
    count(property, type, depth);
    return property;
  }

  // Objects whose keys the schema does not know (json, map, constant maps): without this they would inherit "strict".
  void add_free_form(Json& property, const MappingField& field, const std::string& type, const std::string& path) {
    if (!field.children.empty() || (type != "object" && type != "nested")) return;
    free_form_ = true;
    property["dynamic"] = true;
    if (field.map_values_type.empty()) return;
    Json leaf = {{"type", field.map_values_type}};
    if (options_.auto_subfields) add_auto_subfields(leaf, field.map_values_type);
    for (const auto& [key, value] : field.map_values_options) leaf[key] = to_json_value(value);
    templates_.push_back({{path, {{"path_match", path + ".*"}, {"mapping", std::move(leaf)}}}});
  }

  void count(const Json& property, const std::string& type, std::size_t depth) {
    const auto subfields = property.find("fields");
    total_fields_ += 1 + (subfields == property.end() || !subfields->is_object() ? 0 : subfields->size());
    if (type == "nested") ++nested_fields_;
    deepest_ = std::max(deepest_, depth);
  }

  void add_limits(Json& settings) const {
    if (total_fields_ > kDefaultTotalFields) settings["mapping.total_fields.limit"] = total_fields_;
    if (nested_fields_ > kDefaultNestedFields) settings["mapping.nested_fields.limit"] = nested_fields_;
    if (deepest_ > kDefaultDepth) settings["mapping.depth.limit"] = deepest_;
  }

  const IndexBodyOptions& options_;
  Analysis analysis_;
  Json templates_ = Json::array();
  bool free_form_ = false;
  std::size_t total_fields_ = 0;
  std::size_t nested_fields_ = 0;
  std::size_t deepest_ = 0;
};

}  // namespace

std::string render_token_mapping() { return Json{{"properties", {{std::string(kTokenField), token_field()}}}}.dump(); }

std::string render_index_body(const IndexMapping& mapping, const IndexBodyOptions& options, HiddenField hidden) {
  return BodyBuilder(options).build(mapping, hidden).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace flusso::opensearch
