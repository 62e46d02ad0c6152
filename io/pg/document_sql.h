#pragma once
// The statement that builds documents: SELECT <key text>, <final JSON text> FROM root …, written once per index and
// used for live keys and for seed chunks alike, so that a row has the same bytes however it was reached. Each related
// table is one LATERAL subquery per parent row; a list and all aggregates over the same rows share one
// (relation_sql.h).
//
//   SELECT root."id"::text, concat('{"id":',root."id",…,',"orders":[',x1._1,'],"count":',x1._2,'}')
//   FROM "public"."users" AS root LEFT JOIN LATERAL (SELECT string_agg(…) AS _1, count(*) AS _2 FROM …) AS x1 ON true
//   WHERE root."id" = ANY($1::pg_catalog.int8[]) AND <root filters, not deleted>
//
// Thread: any; pure.

#include <string>
#include <vector>

#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

// The pieces of an index's statement that do not depend on how rows are chosen.
struct DocumentSql {
  TableRef table;
  std::string key;          // text expression
  std::string document;     // text expression
  std::string joins;        // " LEFT JOIN LATERAL …", may be empty
  std::string conditions;   // root filters and soft delete, may be empty
  std::string key_present;  // excludes rows without a key, may be empty
  KeyColumns key_columns;
  std::vector<std::string> key_types;  // to cast key texts, one per key column
};

// Errors: config.column_missing, config.table_missing, config.key_length, config.no_key; each names the index.
Result<DocumentSql> document_sql(const IndexPlan& index, const Plan& plan);

// Documents of the keys bound as one text array per key column.
std::string live_sql(const DocumentSql& sql);

}  // namespace flusso::pg
