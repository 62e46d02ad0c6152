#include "model/row_key.h"

#include <openssl/evp.h>

#include <array>

namespace flusso {
namespace {

constexpr std::string_view kHashed = "#sha256-";
constexpr std::size_t kMaxIdBytes = 512;  // OpenSearch refuses a whole bulk with a longer _id

}  // namespace

void append_key_part(std::string& key, std::string_view part, bool first) {
  if (!first) key.push_back(':');
  for (const char c : part) {
    if (c == '%')
      key.append("%25");
    else if (c == ':')
      key.append("%3A");
    else
      key.push_back(c);
  }
}

std::vector<std::string> split_key(std::string_view key, std::size_t columns) {
  if (columns <= 1) return {std::string(key)};
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < key.size(); ++i) {
    const std::string_view escape = key.substr(i, 3);
    if (key[i] == ':') {
      parts.emplace_back();
    } else if (escape == "%25" || escape == "%3A") {
      parts.back().push_back(escape == "%25" ? '%' : ':');
      i += 2;
    } else {
      parts.back().push_back(key[i]);
    }
  }
  return parts;
}

bool is_plain_id(std::string_view key) {
  return !key.empty() && key.size() <= kMaxIdBytes && !key.starts_with(kHashed);
}

std::string document_id(std::string_view key) {
  if (is_plain_id(key)) return std::string(key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(key.data(), key.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string id(kHashed);
  constexpr std::string_view kHex = "0123456789abcdef";
  for (unsigned int i = 0; i < size; ++i) {
    id.push_back(kHex[digest[i] >> 4U]);
    id.push_back(kHex[digest[i] & 15U]);
  }
  return id;
}

std::optional<std::string> key_of_document_id(std::string_view id) {
  static const std::string empty = document_id("");
  if (id == empty) return std::string();
  if (is_plain_id(id)) return std::string(id);
  return std::nullopt;
}

}  // namespace flusso
