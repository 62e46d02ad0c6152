#pragma once
// Says that a sink cannot be reached: at the first failure, then every 10 s while it lasts, and once when it is over.
// Thread: any.

#include <mutex>
#include <optional>
#include <string>

#include "model/clock.h"

namespace flusso::opensearch {

class OutageLog {
 public:
  // `url` without credentials.
  OutageLog(std::string sink, std::string url, const Clock& clock);

  void failed(const std::string& reason);
  void answered();

 private:
  struct Outage {
    SteadyTime since;
    SteadyTime last_said;
    std::string since_text;  // UTC, for people
  };
  const std::string sink_;
  const std::string url_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<Outage> outage_;
};

}  // namespace flusso::opensearch
