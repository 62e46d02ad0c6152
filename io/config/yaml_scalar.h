#pragma once
// What an unquoted YAML scalar means: the 1.2 core schema, with one departure: leading zeros make a string (postcodes,
// article numbers). So yes, 12:30 and 0123 are strings; 0o17, 0x10 and +5 are integers. Numbers keep their digits.

#include <optional>
#include <string>
#include <string_view>

#include "io/config/tree.h"

namespace flusso::config {

struct PlainScalar {
  Node value;           // its mark is left unset
  std::string problem;  // not empty: why the scalar cannot be used
};
PlainScalar resolve_plain_scalar(std::string_view text);

}  // namespace flusso::config
