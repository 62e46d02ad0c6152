#pragma once
// One file being read: turns marks into positions and collects what is wrong with it.

#include <optional>
#include <string>

#include "io/config/diagnostics.h"
#include "io/config/tree.h"

namespace flusso::config {

// Thread: one.
class Reading {
 public:
  Reading(std::string file, Diagnostics& report) : file_(std::move(file)), report_(report) {}

  Position at(Mark mark) const { return Position{file_, mark.line, mark.column}; }
  void error(Mark mark, std::string message, std::string expected = {}, std::string hint = {}) {
    report_.add({at(mark), std::move(message), std::move(expected), std::move(hint), Severity::error});
  }
  // Nothing more is kept, so nothing needs to be worked out about further mistakes.
  bool full() const { return report_.full(); }
  void note(Mark mark, std::string message) { report_.add({at(mark), std::move(message), {}, {}, Severity::note}); }

 private:
  std::string file_;
  Diagnostics& report_;
};

}  // namespace flusso::config
