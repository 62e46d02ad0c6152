#include "model/batches.h"

namespace flusso {

std::string visible_document(std::string_view body, std::uint32_t hidden_length) {
  if (hidden_length == 0 || body.size() <= hidden_length) return std::string(body);
  std::string document(body.substr(0, body.size() - hidden_length - 1));
  return document += '}';
}

}  // namespace flusso
