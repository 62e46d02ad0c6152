#include "io/pg/keyed_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "io/pg/json_path.h"
#include "io/pg/quote.h"
#include "io/pg/sqlstate.h"
#include "model/row_key.h"

namespace flusso::pg {
namespace {

constexpr std::size_t kMaxPiece = 512;
constexpr double kTargetBytes = 4.0 * 1024 * 1024;
constexpr double kWeightOfNewest = 0.2;

// One array text per key column; keys that no row can have are left out.
Params key_params(const std::vector<const BuildItem*>& items, std::size_t columns) {
  std::vector<std::vector<std::string>> parts(columns);
  for (const BuildItem* item : items) {
    if (item->key.find('\0') != std::string::npos) continue;
    std::vector<std::string> key = split_key(item->key, columns);
    if (key.size() != columns) continue;
    for (std::size_t i = 0; i < columns; ++i) parts[i].push_back(std::move(key[i]));
  }
  Params params;
  for (const std::vector<std::string>& column : parts) params.emplace_back(array_text(column));
  return params;
}

}  // namespace

Result<KeyedReader::Prepared*> KeyedReader::prepared(IndexId index) {
  const auto found = prepared_.find(index.value);
  if (found != prepared_.end()) return &found->second;
  if (index.value >= plan_.indexes.size())
    return fail(ErrorKind::bug, "pg.unknown_index", "a batch names an index outside the plan");
  const IndexPlan& plan = plan_.indexes[index.value];
  FLUSSO_TRY_ASSIGN(DocumentSql sql, document_sql(plan, plan_));
  std::string statement = live_sql(sql);
  Prepared made{std::move(sql),
                std::move(statement),
                fmt::format("documents_{}", index.value),
                lock_sql(plan.tables, plan_),
                RowTokens(plan.traced),
                0};
  return &prepared_.emplace(index.value, std::move(made)).first->second;
}

std::size_t KeyedReader::piece_size(const Prepared& index) {
  if (index.average_bytes <= 0) return kMaxPiece;
  return static_cast<std::size_t>(std::clamp(kTargetBytes / index.average_bytes, 1.0, static_cast<double>(kMaxPiece)));
}

Status KeyedReader::read(IndexId index, const std::vector<BuildItem>& items, MissingRow missing, Intake& intake,
                         std::stop_token stop) {
  FLUSSO_TRY_ASSIGN(Prepared * sql, prepared(index));
  std::vector<Piece> work;
  const auto push = [&work](Piece piece, std::size_t size) {
    // Last in, first out: pieces are pushed from the end so that they are read in order.
    for (std::size_t end = piece.size(); end > 0;) {
      const std::size_t begin = (end - 1) / size * size;
      work.emplace_back(piece.begin() + static_cast<std::ptrdiff_t>(begin),
                        piece.begin() + static_cast<std::ptrdiff_t>(end));
      end = begin;
    }
  };
  Piece all;
  for (const BuildItem& item : items) all.push_back(&item);
  push(std::move(all), piece_size(*sql));
  while (!work.empty()) {
    const Piece piece = std::move(work.back());
    work.pop_back();
    const SteadyTime begun = std::chrono::steady_clock::now();
    PieceResult result = read_piece(*sql, piece, intake, stop);
    if (result.status) {
      if (missing == MissingRow::nothing) continue;
      for (const BuildItem* item : result.open) FLUSSO_TRY(intake.add_tombstone(item->key, item->targets));
      continue;
    }
    Error error = explain_timeout(std::move(result.status).error(), begun, session_, plan_.indexes[index.value].tables);
    const bool about_rows = is_data_error(error);
    // Live keys go back to the caller, which lets other indexes have their turn; a scan has its lane to itself.
    const bool here = is_timeout(error) && missing == MissingRow::nothing;
    if (!about_rows && !here) return fail(std::move(error));
    if (result.open.size() > 1) {
      const std::size_t half = (result.open.size() + 1) / 2;
      push(std::move(result.open), half);
    } else if (about_rows) {
      for (const BuildItem* item : result.open)
        intake.add_failure(DocFailure{item->key, item->targets, in_context("document " + item->key, error)});
    } else {
      return fail(std::move(error));
    }
  }
  return {};
}

KeyedReader::PieceResult KeyedReader::read_piece(Prepared& index, const Piece& piece, Intake& intake,
                                                 const std::stop_token& stop) {
  std::unordered_map<std::string_view, const BuildItem*> open;
  open.reserve(piece.size());
  for (const BuildItem* item : piece) open.emplace(item->key, item);
  const auto run = [&]() -> Status {
    FLUSSO_TRY_ASSIGN(Conn * conn, session_.use(stop));
    FLUSSO_TRY(conn->prepare(index.name, index.statement));
    const auto on_row = [&](const Rows& rows) -> Status {
      const auto wanted = open.find(rows.text(0, 0));
      if (wanted == open.end()) return {};  // equal to a key but written differently, or a second row of the same key
      FLUSSO_TRY_ASSIGN(const std::string_view body, marked_.write(rows.text(0, 1)));
      FLUSSO_TRY_ASSIGN(const std::string_view hidden, index.tokens.member(marked_.rows()));
      FLUSSO_TRY(intake.add(wanted->first, body, wanted->second->targets, hidden));
      if (!marked_.lost().empty())
        each_lost_field(body, marked_.lost(),
                        [&intake](std::string_view path, LossKind kind) { intake.add_loss(path, kind); });
      const auto bytes = static_cast<double>(body.size());
      index.average_bytes =
          index.average_bytes <= 0 ? bytes : index.average_bytes + kWeightOfNewest * (bytes - index.average_bytes);
      open.erase(wanted);
      return {};
    };
    std::vector<Statement> statements;
    statements.push_back({kBeginRead, {}, {}, false, {}});
    if (!index.lock.empty()) statements.push_back({index.lock, {}, {}, false, {}});
    statements.push_back({index.name, key_params(piece, index.sql.key_columns.size()), {}, true, on_row});
    statements.push_back({"COMMIT", {}, {}, false, {}});
    FLUSSO_TRY(conn->pipeline(statements));
    return {};
  };
  PieceResult result{run(), {}};
  for (const BuildItem* item : piece)
    if (const auto left = open.find(item->key); left != open.end() && left->second == item) result.open.push_back(item);
  return result;
}

}  // namespace flusso::pg
