#include "io/config/loader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "io/config/toml_config.h"
#include "io/config/toml_tree.h"
#include "io/config/yaml_tree.h"

namespace flusso::config {

namespace {

struct FileText {
  std::string text;
  std::string problem;  // not empty: why there is no text
};

FileText read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {{}, "it is a directory"};
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return {{}, errno != 0 ? std::strerror(errno) : "it cannot be opened"};
  std::string text(kMaxFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return {{}, "it cannot be read"};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxFileBytes) return {{}, "it is larger than 4 MiB"};
  return {std::move(text), {}};
}

std::optional<Node> parse_schema(const std::string& path, std::string_view text, Diagnostics& report) {
  Reading reading(path, report);
  return parse_yaml(text, reading);
}

class SchemaLoader {
 public:
  SchemaLoader(std::filesystem::path folder, const ConfigFile& file, Documents& documents, Diagnostics& report)
      : folder_(std::move(folder)), places_(file.schema_places), documents_(documents), report_(report) {}

  void load(IndexConfig& index) {
    const std::string path = (folder_ / index.schema_path).lexically_normal().string();
    const FileText file = read_file(path);
    if (!file.problem.empty()) {
      const auto place = places_.find(index.schema_path);
      report_.add({place == places_.end() ? index.at : place->second,
                   fmt::format("the schema file {} cannot be read: {}", path, file.problem),
                   {},
                   {},
                   Severity::error});
      return;
    }
    Diagnostics own;
    own.add_source(path, file.text, Excerpts::plain);
    if (auto root = parse_schema(path, file.text, own)) {
      if (auto schema = read_validated(*root, path, own)) index.schema = std::move(*schema);
      documents_.schemas.insert_or_assign(index.schema_path, std::move(*root));
    }
    if (!seen_.insert(path).second) return;  // two indexes of one schema: its mistakes are told once
    report_.add_source(path, file.text, Excerpts::plain);
    for (Diagnostic& diagnostic : own.sorted()) report_.add(std::move(diagnostic));
  }

 private:
  std::filesystem::path folder_;
  const std::map<std::string, Position>& places_;
  Documents& documents_;
  Diagnostics& report_;
  std::set<std::string> seen_;
};

LoadedSchema load_schema_unguarded(const std::string& path) {
  LoadedSchema loaded;
  const FileText file = read_file(path);
  if (!file.problem.empty()) {
    loaded.diagnostics.add({Position{path}, "the schema cannot be read: " + file.problem, {}, {}, Severity::error});
    return loaded;
  }
  loaded.diagnostics.add_source(path, file.text, Excerpts::plain);
  if (const auto root = parse_schema(path, file.text, loaded.diagnostics))
    loaded.schema = read_validated(*root, path, loaded.diagnostics);
  if (loaded.diagnostics.has_errors()) loaded.schema.reset();
  return loaded;
}

Loaded load_unguarded(const std::string& path) {
  Loaded loaded;
  Diagnostics& report = loaded.diagnostics;
  const FileText file = read_file(path);
  if (!file.problem.empty()) {
    report.add({Position{path}, "the configuration cannot be read: " + file.problem, {}, {}, Severity::error});
    return loaded;
  }
  report.add_source(path, file.text, Excerpts::masked);
  Reading reading(path, report);
  auto root = parse_toml(file.text, reading);
  if (!root) return loaded;
  loaded.documents.config = std::move(*root);
  auto read = read_config(loaded.documents.config, reading);
  if (!read) return loaded;
  SchemaLoader schemas(std::filesystem::path(path).parent_path(), *read, loaded.documents, report);
  for (IndexConfig& index : read->config.indexes)
    if (!index.schema_path.empty()) schemas.load(index);
  if (!report.has_errors()) loaded.config = std::move(read->config);
  return loaded;
}

}  // namespace

Loaded load(const std::string& path) {
  try {
    return load_unguarded(path);
  } catch (const std::exception& error) {
    Loaded loaded;
    loaded.diagnostics.add(
        {Position{path}, fmt::format("the configuration cannot be read: {}", error.what()), {}, {}, Severity::error});
    return loaded;
  }
}

LoadedSchema load_schema(const std::string& path) {
  try {
    return load_schema_unguarded(path);
  } catch (const std::exception& error) {
    LoadedSchema loaded;
    loaded.diagnostics.add(
        {Position{path}, fmt::format("the schema cannot be read: {}", error.what()), {}, {}, Severity::error});
    return loaded;
  }
}

Result<Config> load_config(const std::string& path) {
  Loaded loaded = load(path);
  if (loaded.config) return std::move(*loaded.config);
  return fail(ErrorKind::config, "config.invalid", loaded.diagnostics.render_errors());
}

}  // namespace flusso::config
