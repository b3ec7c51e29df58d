#include "fleet/http_calls.h"

#include <curl/curl.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace cofre::fleet {
namespace {

constexpr long connect_timeout_ms = 5000;
constexpr std::size_t failure_bytes_max = 64u << 10;  ///< of a body that only says what went wrong

struct EasyCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct HeaderCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// One call while it runs.
struct Running {
  explicit Running(HttpCalls::Call given) : call(std::move(given)), handle(curl_easy_init()) {
    if (!handle) fail(Code::internal, "libcurl cannot start");
    headers.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
    curl_slist_append(headers.get(), "Expect:");
    set(CURLOPT_URL, call.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // engines stand in the company's own network
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_POSTFIELDS, call.body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, call.silence_s);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_NODELAY, 1L);
    set(CURLOPT_USERAGENT, "cofre");
    set(CURLOPT_ERRORBUFFER, reason);
    if (!call.key.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
      set(CURLOPT_XOAUTH2_BEARER, call.key.c_str());
    }
    if (!call.ca_file.empty()) set(CURLOPT_CAINFO, call.ca_file.c_str());  // the system's folder stays trusted
    set(CURLOPT_WRITEFUNCTION, &Running::on_body);
    set(CURLOPT_WRITEDATA, this);
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    CHECK(curl_easy_setopt(handle.get(), option, value) == CURLE_OK);
  }
  long status() const {
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  static std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* self) {
    auto& me = *static_cast<Running*>(self);
    if (me.status() == 200) {
      me.call.bytes(std::string_view(data, bytes));
    } else {
      me.failure.append(data, std::min(bytes, failure_bytes_max - me.failure.size()));
    }
    return bytes;
  }

  HttpCalls::Call call;
  std::unique_ptr<CURL, EasyCleanup> handle;
  std::unique_ptr<curl_slist, HeaderCleanup> headers;
  std::string failure;
  char reason[CURL_ERROR_SIZE] = "";
};

}  // namespace

struct HttpCalls::Impl {
  Impl() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = ready == CURLE_OK ? curl_multi_init() : nullptr;
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
    curl_multi_remove_handle(multi, found->second->handle.get());
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
      CHECK(curl_easy_setopt(one->handle.get(), CURLOPT_PRIVATE, reinterpret_cast<void*>(number)) == CURLE_OK);
      curl_multi_add_handle(multi, one->handle.get());
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
        one.call.ended(one.status(), std::move(one.failure));
      } else {
        one.call.ended(0, one.reason[0] != '\0' ? one.reason : curl_easy_strerror(code));
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

HttpCalls::HttpCalls() : impl_(std::make_unique<Impl>()) {}
HttpCalls::~HttpCalls() = default;

std::uint64_t HttpCalls::start(Call call) {
  const auto number = impl_->next.fetch_add(1);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->fresh.emplace_back(number, std::move(call));
  }
  curl_multi_wakeup(impl_->multi);
  return number;
}

void HttpCalls::cancel(std::uint64_t number) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->gone.push_back(number);
  }
  curl_multi_wakeup(impl_->multi);
}

}  // namespace cofre::fleet
