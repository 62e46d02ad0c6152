#include "model/mapping/canonical_writer.h"

#include <algorithm>

namespace flusso {

namespace {

// A decimal number as a 96-bit whole number and a count of fraction digits, no zeros at its end.
struct Decimal {
  std::uint32_t low = 0, middle = 0, high = 0;
  std::uint32_t scale = 0;
  bool negative = false;
};

constexpr int kMaxScale = 28;
constexpr int kMaxExponentDigits = 4;

// Multiplies by ten and adds; false when 96 bits do not hold the result.
bool push_digit(Decimal& decimal, std::uint32_t digit) {
  std::uint64_t carry = digit;
  for (std::uint32_t* part : {&decimal.low, &decimal.middle, &decimal.high}) {
    const std::uint64_t product = std::uint64_t{*part} * 10 + carry;
    *part = static_cast<std::uint32_t>(product & 0xFFFFFFFFU);
    carry = product >> 32U;
  }
  return carry == 0;
}

// JSON number text; nothing when it has no exact decimal form of 96 bits and 28 fraction digits.
std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative) text.remove_prefix(1);
  int exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    const bool down = power.starts_with('-');
    if (down || power.starts_with('+')) power.remove_prefix(1);
    if (power.size() > kMaxExponentDigits) return std::nullopt;
    for (const char c : power) exponent = exponent * 10 + (c - '0');
    if (down) exponent = -exponent;
    text = text.substr(0, e);
  }
  std::string digits;
  int scale = 0;
  bool fraction = false;
  for (const char c : text) {
    if (c == '.') {
      fraction = true;
      continue;
    }
    digits.push_back(c);
    scale += fraction ? 1 : 0;
  }
  scale -= exponent;
  const auto first = digits.find_first_not_of('0');
  if (first == std::string::npos) return Decimal{};  // zero has no sign and no scale
  digits.erase(0, first);
  while (digits.ends_with('0') && scale > 0) {
    digits.pop_back();
    --scale;
  }
  if (scale > kMaxScale || scale < -kMaxScale) return std::nullopt;
  if (scale < 0) {
    digits.append(static_cast<std::size_t>(-scale), '0');
    scale = 0;
  }
  for (const char c : digits)
    if (!push_digit(decimal, static_cast<std::uint32_t>(c - '0'))) return std::nullopt;
  decimal.scale = static_cast<std::uint32_t>(scale);
  return decimal;
}

// Numbers of the forms a value may have; the gaps belong to forms that no file produces.
enum : std::uint64_t { kNull = 0, kBool = 1, kBigInt = 4, kDecimal = 7, kString = 8, kArray = 15, kMap = 16 };

}  // namespace

void CanonicalWriter::number(const std::string& digits) {
  const auto decimal = parse_decimal(digits);
  if (!decimal) {
    variant(kString);
    text(digits);
    return;
  }
  variant(kDecimal);
  u32(decimal->low);
  u32(decimal->middle);
  u32(decimal->high);
  u32(decimal->scale << 16U | (decimal->negative ? 1U << 31U : 0U));
}

void CanonicalWriter::value(const Value& value) {
  struct Write {
    CanonicalWriter& out;
    void operator()(std::monostate) const { out.variant(kNull); }
    void operator()(bool flag) const {
      out.variant(kBool);
      out.boolean(flag);
    }
    void operator()(std::int64_t integer) const {
      out.variant(kBigInt);
      out.u64(static_cast<std::uint64_t>(integer));
    }
    void operator()(const Digits& digits) const { out.number(digits.text); }
    void operator()(const std::string& string) const {
      out.variant(kString);
      out.text(string);
    }
    void operator()(const ValueList& items) const {
      out.variant(kArray);
      out.list(items, [this](const Value& item) { out.value(item); });
    }
    void operator()(const ValueMap& entries) const {
      out.variant(kMap);
      out.map(entries);
    }
  };
  std::visit(Write{*this}, value.data);
}

void CanonicalWriter::map(const ValueMap& entries) {
  std::vector<const ValueMap::value_type*> ordered;
  for (const auto& entry : entries) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  list(ordered, [this](const auto* entry) {
    text(entry->first);
    value(entry->second);
  });
}

}  // namespace flusso
