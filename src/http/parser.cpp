#include "http/parser.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace cofre::http {
namespace beast = boost::beast::http;

struct RequestParser::State {
  beast::request_parser<beast::string_body> parser;
  std::uint64_t body_bytes_max = std::numeric_limits<std::uint64_t>::max();
  bool continues = false;
};

namespace {

int status_of(const boost::system::error_code& error) {
  if (error == beast::error::header_limit || error == beast::error::buffer_overflow) return 431;
  if (error == beast::error::bad_version) return 505;
  return 400;
}

/// The target's path and query. A proxy's form ("http://host/path") loses its front; anything else but "/…" is refused.
std::pair<std::string, std::string> split_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_without_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    break;
  }
  if (target == "*") target = "/*";
  if (!target.starts_with('/')) throw Refusal{400, "the request's target is not a path"};
  for (const char c : target)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#')
      throw Refusal{400, "the request's target has a character that is not allowed"};
  const auto mark = std::min(target.find('?'), target.size());
  return {std::string(target.substr(0, mark)), std::string(target.substr(std::min(target.size(), mark + 1)))};
}

}  // namespace

RequestParser::RequestParser(std::uint32_t header_bytes_max) : state_(std::make_unique<State>()) {
  state_->parser.header_limit(header_bytes_max);
  state_->parser.body_limit(std::numeric_limits<std::uint64_t>::max());
}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes) {
  auto& parser = state_->parser;
  const bool had_head = parser.is_header_done();
  boost::system::error_code error;
  const auto used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == beast::error::body_limit)
    throw Refusal{413,
                  "the body is longer than " + std::to_string(state_->body_bytes_max) + " bytes, which is the most"};
  if (error && error != beast::error::need_more)
    throw Refusal{status_of(error), "the request is not HTTP/1.1: " + error.message()};
  if (!had_head && parser.is_header_done()) {
    const auto& message = parser.get();
    const auto hosts = message.count(beast::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() >= 11))
      throw Refusal{400, "the request needs exactly one Host header"};
    if (message.count(beast::field::transfer_encoding) > 0 && !parser.chunked())
      throw Refusal{501, "only the transfer coding \"chunked\" is taken"};
    if (parser.chunked() && !equal_without_case(std::string_view(message[beast::field::transfer_encoding]), "chunked"))
      throw Refusal{501, "only the transfer coding \"chunked\" is taken"};
    if (parser.chunked() && message.version() < 11) throw Refusal{400, "HTTP/1.0 has no transfer codings"};
    if (message.count(beast::field::expect) > 0) {
      if (!equal_without_case(std::string_view(message[beast::field::expect]), "100-continue"))
        throw Refusal{417, "the expectation is not known"};
      state_->continues = message.version() >= 11;
    }
    parser.eager(true);
  }
  return used;
}

bool RequestParser::head_done() const { return state_->parser.is_header_done(); }
bool RequestParser::done() const { return state_->parser.is_done(); }

void RequestParser::limit_body(std::uint64_t bytes_max) {
  auto& parser = state_->parser;
  if (const auto length = parser.content_length(); length && *length > bytes_max)
    throw Refusal{413, "the body has " + std::to_string(*length) + " bytes; the most is " + std::to_string(bytes_max)};
  parser.body_limit(bytes_max);
  state_->body_bytes_max = bytes_max;
}

Request RequestParser::head() const {
  const auto& message = state_->parser.get();
  Request request;
  request.method = std::string(message.method_string());
  std::tie(request.path, request.query) = split_target(message.target());
  for (const auto& field : message) {
    if (field.name() == beast::field::upgrade && http_1_0()) continue;  // RFC 9110 §7.8: it means nothing there
    request.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  return request;
}

std::string RequestParser::take_body() { return std::exchange(state_->parser.get().body(), {}); }
bool RequestParser::keep_alive() const { return state_->parser.keep_alive(); }
bool RequestParser::http_1_0() const { return state_->parser.get().version() == 10; }
bool RequestParser::expects_continue() const { return state_->continues && !state_->parser.is_done(); }

}  // namespace cofre::http
