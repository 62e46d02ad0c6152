#pragma once
// What the cluster's answer to a bulk request means for each document. The answer is filtered to
//   {"errors":bool,"items":[{"index":{"status":201}},{"delete":{"status":404,"error":{"type":…,"reason":…}}},…]}
// and matched by position. An answer that cannot be read to its end proves nothing: everything is in doubt.
// Thread: any; pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "model/batches.h"

namespace flusso::opensearch {

// The longest reason kept for people, in bytes.
inline constexpr std::size_t kMaxReasonBytes = 512;

// One action's result, from its status and, when present, the type and reason of its error.
//   2xx, 409, a delete's plain 404 → applied      404 index_not_found_exception → gone      429, 503 → retry
//   401, 403, cluster blocks, closed index, missing pipeline → refused      other 5xx → in_doubt      the rest →
//   rejected
Outcome outcome_of(int status, std::string_view type, std::string_view reason, bool is_delete);

// The worse of two results of one document: what must be done about it covers both.
Outcome worse(Outcome a, Outcome b);

// One outcome per item. `actions[i]` is how many action lines item i has in the request.
// `capacity` is what may be read behind `body` (simdjson wants padding); a copy is made when it is too little.
BulkOutcome read_bulk_reply(std::string_view body, std::size_t capacity, const std::vector<unsigned>& actions);

// Type and reason of an error body such as {"error":{"type":…,"reason":…},"status":400}; else the beginning of the
// body. Bounded, printable, one line.
std::string error_reason(std::string_view body);

// Whether an item failed because two documents introduced the same dynamic key at once with different types (a json
// field: 1 and 1.5). Sent again, it is read against the mapping that won, and usually fits.
bool is_mapping_race(std::string_view reason);

// Whether error_reason() names a block of the cluster or of an index: nothing is wrong with the request, it must wait.
bool is_cluster_block(std::string_view reason);

// Bounded and printable; what follows "Preview of field's value" is cut off, because it quotes the document.
std::string tidy_reason(std::string_view text);

}  // namespace flusso::opensearch
