#include "io/http/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <system_error>

namespace flusso::http {
namespace {

constexpr long kUploadBufferBytes = 512L * 1024;
constexpr std::size_t kJsonPaddingBytes = 64;
constexpr std::size_t kMaxReserveBytes = 1U
                                         << 20;  // a stated Content-Length beyond this is believed only as it arrives
constexpr Millis kMaxConnectTime{10000};
constexpr long kMaxIdleSeconds = 45;  // shorter than the 60 s after which load balancers drop idle connections

Failure failure_of(CURLcode code, bool connected) {
  switch (code) {
    case CURLE_OK:
      return Failure::none;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
      return Failure::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? Failure::timeout : Failure::connect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Failure::tls;
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
      return Failure::truncated;
    case CURLE_UNSUPPORTED_PROTOCOL:  // after the request was sent: curl's word for a reply that is not HTTP/1
      return connected ? Failure::truncated : Failure::invalid;
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return Failure::invalid;
    default:
      return Failure::reset;
  }
}

std::string lower_first(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace

std::string_view to_text(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::del:
      return "DELETE";
  }
  return "GET";
}

std::string_view to_text(Failure failure) {
  switch (failure) {
    case Failure::none:
      return "none";
    case Failure::connect:
      return "connect";
    case Failure::tls:
      return "tls";
    case Failure::timeout:
      return "timeout";
    case Failure::reset:
      return "reset";
    case Failure::truncated:
      return "truncated";
    case Failure::too_large:
      return "too_large";
    case Failure::invalid:
      return "invalid";
    case Failure::cancelled:
      return "cancelled";
  }
  return "none";
}

Transfer::Transfer(Easy easy, Request request, std::function<void(Reply)> done)
    : easy_(std::move(easy)), request_(std::move(request)), done_(std::move(done)) {}

std::uint64_t Transfer::body_bytes() const {
  std::uint64_t bytes = request_.body.size();
  for (const std::string_view segment : request_.segments) bytes += segment.size();
  return bytes;
}

bool Transfer::prepare() {
  CURL* easy = easy_.get();
  bool accepted = easy != nullptr;
  const auto set = [&](CURLoption option, auto value) {
    accepted = accepted && curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_MAXAGE_CONN, kMaxIdleSeconds);
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<Millis::rep>(request_.timeout.count(), 1)));
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(std::clamp<Millis::rep>(request_.timeout.count(), 1, kMaxConnectTime.count())));
  set(CURLOPT_SSL_VERIFYPEER, request_.tls_verify ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, request_.tls_verify ? 2L : 0L);
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_write);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, &Transfer::on_start);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));
  if (request_.auth) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERNAME, request_.auth->username.c_str());
    set(CURLOPT_PASSWORD, request_.auth->password.reveal().c_str());
  }
  switch (request_.method) {
    case Method::get:
      break;
    case Method::head:
      set(CURLOPT_NOBODY, 1L);
      break;
    case Method::del:
      set(CURLOPT_CUSTOMREQUEST, "DELETE");
      break;
    case Method::put:
      set(CURLOPT_POST, 1L);
      set(CURLOPT_CUSTOMREQUEST, "PUT");
      break;
    case Method::post:
      set(CURLOPT_POST, 1L);
      break;
  }
  if (request_.method == Method::post || request_.method == Method::put) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_bytes()));
    set(CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
    set(CURLOPT_READFUNCTION, &Transfer::on_read);
    set(CURLOPT_READDATA, static_cast<void*>(this));
  }
  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(list, line.c_str());
    accepted = accepted && longer != nullptr;
    if (longer != nullptr) list = longer;
  };
  add("Expect:");
  for (const Header& header : request_.headers) {
    accepted = accepted && (header.name + header.value).find_first_of("\r\n") == std::string::npos;
    add(header.name + ": " + header.value);
  }
  headers_.reset(list);
  set(CURLOPT_HTTPHEADER, headers_.get());
  return accepted;
}

// curl starts a request over by itself when a reused connection turns out to be dead. That is harmless before the first
// body byte and forbidden after it; there is no seek callback either, so curl can never rewind the body.
int Transfer::on_start(void* self, char*, char*, int, int) {
  return static_cast<Transfer*>(self)->body_started_ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::size_t Transfer::copy_body(char* buffer, std::size_t room) {
  std::size_t copied = 0;
  while (copied < room && segment_ <= request_.segments.size()) {
    const std::string_view current = segment_ == 0 ? std::string_view(request_.body) : request_.segments[segment_ - 1];
    const std::size_t bytes = std::min(room - copied, current.size() - offset_);
    if (bytes > 0) std::memcpy(buffer + copied, current.data() + offset_, bytes);
    copied += bytes;
    offset_ += bytes;
    if (offset_ == current.size()) {
      ++segment_;
      offset_ = 0;
    }
  }
  return copied;
}

std::size_t Transfer::on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t copied = transfer.copy_body(buffer, size * count);
  if (copied > 0) transfer.body_started_ = true;
  return copied;
}

std::size_t Transfer::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  std::string& body = transfer.reply_.body;
  const std::size_t bytes = size * count;
  if (body.size() + bytes > transfer.request_.max_reply_bytes) {
    transfer.too_large_ = true;
    return 0;
  }
  if (body.empty()) {
    curl_off_t announced = 0;
    curl_easy_getinfo(transfer.easy(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    const auto expected = static_cast<std::size_t>(std::max<curl_off_t>(announced, 0));
    body.reserve(std::min(std::max(expected, bytes), kMaxReserveBytes) + kJsonPaddingBytes);
  }
  body.append(data, bytes);
  return bytes;
}

bool Transfer::may_have_been_applied() const {
  if (body_bytes() > 0) return body_started_;
  long request_bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
  return request_bytes > 0;
}

Reply Transfer::finish(CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  reply_.status = static_cast<int>(status);
  if (code == CURLE_OK) {
    if (reply_.body.capacity() - reply_.body.size() < kJsonPaddingBytes)
      reply_.body.reserve(reply_.body.size() + kJsonPaddingBytes);
    return std::move(reply_);
  }
  curl_off_t connect_us = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &connect_us);
  long request_bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
  reply_.failure = too_large_ ? Failure::too_large : failure_of(code, connect_us > 0 || request_bytes > 0);
  long os_error = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &os_error);
  if (reply_.failure == Failure::too_large) {
    reply_.reason = fmt::format("the reply is longer than {} bytes", request_.max_reply_bytes);
  } else if (reply_.failure == Failure::connect && os_error != 0) {
    reply_.reason = lower_first(std::generic_category().message(static_cast<int>(os_error)));
  } else {
    reply_.reason = lower_first(error_[0] != '\0' ? error_.data() : curl_easy_strerror(code));
  }
  reply_.maybe_applied = may_have_been_applied();
  return std::move(reply_);
}

Reply Transfer::finish_cancelled() {
  reply_.status = 0;
  reply_.failure = Failure::cancelled;
  reply_.reason = "cancelled";
  reply_.maybe_applied = easy_ != nullptr && may_have_been_applied();
  return std::move(reply_);
}

}  // namespace flusso::http
