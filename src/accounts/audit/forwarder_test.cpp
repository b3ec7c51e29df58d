#include "accounts/audit/forwarder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <csignal>

#include <algorithm>
#include <atomic>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "accounts/audit/fixture.h"
#include "crypto/certificates.h"

namespace cofre::accounts::audit {
namespace {

using namespace std::chrono_literals;

/// Whether something becomes true within 20 s.
template <class Condition>
bool becomes(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A collector of syslog over TLS, on a thread of its own.
class Collector {
 public:
  struct Options {
    int port = 0;                    ///< 0: any
    std::size_t most = SIZE_MAX;     ///< messages of a connection; then it is cut, whatever has come behind them
    std::string client_authority{};  ///< a client must show a certificate of it; empty: none is asked
  };
  Collector(const crypto::Identity& identity, Options options) : options_(std::move(options)) {
    tls_ = SSL_CTX_new(TLS_server_method());
    use(identity);
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listening_, 8), 0);
    socklen_t bytes = sizeof address;
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &bytes);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { work(); });
  }
  ~Collector() {
    stop();
    SSL_CTX_free(tls_);
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// It is gone in the middle of whatever comes.
  void stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    if (const int one = connection_.load(); one >= 0) ::shutdown(one, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  int port() const { return port_; }
  /// What has come, over all connections.
  std::vector<std::string> messages() const {
    const std::scoped_lock lock(mutex_);
    return messages_;
  }
  std::size_t count() const { return messages().size(); }

 private:
  void use(const crypto::Identity& identity) {
    const auto bio = [](const std::string& text) {
      return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    };
    auto* source = bio(identity.certificate_pem);
    auto* certificate = PEM_read_bio_X509(source, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(tls_, certificate);
    X509_free(certificate);
    BIO_free(source);
    source = bio(identity.key_pem);
    auto* key = PEM_read_bio_PrivateKey(source, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(tls_, key);
    EVP_PKEY_free(key);
    BIO_free(source);
    if (options_.client_authority.empty()) return;
    SSL_CTX_load_verify_file(tls_, options_.client_authority.c_str());
    SSL_CTX_set_purpose(tls_, X509_PURPOSE_ANY);
    SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }

  void work() {
    while (!stopping_) {
      const int one = ::accept(listening_, nullptr, nullptr);
      if (one < 0) continue;
      connection_ = one;
      if (stopping_) ::shutdown(one, SHUT_RDWR);
      auto* ssl = SSL_new(tls_);
      SSL_set_fd(ssl, one);
      if (SSL_accept(ssl) == 1) read(ssl);
      SSL_free(ssl);
      connection_ = -1;
      const linger now{1, 0};  // a reset, as of a machine that failed
      ::setsockopt(one, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      ::close(one);
    }
  }

  void read(SSL* ssl) {
    std::string bytes;
    std::size_t taken = 0;
    char piece[16 << 10];
    while (true) {
      const int count = SSL_read(ssl, piece, sizeof piece);
      if (count <= 0) return;
      bytes.append(piece, static_cast<std::size_t>(count));
      for (auto space = bytes.find(' '); space != bytes.npos; space = bytes.find(' ')) {
        const auto length = std::stoul(bytes.substr(0, space));
        if (bytes.size() < space + 1 + length) break;
        {
          const std::scoped_lock lock(mutex_);
          messages_.push_back(bytes.substr(space + 1, length));
        }
        bytes.erase(0, space + 1 + length);
        if (++taken >= options_.most) return;
      }
    }
  }

  const Options options_;
  SSL_CTX* tls_ = nullptr;
  int listening_ = -1, port_ = 0;
  std::atomic<int> connection_{-1};
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
  std::thread thread_;
};

class ForwarderTest : public TrailTest {
 protected:
  ForwarderTest() {
    ::signal(SIGPIPE, SIG_IGN);
    std::ofstream(folder.path() / "ca.pem") << authority.certificate_pem;
    open();
  }
  ~ForwarderTest() override { forwarder.reset(); }

  crypto::Identity identity(const std::string& name, const crypto::Identity& by) const {
    return crypto::make_server_certificate(by, std::vector{name}, now, std::chrono::days(30));
  }
  void collect(Collector::Options wanted = {}) {
    collector.reset();
    if (wanted.port == 0) wanted.port = port;
    collector = std::make_unique<Collector>(identity("127.0.0.1", authority), std::move(wanted));
    port = collector->port();
  }
  Forwarder& forward() {
    forwarder.reset();
    Forwarder::Options wanted;
    wanted.address = "127.0.0.1:" + std::to_string(port);
    wanted.channel = channel;
    wanted.channel.ca_file = folder.path() / "ca.pem";
    wanted.state_file = folder.path() / "forward.json";
    wanted.look = wanted.retry_least = 5ms;
    wanted.retry_most = 40ms;
    wanted.settle = settle;
    forwarder = std::make_unique<Forwarder>(*trail, std::move(wanted));
    return *forwarder;
  }
  void record(int count) {
    for (int i = 0; i < count; ++i) trail->record(entry("request"));
    trail->flush();
  }
  std::uint64_t head() const { return trail->ends().head.n; }
  bool is_delivered() {
    return becomes([&] { return forwarder->status().delivered == head(); });
  }
  /// The numbers of records among messages.
  static std::vector<std::uint64_t> numbers(const std::vector<std::string>& messages) {
    std::vector<std::uint64_t> all;
    for (const auto& message : messages) {
      const auto at = message.find("[cofre@32473 n=\"");
      EXPECT_NE(at, message.npos) << message;
      all.push_back(std::stoull(message.substr(at + 16)));
    }
    return all;
  }

  const std::chrono::sys_seconds now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const crypto::Identity authority = crypto::make_authority("tests", now, std::chrono::days(30));
  int port = 0;
  std::chrono::milliseconds settle{50};
  Channel::Options channel;
  std::unique_ptr<Collector> collector;
  std::unique_ptr<Forwarder> forwarder;
};

TEST_F(ForwarderTest, RecordsGoOutInOrderAsTheyAreWritten) {
  collect();
  record(50);
  forward();
  record(50);
  ASSERT_TRUE(is_delivered());
  const auto got = numbers(collector->messages());
  ASSERT_EQ(got.size(), head());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i + 1);
  const auto status = forwarder->status();
  EXPECT_TRUE(status.is_connected);
  EXPECT_EQ(status.lag, 0u);
  EXPECT_EQ(status.error, "");
}

TEST_F(ForwarderTest, ACollectorThatVanishesAndComesBackMissesNothing) {
  options.segment_bytes = 20'000;
  settle = 2s;  // more than a collector of this test needs to read
  open();
  std::vector<std::uint64_t> arrived;
  const auto vanish = [&] {
    collector->stop();
    const auto some = numbers(collector->messages());
    arrived.insert(arrived.end(), some.begin(), some.end());
  };
  collect();
  forward();
  for (std::size_t round = 0; round < 10; ++round) {
    // Its connections are cut in the middle of what comes; then it is away while more happens.
    collect({.most = 5 + round * 17});
    record(40);
    ASSERT_TRUE(becomes([&] { return collector->count() >= 10; }));
    vanish();
    record(10);
  }
  collect();
  ASSERT_TRUE(is_delivered());
  vanish();
  std::uint64_t next = 1;
  for (const auto n : arrived) {
    ASSERT_LE(n, next) << "one is missing, or comes too early";
    next = std::max(next, n + 1);
  }
  EXPECT_EQ(next, head() + 1);
}

TEST_F(ForwarderTest, AfterAStartItGoesOnWhereTheCollectorWas) {
  record(20);
  collect();
  forward();
  ASSERT_TRUE(is_delivered());
  const auto before = head();
  forwarder.reset();
  collect();
  record(5);
  forward();
  ASSERT_TRUE(is_delivered());
  const auto got = numbers(collector->messages());
  ASSERT_EQ(got.size(), head() - before);
  EXPECT_EQ(got.front(), before + 1);
}

TEST_F(ForwarderTest, WhatIsRecordedLastGoesOutWithTheEnd) {
  collect();
  forward();
  record(1);
  ASSERT_TRUE(becomes([&] { return forwarder->status().sent == head(); }));
  trail->record(entry("box.stop"));
  forwarder.reset();
  ASSERT_TRUE(becomes([&] { return collector->count() == head(); }));
  EXPECT_NE(collector->messages().back().find(" box.stop "), std::string::npos);
}

TEST_F(ForwarderTest, AnotherCollectorGetsEverything) {
  record(20);
  collect();
  forward();
  ASSERT_TRUE(is_delivered());
  forwarder.reset();
  port = 0;
  collect();
  forward();
  ASSERT_TRUE(becomes([&] { return collector->count() == head(); }));
}

TEST_F(ForwarderTest, ATrailThatWasPutBackIsSentAnew) {
  std::ofstream(folder.path() / "forward.json") << R"({"address":"127.0.0.1:1","n":1000,"segment":1,"byte":100000})";
  record(3);
  collect();
  std::ofstream(folder.path() / "forward.json")
      << fmt::format(R"({{"address":"127.0.0.1:{}","n":1000,"segment":1,"byte":100000}})", port);
  forward();
  ASSERT_TRUE(becomes([&] { return collector->count() == head(); }));
}

TEST_F(ForwarderTest, WhileTheCollectorIsAwayItsLagAndTheReasonAreTold) {
  collect();
  collector.reset();
  forward();
  record(30);
  ASSERT_TRUE(becomes([&] { return !forwarder->status().error.empty(); }));
  const auto status = forwarder->status();
  EXPECT_FALSE(status.is_connected);
  EXPECT_EQ(status.lag, head());
  EXPECT_NE(status.error.find("Connection refused"), std::string::npos) << status.error;
}

TEST_F(ForwarderTest, ACollectorThatIsNotTheOneGetsNothing) {
  const auto other = crypto::make_authority("others", now, std::chrono::days(30));
  record(3);
  for (const auto& wrong : {identity("127.0.0.1", other), identity("collector.example", authority)}) {
    collector.reset();
    collector = std::make_unique<Collector>(wrong, Collector::Options{});
    port = collector->port();
    forward();
    ASSERT_TRUE(becomes([&] { return !forwarder->status().error.empty(); }));
    EXPECT_NE(forwarder->status().error.find("not trusted"), std::string::npos) << forwarder->status().error;
    EXPECT_EQ(collector->count(), 0u);
  }
}

TEST_F(ForwarderTest, ACollectorThatAsksIsShownTheClientsCertificate) {
  record(3);
  collect({.client_authority = folder.path() / "ca.pem"});
  forward();
  ASSERT_TRUE(becomes([&] { return !forwarder->status().error.empty(); }));
  EXPECT_EQ(collector->count(), 0u);
  const auto shown = identity("box.example", authority);
  channel.certificate_file = folder.path() / "client.pem";
  channel.key_file = folder.path() / "client-key.pem";
  std::ofstream(channel.certificate_file) << shown.certificate_pem;
  std::ofstream(channel.key_file) << shown.key_pem;
  forward();
  ASSERT_TRUE(is_delivered());
  EXPECT_EQ(collector->count(), head());
}

TEST_F(ForwarderTest, RecordsThatWereRemovedBeforeTheyWereSentAreTold) {
  options.keep_days = 30;
  open();
  for (int day = 0; day < 40; ++day, now_ms += 86'400'000) trail->record_now(entry("request"));
  ASSERT_GT(trail->retire(), 0u);
  const auto first = trail->ends().base.n + 1;
  collect();
  forward();
  ASSERT_TRUE(is_delivered());
  const auto got = numbers(collector->messages());
  EXPECT_EQ(got.front(), first);
  EXPECT_EQ(got.size(), head() - first + 1);
}

}  // namespace
}  // namespace cofre::accounts::audit
