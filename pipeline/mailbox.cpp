#include "pipeline/mailbox.h"

#include <algorithm>

namespace flusso::pipeline {

void Mailbox::wake() {
  {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

Mail Mailbox::wait(const std::stop_token& stop, Millis at_most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, at_most, [&] { return !mail_.empty() || woken_; });
  woken_ = false;
  return std::exchange(mail_, Mail{});
}

Status Mailbox::await_answer(std::uint64_t question, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool answered = changed_.wait(lock, stop, [&] {
    return std::find(mail_.answered.begin(), mail_.answered.end(), question) != mail_.answered.end();
  });
  if (!answered) return fail(ErrorKind::cancelled, "run.stopped", "stopped");
  std::erase(mail_.answered, question);
  return {};
}

}  // namespace flusso::pipeline
