#include "protocol/frames.h"

#include "protocol/fields.h"

namespace cofre::protocol {
namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::size_t step_rows_max = 64;
constexpr std::size_t depth_max = json::depth_max + 16;  ///< a request's own trees, and what frames put around them

json::Object write(const Submit& f) {
  return {{"frame", "submit"}, {"stream", f.stream}, {"request", to_json(f.request)}};
}
json::Object write(const Cancel& f) { return {{"frame", "cancel"}, {"stream", f.stream}}; }
json::Object write(const Ping&) { return {{"frame", "ping"}}; }
json::Object write(const StreamEvent& f) {
  return {{"frame", "event"}, {"stream", f.stream}, {"event", to_json(f.event)}};
}
json::Object write(const Ready& f) {
  return {{"frame", "ready"},
          {"architecture", f.architecture},
          {"name", f.name},
          {"context", f.context},
          {"vocabulary", f.vocabulary},
          {"width", f.width},
          {"parameters", f.parameters},
          {"file_bytes", f.file_bytes},
          {"kv_bytes", f.kv_bytes},
          {"resident_bytes", f.resident_bytes},
          {"sequences", f.sequences},
          {"page_tokens", f.page_tokens},
          {"chat", f.chat},
          {"confined", array_of(f.confined)},
          {"refused", array_of(f.refused)}};
}
json::Object write(const Status& f) {
  return {{"frame", "status"},
          {"token_age_ms", f.token_age_ms},
          {"running", f.running},
          {"waiting", f.waiting},
          {"free_pages", f.free_pages},
          {"total_pages", f.total_pages},
          {"steps", f.steps},
          {"rows", f.rows},
          {"prompt_tokens", f.prompt_tokens},
          {"generated_tokens", f.generated_tokens},
          {"cached_tokens", f.cached_tokens},
          {"preemptions", f.preemptions},
          {"drafts", f.drafts},
          {"draft_tokens", f.draft_tokens},
          {"accepted_tokens", f.accepted_tokens},
          {"step_rows", json::Array(f.step_rows.begin(), f.step_rows.end())},
          {"resident_bytes", f.resident_bytes}};
}

Ready read_ready(const Fields& fields) {
  const auto number = [&](std::string_view key) { return fields.count(key, UINT64_MAX); };
  Ready f;
  f.architecture = fields.text("architecture");
  f.name = fields.text("name");
  f.context = number("context");
  f.vocabulary = number("vocabulary");
  f.width = number("width");
  f.parameters = number("parameters");
  f.file_bytes = number("file_bytes");
  f.kv_bytes = number("kv_bytes");
  f.resident_bytes = number("resident_bytes");
  f.sequences = number("sequences");
  f.page_tokens = number("page_tokens");
  f.chat = fields.flag("chat");
  f.confined = fields.texts("confined");
  f.refused = fields.texts("refused");
  return f;
}

Status read_status(const Fields& fields) {
  const auto number = [&](std::string_view key) { return fields.count(key, UINT64_MAX); };
  Status f;
  f.token_age_ms = number("token_age_ms");
  f.running = number("running");
  f.waiting = number("waiting");
  f.free_pages = number("free_pages");
  f.total_pages = number("total_pages");
  f.steps = number("steps");
  f.rows = number("rows");
  f.prompt_tokens = number("prompt_tokens");
  f.generated_tokens = number("generated_tokens");
  f.cached_tokens = number("cached_tokens");
  f.preemptions = number("preemptions");
  f.drafts = number("drafts");
  f.draft_tokens = number("draft_tokens");
  f.accepted_tokens = number("accepted_tokens");
  const auto& step_rows = fields.array("step_rows");
  if (step_rows.size() > step_rows_max) fields.refuse("step_rows", "is too long");
  for (const auto& count : step_rows) {
    if (!count.is_int64() || count.get_int64() < 0) fields.refuse("step_rows", "must hold whole numbers");
    f.step_rows.push_back(static_cast<std::uint64_t>(count.get_int64()));
  }
  f.resident_bytes = number("resident_bytes");
  return f;
}

}  // namespace

std::string encode(const Frame& frame) {
  const auto text = json::dump(std::visit([](const auto& one) { return write(one); }, frame));
  if (text.size() > frame_bytes_max)
    fail(Code::exhausted, "a frame of {} bytes is too long; the most is {}", text.size(), frame_bytes_max);
  const auto length = static_cast<std::uint32_t>(text.size());
  std::string out;
  out.reserve(length_bytes + text.size());
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(length >> shift & 0xff);
  return out += text;
}

Frame frame_from_json(const json::Object& object) {
  const Fields fields(object);
  const auto kind = fields.text("frame");
  const auto stream = [&] { return fields.count("stream", UINT64_MAX); };
  if (kind == "event") return StreamEvent{stream(), event_from_json(fields.object("event"))};
  if (kind == "submit") return Submit{stream(), request_from_json(fields.object("request"))};
  if (kind == "cancel") return Cancel{stream()};
  if (kind == "ping") return Ping{};
  if (kind == "status") return read_status(fields);
  if (kind == "ready") return read_ready(fields);
  fail_field(Code::invalid, "frame", "there is no frame \"{}\"", kind);
}

std::optional<std::uint64_t> stream_of(const json::Object& object) {
  if (!object.contains("stream")) return std::nullopt;
  return Fields(object).count("stream", UINT64_MAX);
}

void Decoder::feed(std::span<const std::byte> bytes) {
  if (read_ > 0 && read_ >= buffer_.size() / 2) {
    buffer_.erase(0, read_);
    read_ = 0;
  }
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::optional<json::Object> Decoder::next() {
  const std::string_view rest = std::string_view(buffer_).substr(read_);
  if (rest.size() < length_bytes) return std::nullopt;
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    length |= static_cast<std::uint32_t>(static_cast<unsigned char>(rest[i])) << (8 * i);
  if (length < 2 || length > bytes_max_)
    fail(Code::invalid, "a frame claims {} bytes; the most is {}", length, bytes_max_);
  if (rest.size() - length_bytes < length) return std::nullopt;
  auto value = json::parse(rest.substr(length_bytes, length), depth_max);
  read_ += length_bytes + length;
  if (!value.is_object()) fail(Code::invalid, "a frame holds no JSON object");
  return std::move(value.get_object());
}

}  // namespace cofre::protocol
