// The bulk client: keeps requests until they are answered, waits backoffs, tells when it is idle.
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

#include "tests/pipeline/fake_sink.h"

namespace flusso::fakes {
namespace {

using std::chrono::microseconds;

// Lives as long as an answer may come.
struct Client {
  struct Pending {
    BulkRequest request;
    std::function<void(BulkReply)> done;
    bool on_wire = false;
  };
  std::mutex mutex;
  std::condition_variable idle;
  std::map<std::uint64_t, Pending> pending;
  std::uint64_t last = 0;
  unsigned answering = 0;
  bool cancelled = false;
  std::shared_ptr<Sender> sender = std::make_shared<Sender>();
};

void finish(const std::shared_ptr<Client>& client, std::uint64_t id, ServerAnswer answer) {
  Client::Pending pending;
  {
    const std::scoped_lock lock(client->mutex);
    const auto found = client->pending.find(id);
    if (found == client->pending.end()) return;
    pending = std::move(found->second);
    client->pending.erase(found);
    ++client->answering;
  }
  {
    BulkReply reply;
    reply.request = std::move(pending.request);
    reply.failure = std::move(answer.failure);
    reply.maybe_applied = answer.maybe_applied;
    reply.http_status = reply.failure ? 0 : 200;
    reply.body = std::move(answer.body);
    pending.done(std::move(reply));
  }
  {
    const std::scoped_lock lock(client->mutex);
    --client->answering;
  }
  client->idle.notify_all();
}

class Writer final : public FakeBulkWriter {
 public:
  explicit Writer(SinkShare& share) : share_(share) {}
  ~Writer() override { die(); }

  SinkLimits limits() const override { return share_.limits; }

  void begin_run(const Plan& plan) override {
    const std::scoped_lock lock(names_mutex_);
    names_.clear();
    for (const IndexPlan& index : plan.indexes) names_.push_back(Name{index.name, {}});
    const std::scoped_lock client_lock(client_->mutex);
    client_->sender = std::make_shared<Sender>();
  }

  void set_generation(IndexId index, unsigned slot, std::optional<Generation> generation) override {
    const std::scoped_lock lock(names_mutex_);
    names_[index.value].generations[slot] = generation;
  }

  std::optional<Generation> target(const std::string& index, unsigned slot) const override {
    const std::scoped_lock lock(names_mutex_);
    for (const Name& name : names_)
      if (name.name == index) return name.generations[slot];
    return std::nullopt;
  }

  void render_action(const BulkItem& item, unsigned slot, std::string& lines) const override {
    const std::scoped_lock lock(names_mutex_);
    const Name& name = names_[item.index.value];
    lines += item.body.empty() ? "del " : "put ";
    lines += concrete_name(name.name, name.generations[slot].value_or(Generation{0}));
    lines += ' ';
    lines += item.key;
    lines += '\n';
  }

  void send(BulkRequest request, std::function<void(BulkReply)> done) override {
    if (share_.dead) return;
    ++share_.requests;
    const std::uint32_t attempt = request.attempt;
    std::uint64_t id = 0;
    bool cancelled = false;
    {
      const std::scoped_lock lock(client_->mutex);
      id = ++client_->last;
      client_->pending.emplace(id, Client::Pending{std::move(request), std::move(done), false});
      cancelled = client_->cancelled;
      check_bytes();
    }
    if (cancelled) return cancel(id);
    if (attempt == 0) return put_on_wire(share_, client_, id);
    const auto backoff = microseconds(500 + share_.chance.below(2000));
    share_.cluster.scheduler().after(
        backoff, [&share = share_, client = client_, id](SteadyTime) { put_on_wire(share, client, id); });
  }

  BulkOutcome read_reply(const BulkReply& reply) const override {
    if (share_.throw_in_read_reply.exchange(false)) throw std::runtime_error("the fake was told to throw");
    BulkOutcome outcome;
    std::size_t at = 0;
    for (const BulkItem& item : reply.request.items) {
      Outcome worst;
      for (unsigned slot = 0; slot < 2; ++slot) {
        if (!item.targets.has(reply.request.sink, slot)) continue;
        const Outcome one = read_status(reply.body.substr(at, 3));
        at += 4;
        if (one.kind != OutcomeKind::applied && worst.kind != OutcomeKind::retry) worst = one;
      }
      outcome.items.push_back(std::move(worst));
    }
    return outcome;
  }

