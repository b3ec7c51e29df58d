#include "fleet/loop.h"

#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <thread>

#include "base/error.h"

namespace cofre::fleet {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t unread_bytes_max = 256u << 20;
constexpr std::size_t piece_bytes = 256u << 10;

}  // namespace

struct Loop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread{[this] { context.run(); }};
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}

Loop::~Loop() { stop(); }

void Loop::stop() {
  impl_->work.reset();
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void Loop::after(std::chrono::milliseconds time, std::function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->context, time);
  timer->async_wait([timer, work = std::move(work)](const error_code& error) {
    if (!error) work();
  });
}

struct Link::Impl : std::enable_shared_from_this<Link::Impl> {
  Impl(asio::io_context& context, int number, Calls given)
      : socket(context, asio::local::stream_protocol(), number), calls(std::move(given)) {}

  void read() {
    socket.async_read_some(asio::buffer(piece), [self = shared_from_this()](const error_code& error, std::size_t got) {
      if (self->ended) return;
      if (error) return self->end();
      self->calls.bytes(std::string_view(self->piece.data(), got));
      if (!self->ended) self->read();
    });
  }

  void write() {
    asio::async_write(socket, asio::buffer(queue.front()),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (self->ended) return;
                        if (error) return self->end();
                        self->unread -= self->queue.front().size();
                        self->queue.pop_front();
                        if (!self->queue.empty()) self->write();
                      });
  }

  void end() {
    if (std::exchange(ended, true)) return;
    close();
    calls.closed();
  }

  void close() {
    error_code ignored;
    socket.close(ignored);
  }

  asio::local::stream_protocol::socket socket;
  Calls calls;
  std::vector<char> piece = std::vector<char>(piece_bytes);
  std::deque<std::string> queue;  ///< its front is being written
  std::size_t unread = 0;
  bool ended = false;
};

Link::Link(Loop& loop, os::Descriptor socket, Calls calls)
    : impl_(std::make_shared<Impl>(loop.impl().context, socket.release(), std::move(calls))) {
  impl_->read();
}

Link::~Link() {
  impl_->ended = true;
  impl_->close();
}

void Link::send(std::string bytes) {
  if (impl_->ended) return;
  impl_->unread += bytes.size();
  impl_->queue.push_back(std::move(bytes));
  if (impl_->unread > unread_bytes_max) {
    // Told later: the caller is in the middle of something.
    asio::post(impl_->socket.get_executor(), [impl = impl_] { impl->end(); });
  } else if (impl_->queue.size() == 1) {
    impl_->write();
  }
}

struct Watch::Impl {
  Impl(asio::io_context& context, int number) : descriptor(context, number) {}
  asio::posix::stream_descriptor descriptor;
  bool ended = false;
};

Watch::Watch(Loop& loop, int descriptor, std::function<void()> ready) {
  const int own = ::dup(descriptor);
  if (own < 0) fail(Code::exhausted, "cannot watch a process: too many files are open");
  impl_ = std::make_shared<Impl>(loop.impl().context, own);
  impl_->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                               [impl = impl_, ready = std::move(ready)](const error_code& error) {
                                 if (!error && !impl->ended) ready();
                               });
}

Watch::~Watch() {
  impl_->ended = true;
  error_code ignored;
  impl_->descriptor.close(ignored);
}

}  // namespace cofre::fleet
