#include "cli/commands/run_options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "io/pg/slot.h"
#include "model/config/addresses.h"

namespace flusso::cli {
namespace {

std::string slot_name_fault(const std::string& slot) {
  const Status good = pg::check_slot_name(slot);
  return good ? std::string() : good.error().what;
}

std::string address_fault(const std::string& address) {
  return is_socket_address(address) ? std::string()
                                    : address + " is no address; write IP:port, e.g. 0.0.0.0:9464 or [::1]:9464";
}

void add_source_flags(CLI::App& command, RunOptions& options) {
  command
      .add_option("-c,--config", options.source.config,
                  "Configuration file, compiled at every start; default: flusso.toml if it is there, else the lock")
      ->envname("FLUSSO_CONFIG");
  command.add_option("--lock", options.source.lock, "Lock that is renewed, or read; default: flusso.lock")
      ->envname("FLUSSO_LOCK");
  command.add_flag("--locked", options.source.locked, "Run what the lock holds; read no other file and write none")
      ->envname("FLUSSO_LOCKED");
  command.add_option("--slot", options.slot, "Replication slot; created when absent")
      ->envname("FLUSSO_SLOT")
      ->check(CLI::Validator(slot_name_fault, "NAME"))
      ->capture_default_str();
  command.add_option("--publication", options.publication, "Publication; created and extended when the role may")
      ->envname("FLUSSO_PUBLICATION")
      ->capture_default_str();
  command
      .add_option(
          "--manage-publication", options.manage_publication,
          "Create and extend the publication (true or false); default: the file's manage_publication, else true")
      ->envname("FLUSSO_MANAGE_PUBLICATION");
  command
      .add_option("--spill-dir", options.spill_dir,
                  "Folder for transactions that outgrow memory; default: the file's spill_dir, else the system's "
                  "temporary folder")
      ->envname("FLUSSO_SPILL_DIR");
  command
      .add_option(
          "--on-slot-lost", options.on_slot_lost,
          "When the slot is not the one that the indexes were fed from: stop, or reseed (build every index anew); "
          "default: the file's on_slot_lost, else stop")
      ->envname("FLUSSO_ON_SLOT_LOST")
      ->transform(CLI::Transformer(
          std::map<std::string, SlotLossPolicy>{{"stop", SlotLossPolicy::stop}, {"reseed", SlotLossPolicy::reseed}}));
}

void add_work_flags(CLI::App& command, RunOptions& options) {
  command
      .add_option("--workers", options.workers,
                  "Connections that build documents, and that scan tables; default: min(4, cores)")
      ->envname("FLUSSO_WORKERS")
      ->check(CLI::Range(1, 64));
  command
      .add_option("--index-prefix", options.index_prefix, "Prepended to every index name; default: the file's prefix")
      ->envname("FLUSSO_INDEX_PREFIX");
  CLI::Option* skip =
      command.add_flag("--skip-backfill", options.skip_backfill, "Follow live changes only; seed nothing")
          ->envname("FLUSSO_SKIP_BACKFILL");
  command
      .add_flag("--backfill-only", options.backfill_only,
                "Seed what is unseeded, catch up with the changes made meanwhile, and exit; the slot stays")
      ->envname("FLUSSO_BACKFILL_ONLY")
      ->excludes(skip);
  command
      .add_flag("--pretty", options.pretty,
                "Indent the documents of the stdout sink that is used when none is configured")
      ->envname("FLUSSO_PRETTY");
  command
      .add_option("--queue-capacity", options.queue_capacity,
                  "Accepted for compatibility and without effect: memory is bounded in bytes")
      ->envname("FLUSSO_QUEUE_CAPACITY")
      ->capture_default_str();
}

void add_surface_flags(CLI::App& command, RunOptions& options) {
  const CLI::Validator address(address_fault, "IP:PORT");
  command
      .add_option("--public-address", options.public_address,
                  "Where /healthz, /readyz and /status are served; port 0 = any free one; default: the file's, else "
                  "127.0.0.1:9464")
      ->envname("FLUSSO_PUBLIC_ADDRESS")
      ->check(address);
  command
      .add_option("--private-address", options.private_address,
                  "Control surface (not served yet); default: the file's, else 127.0.0.1:9465")
      ->envname("FLUSSO_PRIVATE_ADDRESS")
      ->check(address);
  command.add_option("--admin-user", options.admin_user, "User of the control surface")
      ->envname("FLUSSO_ADMIN_USER")
      ->capture_default_str();
  command
      .add_option("--admin-password", options.admin_password,
                  "Password of the control surface; better in the variable, where `ps` does not show it")
      ->envname("FLUSSO_ADMIN_PASSWORD");
  command
      .add_option("--lag-poll-secs", options.lag_poll_secs,
                  "How old the slot's lag in /status may be, in seconds; 5 at most in any case")
      ->envname("FLUSSO_LAG_POLL_SECS")
      ->check(CLI::Range(1U, 86400U))
      ->capture_default_str();
}

}  // namespace

void add_run_flags(CLI::App& command, RunOptions& options) {
  add_source_flags(command, options);
  add_work_flags(command, options);
  add_surface_flags(command, options);
}

}  // namespace flusso::cli