  void refresh(const std::vector<IndexId>&) override { ++share_.refreshes; }

  void cancel_pending() override {
    share_.on_cancel();
    std::vector<std::uint64_t> waiting;
    {
      const std::scoped_lock lock(client_->mutex);
      client_->cancelled = true;
      for (const auto& [id, pending] : client_->pending)
        if (!pending.on_wire) waiting.push_back(id);
    }
    for (const std::uint64_t id : waiting) cancel(id);
  }

  bool wait_idle(Millis at_most) override {
    std::unique_lock lock(client_->mutex);
    return client_->idle.wait_for(lock, at_most, [&] { return client_->pending.empty() && client_->answering == 0; });
  }

  void resume() override {
    const std::scoped_lock lock(client_->mutex);
    client_->cancelled = false;
  }

  void die() override {
    std::map<std::uint64_t, Client::Pending> lost;
    {
      const std::scoped_lock lock(client_->mutex);
      client_->sender->dead = true;
      lost.swap(client_->pending);
    }
    client_->idle.notify_all();
  }

 private:
  struct Name {
    std::string name;
    std::optional<Generation> generations[2];
  };

  static Outcome read_status(std::string_view status) {
    if (status == "200") return Outcome{};
    if (status == "429") return Outcome{OutcomeKind::retry, "busy"};
    if (status == "404") return Outcome{OutcomeKind::gone, "no such index"};
    return Outcome{OutcomeKind::rejected, "mapper_parsing_exception"};
  }

  static void put_on_wire(SinkShare& share, const std::shared_ptr<Client>& client, std::uint64_t id) {
    std::string body;
    std::shared_ptr<Sender> sender;
    {
      const std::scoped_lock lock(client->mutex);
      const auto found = client->pending.find(id);
      if (found == client->pending.end()) return;
      found->second.on_wire = true;
      for (const std::string_view segment : found->second.request.segments) body += segment;
      share.verdict.check(Invariant::no_run_ends_as_a_bug, body.size() == found->second.request.bytes,
                          "a request's bytes are miscounted");
      sender = client->sender;
    }
    share.cluster.receive(std::move(sender), std::move(body), share.limits.request_timeout,
                          [client, id](ServerAnswer answer) { finish(client, id, std::move(answer)); });
  }

  void cancel(std::uint64_t id) {
    share_.cluster.scheduler().after(microseconds(0), [client = client_, id](SteadyTime) {
      {
        const std::scoped_lock lock(client->mutex);
        const auto found = client->pending.find(id);
        if (found == client->pending.end() || found->second.on_wire) return;
      }
      ServerAnswer answer;
      answer.failure = Error{ErrorKind::cancelled, "http.cancelled", "stopped"};
      finish(client, id, std::move(answer));
    });
  }

  // Memory of documents that are in flight is leased until they are answered: slabs in requests must fit the account.
  void check_bytes() {
    if (share_.document_bytes == 0) return;
    std::set<const Slab*> slabs;
    std::uint64_t bytes = 0;
    for (const auto& [id, pending] : client_->pending)
      for (const auto& slab : pending.request.slabs)
        if (slabs.insert(slab.get()).second) bytes += slab->bytes.size();
    share_.verdict.check(Invariant::peak_bytes_stay_within_budget, bytes <= share_.document_bytes,
                         "requests in flight hold " + std::to_string(bytes) + " bytes of documents");
  }

  SinkShare& share_;
  std::shared_ptr<Client> client_ = std::make_shared<Client>();
  mutable std::mutex names_mutex_;
  std::vector<Name> names_;
};

}  // namespace

std::unique_ptr<FakeBulkWriter> make_fake_bulk_writer(SinkShare& share) { return std::make_unique<Writer>(share); }

}  // namespace flusso::fakes
