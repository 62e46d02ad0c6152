#include "io/pg/pg_documents.h"

namespace flusso::pg {
namespace {

constexpr Millis kBuildTimeout{60000};
constexpr Millis kBuildLockTimeout{2000};  // then the lane serves other indexes

}  // namespace

PgDocuments::PgDocuments(const PgSourceOptions& options, const Plan& plan)
    : session_(options, plan, "documents", kBuildTimeout, kBuildLockTimeout), reader_(session_, plan) {}

Status PgDocuments::read(const BuildBatch& batch, Intake& intake, std::stop_token stop) {
  Status done = reader_.read(batch.index, batch.items, MissingRow::tombstone, intake, std::move(stop));
  intake.flush();  // also after an error: what is in stays in, and the caller sees which items are left
  return done;
}

std::unique_ptr<DocumentSource> make_document_source(const PgSourceOptions& options, const Plan& plan) {
  return std::make_unique<PgDocuments>(options, plan);
}

}  // namespace flusso::pg
