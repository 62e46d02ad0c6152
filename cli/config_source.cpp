#include "cli/config_source.h"

#include <filesystem>

#include "io/config/literal_secrets.h"
#include "io/config/loader.h"
#include "io/config/lock_reader.h"
#include "io/config/lock_writer.h"
#include "model/log.h"

namespace flusso::cli {
namespace {

constexpr Logger kSourceLog{"config"};

// A link to nowhere counts: to pass over it would start something else than what was meant.
bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::not_found;
}

Status renew_lock(const std::string& path, bool named, const Compiled& compiled) {
  const auto done = config::write_lock_file(path, compiled.lock);
  if (!done && named) return fail(done.error());
  if (!done) {
    kSourceLog.warn("the lock is not renewed; the configuration runs without it", kv("lock", path),
                    kv("reason", done.error().what));
    return {};
  }
  if (*done == config::LockWrite::unchanged) return {};
  kSourceLog.info("the lock is renewed", kv("lock", path));
  for (const std::string& place : compiled.literal_secrets)
    kSourceLog.warn("the lock holds a secret that the file spells out; { env = \"VARIABLE\" } keeps it out",
                    kv("lock", path), kv("secret", place));
  return {};
}

Result<ObtainedConfig> from_lock(const std::string& path) {
  FLUSSO_TRY_ASSIGN(const std::string bytes, config::read_lock_file(path));
  FLUSSO_TRY_ASSIGN(Config config, config::read_lock(bytes, path));
  kSourceLog.info("the configuration comes from the lock", kv("lock", path));
  return ObtainedConfig{std::move(config), path};
}

}  // namespace

Result<Compiled> compile(const std::string& config_path) {
  config::Loaded loaded = config::load(config_path);
  if (!loaded.config) return fail(ErrorKind::config, "config.invalid", loaded.diagnostics.render_errors());
  FLUSSO_TRY_ASSIGN(std::string lock, config::encode_lock(loaded.documents, FLUSSO_VERSION));
  std::vector<std::string> secrets = config::literal_secrets(*loaded.config);
  return Compiled{std::move(*loaded.config), std::move(lock), std::move(secrets)};
}

Result<ObtainedConfig> obtain_config(const ConfigChoice& choice) {
  const std::string lock = choice.lock.value_or(kDefaultLock);
  if (choice.locked) return from_lock(lock);
  const std::string path = choice.config.value_or(kDefaultConfig);
  if (is_there(path)) {
    FLUSSO_TRY_ASSIGN(Compiled compiled, compile(path));
    FLUSSO_TRY(renew_lock(lock, choice.lock.has_value(), compiled));
    return ObtainedConfig{std::move(compiled.config), path};
  }
  if (choice.config)
    return fail(ErrorKind::config, "config.missing",
                "the configuration file " + path + " does not exist; name another with --config or FLUSSO_CONFIG");
  if (!is_there(lock))
    return fail(ErrorKind::config, "config.missing",
                "there is neither a " + path + " to compile nor a lock " + lock +
                    "; name a configuration with --config, or a lock with --lock");
  return from_lock(lock);
}

}  // namespace flusso::cli
