#pragma once
// Who keeps an older transaction open: asked while something waits for it.

#include <string>

#include "io/pg/conn.h"

namespace flusso::pg {

// "process 4711 (psql, idle in transaction for 65 s), prepared transaction "x"": transactions that have written
// something and began before `fence_xid`; at most five. Never fails: says so when nothing can be seen.
std::string name_blockers(Conn& conn, std::uint64_t fence_xid, int own_pid);

}  // namespace flusso::pg
