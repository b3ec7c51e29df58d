#include "gateway/batch_lines.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "gateway/dialects/openai/form.h"

namespace cofre::gateway {
namespace {

constexpr std::uint64_t lines_max = 50'000;
constexpr std::size_t faults_max = 100;
constexpr std::size_t id_bytes_max = 512;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

bool BatchLines::read() {
  pending_.erase(0, std::exchange(at_, 0));
  if (!is_over_) is_over_ = !content_.read(pending_);
  return !is_over_;
}

std::optional<BatchLines::Line> BatchLines::next() {
  for (;;) {
    Line line;
    std::size_t searched = 0, end = std::string::npos;
    while ((end = pending_.find('\n', at_ + searched)) == std::string::npos) {
      searched = pending_.size() - at_;
      if (searched > bytes_max_) {  // forget it, but for a byte that tells that it was long
        line.is_too_long = true;
        at_ = pending_.size();
        searched = 0;
      }
      if (!read()) break;
    }
    if (end == std::string::npos && at_ == pending_.size() && !line.is_too_long) return std::nullopt;
    line.number = ++number_;
    line.text = pending_.substr(at_, end == std::string::npos ? end : end - at_);
    at_ = end == std::string::npos ? pending_.size() : end + 1;
    line.is_too_long = line.is_too_long || line.text.size() > bytes_max_;
    if (line.is_too_long) line.text.clear();
    if (line.is_too_long || !is_blank(line.text)) return line;
  }
}

BatchLine parse_batch_line(std::string_view text, std::string_view endpoint) {
  const auto value = json::parse(text);
  openai::Form form(value);
  BatchLine line;
  line.custom_id = form.required_text("custom_id", id_bytes_max);
  if (line.custom_id.empty()) form.refuse("custom_id", "must not be empty");
  form.required_text("method");
  form.word("method", {"POST"});
  if (form.required_text("url") != endpoint)
    form.refuse("url", fmt::format("must be the batch's endpoint, {}", endpoint));
  auto body = form.object("body");
  if (!body) form.refuse("body", "is missing");
  for (const char* field : {"stream", "background"})
    if (body->flag(field).value_or(false))
      fail_field(Code::unsupported, body->name(field), "{} is not supported in a batch", body->name(field));
  line.body = body->json();
  form.finish();
  return line;
}

CheckedLines check_batch_lines(BatchLines lines, std::string_view endpoint) {
  CheckedLines checked;
  std::unordered_map<std::string, std::uint64_t> ids;
  const auto refuse = [&](std::string_view code, std::string_view message, std::string_view param, std::uint64_t line) {
    checked.faults.emplace_back(records::fault(code, message, param, line));
  };
  while (const auto line = lines.next()) {
    if (checked.faults.size() >= faults_max) break;
    if (++checked.total > lines_max) {
      refuse("too_many_requests", fmt::format("the file has more than {} requests", lines_max), "input_file_id", 0);
      break;
    }
    if (line->is_too_long) {
      refuse("request_too_large", "the line is longer than a request may be (limits.body_mib)", {}, line->number);
      continue;
    }
    try {
      auto asked = parse_batch_line(line->text, endpoint);
      const auto [at, is_new] = ids.emplace(std::move(asked.custom_id), line->number);
      if (!is_new)
        refuse("duplicate_custom_id", fmt::format("custom_id: line {} has the same", at->second), "custom_id",
               line->number);
    } catch (const Error& error) {
      const bool is_json = !error.field().empty();
      const auto code = !is_json                    ? "invalid_json_line"
                        : error.field() == "url"    ? "mismatched_url"
                        : error.field() == "method" ? "invalid_method"
                                                    : "invalid_request";
      refuse(code, error.what(), error.field(), line->number);
    }
  }
  if (checked.total == 0) refuse("empty_file", "the file has no requests", "input_file_id", 0);
  return checked;
}

}  // namespace cofre::gateway
