#include "io/pg/pg_source_admin.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "io/pg/blockers.h"
#include "io/pg/catalog.h"
#include "io/pg/catalog_watch.h"
#include "io/pg/generated_columns.h"
#include "io/pg/identity_manager.h"
#include "io/pg/occupants.h"
#include "io/pg/preflight.h"
#include "io/pg/publication.h"
#include "io/pg/quote.h"
#include "io/pg/statement_check.h"
#include "io/pg/timeline.h"
#include "model/log.h"

namespace flusso::pg {
namespace {

constexpr Logger kSourceLog{"source"};
constexpr Millis kSayEvery{5000};
constexpr Millis kAdminLockTimeout{30000};
constexpr Millis kAnswerWithin{60000};  // every statement here is short, or watched

void move_into(std::vector<Error>& all, std::vector<Error> some) {
  all.insert(all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
}

// "schema.table.column" of the first column of money, or nothing.
std::string some_money_column(const std::vector<TableSurvey>& surveys) {
  for (const TableSurvey& survey : surveys)
    for (const ColumnInfo& column : survey.info.columns)
      if (column.base_type == "money" || column.base_type == "_money")
        return to_text(survey.info.table) + '.' + column.name;
  return {};
}

// Waits; true when the time is over, false when stop was requested.
bool pause(Millis time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

// Cancelled when either of two tokens is.
class EitherStop {
 public:
  EitherStop(const std::stop_token& a, const std::stop_token& b)
      : on_a_(a, Request{&source_}), on_b_(b, Request{&source_}) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Request {
    std::stop_source* source;
    void operator()() const noexcept { source->request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Request> on_a_, on_b_;
};

}  // namespace

Result<Conn> PgSourceAdmin::open(std::string_view role, std::stop_token stop, bool replication) const {
  ConnParams params;
  params.url = options_.url;
  params.application_name = fmt::format("flusso:{}:{}", options_.slot, role);
  params.replication = replication;
  params.lock_timeout = kAdminLockTimeout;
  params.answer_within = kAnswerWithin;
  return Conn::connect(params, std::move(stop));
}

Result<Conn> PgSourceAdmin::open_walsender(Conn& admin, std::stop_token stop) const {
  auto opened = open("identify", std::move(stop), true);
  if (!opened && opened.error().code == "pg.53300")
    if (const std::string names = name_walsenders_if_full(admin); !names.empty())
      opened.error().what += "; walsenders are held by " + names;
  return opened;
}

Result<Conn*> PgSourceAdmin::conn(std::stop_token stop) {
  if (!conn_ || !conn_->usable()) {
    conn_.reset();
    FLUSSO_TRY_ASSIGN(conn_, open("admin", stop));
  }
  conn_->bind(std::move(stop));
  return &*conn_;
}

Result<std::vector<TableInfo>> PgSourceAdmin::describe(const std::vector<TableRef>& tables) {
  FLUSSO_TRY_ASSIGN(std::vector<TableSurvey> surveys, survey(tables));
  return without_problems(std::move(surveys));
}

Result<std::vector<TableSurvey>> PgSourceAdmin::survey(const std::vector<TableRef>& tables) {
  conn_.reset();  // a start begins here; a connection of before may be dead without knowing it
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(options_.stop));
  FLUSSO_TRY_ASSIGN(const Rows ended,
                    admin->exec("SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"));
  described_xid_ = ended.unsigned_integer(0, 0);
  FLUSSO_TRY_ASSIGN(std::vector<TableSurvey> surveys, survey_tables(*admin, tables));
  FLUSSO_TRY_ASSIGN(const bool via_root, publishes_via_root(*admin, options_.publication));
  if (via_root)
    for (TableSurvey& survey : surveys) trust_root_identity(survey.info);
  if (!admin->knows_money_locale())
    if (const std::string column = some_money_column(surveys); !column.empty())
      kSourceLog.warn("the role's lc_monetary hides the server's; amounts of type money are read with two decimals",
                      kv("column", column),
                      kv("cure", "ALTER DATABASE … SET lc_monetary = …, or ALTER ROLE … RESET lc_monetary"));
  return surveys;
}

Status PgSourceAdmin::examine(const Plan& plan) {
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(options_.stop));
  std::vector<Error> findings;
  FLUSSO_TRY_ASSIGN(auto privileges, check_privileges(*admin, plan));
  move_into(findings, std::move(privileges));
  FLUSSO_TRY_ASSIGN(auto generated, check_generated(*admin, options_.publication, plan));
  move_into(findings, std::move(generated));
  move_into(findings, check_identities(plan).errors);
  FLUSSO_TRY_ASSIGN(auto publication, inspect_publication(*admin, options_.publication, plan));
  settle_hidden(publication);
  move_into(findings, std::move(publication.findings));
  if (!findings.empty()) return fail(all_of(std::move(findings)));
  return check_statements_are_taken(*admin, plan);
}

Result<bool> PgSourceAdmin::widen_identities(const Plan& plan) {
  if (!options_.manage_replica_identity) return false;
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(options_.stop));
  return pg::widen_identities(*admin, plan, options_.stop);
}

std::unique_ptr<CatalogWatch> PgSourceAdmin::catalog_watch() { return std::make_unique<PgCatalogWatch>(options_); }

// Who takes a partial publication is only told what it hides.
void PgSourceAdmin::settle_hidden(PublicationState& publication) const {
  if (!options_.allow_partial_publication) return;
  for (Error& finding : publication.findings) publication.warnings.push_back(std::move(finding.what));
  publication.findings.clear();
}

namespace {

struct Identity {
  std::string system_id;
  std::uint32_t timeline = 0;
  std::vector<TimelineEnd> earlier;
};

// Asks a walsender connection: no other place knows the timeline that is written to.
Result<Identity> identify(Conn replication) {
  FLUSSO_TRY_ASSIGN(const Rows rows, replication.exec("IDENTIFY_SYSTEM"));
  Identity identity{rows.string(0, 0), rows.oid(0, 1), {}};
  if (identity.timeline <= 1) return identity;
  const auto history = replication.exec(fmt::format("TIMELINE_HISTORY {}", identity.timeline));
  if (!history) {
    // Without it nobody can tell where an earlier timeline was left; whoever needs to know finds it missing.
    kSourceLog.warn("the server does not tell its timeline history", kv("reason", history.error().what));
    return identity;
  }
  FLUSSO_TRY_ASSIGN(identity.earlier, parse_timeline_history(history->text(0, 1)));
  return identity;
}

}  // namespace

Status PgSourceAdmin::make_publication(Conn& admin, const Plan& plan, bool slot_exists, SourceState& state) const {
  FLUSSO_TRY_ASSIGN(const PublicationState publication, inspect_publication(admin, options_.publication, plan));
  const bool lost = options_.publication_lost->load();
  if (!publication.missing.empty() || !publication.exists) {
    if (!options_.manage_publication)
      return fail(incomplete(options_.publication, publication, "manage_publication is off"));
    FLUSSO_TRY(cover(admin, options_.publication, publication));
    state.tables_added = publication.missing;
  }
  if (!slot_exists || (publication.exists && !lost)) return {};
  // Changes between the slot's position and this publication can never be decoded. Whoever remembers what the slot had
  // confirmed before sees the jump.
  kSourceLog.warn("the publication is younger than the slot; the slot skips to the present", kv("slot", options_.slot));
  FLUSSO_TRY(admin.exec_params("SELECT pg_catalog.pg_replication_slot_advance($1, pg_catalog.pg_current_wal_lsn())",
                               {options_.slot}));
  options_.publication_lost->store(false);
  state.slot_skipped = true;
  return {};
}

Status PgSourceAdmin::make_slot(Conn& admin, SourceState& state, std::stop_token stop) const {
  std::optional<Conn> observer;
  const Watch watch{kSayEvery, [&] {
                      if (!observer || !observer->usable()) {
                        auto opened = open("watch", stop);
                        if (!opened) return;
                        observer.emplace(std::move(*opened));
                      }
                      kSourceLog.info("waiting for older transactions before the slot can be made",
                                      kv("slot", options_.slot),
                                      kv("for", name_slot_blockers(*observer, admin.backend_pid())));
                    }};
  // The wait for older transactions is one for their locks: it may take as long as they do, and is told meanwhile.
  FLUSSO_TRY(admin.exec("SET lock_timeout = 0"));
  auto created = create_slot(admin, options_.slot, watch);
  if (admin.usable()) FLUSSO_TRY(admin.exec("RESET lock_timeout"));
  if (!created)
    return fail(
        in_context(fmt::format("cannot create replication slot \"{}\"", options_.slot), std::move(created).error()));
  state.slot_created = true;
  kSourceLog.info("slot created", kv("slot", options_.slot), kv("at", *created));
  return {};
}

Result<PgSourceAdmin::Found> PgSourceAdmin::preflight(Conn& admin, const Plan& plan) const {
  FLUSSO_TRY(check_slot_name(options_.slot));
  Found found;
  FLUSSO_TRY_ASSIGN(
      const Rows database,
      admin.exec("SELECT oid, datname FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"));
  found.database_oid = database.oid(0, 0);
  found.database = database.string(0, 1);
  FLUSSO_TRY_ASSIGN(found.slot, find_slot(admin, options_.slot));

  std::vector<Error> findings;
  FLUSSO_TRY_ASSIGN(auto server, check_server(admin, found.slot.has_value()));
  move_into(findings, std::move(server));
  FLUSSO_TRY_ASSIGN(auto privileges, check_privileges(admin, plan));
  move_into(findings, std::move(privileges));
  IdentityFindings identities = check_identities(plan);
  move_into(findings, std::move(identities.errors));
  FLUSSO_TRY_ASSIGN(auto publication, inspect_publication(admin, options_.publication, plan));
  settle_hidden(publication);
  move_into(findings, std::move(publication.findings));
  found.publication_exists = publication.exists;
  if (found.slot) {
    auto usable = check_slot(*found.slot, options_.slot, found.database);
    if (!usable && usable.error().code != "pg.slot_lost")
      findings.push_back(std::move(usable).error());
    else if (found.slot->active)
      findings.push_back(Error{ErrorKind::permanent, "pg.slot_active", in_use_sentence(*found.slot, options_.slot)});
  }
  if (!findings.empty()) return fail(all_of(std::move(findings)));
  found.warnings = std::move(publication.warnings);
  return found;
}

Result<SourceView> PgSourceAdmin::look(const Plan& plan, std::stop_token stop) {
  const EitherStop either(options_.stop, stop);
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(either.token()));
  FLUSSO_TRY_ASSIGN(const Found found, preflight(*admin, plan));
  FLUSSO_TRY_ASSIGN(Conn replication, open_walsender(*admin, either.token()));
  FLUSSO_TRY_ASSIGN(Identity identity, identify(std::move(replication)));
  FLUSSO_TRY_ASSIGN(const Rows wal, admin->exec("SELECT pg_catalog.pg_current_wal_lsn()"));
  SourceView view;
  view.system_id = std::move(identity.system_id);
  view.database_oid = found.database_oid;
  view.database = found.database;
  view.timeline = identity.timeline;
  view.earlier = std::move(identity.earlier);
  view.wal_end = wal.lsn(0, 0);
  view.publication_missing = !found.publication_exists;
  if (found.slot) view.slot = SourceView::Slot{found.slot->confirmed_flush, why_invalid(*found.slot)};
  return view;
}

Status PgSourceAdmin::discard_slot(std::stop_token stop) {
  const EitherStop either(options_.stop, stop);
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(either.token()));
  FLUSSO_TRY(admin->exec_params("SELECT pg_catalog.pg_drop_replication_slot($1)", {options_.slot}));
  return {};
}

