#pragma once
// One operation as the manual's envelope, keys in alphabetical order:
//   {"document":{…},"id":"42","index":"users","meta":{"bytes":20,"fields":1},"op":"upsert","seq":1,"sink":"stdout",
//    "ts":"2026-06-03T10:20:30.123Z","version":"0.1.0"}
// A delete has neither document nor meta. The document is spliced in as it came from the source. Pure.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace flusso::stdout_sink {

struct Operation {
  std::string_view index;  // logical name
  std::string_view id;     // document _id
  std::string_view body;   // empty = delete
  std::uint64_t seq = 0;   // from 1
  std::chrono::system_clock::time_point at;
};

enum class Layout { lines, indented };

// Appends the envelope and a newline.
void append_envelope(std::string& out, const Operation& operation, Layout layout);

}  // namespace flusso::stdout_sink
