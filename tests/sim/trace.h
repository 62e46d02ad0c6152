#pragma once
// FLUSSO_SIM_TRACE=1 prints every event and what it did: for one seed only.

#include <cstdio>
#include <cstdlib>
#include <string>

namespace flusso::sim {

inline bool tracing() {
  static const bool on = std::getenv("FLUSSO_SIM_TRACE") != nullptr;
  return on;
}

template <class Describe>
void trace(Describe&& describe) {
  if (tracing()) std::fprintf(stderr, "  %s\n", std::string(describe()).c_str());
}

}  // namespace flusso::sim
