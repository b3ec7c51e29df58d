#include "os/local_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace cofre::os {
namespace {

/// An address holds 107 bytes of path. A longer one is reached through its folder's descriptor.
struct Address {
  sockaddr_un address{};
  Descriptor folder;

  explicit Address(const std::filesystem::path& path) {
    std::string text = path.string();
    if (text.size() >= sizeof address.sun_path) {
      folder = Descriptor(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      text = fmt::format("/proc/self/fd/{}/{}", folder.get(), path.filename().string());
    }
    if (text.size() >= sizeof address.sun_path) {
      fail(Code::invalid, "{}: the name is too long for a socket", path.string());
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, text.data(), text.size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Descriptor make_socket() {
  Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!made) fail(Code::exhausted, "cannot make a socket: {}", std::strerror(errno));
  return made;
}

/// Waits until the descriptor is ready. False where `patience` is over.
bool wait(int descriptor, short events, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd one{descriptor, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) fail(Code::unavailable, "cannot wait for a socket: {}", std::strerror(errno));
  }
}

}  // namespace

LocalSocket LocalSocket::connect(const std::filesystem::path& path) {
  Descriptor made = make_socket();
  const Address address(path);
  if (::connect(made.get(), address.get(), sizeof address.address) != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    fail(nobody ? Code::not_found : Code::unavailable, "cannot connect to {}: {}", path.string(), std::strerror(errno));
  }
  return LocalSocket(std::move(made));
}

uid_t LocalSocket::peer_user() const {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  if (::getsockopt(descriptor_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
    fail(Code::unavailable, "the kernel does not tell who is at the other end: {}", std::strerror(errno));
  }
  return credentials.uid;
}

void LocalSocket::send(std::string_view bytes, std::chrono::milliseconds patience) {
  while (!bytes.empty()) {
    if (!wait(descriptor_.get(), POLLOUT, patience)) fail(Code::unavailable, "the other end takes nothing");
    const ssize_t sent = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) fail(Code::unavailable, "the other end left: {}", std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string LocalSocket::receive(std::chrono::milliseconds patience) {
  std::string bytes(64 << 10, '\0');
  while (true) {
    if (!wait(descriptor_.get(), POLLIN, patience)) fail(Code::unavailable, "the other end does not answer");
    const ssize_t got = ::recv(descriptor_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) fail(Code::unavailable, "the other end left: {}", std::strerror(errno));
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
}

LocalListener::LocalListener(const std::filesystem::path& path)
    : path_(path), listening_(make_socket()), stopped_(::eventfd(0, EFD_CLOEXEC)) {
  if (!stopped_) fail(Code::exhausted, "cannot make an event: {}", std::strerror(errno));
  const Address address(path_);
  ::unlink(path_.c_str());
  // The mode of the descriptor is that of the socket's file: it is never open to others, not even for a moment.
  if (::fchmod(listening_.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::bind(listening_.get(), address.get(), sizeof address.address) != 0 ||
      ::chmod(path_.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(listening_.get(), 16) != 0) {
    fail(Code::unavailable, "cannot listen at {}: {}", path_.string(), std::strerror(errno));
  }
}

LocalListener::~LocalListener() { ::unlink(path_.c_str()); }

std::optional<LocalSocket> LocalListener::accept() {
  while (true) {
    pollfd both[2] = {{listening_.get(), POLLIN, 0}, {stopped_.get(), POLLIN, 0}};
    if (::poll(both, 2, -1) < 0 && errno != EINTR) {
      fail(Code::unavailable, "cannot wait for a socket: {}", std::strerror(errno));
    }
    if (both[1].revents != 0) return std::nullopt;
    if (both[0].revents == 0) continue;
    Descriptor accepted(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (accepted) return LocalSocket(std::move(accepted));
  }
}

void LocalListener::stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stopped_.get(), &one, sizeof one);
}

}  // namespace cofre::os
