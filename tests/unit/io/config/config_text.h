#pragma once
// A configuration as text, every value of it, places left out: what must be equal for two to behave alike. Secrets are
// shown, so this is for tests only.

#include <string>

#include "model/config/config.h"

namespace flusso::config {

std::string text_of(const Config& config);
std::string text_of(const IndexSchema& schema);

}  // namespace flusso::config
