#pragma once
// SlotMonitor over a connection of its own, which bears no long statement. Thread: one.

#include <optional>

#include "io/pg/conn.h"
#include "io/pg/pg_source.h"
#include "model/ports/slot_monitor.h"

namespace flusso::pg {

class PgSlotMonitor final : public SlotMonitor {
 public:
  explicit PgSlotMonitor(PgSourceOptions options) : options_(std::move(options)) {}
  Result<SlotHealth> look(std::stop_token stop) override;
  Status beat(std::stop_token stop) override;

 private:
  Result<Conn*> conn(std::stop_token stop);

  PgSourceOptions options_;
  std::optional<Conn> conn_;
};

}  // namespace flusso::pg
