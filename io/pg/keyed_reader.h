#pragma once
// Documents of given keys on a lane's connection: one statement per piece of at most 512 keys, rows straight into the
// intake. A statement that fails because of a row (SQLSTATE 22, 21, 54, P0001) is bisected down to the culprit, which
// becomes a failure; the others flow. In a scan a timeout halves the piece; otherwise it is the caller's.
// Thread: one.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/pg/document_sql.h"
#include "io/pg/marked_text.h"
#include "io/pg/read_session.h"
#include "io/pg/row_tokens.h"
#include "model/batches.h"
#include "model/intake.h"
#include "model/plan.h"

namespace flusso::pg {

// What a key without a row means: a delete in the live stream; nothing in a scan, where the change that removed the row
// is in the stream.
enum class MissingRow { tombstone, nothing };

class KeyedReader {
 public:
  KeyedReader(ReadSession& session, const Plan& plan) : session_(session), plan_(plan) {}

  // Puts one row per item into the intake. Errors: transient, cancelled, permanent; items that were put in stay there.
  Status read(IndexId index, const std::vector<BuildItem>& items, MissingRow missing, Intake& intake,
              std::stop_token stop);

 private:
  struct Prepared {
    DocumentSql sql;
    std::string statement;
    std::string name;
    std::string lock;
    RowTokens tokens;
    double average_bytes = 0;  // of recent documents
  };
  using Piece = std::vector<const BuildItem*>;
  struct PieceResult {
    Status status;
    Piece open;  // items that have no row in the intake yet
  };

  Result<Prepared*> prepared(IndexId index);
  PieceResult read_piece(Prepared& index, const Piece& piece, Intake& intake, const std::stop_token& stop);
  static std::size_t piece_size(const Prepared& index);

  ReadSession& session_;
  const Plan& plan_;
  std::map<std::uint16_t, Prepared> prepared_;
  MarkedText marked_;
};

}  // namespace flusso::pg
