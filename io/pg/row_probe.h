#pragma once
// Questions about single rows that only people ask (`flusso preview`, `flusso explain`); no run uses it.
// Every question is one read-only transaction. Thread: one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/pg/pg_source.h"
#include "io/pg/read_session.h"
#include "model/plan.h"
#include "model/result.h"

namespace flusso::pg {

class RowProbe {
 public:
  // The plan must outlive the probe.
  RowProbe(const PgSourceOptions& options, const Plan& plan)
      : session_(options, plan, "probe", kTimeout), plan_(plan) {}

  // Key text of the index's first document in the order of its key; nothing when it has none.
  Result<std::optional<std::string>> first_document(IndexId index);
  // Whether the root table holds a row with this key, whatever filters and soft delete say.
  Result<bool> root_row_exists(IndexId index, std::string_view key);
  // Texts of TablePlan::columns of the row whose `key_columns` have the values of `key` (a key text); an absent text is
  // NULL. Nothing when there is no such row.
  using Row = std::vector<std::optional<std::string>>;
  Result<std::optional<Row>> row(const TablePlan& table, const KeyColumns& key_columns, std::string_view key);

 private:
  static constexpr Millis kTimeout{60000};

  // The rows of one statement over `table`, in a transaction of its own.
  Result<Rows> ask(const std::string& sql, const Params& params, const TableRef& table);

  ReadSession session_;
  const Plan& plan_;
};

}  // namespace flusso::pg
