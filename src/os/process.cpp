#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "os/spawn.h"

namespace cofre::os {
namespace {

constexpr std::size_t kept_bytes = 64 * 1024;
constexpr int question_ms = 200;

/// The reading end of a pipe whose writing end a child holds.
class Pipe {
 public:
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(Code::exhausted, "cannot open a pipe: {}", std::strerror(errno));
    read_ = ends[0];
    write_ = ends[1];
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_write();
    close_read();
  }
  void close_write() { close_end(write_); }
  void close_read() { close_end(read_); }
  int read_end() const { return read_; }
  int write_end() const { return write_; }
  bool open() const { return read_ >= 0; }

  /// Takes what is there; keeps the tail. Closes at the end of the stream.
  void drain(std::string& into, const std::function<void(std::string_view)>& heard = nullptr) {
    std::array<char, 16384> piece;
    const ssize_t got = ::read(read_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) return close_read();
    into.append(piece.data(), static_cast<std::size_t>(got));
    if (heard) heard({piece.data(), static_cast<std::size_t>(got)});
    if (into.size() > 2 * kept_bytes) into.erase(0, into.size() - kept_bytes);
  }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(std::exchange(end, -1));
  }
  int read_ = -1;
  int write_ = -1;
};

/// Ends the child's group: asks first, insists after a second of silence.
void end(pid_t child, Pipe& out) {
  ::kill(-child, SIGTERM);
  std::string ignored;
  while (out.open()) {
    struct pollfd waiting {
      out.read_end(), POLLIN, 0
    };
    const int ready = ::poll(&waiting, 1, 1000);
    if (ready == 0) break;
    if (ready > 0) out.drain(ignored);
  }
  ::kill(-child, SIGKILL);
  wait_for(child);
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  CHECK(!arguments.empty());
  Pipe out, error;
  const pid_t child =
      spawn(arguments, options.environment, {.out = out.write_end(), .error = error.write_end(), .inherited = {}});
  out.close_write();
  error.close_write();
  ProcessResult result;
  while (out.open() || error.open()) {
    if (options.stop && options.stop()) {
      end(child, out);
      fail(Code::cancelled, "stopped {}", arguments[0]);
    }
    // poll() passes over descriptors below zero: a stream that has ended.
    std::array<struct pollfd, 2> waiting{{{out.read_end(), POLLIN, 0}, {error.read_end(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), question_ms) <= 0) continue;
    if (waiting[0].revents != 0) out.drain(result.out);
    if (waiting[1].revents != 0) error.drain(result.error, options.heard);
  }
  result.exit_code = wait_for(child);
  for (auto* text : {&result.out, &result.error}) {
    if (text->size() > kept_bytes) text->erase(0, text->size() - kept_bytes);
  }
  return result;
}

}  // namespace cofre::os
