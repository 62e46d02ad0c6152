#pragma once
// Who holds what a server has a fixed number of: asked when there is none left, so that an operator knows whom to end.

#include <string>

#include "io/pg/conn.h"

namespace flusso::pg {

// "a" (not in use), "b" (process 4711, pg_recvlogical): at most five, those that nobody uses first; never fails.
std::string name_slots(Conn& conn);

// "process 4711 (pg_basebackup), process 12 (walreceiver)": at most five; empty while max_wal_senders leaves room, or
// when the server does not say. Never fails.
std::string name_walsenders_if_full(Conn& conn);

}  // namespace flusso::pg
