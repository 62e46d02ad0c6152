#pragma once
// POST /{indexes}/_refresh, one at a time: indexes named while one is running join the next. Fire and forget; failures
// are logged, because the index's own refresh interval makes the documents visible later anyway. Thread: any.

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "io/opensearch/os_bulk_writer.h"

namespace flusso::opensearch {

class OsBulkWriter::Refresher : public std::enable_shared_from_this<OsBulkWriter::Refresher> {
 public:
  Refresher(http::Loop& loop, http::Endpoint endpoint, std::string sink);
  // Concrete index names.
  void refresh(const std::vector<std::string>& indexes);
  void close();

 private:
  void pump();

  http::Loop& loop_;
  const http::Endpoint endpoint_;
  const std::string sink_;
  std::mutex mutex_;
  std::set<std::string> wanted_;
  bool busy_ = false;
  bool closed_ = false;
};

}  // namespace flusso::opensearch
