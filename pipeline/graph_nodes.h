#pragma once
// The types of the graph's nodes and of what travels between them. Includes the flow graph's headers: only for
// graph.cpp and the parts of it in files of their own.

#include <tbb/flow_graph.h>

#include <tuple>
#include <utility>

#include "model/batches.h"
#include "pipeline/msg.h"
#include "stages/events.h"

namespace flusso::pipeline {

namespace flow = tbb::flow;

// Keeps wait_for_all() from returning while work is outside the graph; released however the job dies.
template <class Gateway>
class Hold {
 public:
  Hold() = default;
  explicit Hold(Gateway& gateway) : gateway_(&gateway) { gateway_->reserve_wait(); }
  Hold(Hold&& other) noexcept : gateway_(std::exchange(other.gateway_, nullptr)) {}
  Hold& operator=(Hold&& other) noexcept {
    std::swap(gateway_, other.gateway_);
    return *this;
  }
  ~Hold() {
    if (gateway_ != nullptr) gateway_->release_wait();
  }
  template <class T>
  void put(const T& message) const {
    gateway_->try_put(message);
  }

 private:
  Gateway* gateway_ = nullptr;
};

using LedgerMsg = Msg<stages::LedgerEvent>;
using RequestMsg = Msg<BulkRequest>;

// What a pack node is told.
struct PackIn {
  enum class Kind : std::uint8_t { nothing, docs, done, tick } kind = Kind::nothing;
  Msg<DocBatch> docs;
  SteadyTime now{};
  bool memory_short = false;
};

using FenceNode = flow::async_node<Msg<ChangeBatch>, Msg<ChangeBatch>>;
using FanoutNode = flow::multifunction_node<Msg<ChangeBatch>, std::tuple<LedgerMsg, Msg<LookupPlan>>>;
using ResolveNode = flow::async_node<Msg<LookupPlan>, LedgerMsg>;
using EntryNode = flow::async_node<int, LedgerMsg>;
using LedgerNode = flow::multifunction_node<LedgerMsg, std::tuple<Msg<BuildBatch>, PackIn, stages::Settled>>;
using BuildNode = flow::async_node<Msg<BuildBatch>, PackIn>;
using PackNode = flow::multifunction_node<PackIn, std::tuple<RequestMsg>>;
using SendNode = flow::async_node<RequestMsg, Msg<BulkReply>>;
using SettleNode = flow::multifunction_node<Msg<BulkReply>, std::tuple<LedgerMsg, int, PackIn, RequestMsg>>;

}  // namespace flusso::pipeline
