#pragma once
// lc_monetary decides how many digits of a money value stand behind its point, and how a money key is written. It must
// be the database's: with a role's own, two roles would index two amounts for one row. What the database or the server
// has is in force anyway unless the role sets another, so only then something has to be done.
// Thread: one per connection.

#include "io/pg/conn.h"
#include "model/result.h"

namespace flusso::pg {

enum class MoneyLocale {
  of_database,  // of the database, the server, or the operator's own connection options
  unknown,      // the role's setting hides the server's, which this role may not read: C, two digits
};

// Errors: those of a lost connection.
Result<MoneyLocale> pin_money_locale(Conn& conn);

}  // namespace flusso::pg
