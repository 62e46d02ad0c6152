#include "io/config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "io/config/utf8.h"
#include "io/config/yaml_scalar.h"

namespace flusso::config {

namespace {

// Thrown through yaml-cpp's parser to stop it; caught in parse_yaml.
struct Stop {
  Mark at;
  std::string message;
};

class LineIndex {
 public:
  explicit LineIndex(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }
  // From zero-based line and byte column to one-based line and character column.
  Mark mark(int line, int column) const {
    if (line < 0) return Mark{1, 1};
    const std::size_t row = std::min(static_cast<std::size_t>(line), starts_.size() - 1);
    const std::size_t start = starts_[row];
    const std::size_t bytes = std::min(static_cast<std::size_t>(std::max(column, 0)), text_.size() - start);
    // Marks mostly come in order: counting goes on where the last one stood, or one long line takes quadratic time.
    if (row != last_row_ || bytes < last_bytes_) {
      last_row_ = row;
      last_bytes_ = last_characters_ = 0;
    }
    last_characters_ += characters(text_.substr(start + last_bytes_, bytes - last_bytes_));
    last_bytes_ = bytes;
    return Mark{line + 1, static_cast<int>(last_characters_) + 1};
  }
  // yaml-cpp says of a value that is not written where the next token begins: whether a null stands there itself.
  bool null_stands_at(int line, int column) const {
    const std::string_view rest = text_.substr(std::min(offset_of(line, column), text_.size()));
    for (const std::string_view word : {"~", "null", "Null", "NULL"})
      if (rest.starts_with(word)) return rest.substr(word.size(), 1) != ":";
    return false;
  }
  // The dash before a list's item that is not written; else the place itself.
  Mark dash_before(int line, int column) const {
    const auto last = text_.substr(0, std::min(offset_of(line, column), text_.size())).find_last_not_of(" \t\r\n");
    return last != std::string_view::npos && text_[last] == '-' ? mark_of_offset(last) : mark(line, column);
  }
  Mark mark_of_offset(std::size_t offset) const {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const auto row = static_cast<std::size_t>(next - starts_.begin()) - 1;
    return Mark{static_cast<int>(row) + 1,
                static_cast<int>(characters(text_.substr(starts_[row], offset - starts_[row]))) + 1};
  }

 private:
  std::size_t offset_of(int line, int column) const {
    const std::size_t row = std::min(static_cast<std::size_t>(std::max(line, 0)), starts_.size() - 1);
    return starts_[row] + static_cast<std::size_t>(std::max(column, 0));
  }

  std::string_view text_;
  std::vector<std::size_t> starts_;
  mutable std::size_t last_row_ = 0, last_bytes_ = 0, last_characters_ = 0;
};

// What a copy of a node takes.
struct Weight {
  std::size_t nodes = 0;
  std::size_t bytes = 0;
};
void add_weight(const Node& node, Weight& sum) {
  ++sum.nodes;
  if (const std::string* text = node.text()) sum.bytes += text->size();
  if (const auto* digits = std::get_if<Digits>(&node.data)) sum.bytes += digits->text.size();
  if (const auto* list = node.list())
    for (const Node& item : *list) add_weight(item, sum);
  if (const auto* mapping = node.mapping())
    for (const Entry& entry : *mapping) {
      sum.bytes += entry.key.size();
      add_weight(entry.value, sum);
    }
}

int depth_of(const Node& node) {
  int deepest = 0;
  if (const auto* list = node.list())
    for (const Node& item : *list) deepest = std::max(deepest, depth_of(item));
  if (const auto* mapping = node.mapping())
    for (const Entry& entry : *mapping) deepest = std::max(deepest, depth_of(entry.value));
  return deepest + 1;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const LineIndex& lines, Reading& reading) : lines_(lines), reading_(reading) {}

  std::optional<Node> root;
  bool started = false;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started) throw Stop{place(mark), "a second document is not allowed"};
    started = true;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(Node{place_of_null(mark), std::monostate{}}, anchor, "null");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const Mark at = place(mark);
    if (tag == "!" || tag == "tag:yaml.org,2002:str" || tag == "!!str") {
      add(Node{at, text}, anchor, text);
      return;
    }
    const std::string_view kind = core_tag(at, tag);
    PlainScalar scalar = resolve_plain_scalar(text);
    // A key is its text, whatever it would mean as a value.
    if (!scalar.problem.empty() && !expects_key())
      throw Stop{at, scalar.problem + "; put it in quotes to mean a string"};
    if (!has_kind(scalar.value, kind)) throw Stop{at, fmt::format("the value is no `!!{}`", kind)};
    scalar.value.at = at;
    add(std::move(scalar.value), anchor, text);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Stop{place(mark), "an alias stands inside the value of its own anchor"};
    // The copy counts before it is made, its root when it is added.
    count_copy(found->second, place(mark));
    --nodes_;
    Node copy = found->second;
    if (static_cast<int>(open_.size()) + depth_of(copy) > kMaxDepth)
      throw Stop{place(mark), "values are nested too deeply"};
    if (const std::string* text = copy.text()) {
      add(copy, YAML::NullAnchor, *text);
    } else if (expects_key()) {
      throw Stop{place(mark), "a key must be a plain word"};
    } else {
      add(std::move(copy), YAML::NullAnchor, {});
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node{place(mark), std::vector<Node>{}}, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node{place(mark), std::vector<Entry>{}}, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Entry> entry;  // a mapping's key that waits for its value
    std::set<std::string> keys;
  };

