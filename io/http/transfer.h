#pragma once
// One exchange in curl's terms: an easy handle's settings, the cursor over the body's segments, and how a curl result
// code becomes a Failure. Only loop.cpp and transfer.cpp know curl.

#include <curl/curl.h>

#include <array>
#include <functional>
#include <memory>

#include "io/http/request.h"

namespace flusso::http {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;

struct HeaderListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// Thread: the loop's.
class Transfer {
 public:
  Transfer(Easy easy, Request request, std::function<void(Reply)> done);

  CURL* easy() const { return easy_.get(); }
  // Applies the request to the handle; false when curl refuses a setting.
  bool prepare();
  // The reply as it stands after curl ended the exchange with `code`.
  Reply finish(CURLcode code);
  Reply finish_cancelled();
  Easy release_easy() { return std::move(easy_); }
  void answer(Reply reply) { done_(std::move(reply)); }

 private:
  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static int on_start(void* self, char* remote, char* local, int remote_port, int local_port);
  std::size_t copy_body(char* buffer, std::size_t room);
  std::uint64_t body_bytes() const;
  bool may_have_been_applied() const;

  Easy easy_;
  Request request_;
  std::function<void(Reply)> done_;
  std::unique_ptr<curl_slist, HeaderListDeleter> headers_;
  std::size_t segment_ = 0;  // 0 = Request::body, n = segments[n - 1]
  std::size_t offset_ = 0;
  bool body_started_ = false;
  bool too_large_ = false;
  Reply reply_;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace flusso::http
