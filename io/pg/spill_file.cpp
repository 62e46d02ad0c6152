#include "io/pg/spill_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace flusso::pg {
namespace {

bool folder_is_unusable(int error) {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == EPERM || error == EROFS ||
         error == ENAMETOOLONG || error == ELOOP;
}

std::string_view cure_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "make room there, or name a folder with more room in [source] spill_dir";
    case EFBIG:
      return "raise the limit on the size of files (ulimit -f)";
    case EMFILE:
    case ENFILE:
      return "raise the limit on open files (ulimit -n)";
    case ENOENT:
    case ENOTDIR:
      return "create the folder, or name another one in [source] spill_dir";
    case EACCES:
    case EPERM:
    case EROFS:
      return "let flusso write there, or name another folder in [source] spill_dir";
    default:
      return "name another folder in [source] spill_dir";
  }
}

tl::unexpected<Error> failed(std::string_view doing, const std::string& folder, std::uint64_t size, int error) {
  const std::string already = size == 0 ? "" : fmt::format(" ({} MiB of it are there)", size >> 20U);
  return fail(folder_is_unusable(error) ? ErrorKind::config : ErrorKind::transient, "pg.spill",
              fmt::format("cannot {} a large transaction in the folder {}{}: {}; {}", doing, folder, already,
                          std::strerror(error), cure_of(error)));
}

// A descriptor of a nameless file in `folder`; -1 and errno when there is none to be had.
int open_nameless(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  // Not every file system knows O_TMPFILE; those that do fail here again, for the same reason.
  std::string name = folder + "/flusso-spill-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

std::string default_spill_folder() {
  std::error_code failure;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(failure);
  return failure ? "/tmp" : folder.string();
}

Result<SpillFile> SpillFile::create(const std::string& folder) {
  const int fd = open_nameless(folder);
  if (fd < 0) return failed("keep", folder, 0, errno);
  return SpillFile(fd, folder);
}

SpillFile::SpillFile(SpillFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), folder_(std::move(other.folder_)), size_(other.size_) {}

SpillFile& SpillFile::operator=(SpillFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(folder_, other.folder_);
  std::swap(size_, other.size_);
  return *this;
}

SpillFile::~SpillFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status SpillFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("keep", folder_, size_, written == 0 ? ENOSPC : errno);
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status SpillFile::read(std::uint64_t offset, char* buffer, std::size_t length) const {
  while (length > 0) {
    const ssize_t got = ::pread(fd_, buffer, length, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failed("read back", folder_, size_, got == 0 ? EIO : errno);
    buffer += got;
    offset += static_cast<std::uint64_t>(got);
    length -= static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace flusso::pg
