#pragma once
// A mapping read key by key. It remembers which keys were asked for, so that finish() can report every key that
// nobody knows, with the nearest known one.

#include <string>
#include <string_view>
#include <vector>

#include "io/config/reading.h"

namespace flusso::config {

// Thread: one.
class Section {
 public:
  // `what` names the section in messages: "`has_many` join `orders`". Reports a node that is no mapping. The node must
  // outlive the section.
  Section(Reading& reading, const Node& node, std::string what);
  Section(Reading& reading, Node&& node, std::string what) = delete;

  bool usable() const { return entries_ != nullptr; }
  const std::string& what() const { return what_; }
  Mark at() const { return at_; }

  // The key's entry even if nothing stands after it, or null.
  const Entry* entry(std::string_view key);
  // The key's value; a key with nothing after it counts as absent.
  const Node* optional(std::string_view key);
  // As optional, but reports a missing key; `expected` says what belongs there.
  const Node* required(std::string_view key, std::string_view expected);
  // Reports the key if it is present: `message`, `expected`; true then. It does not count as a known key.
  bool refuse(std::string_view key, const std::string& message, const std::string& expected = {});
  // A key that is handled elsewhere, such as the type key of a field.
  void ignore(std::string_view key) { silent_.push_back(std::string(key)); }
  // Reports all keys that were not asked for.
  void finish();

 private:
  const Entry* find(std::string_view key) const;

  Reading& reading_;
  const std::vector<Entry>* entries_;
  Mark at_;
  std::string what_;
  std::vector<std::string> known_;   // in the order of asking
  std::vector<std::string> silent_;  // refused or handled elsewhere
};

}  // namespace flusso::config
