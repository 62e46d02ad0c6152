#pragma once
// From values in a changed row to the documents that contain it: one set-based statement per relation path, whatever
// the number of values (a statement per value costs 25 times as much). Key texts come out in the form of document_sql.
//
//   SELECT DISTINCT h2."user_id"::text FROM "public"."order_items" AS h1 JOIN "public"."orders" AS h2 ON h2."id" =
//   h1."order_id" WHERE h1."product_id" = ANY($1::pg_catalog.int8[]) AND h2."user_id" IS NOT NULL
//
// Thread: any; pure.

#include <string>
#include <vector>

#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

struct ReverseSql {
  std::string sql;               // parameters: one text array per starting column
  std::size_t columns = 1;       // starting columns
  std::vector<TableRef> tables;  // to be locked
};

// Errors: config.table_missing, config.column_missing, config.key_length.
Result<ReverseSql> reverse_sql(const LookupPath& path, const Plan& plan);

}  // namespace flusso::pg
