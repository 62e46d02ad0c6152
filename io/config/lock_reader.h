#pragma once
// The bytes of a lock → what they were made of. Nothing in a lock is believed: its size, depth and number of values are
// bounded while it is taken apart, every value must be in the one form the writer gives it, and the trees go through
// the readers and rules of the files.

#include <string>
#include <string_view>

#include "io/config/documents.h"
#include "model/config/config.h"
#include "model/result.h"

namespace flusso::config {

struct Lock {
  std::string flusso_version;  // who wrote it
  Documents documents;
};

// `path` is named in every error, with the cure. Errors, all of kind config:
//   config.lock_foreign   no lock of this program
//   config.lock_format    a lock of another format version
//   config.lock_damaged   cut off, changed, or not in the writer's form
// Thread: any; pure.
Result<Lock> decode_lock(std::string_view bytes, const std::string& path);

// The configuration in a lock. As decode_lock, and config.lock_refused with everything that the rules have against it.
Result<Config> read_lock(std::string_view bytes, const std::string& path);

}  // namespace flusso::config
