#pragma once
// Counts the operations of a bulk body while it streams by, and renders the filtered answer for them: one good item per
// action. Nothing of the body is kept. With hashing, the sum of the FNV-1a hashes of all document lines tells whether
// two runs sent the same documents, in whatever order. Thread: one per body.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace flusso::bench {

class BulkCounter {
 public:
  explicit BulkCounter(bool hashing) : hashing_(hashing) {}

  void begin() {
    items_ = "{\"errors\":false,\"items\":[";
    documents_ = 0;
    deletes_ = 0;
    digest_ = 0;
    in_action_ = true;
    line_bytes_ = 0;
  }
  void take(std::string_view chunk) {
    while (!chunk.empty()) {
      const auto* newline = static_cast<const char*>(std::memchr(chunk.data(), '\n', chunk.size()));
      const std::size_t bytes = newline == nullptr ? chunk.size() : static_cast<std::size_t>(newline - chunk.data());
      take_part(chunk.substr(0, bytes));
      if (newline == nullptr) return;
      end_line();
      chunk.remove_prefix(bytes + 1);
    }
  }
  // The whole answer; the body is over.
  const std::string& answer() {
    if (items_.back() == ',') items_.pop_back();
    items_ += "]}";
    return items_;
  }
  std::uint64_t documents() const { return documents_; }
  std::uint64_t deletes() const { return deletes_; }
  std::uint64_t digest() const { return digest_; }

 private:
  static constexpr std::size_t kVerbAt = 2;  // {"index":…  {"delete":…
  void take_part(std::string_view part) {
    if (in_action_ && line_bytes_ <= kVerbAt && line_bytes_ + part.size() > kVerbAt)
      is_delete_ = part[kVerbAt - line_bytes_] == 'd';
    line_bytes_ += part.size();
    if (!hashing_ || in_action_) return;
    for (const char c : part) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  void end_line() {
    if (line_bytes_ == 0) return;
    if (in_action_ && is_delete_) {
      ++deletes_;
      items_ += "{\"delete\":{\"status\":200}},";
    } else if (in_action_) {
      in_action_ = false;
      hash_ = 14695981039346656037ULL;
    } else {
      ++documents_;
      digest_ += hash_;
      items_ += "{\"index\":{\"status\":201}},";
      in_action_ = true;
    }
    line_bytes_ = 0;
  }

  const bool hashing_;
  std::string items_;
  std::uint64_t documents_ = 0;
  std::uint64_t deletes_ = 0;
  std::uint64_t digest_ = 0;
  std::uint64_t hash_ = 0;
  bool in_action_ = true;
  bool is_delete_ = false;
  std::size_t line_bytes_ = 0;
};

}  // namespace flusso::bench