Result<SourceState> PgSourceAdmin::prepare(const Plan& plan, std::stop_token stop) {
  const EitherStop either(options_.stop, stop);
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(either.token()));
  FLUSSO_TRY_ASSIGN(Found found, preflight(*admin, plan));
  std::optional<SlotInfo> slot = std::move(found.slot);
  if (slot) FLUSSO_TRY(check_slot(*slot, options_.slot, found.database));
  for (const std::string& warning : check_identities(plan).warnings)
    kSourceLog.info("old parents are searched for", kv("what", warning));
  for (const std::string& warning : found.warnings) kSourceLog.warn(warning);

  SourceState state;
  state.slot = options_.slot;
  state.described_xid = described_xid_;
  state.database_oid = found.database_oid;
  FLUSSO_TRY_ASSIGN(Conn replication, open_walsender(*admin, either.token()));
  FLUSSO_TRY_ASSIGN(Identity identity, identify(std::move(replication)));
  state.system_id = std::move(identity.system_id);
  state.timeline = identity.timeline;
  FLUSSO_TRY(make_publication(*admin, plan, slot.has_value(), state));
  if (!slot) FLUSSO_TRY(make_slot(*admin, state, either.token()));

  FLUSSO_TRY_ASSIGN(slot, find_slot(*admin, options_.slot));
  if (!slot)
    return fail(ErrorKind::transient, "pg.slot_missing",
                fmt::format("replication slot \"{}\" was dropped meanwhile", options_.slot));
  state.confirmed_flush = slot->confirmed_flush;
  // The next transaction id: above every transaction that has one by now. A snapshot's xmax can lie below running ones.
  FLUSSO_TRY_ASSIGN(const Rows fence, admin->exec("SELECT pg_catalog.pg_current_xact_id()"));
  state.seed_fence_xid = fence.unsigned_integer(0, 0);
  return state;
}

