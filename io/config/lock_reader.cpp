#include "io/config/lock_reader.h"

#include <fmt/format.h>

#include <limits>
#include <msgpack.hpp>
#include <set>

#include "io/config/lock_format.h"
#include "io/config/lock_writer.h"
#include "io/config/utf8.h"

namespace flusso::config {

namespace {

constexpr std::string_view kCure = "make it anew with `flusso build`";
constexpr std::size_t kMaxVersionBytes = 64;

tl::unexpected<Error> damaged(const std::string& path, std::string_view why) {
  return fail(ErrorKind::config, "config.lock_damaged",
              fmt::format("the lock {} is damaged: {}; {}", path, why, kCure));
}

// Builds the tree while msgpack walks the bytes; a false ends the walk. Called by msgpack, hence the names.
class TreeVisitor : public msgpack::null_visitor {
 public:
  std::optional<Node> root;
  std::string problem;

  bool visit_nil() { return add(std::monostate{}); }
  bool visit_boolean(bool value) { return add(value); }
  bool visit_positive_integer(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return stop("a number is out of range");
    return add(static_cast<std::int64_t>(value));
  }
  bool visit_negative_integer(std::int64_t value) { return add(value); }
  bool visit_float32(float) { return stop("it holds a binary fraction"); }
  bool visit_float64(double) { return stop("it holds a binary fraction"); }
  bool visit_bin(const char*, std::uint32_t) { return stop("it holds binary data"); }
  bool visit_str(const char* data, std::uint32_t size) {
    const std::string_view text(data == nullptr ? "" : data, size);
    if (first_invalid_utf8(text)) return stop("a text is not valid UTF-8");
    if (!key_) return add(std::string(text));
    Open& parent = open_.back();
    if (!parent.keys.insert(std::string(text)).second) return stop(fmt::format("the key `{}` stands twice", text));
    parent.key = text;
    return true;
  }
  bool visit_ext(const char* data, std::uint32_t size) {
    const std::string_view text(data, size);
    if (text.front() != kDigitsExtension || !is_json_number(text.substr(1))) return stop("a number has no digits");
    return add(Digits{std::string(text.substr(1))});
  }
  bool start_array(std::uint32_t) { return open(Node{{}, std::vector<Node>{}}); }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t) { return open(Node{{}, std::vector<Entry>{}}); }
  bool end_map() { return close(); }
  bool start_map_key() {
    key_ = true;
    return true;
  }
  bool end_map_key() {
    key_ = false;
    return true;
  }

 private:
  struct Open {
    Node node;
    std::string key;  // of the entry that waits for its value
    std::set<std::string> keys;
  };
  // The map of the lock and the map of the schemas lie around a file's own values.
  static constexpr std::size_t kOuterDepth = 2;
  static constexpr std::size_t kOuterNodes = 8;

