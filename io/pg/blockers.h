#pragma once
// Who keeps an older transaction open: asked while something waits for it.

#include <string>
#include <vector>

#include "io/pg/conn.h"
#include "model/table_info.h"

namespace flusso::pg {

// "process 4711 (psql, idle in transaction for 65 s), prepared transaction "x" (for 3600 s; COMMIT PREPARED 'x' or
// ROLLBACK PREPARED 'x' ends it)": transactions that have written something and began before `fence_xid`; at most five,
// the oldest first. Of another database where that is said. Never fails: says so when nothing can be seen.
std::string name_blockers(Conn& conn, std::uint64_t fence_xid, int own_pid);

// The same for what process `waiting_pid` waits for while it makes a slot: first the transaction whose end it awaits
// right now, then the others that have written something. It may wait for those that began after it, too.
std::string name_slot_blockers(Conn& conn, int waiting_pid);
// "process 7 (psql, idle in transaction for 35 s) locks table public.users": who keeps us from reading these tables,
// because it has an exclusive lock on one or waits for it before us. Says so when nobody can be named.
std::string name_lock_holders(Conn& conn, const std::vector<TableRef>& tables);

}  // namespace flusso::pg
