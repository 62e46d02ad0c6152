#include "io/http/url.h"

#include <algorithm>
#include <cctype>

namespace flusso::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_prefix) {
  if (text.size() < lower_prefix.size()) return false;
  for (std::size_t i = 0; i < lower_prefix.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(text[i])) != lower_prefix[i]) return false;
  return true;
}

tl::unexpected<Error> bad_url(std::string_view why) {
  return fail(ErrorKind::config, "config.url",
              "a URL must be http:// or https:// and a host, but it " + std::string(why));
}

}  // namespace

Result<BaseUrl> parse_base_url(std::string_view text) {
  BaseUrl base;
  std::string_view rest = text;
  if (starts_with_ignoring_case(text, "https://")) {
    base.text = "https://";
    rest.remove_prefix(8);
  } else if (starts_with_ignoring_case(text, "http://")) {
    base.text = "http://";
    rest.remove_prefix(7);
  } else {
    return bad_url("begins with neither");
  }
  const bool printable = std::all_of(rest.begin(), rest.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) != 0x7f && c != '"' && c != '\\' &&
           c != '<' && c != '>';
  });
  if (!printable) return bad_url("contains blanks, quotes or control characters");
  if (rest.find_first_of("?#") != std::string_view::npos) return bad_url("has a query or a fragment");
  const std::size_t authority_end = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user_info = authority.substr(0, at);
    const std::size_t colon = std::min(user_info.find(':'), user_info.size());
    base.auth = BasicAuth{percent_decode(user_info.substr(0, colon)),
                          Secret(colon == user_info.size() ? "" : percent_decode(user_info.substr(colon + 1)))};
    authority.remove_prefix(at + 1);
  }
  if (authority.empty() || authority.front() == ':') return bad_url("names no host");
  std::string_view path = rest.substr(authority_end);
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  base.text.append(authority).append(path);
  return base;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

}  // namespace flusso::http
