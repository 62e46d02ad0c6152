#pragma once
// A text that Postgres is to put together: constants and expressions in order, rendered as one concat() call.
// Neighbouring constants are merged, so a document costs one argument per value. A function takes at most 100
// arguments: longer lists become nested calls. concat() skips NULL, which lists use on purpose ('[' , NULL , ']').
// Thread: one.

#include <string>
#include <string_view>
#include <vector>

namespace flusso::pg {

class TextParts {
 public:
  // Text that stands in the result as it is.
  void constant(std::string_view text);
  // An SQL expression whose text output is wanted; a NULL counts as an empty text.
  void expression(std::string sql);
  void append(const TextParts& other);
  bool empty() const { return parts_.empty(); }
  // True when there is no expression in it; `constant_text` is then the whole text.
  bool is_constant() const;
  std::string constant_text() const;
  // One SQL expression of type text.
  std::string sql() const;

 private:
  struct Part {
    bool literal = true;
    std::string text;
  };
  std::vector<Part> parts_;
};

}  // namespace flusso::pg
