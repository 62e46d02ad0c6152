#pragma once
// The reading ports over Postgres. Each object owns one connection, made at its first call and again after it was lost.
// Every read is one short transaction that locks all its tables first (ACCESS SHARE): a reader that took its snapshot
// and then waited for an ALTER TABLE … TYPE would see the rewritten table as empty, and no row change would repair it.
//
//   BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE … IN ACCESS SHARE MODE; SELECT …; COMMIT   one round
//   trip

#include <memory>

#include "io/pg/pg_source.h"
#include "model/plan.h"
#include "model/ports/source.h"

namespace flusso::pg {

// The plan must outlive what is made from it. One object per lane.
std::unique_ptr<DocumentSource> make_document_source(const PgSourceOptions& options, const Plan& plan);
std::unique_ptr<RowResolver> make_resolver(const PgSourceOptions& options, const Plan& plan,
                                           Patience patience = Patience::unbounded);
std::unique_ptr<SnapshotScan> make_scan(const PgSourceOptions& options, const Plan& plan);

}  // namespace flusso::pg
