#include "http/server.h"

#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include <sys/socket.h>
#include <sys/stat.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.h"
#include "http/session.h"
#include "http/stream.h"

namespace cofre::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using Unix = asio::local::stream_protocol;

/// The acceptor, the loop's threads and the open connections. `mutex` guards what stands below it.
struct Server::State : std::enable_shared_from_this<Server::State> {
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  asio::executor_work_guard<asio::io_context::executor_type> work{shared->loop.get_executor()};
  Strand strand{shared->loop.get_executor()};  // of the acceptors
  tcp::acceptor acceptor{strand};
  Unix::acceptor unix_acceptor{strand};
  asio::steady_timer pause{strand};
  std::filesystem::path unix_socket;
  std::uint16_t port = 0;
  std::vector<std::thread> threads;

  mutable std::mutex mutex;
  std::condition_variable empty;
  std::shared_ptr<SSL_CTX> tls;
  std::shared_ptr<const Rules> rules;
  std::map<const Session*, std::shared_ptr<Session>> sessions;
  std::map<std::string, std::uint64_t, std::less<>> of_address;
  Statistics statistics;
  bool stopped = false;

  void listen(const Listen& where);
  void listen_unix(const std::filesystem::path& path);
  void accept();
  void accepted(Socket socket, const boost::system::error_code& error);
  void admit(Socket socket);
  void ended(const Session* session, const std::string& address);
  template <class Call>
  void for_each(Call call);
  bool wait_until_empty(std::chrono::steady_clock::time_point until);
  void stop(std::chrono::milliseconds grace);
};

namespace {

[[noreturn]] void fail_listen(const std::string& where, const boost::system::error_code& error) {
  fail_field(Code::unavailable, "listen", "cannot listen on {}: {}", where, error.message());
}

Peer peer_of(const Socket& socket, bool local) {
  Peer peer;
  if (local) {
    peer.address = "unix";
    ucred credentials{};
    socklen_t bytes = sizeof credentials;
    auto& handle = const_cast<Socket&>(socket);
    if (::getsockopt(handle.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) == 0)
      peer.user = credentials.uid;
    return peer;
  }
  boost::system::error_code error;
  const auto generic = socket.remote_endpoint(error);
  if (error) return peer;
  tcp::endpoint endpoint;
  if (generic.size() > endpoint.capacity()) return peer;
  endpoint.resize(generic.size());
  std::memcpy(endpoint.data(), generic.data(), generic.size());
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  peer.address = address.to_string();
  return peer;
}

}  // namespace

void Server::State::listen(const Listen& where) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(where.address, error);
  if (error) fail_field(Code::invalid, "listen", "\"{}\" is not an IP address", where.address);
  const tcp::endpoint endpoint(address, where.port);
  const auto text = fmt::format("{}:{}", where.address, where.port);
  if (acceptor.open(endpoint.protocol(), error)) fail_listen(text, error);
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (acceptor.bind(endpoint, error)) fail_listen(text, error);
  if (acceptor.listen(4096, error)) fail_listen(text, error);
  port = acceptor.local_endpoint().port();
}

void Server::State::listen_unix(const std::filesystem::path& path) {
  boost::system::error_code error;
  if (path.native().size() > 100)
    fail_field(Code::invalid, "listen", "the path of a Unix socket is too long: {}", path.string());
  std::filesystem::remove(path, error);
  const auto before = ::umask(0177);
  unix_acceptor.open(Unix(), error);
  if (!error) unix_acceptor.bind(Unix::endpoint(path.native()), error);
  ::umask(before);
  if (error || unix_acceptor.listen(128, error)) fail_listen(path.string(), error);
  unix_socket = path;
}

void Server::State::accept() {
  // Each connection has a strand of its own.
  auto socket = std::make_shared<Socket>(asio::make_strand(shared->loop));
  auto done = [self = shared_from_this(), socket](const boost::system::error_code& error) {
    self->accepted(std::move(*socket), error);
  };
  if (unix_socket.empty()) {
    acceptor.async_accept(*socket, std::move(done));
  } else {
    unix_acceptor.async_accept(*socket, std::move(done));
  }
}

void Server::State::accepted(Socket socket, const boost::system::error_code& error) {
  {
    const std::scoped_lock lock(mutex);
    if (stopped) return;
  }
  if (error == asio::error::operation_aborted) return;
  if (error) {
    // Out of descriptors, most likely: another one is tried when some may have come free.
    pause.expires_after(std::chrono::milliseconds(50));
    pause.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (!cancelled) self->accept();
    });
    return;
  }
  admit(std::move(socket));
  accept();
}

