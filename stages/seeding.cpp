#include "stages/seeding.h"

#include <algorithm>

#include "model/check.h"

namespace flusso::stages {

std::string pack_bitmap(const std::vector<bool>& bits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text((bits.size() + 3) / 4, '0');
  for (std::size_t digit = 0; digit < text.size(); ++digit) {
    unsigned value = 0;
    for (std::size_t bit = 0; bit < 4 && digit * 4 + bit < bits.size(); ++bit)
      if (bits[digit * 4 + bit]) value |= 1U << bit;
    text[digit] = kHex[value];
  }
  return text;
}

std::vector<bool> unpack_bitmap(const std::string& text, std::size_t size) {
  std::vector<bool> bits(size, false);
  for (std::size_t i = 0; i < size && i / 4 < text.size(); ++i) {
    const char c = text[i / 4];
    const unsigned value = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                                                  : 0U;
    bits[i] = (value >> (i % 4) & 1U) != 0;
  }
  return bits;
}

Seeding::Seeding(IndexId index, Targets targets, ChunkPlan plan, std::vector<bool> done)
    : index_(index), targets_(targets), plan_(std::move(plan)), done_(std::move(done)) {
  done_.resize(plan_.chunks.size(), false);
  recorded_ = static_cast<std::size_t>(std::count(done_.begin(), done_.end(), true));
}

std::optional<std::size_t> Seeding::take() {
  if (!returned_.empty()) {
    const std::size_t number = returned_.back();
    returned_.pop_back();
    return number;
  }
  while (next_ < done_.size() && done_[next_]) ++next_;
  if (next_ == done_.size()) return std::nullopt;
  return next_++;
}

void Seeding::give_back(std::size_t number) { returned_.push_back(number); }

void Seeding::record(std::size_t number) {
  FLUSSO_CHECK(!done_[number], "a chunk was recorded twice");
  done_[number] = true;
  ++recorded_;
}

double Seeding::rows_total() const {
  double rows = 0;
  for (const Chunk& chunk : plan_.chunks) rows += chunk.rows;
  return rows;
}

double Seeding::rows_recorded() const {
  double rows = 0;
  for (std::size_t i = 0; i < done_.size(); ++i)
    if (done_[i]) rows += plan_.chunks[i].rows;
  return rows;
}

}  // namespace flusso::stages
