#pragma once
// The JSON Schemas (draft-07) of the two file formats, for editors: they accept what the loader accepts, as far as
// draft-07 can say it. The files of json_schema/, compiled in by json_schema/embed.cmake.

#include <string_view>

namespace flusso::config {

std::string_view config_json_schema();  // of flusso.toml, as JSON
std::string_view index_json_schema();   // of *.schema.yml, as YAML

}  // namespace flusso::config