  bool stop(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool count() {
    if (key_) return stop("a key is not a text");
    if (++nodes_ > kMaxLockNodes + kOuterNodes) return stop("it holds too many values");
    return true;
  }
  template <class Data>
  bool add(Data data) {
    return count() && put(Node{{}, std::move(data)});
  }
  bool open(Node node) {
    if (!count()) return false;
    if (open_.size() > static_cast<std::size_t>(kMaxDepth) + kOuterDepth) return stop("values are nested too deeply");
    open_.push_back(Open{std::move(node), {}, {}});
    return true;
  }
  bool close() {
    Node done = std::move(open_.back().node);
    open_.pop_back();
    return put(std::move(done));
  }
  bool put(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return true;
    }
    Open& parent = open_.back();
    if (auto* list = std::get_if<std::vector<Node>>(&parent.node.data))
      list->push_back(std::move(node));
    else
      std::get<std::vector<Entry>>(parent.node.data).push_back(Entry{std::move(parent.key), {}, std::move(node)});
    return true;
  }

  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  bool key_ = false;
};

// Why the bytes cannot be of this format; the format's number comes first, because nothing else of a newer one is
// known.
Status check_beginning(std::string_view bytes, const std::string& path) {
  const auto foreign = [&](std::string_view why) {
    return fail(ErrorKind::config, "config.lock_foreign",
                fmt::format("{} is no flusso lock: {}; {}", path, why, kCure));
  };
  if (bytes.empty()) return foreign("it is empty");
  if (!looks_like_lock(bytes)) return foreign("it does not begin like one");
  if (bytes.substr(1).starts_with("\xAE"
                                  "format_version"))
    return foreign("another program of that name made it");
  if (kLockBeginning.starts_with(bytes.substr(1)) && bytes.size() <= kLockBeginning.size())
    return damaged(path, "it is cut off");
  if (!bytes.substr(1).starts_with(kLockBeginning)) return foreign("it does not begin like one");
  const std::string_view rest = bytes.substr(1 + kLockBeginning.size());
  if (rest.empty()) return damaged(path, "it is cut off");
  const auto first = static_cast<unsigned char>(rest.front());
  if (first == kLockFormat) return {};
  // A larger number takes more bytes; how large it is does not matter.
  if (first <= 0x7F ? first > kLockFormat : first >= 0xCC && first <= 0xCF)
    return fail(ErrorKind::config, "config.lock_format",
                fmt::format("the lock {} was made by a newer flusso, whose format this one does not know; upgrade, or "
                            "recompile it here with `flusso build`",
                            path));
  return damaged(path, "its format version is no number that was ever in use");
}

Node* member(Node& root, std::size_t position, std::string_view key) {
  auto* entries = std::get_if<std::vector<Entry>>(&root.data);
  if (entries == nullptr || entries->size() <= position || (*entries)[position].key != key) return nullptr;
  return &(*entries)[position].value;
}

Result<Lock> decode(std::string_view bytes, const std::string& path) {
  if (bytes.size() > kMaxLockBytes) return damaged(path, fmt::format("it is larger than {} MiB", kMaxLockBytes >> 20U));
  FLUSSO_TRY(check_beginning(bytes, path));
  const std::size_t tail = kChecksumKey.size() + kChecksumDigits;
  if (bytes.size() < tail || !bytes.substr(0, bytes.size() - kChecksumDigits).ends_with(kChecksumKey))
    return damaged(path, "its end is missing, or something follows it");
  const std::string_view digits = bytes.substr(bytes.size() - kChecksumDigits);
  if (lock_checksum(bytes.substr(0, bytes.size() - kChecksumDigits)) != digits)
    return damaged(path, "its checksum does not fit its content");

  TreeVisitor visitor;
  std::size_t read = 0;
  if (!msgpack::parse(bytes.data(), bytes.size(), read, visitor) || !visitor.root)
    return damaged(path, visitor.problem.empty() ? "it is not MessagePack" : visitor.problem);
  Node* version = member(*visitor.root, 2, "flusso_version");
  Node* config = member(*visitor.root, 3, "config");
  Node* schemas = member(*visitor.root, 4, "schemas");
  if (version == nullptr || version->text() == nullptr || version->text()->size() > kMaxVersionBytes ||
      config == nullptr || schemas == nullptr || schemas->mapping() == nullptr)
    return damaged(path, "a part of it is missing");
  Lock lock;
  lock.flusso_version = *version->text();
  lock.documents.config = std::move(*config);
  for (Entry& entry : std::get<std::vector<Entry>>(schemas->data))
    lock.documents.schemas.emplace(std::move(entry.key), std::move(entry.value));
  // One form for each content: what the writer would write differently was not written by it.
  const auto again = encode_lock(lock.documents, lock.flusso_version);
  if (!again || *again != bytes) return damaged(path, "it is not in the form that flusso writes");
  return lock;
}

}  // namespace

Result<Lock> decode_lock(std::string_view bytes, const std::string& path) {
  try {
    return decode(bytes, path);
  } catch (const std::exception& error) {
    return damaged(path, error.what());
  }
}

Result<Config> read_lock(std::string_view bytes, const std::string& path) {
  FLUSSO_TRY_ASSIGN(const Lock lock, decode_lock(bytes, path));
  try {
    Diagnostics report;
    auto config = read_documents(lock.documents, path, report);
    if (config) return std::move(*config);
    return fail(
        ErrorKind::config, "config.lock_refused",
        fmt::format("the lock {} (made by flusso {}) holds what this flusso refuses; correct the files and {}\n{}",
                    path, printable(lock.flusso_version), kCure, report.render_errors()));
  } catch (const std::exception& error) {
    return damaged(path, error.what());
  }
}

}  // namespace flusso::config
