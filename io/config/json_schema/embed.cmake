# Writes the JSON Schemas into a source file that defines io/config/json_schema.h.
# usage: cmake -D FOLDER=<this folder> -D OUT=<file.cpp> -P embed.cmake
file(READ ${FOLDER}/config.schema.json config)
file(READ ${FOLDER}/index.schema.yml index)
foreach(text config index)
  string(FIND "${${text}}" ")json_schema\"" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "${FOLDER}: a schema holds the end mark of a raw string")
  endif()
endforeach()
file(WRITE ${OUT} "#include \"io/config/json_schema.h\"

namespace flusso::config {

std::string_view config_json_schema() { return R\"json_schema(${config})json_schema\"; }

std::string_view index_json_schema() { return R\"json_schema(${index})json_schema\"; }

}  // namespace flusso::config
")
