#include "stages/touched.h"

namespace flusso::stages {

Touched::Pair Touched::pair(std::string_view key, std::uint8_t sink) {
  // Two independent FNV-1a style streams; 128 bits make an accidental collision irrelevant.
  std::uint64_t low = 14695981039346656037ULL;
  std::uint64_t high = 0x9E3779B97F4A7C15ULL;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    low = (low ^ byte) * 1099511628211ULL;
    high = (high ^ (byte + 0x51ULL)) * 0xD6E8FEB86659FD93ULL;
    high ^= high >> 32U;
  }
  return Pair{high, low, sink};
}

void Touched::begin(std::string_view key, SinkMask sinks) {
  for_each_sink(sinks, [&](std::uint8_t sink) { pairs_[pair(key, sink)] = 0; });
}

void Touched::end(std::string_view key, std::uint8_t sink, std::uint64_t event) {
  if (pairs_.empty()) return;
  if (const auto found = pairs_.find(pair(key, sink)); found != pairs_.end()) found->second = event;
}

bool Touched::contains(std::string_view key, std::uint8_t sink) const {
  return !pairs_.empty() && pairs_.contains(pair(key, sink));
}

void Touched::forget_ended_before(std::uint64_t event) {
  if (event <= forgotten_before_) return;  // nothing that ended since can go
  forgotten_before_ = event;
  std::erase_if(pairs_, [&](const auto& known) { return known.second != 0 && known.second < event; });
}

void Touched::forget_sinks(SinkMask sinks) {
  std::erase_if(pairs_, [&](const auto& known) { return (sinks & bit(known.first.sink)) != 0; });
}

}  // namespace flusso::stages
