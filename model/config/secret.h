#pragma once
// A string that must never be printed, and a value that is either written in the file or named by an
// environment variable and looked up only when a run starts. Manual: "Secrets & connection values".

#include <fmt/format.h>

#include <string>
#include <utility>
#include <variant>

namespace flusso {

// Prints as ***; reveal() is the only way out.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

struct EnvReference {
  std::string variable;
};

// `"literal"` or `{ env = "VAR" }`.
using EnvOrValue = std::variant<Secret, EnvReference>;

}  // namespace flusso

template <>
struct fmt::formatter<flusso::Secret> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const flusso::Secret&, Context& context) const {
    return fmt::formatter<std::string>::format("***", context);
  }
};
