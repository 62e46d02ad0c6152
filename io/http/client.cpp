#include "io/http/client.h"

#include <future>
#include <utility>

namespace flusso::http {

Request request_to(const Endpoint& endpoint, Method method, const std::string& target) {
  Request request;
  request.method = method;
  request.url = endpoint.url + target;
  request.headers = endpoint.headers;
  request.auth = endpoint.auth;
  request.tls_verify = endpoint.tls_verify;
  request.timeout = endpoint.timeout;
  return request;
}

Client::Client(std::shared_ptr<Loop> loop, Endpoint endpoint, std::stop_token stop)
    : loop_(std::move(loop)), endpoint_(std::move(endpoint)), stop_(std::move(stop)) {}

Reply Client::call(Method method, const std::string& target, std::string body) {
  Request request = request_to(endpoint_, method, target);
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  const auto promise = std::make_shared<std::promise<Reply>>();
  std::future<Reply> answer = promise->get_future();
  const RequestId id =
      loop_->submit(std::move(request), [promise](Reply reply) { promise->set_value(std::move(reply)); });
  const std::stop_callback interrupt(stop_, [this, id] { loop_->cancel(id); });
  return answer.get();
}

}  // namespace flusso::http
