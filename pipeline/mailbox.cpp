#include "pipeline/mailbox.h"

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

}  // namespace flusso::pipeline
