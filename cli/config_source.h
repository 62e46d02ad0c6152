#pragma once
// Where `flusso run` gets its configuration from, as `cargo run` gets its program: the files are compiled and the lock
// is renewed, unless there are no files or --locked forbids to look at them.
//
//   --locked                                the lock; no file is read, nothing is written
//   --config, FLUSSO_CONFIG                 that file, which must exist
//   neither, flusso.toml in this folder     that one
//   neither, and none there                 the lock
//
// Knows files only: no environment, no service.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/config/lock_file.h"
#include "model/config/config.h"
#include "model/result.h"

namespace flusso::cli {

inline constexpr const char* kDefaultConfig = "flusso.toml";
inline constexpr const char* kDefaultLock = "flusso.lock";

// A deployment's files, read without a mistake, and the lock they make.
struct Compiled {
  Config config;
  std::string lock;                          // its bytes
  std::vector<std::string> literal_secrets;  // where the lock holds a secret that the files spell out
};
Result<Compiled> compile(const std::string& config_path);

struct ConfigChoice {
  std::optional<std::string> config;  // as given; absent: the default, if it is there
  std::optional<std::string> lock;    // as given; absent: the default
  bool locked = false;
};

struct ObtainedConfig {
  Config config;
  std::string origin;  // the file it came from, for messages
};

// Compiles or reads, and renews the lock. A lock that the caller named must be writable; the default one is a
// by-product, so that failing to write it (a container with a read-only file system) is logged and no more.
Result<ObtainedConfig> obtain_config(const ConfigChoice& choice);

}  // namespace flusso::cli
