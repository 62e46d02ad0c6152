#pragma once
// What is fuzzed: one function per parser of outside input. Each takes any bytes and either returns or shows a defect:
// a crash, a leak, a sanitizer's report, or a Violation when the parser breaks a promise that can be checked.
// The same functions run in two programs: under libFuzzer (target/main.cpp, `dev/test --fuzz`), and in the ordinary
// unit tests over every kept input (replay/). Thread: one.

#include <stdexcept>
#include <string>
#include <string_view>

namespace flusso::fuzz {

class Violation : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};
inline void require(bool holds, const char* promise) {
  if (!holds) throw Violation(promise);
}

void toml(std::string_view bytes);      // flusso.toml, and the lock of what is accepted
void yaml(std::string_view bytes);      // *.schema.yml: tree, rules, mapping, hash, lock
void lock(std::string_view bytes);      // flusso.lock, with its own checksum and with the right one
void pgoutput(std::string_view bytes);  // one logical replication message
void stream(std::string_view bytes);    // replication messages in a row, each behind its length:2
void reply(std::string_view bytes);     // OpenSearch's answer to a bulk request, and to one that failed

}  // namespace flusso::fuzz
