#include "gateway/dialects/openai/upload.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"
#include "gateway/errors.h"
#include "gateway/metering.h"
#include "gateway/route_table.h"

namespace cofre::gateway::openai {
namespace {

constexpr std::size_t field_bytes_max = 4096;
constexpr std::size_t name_bytes_max = 512;
constexpr std::uint64_t room_step_bytes = 1 << 20;  ///< set aside ahead of what has come
constexpr std::array<std::string_view, 3> known_fields{"purpose", "expires_after[anchor]", "expires_after[seconds]"};
constexpr std::array<std::string_view, 6> known_purposes{"assistants", "batch",     "evals",
                                                         "fine-tune",  "user_data", "vision"};

std::string_view content_type_of(const http::Request& head) {
  return head.headers.find("content-type").value_or(std::string_view());
}

void check_name(const std::string& name) {
  const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7f;
  });
  if (name.empty() || name.size() > name_bytes_max || !plain)
    fail_field(Code::invalid, "file", "file: its name must have 1 to {} printable bytes", name_bytes_max);
}

Failure too_large(std::uint64_t bytes_max) {
  auto failure = failure_of(
      413, fmt::format("file: has more than {} bytes, the most that limits.file_mib allows here", bytes_max));
  failure.param = "file";
  failure.code = "file_too_large";
  return failure;
}

/// As the headers tell it, else the most.
std::uint64_t expected(const http::Request& head, std::uint64_t most) {
  std::uint64_t bytes = most;
  if (const auto length = head.headers.find("content-length"))
    std::from_chars(length->data(), length->data() + length->size(), bytes);
  if (bytes > most + form_bytes_max) throw too_large(most);
  return std::min(bytes, most);
}

/// What the file has at least, as the headers tell it.
std::uint64_t surely(const http::Request& head) {
  std::uint64_t bytes = 0;
  if (const auto length = head.headers.find("content-length"))
    std::from_chars(length->data(), length->data() + length->size(), bytes);
  return bytes - std::min(bytes, form_bytes_max);
}

}  // namespace

Upload::Upload(const http::Request& head, accounts::Accounts& accounts, const accounts::Caller& caller,
               records::Files& files, std::uint64_t bytes_max)
    : accounts_(accounts),
      files_(files),
      bytes_max_(bytes_max),
      bytes_expected_(expected(head, bytes_max)),
      parser_(content_type_of(head), *this),
      room_(room_for(accounts, caller, surely(head))) {}

void Upload::take(std::string_view piece) noexcept {
  if (failed_) return;
  try {
    parser_.feed(piece);
  } catch (...) {
    failed_ = std::current_exception();  // told when the body is whole: until then the client does not listen
    draft_.reset();
    room_ = {};
  }
}

void Upload::begin(const Multipart::Part& part) {
  if (part.name == "file") {
    if (draft_) fail_field(Code::invalid, "file", "file: is there twice");
    if (!part.file_name) fail_field(Code::invalid, "file", "file: has no file name");
    check_name(*part.file_name);
    name_ = *part.file_name;
    field_ = nullptr;
    draft_ = files_.begin(bytes_expected_);
    return;
  }
  const auto shown = part.name.substr(0, 64);
  if (std::find(known_fields.begin(), known_fields.end(), part.name) == known_fields.end())
    fail_field(Code::invalid, shown, "{} is not a field of this request", shown);
  const auto [at, is_new] = fields_.try_emplace(part.name);
  if (!is_new) fail_field(Code::invalid, shown, "{}: is there twice", shown);
  field_ = &at->second;
}

void Upload::data(std::string_view bytes) {
  if (field_ != nullptr) {
    if (field_->size() + bytes.size() > field_bytes_max)
      fail(Code::invalid, "a field of the form has more than {} bytes", field_bytes_max);
    *field_ += bytes;
    return;
  }
  if (draft_->bytes() + bytes.size() > bytes_max_) throw too_large(bytes_max_);
  make_room(draft_->bytes() + bytes.size());
  draft_->write(bytes);
}

/// Ahead where there is so much, so that not every piece asks.
void Upload::make_room(std::uint64_t bytes) {
  if (bytes <= room_.bytes()) return;
  if (accounts_.quotas.widen(room_, bytes + room_step_bytes)) widen(accounts_, room_, bytes);
}

void Upload::end() { field_ = nullptr; }

std::optional<std::int64_t> Upload::expires_after() const {
  const auto anchor = fields_.find("expires_after[anchor]"), seconds = fields_.find("expires_after[seconds]");
  if (anchor == fields_.end() && seconds == fields_.end()) return std::nullopt;
  if (anchor == fields_.end() || anchor->second != "created_at")
    fail_field(Code::invalid, "expires_after.anchor", "expires_after.anchor: must be created_at");
  std::int64_t number = 0;
  const auto text = seconds == fields_.end() ? std::string_view() : std::string_view(seconds->second);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < expiry_least_s || number > expiry_most_s)
    fail_field(Code::invalid, "expires_after.seconds", "expires_after.seconds: must be a whole number from {} to {}",
               expiry_least_s, expiry_most_s);
  return number;
}

records::File Upload::keep(std::uint64_t tenant) {
  if (failed_) std::rethrow_exception(failed_);
  parser_.finish();
  if (!draft_) fail_field(Code::invalid, "file", "file: is missing");
  const auto purpose = fields_.find("purpose");
  if (purpose == fields_.end()) fail_field(Code::invalid, "purpose", "purpose: is missing");
  if (std::find(known_purposes.begin(), known_purposes.end(), purpose->second) == known_purposes.end())
    fail_field(Code::invalid, "purpose", "purpose: must be one of: {}", fmt::join(known_purposes, ", "));
  auto file = files_.keep(*draft_, {tenant, name_, purpose->second, expires_after()});
  room_ = {};
  return file;
}

}  // namespace cofre::gateway::openai
