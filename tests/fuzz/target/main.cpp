// One libFuzzer program: FLUSSO_FUZZ_ENTRY names the function (entries.h). A Violation leaves as an exception, which
// libFuzzer reports and keeps like any other crash.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/entries.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  flusso::fuzz::FLUSSO_FUZZ_ENTRY(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
