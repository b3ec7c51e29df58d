#include "gateway/multipart.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "http/message.h"
#include "text/utf8.h"

namespace cofre::gateway {
namespace {

constexpr std::size_t boundary_bytes_max = 70;  // RFC 2046
constexpr std::size_t headers_bytes_max = 8 << 10;
constexpr std::size_t parts_max = 64;
constexpr std::string_view token_letters = "!#$%&'*+-.^_`|~";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_token(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || token_letters.find(c) != std::string_view::npos;
}

void skip_space(std::string_view& text) { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); }

std::string take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_token);
  std::string token(text.begin(), end);
  text.remove_prefix(token.size());
  return token;
}

std::string take_quoted(std::string_view& text) {
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    const bool escaped = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
    out += text[escaped ? ++i : i];
  }
  fail(Code::invalid, "a header's quoted text has no end");
}

/// UTF-8''percent-encoded (RFC 8187).
std::string extended(const std::string& text) {
  constexpr std::string_view front = "utf-8'";
  const auto language_end = text.find('\'', front.size());
  if (lower(text).starts_with(front) && language_end != std::string::npos)
    if (auto decoded = http::percent_decode(text.substr(language_end + 1))) return std::move(*decoded);
  fail(Code::invalid, "a header's parameter is not UTF-8''…");
}

Multipart::Part part_of(std::string_view headers) {
  std::optional<Multipart::Part> part;
  while (!headers.empty()) {
    const auto line = headers.substr(0, headers.find("\r\n"));
    headers.remove_prefix(std::min(headers.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !std::all_of(line.begin(), line.begin() + colon, is_token))
      fail(Code::invalid, "a part's header has no name");
    const auto name = lower(line.substr(0, colon));
    if (name == "content-transfer-encoding") {
      const auto coding = lower(parse_header_value(line.substr(colon + 1)).value);
      if (coding != "binary" && coding != "8bit" && coding != "7bit")
        fail(Code::invalid, "a part's Content-Transfer-Encoding is not supported: send it as it is");
    }
    if (name != "content-disposition") continue;
    auto value = parse_header_value(line.substr(colon + 1));
    const auto found = value.parameters.find("name");
    if (part || lower(value.value) != "form-data" || found == value.parameters.end())
      fail(Code::invalid, "a part needs one header Content-Disposition: form-data; name=\"…\"");
    part.emplace(Multipart::Part{found->second});
    if (const auto file = value.parameters.find("filename"); file != value.parameters.end())
      part->file_name = file->second;
  }
  if (!part) fail(Code::invalid, "a part needs a header Content-Disposition: form-data; name=\"…\"");
  return *part;
}

}  // namespace

HeaderValue parse_header_value(std::string_view text) {
  HeaderValue out;
  std::map<std::string, std::string> extended_ones;
  if (text::find_invalid_utf8(text)) fail(Code::invalid, "a header is not UTF-8");
  skip_space(text);
  out.value = std::string(text.substr(0, text.find(';')));
  text.remove_prefix(out.value.size());
  out.value.erase(out.value.find_last_not_of(" \t") + 1);
  while (!text.empty()) {
    text.remove_prefix(1);  // the semicolon
    skip_space(text);
    if (text.empty()) break;
    auto name = lower(take_token(text));
    if (name.empty() || !text.starts_with('=')) fail(Code::invalid, "a header's parameter is not name=value");
    text.remove_prefix(1);
    auto value = text.starts_with('"') ? take_quoted(text) : take_token(text);
    skip_space(text);
    if (!text.empty() && text.front() != ';') fail(Code::invalid, "a header's parameter \"{}\" is broken", name);
    const bool is_extended = name.ends_with('*');
    if (is_extended) name.pop_back();
    const bool is_new = is_extended ? extended_ones.emplace(name, extended(value)).second
                                    : out.parameters.emplace(name, std::move(value)).second;
    if (!is_new) fail(Code::invalid, "a header's parameter \"{}\" is there twice", name);
  }
  for (auto& [name, value] : extended_ones) out.parameters.insert_or_assign(name, std::move(value));
  return out;
}

Multipart::Multipart(std::string_view content_type, Taker& taker) : taker_(taker) {
  const auto header = parse_header_value(content_type);
  const auto boundary = header.parameters.find("boundary");
  if (lower(header.value) != "multipart/form-data" || boundary == header.parameters.end())
    fail_field(Code::invalid, "Content-Type", "the body must be multipart/form-data with a boundary");
  const auto& text = boundary->second;
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
  if (text.empty() || text.size() > boundary_bytes_max || text.ends_with(' ') || !is_plain)
    fail_field(Code::invalid, "Content-Type", "the boundary must be 1 to {} letters of ASCII", boundary_bytes_max);
  delimiter_ = "\r\n--" + text;
}

void Multipart::feed(std::string_view bytes) {
  pending_ += bytes;
  while (step()) continue;
}

void Multipart::finish() const {
  if (state_ != State::over) fail(Code::invalid, "the body ends before the last part does");
}

bool Multipart::step() {
  switch (state_) {
    case State::delimiter: {  // the first one
      if (pending_.size() < delimiter_.size()) return false;
      if (!pending_.starts_with(delimiter_)) fail(Code::invalid, "the body does not begin with its boundary");
      pending_.erase(0, delimiter_.size());
      state_ = State::behind_delimiter;
      return true;
    }
    case State::behind_delimiter: {
      if (pending_.size() < 2) return false;
      if (!pending_.starts_with("--") && !pending_.starts_with("\r\n"))
        fail(Code::invalid, "a boundary is followed by neither a part nor the end");
      state_ = pending_.starts_with("--") ? State::over : State::headers;
      if (state_ == State::headers && ++parts_ > parts_max)
        fail(Code::invalid, "the body has more than {} parts", parts_max);
      pending_.erase(0, 2);
      return true;
    }
    case State::headers: {
      const auto end = pending_.find("\r\n\r\n");
      if (end == std::string::npos ? pending_.size() > headers_bytes_max + 3 : end > headers_bytes_max)
        fail(Code::invalid, "a part's headers have more than {} bytes", headers_bytes_max);
      if (end == std::string::npos) return false;
      taker_.begin(part_of(std::string_view(pending_).substr(0, end)));
      pending_.erase(0, end + 4);
      state_ = State::data;
      return true;
    }
    case State::data: {
      const auto end = pending_.find(delimiter_);
      if (end != std::string::npos) {
        give_data(end);
        pending_.erase(0, delimiter_.size());
        taker_.end();
        state_ = State::behind_delimiter;
        return true;
      }
      if (pending_.size() >= delimiter_.size()) give_data(pending_.size() - delimiter_.size() + 1);
      return false;
    }
    case State::over: {
      constexpr std::string_view rest = "\r\n";
      if (pending_.size() > rest.size() || !rest.starts_with(pending_))
        fail(Code::invalid, "something follows the last part");
      return false;
    }
  }
  return false;
}

void Multipart::give_data(std::size_t bytes) {
  if (bytes > 0) taker_.data(std::string_view(pending_).substr(0, bytes));
  pending_.erase(0, bytes);
}

}  // namespace cofre::gateway