Status PgSourceAdmin::await_older_transactions(std::uint64_t fence_xid, std::stop_token stop) {
  const EitherStop either(options_.stop, stop);
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(either.token()));
  SteadyTime say_at = std::chrono::steady_clock::now() + kSayEvery;
  for (Millis wait{5};; wait = std::min(wait * 2, Millis(250))) {
    FLUSSO_TRY_ASSIGN(const Rows rows,
                      admin->exec("SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"));
    if (rows.unsigned_integer(0, 0) >= fence_xid) return {};
    if (std::chrono::steady_clock::now() >= say_at) {
      kSourceLog.info("seeding waits for older transactions",
                      kv("for", name_blockers(*admin, fence_xid, admin->backend_pid())));
      say_at = std::chrono::steady_clock::now() + kSayEvery;
    }
    if (!pause(wait, either.token()))
      return fail(ErrorKind::cancelled, "pg.cancelled", "stopped while waiting for older transactions");
  }
}

Result<Lsn> PgSourceAdmin::current_wal() {
  FLUSSO_TRY_ASSIGN(Conn * admin, conn(options_.stop));
  FLUSSO_TRY_ASSIGN(const Rows rows, admin->exec("SELECT pg_catalog.pg_current_wal_lsn()"));
  return rows.lsn(0, 0);
}

std::unique_ptr<SourceAdmin> make_source_admin(const PgSourceOptions& options) {
  return std::make_unique<PgSourceAdmin>(options);
}

}  // namespace flusso::pg
