#include "stages/bulk_body.h"

#include <utility>

namespace flusso::stages {

BulkRequest make_request(SinkId sink, std::vector<BulkItem> items, std::vector<std::shared_ptr<const Slab>> slabs,
                         const RenderAction& render) {
  struct Piece {
    std::size_t end;        // of the action text that precedes the document
    std::string_view body;  // empty for a delete
  };
  BulkRequest request;
  request.sink = sink;
  request.actions = std::make_unique<std::string>();
  std::string& actions = *request.actions;
  actions.reserve(items.size() * 96);
  std::vector<Piece> pieces;
  pieces.reserve(items.size());
  bool newline_owed = false;  // the line end of the last document is written in front of the next action
  for (const BulkItem& item : items) {
    for (unsigned slot = 0; slot < 2; ++slot) {
      if (!item.targets.has(sink, slot)) continue;
      if (newline_owed) actions.push_back('\n');
      newline_owed = false;
      render(item, slot, actions);
      if (item.body.empty()) continue;
      pieces.push_back(Piece{actions.size(), item.body});
      newline_owed = true;
    }
  }
  if (newline_owed) actions.push_back('\n');
  std::size_t begin = 0;
  request.segments.reserve(pieces.size() * 2 + 1);
  for (const Piece& piece : pieces) {
    request.segments.push_back(std::string_view(actions).substr(begin, piece.end - begin));
    request.segments.push_back(piece.body);
    request.bytes += piece.end - begin + piece.body.size();
    begin = piece.end;
  }
  if (begin < actions.size()) {
    request.segments.push_back(std::string_view(actions).substr(begin));
    request.bytes += actions.size() - begin;
  }
  request.items = std::move(items);
  request.slabs = std::move(slabs);
  return request;
}

}  // namespace flusso::stages
