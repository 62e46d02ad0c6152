#pragma once
// Who keeps an older transaction open: asked while something waits for it.

#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "model/table_info.h"

namespace flusso::pg {

// "process 4711 (psql, idle in transaction for 65 s), prepared transaction "x"": transactions that have written
// something and began before `fence_xid`; at most five. Never fails: says so when nothing can be seen.
std::string name_blockers(Conn& conn, std::uint64_t fence_xid, int own_pid);

// "process 7 (psql, idle in transaction for 35 s) locks table public.users": who keeps us from reading these tables,
// because it has an exclusive lock on one or waits for it before us. Says so when nobody can be named.
std::string name_lock_holders(Conn& conn, const std::vector<TableRef>& tables);

}  // namespace flusso::pg
