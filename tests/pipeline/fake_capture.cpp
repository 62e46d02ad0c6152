// The change stream of the fake database: replay from the slot's confirmed position, keepalives (also ones that go back
// after a reconnect), lost connections.
#include <utility>

#include "tests/pipeline/fake_schema.h"
#include "tests/pipeline/fake_source.h"

namespace flusso::fakes {
namespace {

SteadyTime now() { return std::chrono::steady_clock::now(); }

class FakeCapture final : public ChangeCapture {
 public:
  FakeCapture(SourceShare& share, const Plan& plan) : share_(share), plan_(plan) {}

  Result<Lsn> start() override {
    if (share_.dead) return lost();
    share_.database.begin_stream();
    const Lsn confirmed = share_.database.slot().confirmed;
    position_ = keepalive_ = confirmed;
    confirmed_.store(confirmed.value);
    if (share_.chance.per_mille(300)) backlog_.push_back(CaptureKeepalive{Lsn{confirmed.value - 5}});
    ++share_.runs;
    share_.ring();
    return confirmed;
  }

  Result<CaptureEvent> next(Millis wait) override {
    const SteadyTime until = now() + wait;
    while (true) {
      if (failed_ || share_.dead || share_.chance.per_mille(share_.faults.capture_lost)) {
        failed_ = true;
        return lost();
      }
      if (fill()) return take();
      if (now() >= until) return CaptureEvent(CaptureNothing{});
      const std::uint64_t interrupts = interrupts_;
      share_.database.wait_for_wal(keepalive_, interrupts_, until);
      if (interrupts != interrupts_) return CaptureEvent(CaptureNothing{});
    }
  }

  bool readable() override {
    const bool more = failed_ || fill();
    if (!more) share_.database.note_delivered(position_);  // the reader closes its group
    return more;
  }

  Status keep_alive(Millis wait) override {
    if (failed_ || share_.dead) return lost();
    ++share_.keep_alives;
    share_.ring();
    share_.database.wait_for_wal(Lsn{UINT64_MAX}, interrupts_, now() + wait);
    return {};
  }

  void confirm(Lsn lsn) noexcept override {
    if (share_.dead) return;
    const Lsn before{confirmed_.exchange(lsn.value)};
    share_.on_confirm(before, lsn);
    share_.database.confirm(lsn);
    share_.database.interrupt();
    share_.ring();
  }

  void wake() noexcept override { share_.database.interrupt(); }
  void finish() noexcept override {}

 private:
  struct RowOf {
    const TablePlan* plan = nullptr;
    TableId table;
    RowChange change;
  };
  struct CommitOf {
    Xid xid;
    Lsn end;
  };
  using Item = std::variant<CaptureKeepalive, CaptureBegin, RowOf, CaptureGap, CommitOf>;

  static tl::unexpected<Error> lost() { return fail(ErrorKind::transient, "pg.08006", "the connection was lost"); }

  bool fill() {
    if (!backlog_.empty()) return true;
    // Read before the transaction: one that commits in between must not be overtaken by a keepalive.
    const Lsn end = share_.database.wal_end();
    if (auto transaction = share_.database.next_transaction(position_)) {
      expand(*transaction);
      position_ = keepalive_ = transaction->end;
      return true;
    }
    if (end <= keepalive_) return false;
    keepalive_ = end;
    backlog_.push_back(CaptureKeepalive{end});
    return true;
  }

  void expand(const Transaction& transaction) {
    const Xid xid{static_cast<std::uint32_t>(transaction.xid)};
    backlog_.push_back(CaptureBegin{xid});
    CaptureGap gap;
    for (std::size_t i = 0; i < plan_.tables.size(); ++i) {
      const Table table = table_of(plan_.tables[i].info.table);
      for (const Table truncated : transaction.truncated)
        if (truncated == table) gap.gaps.push_back({TableId{static_cast<std::uint16_t>(i)}, GapReason::truncated, {}});
    }
    if (!gap.gaps.empty()) backlog_.push_back(gap);
    for (const RowChange& change : transaction.rows)
      for (std::size_t i = 0; i < plan_.tables.size(); ++i)
        if (table_of(plan_.tables[i].info.table) == change.table)
          backlog_.push_back(RowOf{&plan_.tables[i], TableId{static_cast<std::uint16_t>(i)}, change});
    backlog_.push_back(CommitOf{xid, transaction.end});
  }

  CaptureEvent take() {
    const Item item = std::move(backlog_.front());
    backlog_.pop_front();
    if (const auto* row = std::get_if<RowOf>(&item)) return row_event(*row);
    if (const auto* commit = std::get_if<CommitOf>(&item)) {
      return CaptureCommit{commit->xid, commit->end};
    }
    if (const auto* begin = std::get_if<CaptureBegin>(&item)) return *begin;
    if (const auto* gap = std::get_if<CaptureGap>(&item)) return *gap;
    return std::get<CaptureKeepalive>(item);
  }

  RowEvent row_event(const RowOf& row) {
    RowEvent event;
    event.table = row.table;
    event.op = row.change.op;
    const Row& before = row.change.before;
    const Row& after = row.change.after;
    const bool key_changed =
        fields_of(*row.plan, before, Tuple::identity_only) != fields_of(*row.plan, after, Tuple::identity_only);
    if (event.op == ChangeOp::remove || (event.op == ChangeOp::update && key_changed)) {
      view(fields_of(*row.plan, before, Tuple::identity_only), old_texts_, old_fields_);
      event.old_fields = &old_fields_;
    }
    if (event.op != ChangeOp::remove) {
      view(fields_of(*row.plan, after, Tuple::whole), new_texts_, new_fields_);
      event.new_fields = &new_fields_;
    }
    return event;
  }

  static void view(std::vector<std::optional<std::string>> values, std::vector<std::optional<std::string>>& texts,
                   std::vector<FieldText>& fields) {
    texts = std::move(values);
    fields.clear();
    for (const auto& text : texts)
      fields.push_back(text ? FieldText{FieldText::State::text, *text} : FieldText{FieldText::State::missing, {}});
  }

  SourceShare& share_;
  const Plan& plan_;
  std::deque<Item> backlog_;
  Lsn position_;   // end of the last transaction taken from the WAL
  Lsn keepalive_;  // the highest position told
  std::atomic<std::uint64_t> confirmed_{0};
  std::uint64_t interrupts_ = 0;
  bool failed_ = false;
  std::vector<std::optional<std::string>> old_texts_, new_texts_;
  std::vector<FieldText> old_fields_, new_fields_;
};

}  // namespace

std::unique_ptr<ChangeCapture> make_fake_capture(SourceShare& share, const Plan& plan) {
  return std::make_unique<FakeCapture>(share, plan);
}

}  // namespace flusso::fakes