  Mark place(const YAML::Mark& mark) const { return lines_.mark(mark.line, mark.column); }
  // A value that is not written is reported at its key, or at its dash.
  Mark place_of_null(const YAML::Mark& mark) const {
    if (open_.empty() || lines_.null_stands_at(mark.line, mark.column)) return place(mark);
    if (open_.back().entry) return open_.back().entry->at;
    return open_.back().node.list() != nullptr ? lines_.dash_before(mark.line, mark.column) : place(mark);
  }
  bool expects_key() const { return !open_.empty() && open_.back().node.mapping() != nullptr && !open_.back().entry; }

  // The name of a core tag, empty for none.
  static std::string_view core_tag(Mark at, const std::string& tag) {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "?" || tag == "!") return {};
    const std::string_view name =
        tag.starts_with(kCore) ? std::string_view(tag).substr(kCore.size()) : std::string_view();
    if (name == "int" || name == "float" || name == "bool" || name == "null" || name == "seq" || name == "map")
      return name;
    throw Stop{at, fmt::format("the tag `{}` is not supported", tag)};
  }

  // Whether a value is what its tag says.
  static bool has_kind(const Node& node, std::string_view kind) {
    if (kind.empty()) return true;
    if (kind == "seq") return node.list() != nullptr;
    if (kind == "map") return node.mapping() != nullptr;
    if (kind == "null") return node.is_null();
    if (kind == "bool") return std::holds_alternative<bool>(node.data);
    if (std::holds_alternative<std::int64_t>(node.data)) return true;
    const auto* digits = std::get_if<Digits>(&node.data);
    return digits != nullptr && (kind == "float" || digits->text.find_first_of(".e") == std::string::npos);
  }

  void open(Node node, const std::string& tag, YAML::anchor_t anchor) {
    const std::string_view kind = core_tag(node.at, tag);
    if (!has_kind(node, kind)) throw Stop{node.at, fmt::format("the value is no `!!{}`", kind)};
    if (expects_key()) throw Stop{node.at, "a key must be a plain word"};
    if (static_cast<int>(open_.size()) >= kMaxDepth) throw Stop{node.at, "values are nested too deeply"};
    open_.push_back(Open{std::move(node), anchor, {}, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor, {});
  }

  void count_copy(const Node& node, Mark at) {
    Weight copy;
    add_weight(node, copy);
    nodes_ += copy.nodes;
    copied_bytes_ += copy.bytes;
    if (nodes_ > kMaxNodes) throw Stop{at, "the file holds too many values"};
    if (copied_bytes_ > kMaxCopiedBytes) throw Stop{at, "aliases repeat too much text"};
  }

  // Puts a finished node where it belongs; `text` is its form as a key.
  void add(Node node, YAML::anchor_t anchor, const std::string& text) {
    // What is kept for aliases counts too: nested anchors would else multiply a file.
    if (anchor != YAML::NullAnchor) count_copy(node, node.at);
    if (++nodes_ > kMaxNodes) throw Stop{node.at, "the file holds too many values"};
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (auto* list = std::get_if<std::vector<Node>>(&parent.node.data)) {
      list->push_back(std::move(node));
      return;
    }
    auto& mapping = std::get<std::vector<Entry>>(parent.node.data);
    if (!parent.entry) {
      if (!parent.keys.insert(text).second) reading_.error(node.at, fmt::format("the key `{}` stands twice", text));
      parent.entry = Entry{text, node.at, {}};
      return;
    }
    parent.entry->value = std::move(node);
    mapping.push_back(std::move(*parent.entry));
    parent.entry.reset();
  }

  const LineIndex& lines_;
  Reading& reading_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t nodes_ = 0;
  std::size_t copied_bytes_ = 0;
};

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, Reading& reading) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const LineIndex lines(text);
  if (const auto broken = first_invalid_utf8(text)) {
    reading.error(lines.mark_of_offset(*broken), "the file is not valid UTF-8");
    return std::nullopt;
  }
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    reading.error(lines.mark_of_offset(nul), "the file contains a NUL byte");
    return std::nullopt;
  }
  TreeBuilder builder(lines, reading);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    reading.error(stop.at, stop.message);
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    reading.error(lines.mark(error.mark.line, error.mark.column), "this is not valid YAML: " + error.msg);
    return std::nullopt;
  } catch (const std::exception& error) {
    reading.error(Mark{1, 1}, fmt::format("this file cannot be read as YAML: {}", error.what()));
    return std::nullopt;
  }
  if (!builder.root) return Node{Mark{1, 1}, std::monostate{}};
  return std::move(builder.root);
}

}  // namespace flusso::config
