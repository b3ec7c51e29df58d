#include <ctime>

#include <fmt/chrono.h>
#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "http/session.h"

namespace cofre::http {
namespace asio = boost::asio;
namespace {

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

std::string_view Session::date() {
  thread_local std::time_t made = 0;
  thread_local std::string text;
  if (const auto now = std::time(nullptr); now != made) {
    made = now;
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
  }
  return text;
}

void Session::append_value(std::string_view value, std::string& out) {
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
}

asio::awaitable<bool> Session::send(std::string_view bytes) {
  late_cuts_ = true;
  written_seen_ = stream_.written();
  set_deadline_ms(rules_->limits.write_ms);
  const bool sent = co_await stream_.write(bytes);
  late_cuts_ = false;
  no_deadline();
  co_return sent;
}

std::string Session::head_text(const Response& response, bool keep, std::string_view framing) const {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, reason(response.status), date());
  for (const auto& field : response.headers) {
    append_value(field.name, text);
    text += ": ";
    append_value(field.value, text);
    text += "\r\n";
  }
  if (!response.headers.find("x-request-id")) text += "X-Request-Id: " + record_.id + "\r\n";
  text += framing;
  text += keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return text;
}

asio::awaitable<bool> Session::send_response(const Response& response, bool keep, bool body_wanted) {
  const auto framing =
      has_no_body(response.status) ? std::string() : fmt::format("Content-Length: {}\r\n", response.body.size());
  auto text = head_text(response, keep, framing);
  if (body_wanted && !has_no_body(response.status)) text += response.body;
  co_return co_await send(text);
}

asio::awaitable<bool> Session::answer(bool keep, bool body_wanted, bool chunked) {
  for (;;) {
    auto taken = exchange_->take();
    if (taken.broken && !taken.begun) {
      const auto response = shared_->service->refuse(500, "the request was not answered");
      const bool sent = co_await send_response(response, keep, body_wanted);
      end_record(response.status, !sent);
      co_return sent&& keep;
    }
    if (taken.begun) {
      auto response = exchange_->head();
      response.body = std::move(taken.bytes);
      bool sent = false;
      if (taken.whole) {
        sent = co_await send_response(response, keep, body_wanted);
        exchange_->drained();
      } else {
        auto text = head_text(response, keep, chunked ? "Transfer-Encoding: chunked\r\n" : "");
        if (body_wanted && !response.body.empty())
          text += chunked ? fmt::format("{:x}\r\n{}\r\n", response.body.size(), response.body) : response.body;
        if (body_wanted && taken.ended && chunked) text += "0\r\n\r\n";
        sent = co_await send(text);
        exchange_->drained();
        if (taken.broken) sent = false;
        if (sent && !taken.ended) sent = co_await stream_answer(body_wanted, chunked);
      }
      end_record(response.status, !sent);
      co_return sent&& keep;
    }
    if (taken.channel) {
      co_await converse(std::move(taken.channel));
      co_return false;
    }
    if (gone_) {
      end_record(499, true);
      co_return false;
    }
    co_await wait_for_news();
  }
}

asio::awaitable<bool> Session::stream_answer(bool body_wanted, bool chunked) {
  std::string text;
  for (;;) {
    auto taken = exchange_->take();
    if (late_ && taken.bytes.empty() && !taken.ended) taken.bytes = exchange_->idle_text();
    text.clear();
    if (body_wanted && !taken.bytes.empty()) {
      if (chunked) fmt::format_to(std::back_inserter(text), "{:x}\r\n", taken.bytes.size());
      text += taken.bytes;
      if (chunked) text += "\r\n";
    }
    if (body_wanted && taken.ended && chunked) text += "0\r\n\r\n";
    if (!text.empty()) {
      const bool sent = co_await send(text);
      if (!sent) co_return false;
    }
    exchange_->drained();
    if (taken.ended) co_return true;
    if (taken.broken || gone_) co_return false;
    if (!text.empty()) continue;  // more may have come meanwhile
    if (!exchange_->idle_text().empty() && deadline_ == Clock::time_point::max()) set_deadline_ms(exchange_->idle_ms());
    co_await wait_for_news();
  }
}

}  // namespace cofre::http
