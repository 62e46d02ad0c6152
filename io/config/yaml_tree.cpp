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
  Mark mark_of_offset(std::size_t offset) const {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const auto row = static_cast<std::size_t>(next - starts_.begin()) - 1;
    return Mark{static_cast<int>(row) + 1,
                static_cast<int>(characters(text_.substr(starts_[row], offset - starts_[row]))) + 1};
  }

 private:
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
    add(Node{place(mark), std::monostate{}}, anchor, "null");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const Mark at = place(mark);
    if (tag == "!" || tag == "tag:yaml.org,2002:str" || tag == "!!str") {
      add(Node{at, text}, anchor, text);
      return;
    }
    check_tag(at, tag);
    PlainScalar scalar = resolve_plain_scalar(text);
    // A key is its text, whatever it would mean as a value.
    if (!scalar.problem.empty() && !expects_key())
      throw Stop{at, scalar.problem + "; put it in quotes to mean a string"};
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
  bool expects_key() const { return !open_.empty() && open_.back().node.mapping() != nullptr && !open_.back().entry; }

  static void check_tag(Mark at, const std::string& tag) {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "?" || tag == "!") return;
    const std::string_view name =
        tag.starts_with(kCore) ? std::string_view(tag).substr(kCore.size()) : std::string_view();
    if (name == "int" || name == "float" || name == "bool" || name == "null" || name == "seq" || name == "map") return;
    throw Stop{at, fmt::format("the tag `{}` is not supported", tag)};
  }

  void open(Node node, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(node.at, tag);
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
