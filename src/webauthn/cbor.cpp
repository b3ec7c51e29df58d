#include "webauthn/cbor.h"

#include <cbor.h>

#include "base/error.h"

namespace cofre::webauthn {
namespace {

[[noreturn]] void refuse(const char* why) { fail_field(Code::invalid, "credential", "credential: CBOR: {}", why); }

}  // namespace

struct CborReader::Head {
  enum class Kind : std::uint8_t { plain, bytes, text, array, map, refused };
  Kind kind = Kind::plain;     ///< plain: a number or another value without content
  std::string_view content{};  ///< of bytes and text
  std::uint64_t count = 0;     ///< of array and map

  static Head& at(void* context) { return *static_cast<Head*>(context); }
};

CborReader::Head CborReader::next() {
  using Kind = Head::Kind;
  static const cbor_callbacks callbacks = [] {
    cbor_callbacks made = cbor_empty_callbacks;
    made.byte_string = [](void* head, cbor_data data, std::size_t size) {
      Head::at(head) = {Kind::bytes, {reinterpret_cast<const char*>(data), size}};
    };
    made.string = [](void* head, cbor_data data, std::size_t size) {
      Head::at(head) = {Kind::text, {reinterpret_cast<const char*>(data), size}};
    };
    made.array_start = [](void* head, std::size_t count) { Head::at(head) = {Kind::array, {}, count}; };
    made.map_start = [](void* head, std::size_t count) { Head::at(head) = {Kind::map, {}, count}; };
    const auto no = [](void* head) { Head::at(head).kind = Kind::refused; };
    made.byte_string_start = made.string_start = made.indef_array_start = made.indef_map_start = made.indef_break = no;
    made.tag = [](void* head, std::uint64_t) { Head::at(head).kind = Kind::refused; };
    return made;
  }();
  Head head;
  const auto done = cbor_stream_decode(reinterpret_cast<cbor_data>(left_.data()), left_.size(), &callbacks, &head);
  if (done.status != CBOR_DECODER_FINISHED || done.read == 0 || done.read > left_.size()) refuse("is cut or broken");
  if (head.kind == Kind::refused) refuse("has an indefinite length or a tag");
  left_.remove_prefix(done.read);
  if (head.count > left_.size()) refuse("counts more than there is");
  return head;
}

std::uint64_t CborReader::map() {
  const auto head = next();
  if (head.kind != Head::Kind::map) refuse("is no map");
  return head.count;
}

std::string_view CborReader::text() {
  const auto head = next();
  if (head.kind != Head::Kind::text) refuse("is no text");
  return head.content;
}

std::string_view CborReader::bytes() {
  const auto head = next();
  if (head.kind != Head::Kind::bytes) refuse("is no byte string");
  return head.content;
}

void CborReader::skip(int depth) {
  const auto head = next();
  const bool is_map = head.kind == Head::Kind::map;
  if (!is_map && head.kind != Head::Kind::array) return;
  if (depth == 0) refuse("is nested too deep");
  for (std::uint64_t i = 0; i < head.count; ++i) {
    skip(depth - 1);
    if (is_map) skip(depth - 1);
  }
}

std::string_view CborReader::item(int depth) {
  const auto before = left_;
  skip(depth);
  return before.substr(0, before.size() - left_.size());
}

}  // namespace cofre::webauthn
