#include "http/calls.h"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace cofre::http {
namespace {

constexpr long connect_timeout_ms = 5000;
constexpr std::size_t failure_bytes_max = 64u << 10;  ///< of a body that only says what went wrong

struct EasyCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct HeaderCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void start_library() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) fail(Code::internal, "libcurl cannot start");
}

/// A request as the library has it. `request` outlives it.
class Handle {
 public:
  explicit Handle(const Outgoing& request) {
    start_library();
    easy_.reset(curl_easy_init());
    if (!easy_) fail(Code::internal, "libcurl cannot start");
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // who is asked stands in the company's own network
    set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_USERAGENT, "cofre");
    set(CURLOPT_ERRORBUFFER, reason_);
    if (!request.type.empty()) {
      headers_.reset(curl_slist_append(nullptr, ("Content-Type: " + request.type).c_str()));
      curl_slist_append(headers_.get(), "Expect:");
      set(CURLOPT_HTTPHEADER, headers_.get());
      set(CURLOPT_POSTFIELDS, request.body.c_str());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    if (!request.key.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
      set(CURLOPT_XOAUTH2_BEARER, request.key.c_str());
    } else if (!request.user.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, request.user.c_str());
      set(CURLOPT_PASSWORD, request.password.c_str());
    }
    if (!request.ca_file.empty()) set(CURLOPT_CAINFO, request.ca_file.c_str());  // the system's folder stays trusted
    if (request.trusts_ca_file_alone) set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    CHECK(curl_easy_setopt(easy_.get(), option, value) == CURLE_OK);
  }
  CURL* easy() const { return easy_.get(); }
  long status() const {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  const char* reason(CURLcode code) const { return reason_[0] != '\0' ? reason_ : curl_easy_strerror(code); }

 private:
  std::unique_ptr<CURL, EasyCleanup> easy_;
  std::unique_ptr<curl_slist, HeaderCleanup> headers_;
  char reason_[CURL_ERROR_SIZE] = "";
};

/// One call while it runs.
struct Running {
  explicit Running(Calls::Call given) : call(std::move(given)), handle(call) {
    handle.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    handle.set(CURLOPT_LOW_SPEED_TIME, call.silence_s);
    handle.set(CURLOPT_WRITEFUNCTION, &Running::on_body);
    handle.set(CURLOPT_WRITEDATA, this);
  }

  static std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* self) {
    auto& me = *static_cast<Running*>(self);
    if (me.handle.status() == 200) {
      me.call.bytes(std::string_view(data, bytes));
    } else {
      me.failure.append(data, std::min(bytes, failure_bytes_max - me.failure.size()));
    }
    return bytes;
  }

  const Calls::Call call;
  Handle handle;
  std::string failure;
};

/// What comes of a body, no more than is wanted.
struct Bounded {
  static std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* self) {
    auto& me = *static_cast<Bounded*>(self);
    me.is_too_long = bytes > me.most - me.text.size();
    if (me.is_too_long) return 0;
    me.text.append(data, bytes);
    return bytes;
  }
  const std::size_t most;
  std::string text{};
  bool is_too_long = false;
};

}  // namespace

struct Calls::Impl {
  Impl() {
    start_library();
    multi = curl_multi_init();
    if (multi == nullptr) fail(Code::internal, "libcurl cannot start");
    thread = std::thread([this] { work(); });
  }
  ~Impl() {
    stopping = true;
    curl_multi_wakeup(multi);
    thread.join();
    while (!running.empty()) drop(running.begin()->first);
    curl_multi_cleanup(multi);
  }

  void drop(std::uint64_t number) {
    const auto found = running.find(number);
    if (found == running.end()) return;
    curl_multi_remove_handle(multi, found->second->handle.easy());
    running.erase(found);
  }

  void take_orders() {
    std::vector<std::pair<std::uint64_t, Call>> begin;
    std::vector<std::uint64_t> end;
    {
      const std::lock_guard lock(mutex);
      begin.swap(fresh);
      end.swap(gone);
    }
    for (auto& [number, call] : begin) {
      auto one = std::make_unique<Running>(std::move(call));
      one->handle.set(CURLOPT_PRIVATE, reinterpret_cast<void*>(number));
      curl_multi_add_handle(multi, one->handle.easy());
      running.emplace(number, std::move(one));
    }
    for (const auto number : end) drop(number);
  }

  void note_ends() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* number = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &number);
      const CURLcode code = message->data.result;
      const auto found = running.find(reinterpret_cast<std::uint64_t>(number));
      if (found == running.end()) continue;
      auto& one = *found->second;
      if (code == CURLE_OK) {
        one.call.ended(one.handle.status(), std::move(one.failure));
      } else {
        one.call.ended(0, one.handle.reason(code));
      }
      drop(found->first);
    }
  }

  void work() {
    while (!stopping) {
      take_orders();
      int active = 0;
      curl_multi_perform(multi, &active);
      note_ends();
      curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
    }
  }

  CURLM* multi = nullptr;
  std::map<std::uint64_t, std::unique_ptr<Running>> running;  ///< of the thread alone
  std::mutex mutex;
  std::vector<std::pair<std::uint64_t, Call>> fresh;
  std::vector<std::uint64_t> gone;
  std::atomic<std::uint64_t> next{1};
  std::atomic<bool> stopping{false};
  std::thread thread;
};

Incoming ask(const Outgoing& request, std::chrono::seconds patience, std::size_t bytes_max) {
  Handle handle(request);
  Bounded body{.most = bytes_max};
  handle.set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(patience).count()));
  handle.set(CURLOPT_WRITEFUNCTION, &Bounded::on_body);
  handle.set(CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(handle.easy());
  if (body.is_too_long) fail(Code::unavailable, "{}: the answer has more than {} bytes", request.url, bytes_max);
  if (code != CURLE_OK) fail(Code::unavailable, "{}: {}", request.url, handle.reason(code));
  return {handle.status(), std::move(body.text)};
}

Calls::Calls() : impl_(std::make_unique<Impl>()) {}
Calls::~Calls() = default;

std::uint64_t Calls::start(Call call) {
  const auto number = impl_->next.fetch_add(1);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->fresh.emplace_back(number, std::move(call));
  }
  curl_multi_wakeup(impl_->multi);
  return number;
}

void Calls::cancel(std::uint64_t number) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->gone.push_back(number);
  }
  curl_multi_wakeup(impl_->multi);
}

}  // namespace cofre::http
