#pragma once
// Files that have been read without a mistake → the bytes of a lock. Pure: the same files give the same bytes, wherever
// they lie.

#include <string>
#include <string_view>

#include "io/config/documents.h"
#include "model/result.h"

namespace flusso::config {

// Error config.lock_too_large: more than a reader would accept. Thread: any.
Result<std::string> encode_lock(const Documents& documents, std::string_view flusso_version);

}  // namespace flusso::config
