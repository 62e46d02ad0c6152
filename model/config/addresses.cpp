#include "model/config/addresses.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/schema/names.h"

namespace flusso {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Something follows the scheme, and no blank or control character anywhere.
bool has_scheme(std::string_view text, std::string_view scheme) {
  return text.starts_with(scheme) && text.size() > scheme.size() && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
         });
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    if ((part < 3) == (dot == std::string_view::npos)) return false;
    const std::string_view digits = text.substr(0, dot);
    if (digits.empty() || !is_digit(digits.front()) || (digits.size() > 1 && digits.front() == '0')) return false;
    if (!whole_number<std::uint8_t>(digits)) return false;
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  const auto gap = text.find("::");
  if (gap != std::string_view::npos && text.find("::", gap + 1) != std::string_view::npos) return false;
  // The last four bytes may be written as IPv4.
  const auto count = [&](std::string_view part, bool is_end) {
    while (!part.empty()) {
      const auto colon = part.find(':');
      const std::string_view group = part.substr(0, colon);
      if (is_end && colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
        groups += 2;
        return is_ipv4(group);
      }
      const bool hex = !group.empty() && group.size() <= 4 && std::all_of(group.begin(), group.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      });
      if (!hex) return false;
      ++groups;
      if (colon == std::string_view::npos) return true;
      part.remove_prefix(colon + 1);
      if (part.empty()) return false;
    }
    return true;
  };
  if (gap == std::string_view::npos) return count(text, true) && groups == 8;
  return count(text.substr(0, gap), false) && count(text.substr(gap + 2), true) && groups <= 7;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

bool is_postgres_url(std::string_view text) {
  return has_scheme(text, "postgres://") || has_scheme(text, "postgresql://");
}

bool is_http_url(std::string_view text) {
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")})
    if (has_scheme(text, scheme)) {
      std::string_view host = text.substr(scheme.size());
      host = host.substr(0, host.find_first_of("/?#"));
      if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
      return !host.empty() && host.front() != ':';
    }
  return false;
}

bool is_socket_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (port.empty() || !is_digit(port.front()) || !whole_number<std::uint16_t>(port)) return false;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') return is_ipv6(host.substr(1, host.size() - 2));
  return is_ipv4(host);
}

bool is_refresh_interval(std::string_view text) {
  if (text == "-1" || text == "0") return true;
  const auto unit = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view number = text.substr(0, static_cast<std::size_t>(unit - text.begin()));
  const std::string_view suffix = text.substr(number.size());
  constexpr std::string_view kUnits[] = {"d", "h", "m", "s", "ms", "micros", "nanos"};
  return !number.empty() && number.size() <= 9 &&
         std::find(std::begin(kUnits), std::end(kUnits), suffix) != std::end(kUnits);
}

std::string percent_encoded(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4U]);
    out.push_back(kHex[byte & 15U]);
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (!escape) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
    i += 2;
  }
  return out;
}

std::string without_secrets(std::string_view url) {
  const std::string_view text = trimmed(url);
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return "***";
  const std::string_view scheme = text.substr(0, scheme_end + 3);
  const std::string_view rest = text.substr(scheme_end + 3);
  // The last @ of all ends the user part: a password with a raw @, / or ? must not show through.
  const auto at = rest.rfind('@');
  std::string out(scheme);
  if (at == std::string_view::npos) return out.append(rest.substr(0, rest.find_first_of("?#")));
  const std::string_view user = rest.substr(0, at);
  const auto colon = user.find(':');
  out.append(user.substr(0, colon));
  if (colon != std::string_view::npos) out.append(":***");
  const std::string_view host = rest.substr(at);
  return out.append(host.substr(0, host.find_first_of("?#")));
}

}  // namespace flusso
