// The ceiling of a sink: a client that only posts bulk bodies which were rendered before the clock starts.
//   bench_post_bodies --url http://127.0.0.1:9200 --index NAME --documents FILE [--batch 1000] [--connections 2]
//   bench_post_bodies --url … --bulk FILE …       FILE holds ready action and document lines
// --documents: one document per line, "id TAB json"; a line without TAB gets its number as id.
// Prints {"documents":N,"bytes":N,"requests":N,"errors":N,"seconds":S,"per_second":R,"cpu_seconds":C}; exit 1 when any
// request or item failed. One blocking socket and thread per connection.
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "model/value.h"

namespace {

struct Options {
  std::string host, port = "9200", index, documents, bulk;
  std::size_t batch = 1000;
  unsigned connections = 2;
};

struct Body {
  std::string text;
  std::size_t documents = 0;
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--url") {
      if (!value.starts_with("http://")) return false;
      std::string authority = value.substr(7);
      authority.resize(std::min(authority.find('/'), authority.size()));
      const std::size_t colon = authority.rfind(':');
      options.host = authority.substr(0, colon);
      if (colon != std::string::npos) options.port = authority.substr(colon + 1);
    } else if (name == "--index") {
      options.index = value;
    } else if (name == "--documents") {
      options.documents = value;
    } else if (name == "--bulk") {
      options.bulk = value;
    } else if (name == "--batch") {
      options.batch = std::max<std::size_t>(1, std::strtoull(value.c_str(), nullptr, 10));
    } else if (name == "--connections") {
      options.connections = std::max(1U, static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10)));
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && !options.host.empty() && (options.documents.empty() != options.bulk.empty()) &&
         (options.documents.empty() || !options.index.empty());
}

void append_document(Body& body, const std::string& index, const std::string& line, std::size_t number) {
  const std::size_t tab = line.find('\t');
  body.text += "{\"index\":{\"_index\":";
  flusso::append_json_string(body.text, index);
  body.text += ",\"_id\":";
  flusso::append_json_string(body.text, tab == std::string::npos ? std::to_string(number) : line.substr(0, tab));
  body.text += "}}\n";
  body.text.append(line, tab == std::string::npos ? 0 : tab + 1);
  body.text += '\n';
}

std::vector<Body> render_bodies(const Options& options) {
  std::vector<Body> bodies;
  std::ifstream in(options.documents.empty() ? options.bulk : options.documents);
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (bodies.empty() || bodies.back().documents == options.batch) bodies.emplace_back();
    Body& body = bodies.back();
    if (!options.documents.empty()) {
      append_document(body, options.index, line, number);
    } else {
      body.text += line + '\n';
      if (!line.starts_with("{\"delete\"") && std::getline(in, line)) body.text += line + '\n';
    }
    ++body.documents;
  }
  return bodies;
}

int connect_to(const Options& options) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(options.host.c_str(), options.port.c_str(), &hints, &found) != 0) return -1;
  int fd = -1;
  for (const addrinfo* address = found; address != nullptr && fd < 0; address = address->ai_next) {
    fd = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ::connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
      ::close(fd);
      fd = -1;
    }
  }
  ::freeaddrinfo(found);
  const int on = 1;
  if (fd >= 0) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

bool send_all(int fd, const std::string& head, const std::string& body) {
  std::string_view parts[2] = {head, body};
  for (int part = 0; part < 2;) {
    iovec vectors[2];
    int count = 0;
    for (int i = part; i < 2; ++i) vectors[count++] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    const ssize_t sent = ::writev(fd, vectors, count);
    if (sent < 0) return false;
    auto left = static_cast<std::size_t>(sent);
    while (part < 2 && left >= parts[part].size()) left -= parts[part++].size();
    if (part < 2) parts[part].remove_prefix(left);
  }
  return true;
}

// Reads one answer with a Content-Length; false when it is not 200 or lists an error.
bool receive_good(int fd, std::string& buffer) {
  buffer.clear();
  std::size_t needed = 0;
  char chunk[65536];
  while (needed == 0 || buffer.size() < needed) {
    const ssize_t count = ::recv(fd, chunk, sizeof chunk, 0);
    if (count <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(count));
    const std::size_t head = buffer.find("\r\n\r\n");
    if (needed != 0 || head == std::string::npos) continue;
    const char* length = ::strcasestr(buffer.c_str(), "\r\ncontent-length:");
    if (length == nullptr) return false;
    needed = head + 4 + std::strtoull(length + 17, nullptr, 10);
  }
  return buffer.compare(0, 12, "HTTP/1.1 200") == 0 && buffer.find("\"errors\":false") != std::string::npos;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Posts bodies until none is left; counts failures.
void post(const Options& options, const std::vector<Body>& bodies, std::atomic<std::size_t>& next,
          std::atomic<std::size_t>& errors) {
  const int fd = connect_to(options);
  std::string answer;
  for (std::size_t i = next++; i < bodies.size(); i = next++) {
    const std::string head = fmt::format(
        "POST /_bulk?filter_path=errors,items.*.status,items.*.error HTTP/1.1\r\nHost: {}\r\nContent-Type: "
        "application/x-ndjson\r\n"
        "Content-Length: {}\r\n\r\n",
        options.host, bodies[i].text.size());
    if (fd < 0 || !send_all(fd, head, bodies[i].text) || !receive_good(fd, answer)) ++errors;
  }
  if (fd >= 0) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr,
               "usage: bench_post_bodies --url http://HOST:PORT (--index NAME --documents FILE | --bulk FILE) [--batch "
               "N] [--connections N]\n");
    return 2;
  }
  const std::vector<Body> bodies = render_bodies(options);
  std::size_t documents = 0, bytes = 0;
  for (const Body& body : bodies) {
    documents += body.documents;
    bytes += body.text.size();
  }
  std::atomic<std::size_t> next{0}, errors{0};
  const double cpu_before = cpu_seconds();
  const auto begun = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < options.connections; ++i)
      threads.emplace_back([&] { post(options, bodies, next, errors); });
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  fmt::print(
      R"({{"documents":{},"bytes":{},"requests":{},"errors":{},"seconds":{:.4f},"per_second":{:.0f},"cpu_seconds":{:.3f}}})"
      "\n",
      documents, bytes, bodies.size(), errors.load(), seconds, static_cast<double>(documents) / seconds,
      cpu_seconds() - cpu_before);
  return errors == 0 && documents > 0 ? 0 : 1;
}
