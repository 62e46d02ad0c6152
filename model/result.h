#pragma once
// How an expected failure travels: by value, with a kind that decides the policy, a stable code for
// people and tests, and a sentence. No exception leaves a function of ours.

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace flusso {

enum class ErrorKind {
  transient,  // trying again later may succeed: a server away, a lock timeout
  permanent,  // trying again will not help until somebody acts: a table is gone, access denied
  config,     // the user's files, flags or environment are wrong
  cancelled,  // we were asked to stop
  bug,        // an invariant of ours is broken
};

struct Error {
  ErrorKind kind = ErrorKind::bug;
  std::string code;  // "pg.57P01", "http.503", "config.unknown_key"
  std::string what;  // one sentence: the thing and, where there is one, the cure
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string code, std::string what) {
  return tl::unexpected<Error>(Error{kind, std::move(code), std::move(what)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// The same error, its sentence prefixed: add context once per layer.
inline Error in_context(std::string_view context, Error error) {
  error.what = std::string(context) + ": " + error.what;
  return error;
}

std::string_view to_text(ErrorKind kind);

}  // namespace flusso

#define FLUSSO_CONCAT_(a, b) a##b
#define FLUSSO_CONCAT(a, b) FLUSSO_CONCAT_(a, b)

// FLUSSO_TRY(expr): returns early with the error of a Status.
// FLUSSO_TRY_ASSIGN(decl, expr): as above for a Result<T>; otherwise `decl` becomes the value.
#define FLUSSO_TRY(...)                                                         \
  do {                                                                          \
    if (auto flusso_status = (__VA_ARGS__); !flusso_status)                     \
      return tl::unexpected<::flusso::Error>(std::move(flusso_status).error()); \
  } while (false)
#define FLUSSO_TRY_ASSIGN(decl, ...) FLUSSO_TRY_ASSIGN_(FLUSSO_CONCAT(flusso_result_, __LINE__), decl, __VA_ARGS__)
#define FLUSSO_TRY_ASSIGN_(name, decl, ...)                                   \
  auto name = (__VA_ARGS__);                                                  \
  if (!name) return tl::unexpected<::flusso::Error>(std::move(name).error()); \
  decl = std::move(*name)
