#pragma once
// A lock on disk. It is replaced as a whole: whoever reads while it is written, and whoever starts after a crash, finds
// the old lock or the new one.

#include <string>
#include <string_view>

#include "model/result.h"

namespace flusso::config {

enum class LockWrite { written, unchanged };

// Writes a temporary file beside `path`, makes it durable and moves it over `path`. A file with these bytes is left
// alone, so that a read-only file system holds nobody up who changes nothing. A symbolic link stays one. What is there
// and cannot be a lock is not overwritten. Errors of kind config (lock_foreign) and permanent (lock_write); after one
// the old file is as it was. Thread: any; blocks on the disk.
Result<LockWrite> write_lock_file(const std::string& path, std::string_view bytes);

// The file's bytes, one more than the largest lock at most. Errors: config.lock_missing, config.lock_unreadable.
Result<std::string> read_lock_file(const std::string& path);

}  // namespace flusso::config
