#pragma once
// What travels on a graph edge: a shared handle, because TBB default-constructs and copies messages. Exactly one
// consumer takes the payload out; after try_put the sender does not look at it again. Broadcast payloads are read
// through `*`.

#include <memory>
#include <utility>

namespace flusso::pipeline {

template <class T>
class Msg {
 public:
  Msg() = default;
  explicit Msg(T body) : body_(std::make_shared<T>(std::move(body))) {}
  explicit operator bool() const { return body_ != nullptr; }
  const T& operator*() const { return *body_; }
  const T* operator->() const { return body_.get(); }
  T take() const { return std::move(*body_); }

 private:
  std::shared_ptr<T> body_;
};

}  // namespace flusso::pipeline
