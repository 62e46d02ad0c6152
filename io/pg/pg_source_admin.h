#pragma once
// SourceAdmin: looks at the server, makes publication and slot (in this order: a slot that is older than its
// publication cannot decode what lies between), and waits for transactions that are older than both.
//
//   look: preflight, identity, slot      prepare: preflight → publication created or extended → slot created → seed
//   fence taken
//
// The fence is taken on every start, not only when something was made: a start that died right after making the slot
// leaves no other trace of the transactions that were running then. Thread: control only; every call may block and is
// interruptible.

#include <optional>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "io/pg/publication.h"
#include "io/pg/slot.h"
#include "model/ports/source.h"

namespace flusso::pg {

class PgSourceAdmin final : public SourceAdmin {
 public:
  explicit PgSourceAdmin(PgSourceOptions options) : options_(std::move(options)) {}

  Result<std::vector<TableInfo>> describe(const std::vector<TableRef>& tables) override;
  Result<SourceView> look(const Plan& plan, std::stop_token stop) override;
  Status discard_slot(std::stop_token stop) override;
  Result<SourceState> prepare(const Plan& plan, std::stop_token stop) override;
  Status await_older_transactions(std::uint64_t fence_xid, std::stop_token stop) override;
  Result<Lsn> current_wal() override;
  Result<std::vector<TableSurvey>> survey(const std::vector<TableRef>& tables) override;
  Status examine(const Plan& plan) override;
  Result<bool> widen_identities(const Plan& plan) override;
  std::unique_ptr<CatalogWatch> catalog_watch() override;

 private:
  Result<Conn> open(std::string_view role, std::stop_token stop, bool replication = false) const;
  // A connection for replication; that there is none left is told with those who hold them.
  Result<Conn> open_walsender(Conn& admin, std::stop_token stop) const;
  // The connection of this object, made when needed.
  Result<Conn*> conn(std::stop_token stop);
  void settle_hidden(PublicationState& publication) const;
  // What the server says about itself and the slot.
  struct Found {
    std::uint32_t database_oid = 0;
    std::string database;
    std::optional<SlotInfo> slot;
    bool publication_exists = false;
    std::vector<std::string> warnings;  // what the publication hides, where that is allowed
  };
  // Everything that is wrong, together. A slot that can deliver nothing any more is left to the caller.
  Result<Found> preflight(Conn& conn, const Plan& plan) const;
  Status make_publication(Conn& conn, const Plan& plan, bool slot_exists, SourceState& state) const;
  Status make_slot(Conn& conn, SourceState& state, std::stop_token stop) const;

  PgSourceOptions options_;
  std::optional<Conn> conn_;
  std::uint64_t described_xid_ = 0;
};

}  // namespace flusso::pg