void Server::State::admit(Socket socket) {
  const bool local = !unix_socket.empty();
  auto peer = peer_of(socket, local);
  const auto address = peer.address;
  boost::system::error_code ignored;
  if (!local) socket.set_option(tcp::no_delay(true), ignored);
  std::shared_ptr<Session> session;
  {
    const std::scoped_lock lock(mutex);
    auto& same = of_address[peer.address];
    const auto& limits = rules->limits;
    if (stopped || sessions.size() >= limits.connections || same >= limits.connections_of_address) {
      if (same == 0) of_address.erase(peer.address);
      ++statistics.refused;
      return;
    }
    ++same;
    ++statistics.accepted;
    session = std::make_shared<Session>(std::move(socket), tls, shared, rules, std::move(peer));
    sessions.emplace(session.get(), session);
  }
  session->start([self = shared_from_this(), key = session.get(), address] { self->ended(key, address); });
}

void Server::State::ended(const Session* session, const std::string& address) {
  const std::scoped_lock lock(mutex);
  sessions.erase(session);
  if (const auto found = of_address.find(address); found != of_address.end() && --found->second == 0)
    of_address.erase(found);
  if (sessions.empty()) empty.notify_all();
}

template <class Call>
void Server::State::for_each(Call call) {
  std::vector<std::shared_ptr<Session>> all;
  {
    const std::scoped_lock lock(mutex);
    for (const auto& open : sessions) all.push_back(open.second);
  }
  for (const auto& session : all) call(*session);
}

bool Server::State::wait_until_empty(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex);
  return empty.wait_until(lock, until, [&] { return sessions.empty(); });
}

void Server::State::stop(std::chrono::milliseconds grace) {
  {
    const std::scoped_lock lock(mutex);
    if (stopped) return;
    stopped = true;
  }
  shared->draining = true;
  asio::post(strand, [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->acceptor.close(ignored);
    self->unix_acceptor.close(ignored);
    self->pause.cancel();
  });
  for_each([](Session& session) { session.drain(); });
  const auto start = std::chrono::steady_clock::now();
  if (!wait_until_empty(start + grace)) {
    for_each([](Session& session) { session.tell_stop(); });
    if (!wait_until_empty(std::chrono::steady_clock::now() + std::chrono::seconds(2))) {
      for_each([](Session& session) { session.cut(); });
      wait_until_empty(std::chrono::steady_clock::time_point::max());
    }
  }
  work.reset();
  for (auto& thread : threads) thread.join();
  if (!unix_socket.empty()) {
    std::error_code ignored;
    std::filesystem::remove(unix_socket, ignored);
  }
}

Server::Server(Options options, Service& service) : state_(std::make_shared<State>()) {
  auto& state = *state_;
  state.rules = std::make_shared<const Rules>(Rules{options.limits, std::move(options.hosts)});
  state.shared->service = &service;
  if (!options.tls.certificate_pem.empty()) state.tls = make_tls(options.tls);
  if (options.listen.unix_socket.empty()) {
    state.listen(options.listen);
  } else {
    state.listen_unix(options.listen.unix_socket);
  }
  state.accept();
  for (unsigned i = 0; i < std::max(1u, options.threads); ++i)
    state.threads.emplace_back([&loop = state.shared->loop] { loop.run(); });
}

Server::~Server() { state_->stop(std::chrono::milliseconds(0)); }

std::uint16_t Server::port() const noexcept { return state_->port; }

void Server::replace_tls(const TlsSettings& settings) {
  const auto tls = make_tls(settings);
  {
    const std::scoped_lock lock(state_->mutex);
    state_->tls = tls;
  }
  state_->for_each([&](Session& session) { session.review(tls); });
}

void Server::replace_rules(const Limits& limits, std::vector<std::string> hosts) {
  auto rules = std::make_shared<const Rules>(Rules{limits, std::move(hosts)});
  const std::scoped_lock lock(state_->mutex);
  state_->rules = std::move(rules);
}

void Server::stop(std::chrono::milliseconds grace) { state_->stop(grace); }

Statistics Server::statistics() const {
  const std::scoped_lock lock(state_->mutex);
  auto statistics = state_->statistics;
  statistics.open = state_->sessions.size();
  return statistics;
}

}  // namespace cofre::http
