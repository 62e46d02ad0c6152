#include "io/config/lock_writer.h"

#include <fmt/format.h>

#include <msgpack.hpp>

#include "io/config/lock_format.h"

namespace flusso::config {

namespace {

// What msgpack::packer wants of a stream.
struct Bytes {
  std::string text;
  void write(const char* data, std::size_t size) { text.append(data, size); }
};

class Encoder {
 public:
  const std::string& problem() const { return problem_; }
  std::string take() { return std::move(bytes_.text); }
  void map(std::size_t size) {
    check_size(size);
    packer_.pack_map(static_cast<std::uint32_t>(size));
  }
  void string(std::string_view text) {
    check_size(text.size());
    packer_.pack_str(static_cast<std::uint32_t>(text.size()));
    packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }
  void integer(std::int64_t number) { packer_.pack(number); }

  // One file's tree, within the bounds that a reader has.
  void document(const Node& root) {
    const std::size_t before = nodes_;
    tree(root, 0);
    if (nodes_ - before > kMaxNodes || nodes_ > kMaxLockNodes) problem_ = "the files hold too many values";
  }
  void checksum() {
    bytes_.text.append(kChecksumKey);
    bytes_.text.append(lock_checksum(bytes_.text));
    check_size(0);
  }

 private:
  void check_size(std::size_t more) {
    if (bytes_.text.size() + more > kMaxLockBytes)
      problem_ = fmt::format("it would be larger than {} MiB", kMaxLockBytes >> 20U);
  }

  void tree(const Node& node, int depth) {
    if (depth > kMaxDepth) problem_ = "values are nested too deeply";
    if (!problem_.empty()) return;
    ++nodes_;
    if (node.is_null()) {
      packer_.pack_nil();
    } else if (const bool* value = std::get_if<bool>(&node.data)) {
      *value ? packer_.pack_true() : packer_.pack_false();
    } else if (const auto* number = std::get_if<std::int64_t>(&node.data)) {
      integer(*number);
    } else if (const auto* digits = std::get_if<Digits>(&node.data)) {
      check_size(digits->text.size());
      packer_.pack_ext(digits->text.size(), kDigitsExtension);
      packer_.pack_ext_body(digits->text.data(), static_cast<std::uint32_t>(digits->text.size()));
    } else if (const std::string* text = node.text()) {
      string(*text);
    } else if (const auto* list = node.list()) {
      check_size(list->size());
      packer_.pack_array(static_cast<std::uint32_t>(list->size()));
      for (const Node& item : *list) tree(item, depth + 1);
    } else if (const auto* entries = node.mapping()) {
      map(entries->size());
      for (const Entry& entry : *entries) {
        string(entry.key);
        tree(entry.value, depth + 1);
      }
    } else {
      problem_ = fmt::format("{} has no form in it", kind_of(node));
    }
  }

  Bytes bytes_;
  msgpack::packer<Bytes> packer_{bytes_};
  std::size_t nodes_ = 0;
  std::string problem_;
};

Result<std::string> encode(const Documents& documents, std::string_view flusso_version) {
  Encoder out;
  out.map(6);
  out.string("magic");
  out.string("flusso.lock");
  out.string("format_version");
  out.integer(kLockFormat);
  out.string("flusso_version");
  out.string(flusso_version);
  out.string("config");
  out.document(documents.config);
  out.string("schemas");
  out.map(documents.schemas.size());
  for (const auto& [path, schema] : documents.schemas) {
    out.string(path);
    out.document(schema);
  }
  out.checksum();
  if (!out.problem().empty())
    return fail(ErrorKind::config, "config.lock_too_large", "the lock cannot be made: " + out.problem());
  return out.take();
}

}  // namespace

Result<std::string> encode_lock(const Documents& documents, std::string_view flusso_version) {
  try {
    return encode(documents, flusso_version);
  } catch (const std::exception& error) {
    return fail(ErrorKind::bug, "config.lock", fmt::format("the lock cannot be made: {}", error.what()));
  }
}

}  // namespace flusso::config
