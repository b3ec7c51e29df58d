#include "fleet/web.h"

#include <curl/curl.h>

#include <charconv>
#include <exception>
#include <functional>
#include <memory>

#include "base/error.h"

namespace cofre::fleet {
namespace {

constexpr long connect_timeout_s = 20;
constexpr long silence_timeout_s = 60;  ///< below 1 byte a second for so long: the connection is dead
constexpr long redirects_max = 10;
constexpr int attempts_max = 50;

/// A web transfer: libcurl's callbacks are C, so exceptions are carried past it.
class Transfer {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  Transfer(const WebRequest& request, Listener& listener) : request_(request), listener_(listener) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    handle_.reset(ready == CURLE_OK ? curl_easy_init() : nullptr);
    if (!handle_) fail(Code::internal, "libcurl cannot start");
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    // What was asked for under TLS is not answered in the clear.
    set(CURLOPT_REDIR_PROTOCOLS_STR, request.url.starts_with("https:") ? "https" : "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, redirects_max);
    set(CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, silence_timeout_s);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "cofre");
    set(CURLOPT_ERRORBUFFER, reason_);
    if (!request.token.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
      set(CURLOPT_XOAUTH2_BEARER, request.token.c_str());
    }
    set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
    set(CURLOPT_XFERINFODATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
  }

  void ask_from(std::uint64_t first) { set(CURLOPT_RANGE, fmt::format("{}-", first).c_str()); }

  /// Runs it; body bytes of a 2xx answer go to `sink`. Returns the status; 0 where the connection broke on the way.
  long run(Sink sink) {
    sink_ = std::move(sink);
    const CURLcode code = curl_easy_perform(handle_.get());
    if (failure_) std::rethrow_exception(failure_);
    if (stopped_) fail(Code::cancelled, "stopped while fetching {}", request_.url);
    if (code == CURLE_OK) return status();
    if (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_OPERATION_TIMEDOUT ||
        code == CURLE_HTTP2_STREAM || code == CURLE_HTTP2 || code == CURLE_GOT_NOTHING) {
      return 0;
    }
    fail(Code::unavailable, "cannot reach {}: {}", request_.url, reason());
  }

  long status() const {
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  /// Where the bytes of a 206 answer begin.
  std::uint64_t range_first() const { return range_first_; }
  const char* reason() const { return reason_[0] != '\0' ? reason_ : "the connection broke"; }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    CHECK(curl_easy_setopt(handle_.get(), option, value) == CURLE_OK);
  }

  /// Runs work inside a callback; whatever it throws ends the transfer and is thrown again by run().
  template <class Work>
  std::size_t guard(std::size_t bytes, Work work) noexcept {
    try {
      work();
      return bytes;
    } catch (...) {
      failure_ = std::current_exception();
      return CURL_WRITEFUNC_ERROR;
    }
  }

  static std::size_t on_header(char* data, std::size_t, std::size_t bytes, void* self) {
    auto& me = *static_cast<Transfer*>(self);
    return me.guard(bytes, [&] {
      const std::string line(data, bytes);
      if (line.starts_with("HTTP/")) me.range_first_ = 0;  // a new answer: after a redirect or 100 Continue
      constexpr std::string_view name = "content-range: bytes ";
      if (line.size() <= name.size() || curl_strnequal(line.c_str(), name.data(), name.size()) == 0) return;
      std::from_chars(line.data() + name.size(), line.data() + line.size(), me.range_first_);
    });
  }
  static std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* self) {
    auto& me = *static_cast<Transfer*>(self);
    return me.guard(bytes, [&] {
      if (me.status() / 100 == 2) me.sink_(std::as_bytes(std::span(data, bytes)));
    });
  }
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& me = *static_cast<Transfer*>(self);
    me.stopped_ = me.stopped_ || me.listener_.stopped();
    return me.stopped_ ? 1 : 0;
  }

  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  const WebRequest& request_;
  Listener& listener_;
  std::unique_ptr<CURL, Cleanup> handle_;
  Sink sink_;
  std::exception_ptr failure_;
  bool stopped_ = false;
  std::uint64_t range_first_ = 0;
  char reason_[CURL_ERROR_SIZE] = "";
};

[[noreturn]] void fail_status(const WebRequest& request, long status) {
  if (status == 404) fail(Code::not_found, "{} does not exist (404)", request.url);
  if (status == 401 || status == 403) {
    fail(Code::unavailable, "{} is refused ({}): the model may need a token (HF_TOKEN)", request.url, status);
  }
  fail(Code::unavailable, "{} answers {}", request.url, status);
}

/// One attempt to append the rest. Returns the status; 0 where the connection broke on the way.
long attempt(const WebRequest& request, os::AppendFile& part, std::uint64_t bytes, Listener& listener) {
  Transfer transfer(request, listener);
  const std::uint64_t from = part.bytes();
  if (from > 0) transfer.ask_from(from);
  bool placed = from == 0;
  return transfer.run([&](std::span<const std::byte> piece) {
    if (!placed) {
      if (transfer.status() != 206) {
        part.truncate(0);
      } else if (transfer.range_first() != from) {
        fail(Code::unavailable, "{} sends bytes from {} where {} was asked for", request.url, transfer.range_first(),
             from);
      }
      placed = true;
    }
    if (piece.size() > bytes - part.bytes())
      fail(Code::invalid, "{} is larger than the {} bytes expected", request.url, bytes);
    part.append(piece);
    listener.advance(part.bytes(), bytes);
  });
}

}  // namespace

std::string fetch_text(const WebRequest& request, std::uint64_t bytes_max, Listener& listener) {
  std::string text;
  Transfer transfer(request, listener);
  const long status = transfer.run([&](std::span<const std::byte> piece) {
    if (piece.size() > bytes_max - text.size())
      fail(Code::invalid, "{} is larger than {} bytes", request.url, bytes_max);
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  });
  if (status == 0) fail(Code::unavailable, "cannot read {}: {}", request.url, transfer.reason());
  if (status / 100 != 2) fail_status(request, status);
  return text;
}

void fetch_rest(const WebRequest& request, os::AppendFile& part, std::uint64_t bytes, Listener& listener) {
  if (part.bytes() > bytes) part.truncate(0);
  for (int attempts = 0; part.bytes() < bytes; ++attempts) {
    const std::uint64_t before = part.bytes();
    const long status = attempt(request, part, bytes, listener);
    if (status != 0 && status / 100 != 2) fail_status(request, status);
    if (part.bytes() <= before || attempts == attempts_max) {
      fail(Code::unavailable, "{} broke off after {} of {} bytes", request.url, part.bytes(), bytes);
    }
  }
}

}  // namespace cofre::fleet
