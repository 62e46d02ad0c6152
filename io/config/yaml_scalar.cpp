#include "io/config/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace flusso::config {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t n>
bool one_of(std::string_view text, const std::string_view (&words)[n]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const auto length = static_cast<std::size_t>(end - rest.begin());
  const std::string_view digits = rest.substr(0, length);
  rest.remove_prefix(length);
  return digits;
}

PlainScalar of(auto value) {
  PlainScalar scalar;
  scalar.value.data = std::move(value);
  return scalar;
}

PlainScalar integer_in_base(std::string_view text, std::string_view digits, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (digits.empty() || end != digits.data() + digits.size()) return of(std::string(text));
  if (error != std::errc()) {
    PlainScalar scalar;
    scalar.problem = "an octal or hexadecimal integer does not fit in 64 bits";
    return scalar;
  }
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return of(Digits{std::to_string(number)});
  return of(static_cast<std::int64_t>(number));
}

bool has_leading_zero(std::string_view whole) { return whole.size() > 1 && whole.front() == '0'; }

// Decimal integers and fractions; text that is neither stays a string.
PlainScalar decimal_number(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const std::string_view whole = take_digits(rest);
  const bool point = rest.starts_with('.');
  if (point) rest.remove_prefix(1);
  const std::string_view fraction = point ? take_digits(rest) : std::string_view();
  if (whole.empty() && fraction.empty()) return of(std::string(text));
  if (has_leading_zero(whole)) return of(std::string(text));

  std::string exponent;
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    exponent = "e";
    if (rest.starts_with('-')) exponent += '-';
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
    const std::string_view power = take_digits(rest);
    if (power.empty()) return of(std::string(text));
    exponent.append(power);
  }
  if (!rest.empty()) return of(std::string(text));

  // Rewritten as JSON allows it: no plus sign, a digit before the point, none after it only without the point.
  std::string digits = negative ? "-" : "";
  digits.append(whole.empty() ? "0" : whole);
  if (!point && exponent.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) return of(number);
    return of(Digits{digits});
  }
  if (!fraction.empty()) digits.append(".").append(fraction);
  return of(Digits{digits + exponent});
}

}  // namespace

PlainScalar resolve_plain_scalar(std::string_view text) {
  constexpr std::string_view kNull[] = {"", "~", "null", "Null", "NULL"};
  constexpr std::string_view kTrue[] = {"true", "True", "TRUE"};
  constexpr std::string_view kFalse[] = {"false", "False", "FALSE"};
  constexpr std::string_view kNotFinite[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF",
                                             "-.inf", "-.Inf", "-.INF", ".nan",  ".NaN",  ".NAN"};
  if (one_of(text, kNull)) return of(std::monostate{});
  if (one_of(text, kTrue)) return of(true);
  if (one_of(text, kFalse)) return of(false);
  if (one_of(text, kNotFinite)) {
    PlainScalar scalar;
    scalar.problem = "infinity and NaN have no form in JSON";
    return scalar;
  }
  if (text.starts_with("0o")) return integer_in_base(text, text.substr(2), 8);
  if (text.starts_with("0x")) return integer_in_base(text, text.substr(2), 16);
  return decimal_number(text);
}

}  // namespace flusso::config
