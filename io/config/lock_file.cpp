#include "io/config/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "io/config/lock_format.h"

namespace flusso::config {

namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

tl::unexpected<Error> not_written(const std::string& path, const std::string& why) {
  return fail(ErrorKind::permanent, "config.lock_write", fmt::format("the lock {} cannot be written: {}", path, why));
}
tl::unexpected<Error> not_written(const std::string& path, int error) {
  return not_written(path, std::string(std::strerror(error)));
}

// Up to `limit` bytes; false leaves errno.
bool read_up_to(int fd, std::size_t limit, std::string& out) {
  char buffer[65536];
  while (out.size() < limit) {
    const ssize_t got = ::read(fd, buffer, std::min(sizeof buffer, limit - out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    out.append(buffer, static_cast<std::size_t>(got));
  }
  return true;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

struct Temporary {
  std::string path;
  int fd = -1;
};

// A file of a name that nobody has: two containers that share a folder may have the same process id.
Temporary make_temporary(const std::string& target, mode_t mode) {
  constexpr int kAttempts = 100;
  Temporary made;
  for (int i = 0; i < kAttempts; ++i) {
    made.path = fmt::format("{}.tmp-{}-{}", target, ::getpid(), i);
    made.fd = ::open(made.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (made.fd >= 0 || errno != EEXIST) break;
  }
  return made;
}

// Makes the new name durable. Not every file system can; the content is safe either way.
void sync_folder(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  const Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.open()) ::fsync(folder.get());
}

struct Existing {
  bool there = false;
  mode_t mode = 0666;  // of a new file, less the umask
  std::string bytes;
};

Result<Existing> look_at(const std::string& path, const std::string& target) {
  Existing found;
  struct stat status {};
  if (::stat(target.c_str(), &status) != 0) {
    if (errno == ENOENT) return found;
    return not_written(path, errno);
  }
  if (!S_ISREG(status.st_mode)) return not_written(path, std::string("it is no ordinary file"));
  found.there = true;
  found.mode = status.st_mode & 07777U;
  const Descriptor file(::open(target.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open() || !read_up_to(file.get(), kMaxLockBytes + 1, found.bytes)) return not_written(path, errno);
  if (!found.bytes.empty() && !looks_like_lock(found.bytes))
    return fail(ErrorKind::config, "config.lock_foreign",
                fmt::format("{} is no lock and is not overwritten; name another path or remove the file", path));
  return found;
}

Result<LockWrite> write_unguarded(const std::string& path, std::string_view bytes) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(path, error);
  const std::string target = error ? path : resolved.string();
  FLUSSO_TRY_ASSIGN(const Existing old, look_at(path, target));
  if (old.there && old.bytes == bytes) return LockWrite::unchanged;

  const Temporary temporary = make_temporary(target, old.mode);
  if (temporary.fd < 0) return not_written(path, errno);
  Descriptor file(temporary.fd);
  if (old.there) (void)::fchmod(file.get(), old.mode);  // the umask has had its say when the first one was made
  const bool good = write_all(file.get(), bytes) && ::fsync(file.get()) == 0 && file.close() &&
                    ::rename(temporary.path.c_str(), target.c_str()) == 0;
  if (!good) {
    const int reason = errno;
    ::unlink(temporary.path.c_str());
    return not_written(path, reason);
  }
  sync_folder(target);
  return LockWrite::written;
}

}  // namespace

Result<LockWrite> write_lock_file(const std::string& path, std::string_view bytes) {
  try {
    return write_unguarded(path, bytes);
  } catch (const std::exception& error) {
    return not_written(path, std::string(error.what()));
  }
}

Result<std::string> read_lock_file(const std::string& path) {
  try {
    const auto unreadable = [&](const char* why) {
      return fail(ErrorKind::config, "config.lock_unreadable",
                  fmt::format("the lock {} cannot be read: {}", path, why));
    };
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.open() && errno == ENOENT)
      return fail(ErrorKind::config, "config.lock_missing",
                  fmt::format("there is no lock {}; make it with `flusso build`", path));
    if (!file.open()) return unreadable(std::strerror(errno));
    struct stat status {};
    if (::fstat(file.get(), &status) == 0 && !S_ISREG(status.st_mode)) return unreadable("it is no ordinary file");
    std::string bytes;
    if (!read_up_to(file.get(), kMaxLockBytes + 1, bytes)) return unreadable(std::strerror(errno));
    return bytes;
  } catch (const std::exception& error) {
    return fail(ErrorKind::config, "config.lock_unreadable",
                fmt::format("the lock {} cannot be read: {}", path, error.what()));
  }
}

}  // namespace flusso::config
