#include "gguf/writer.h"

#include <cstring>

namespace cofre::gguf {
namespace {

template <class T>
void put(std::vector<std::byte>& out, const T& value) {
  const auto* at = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), at, at + sizeof value);
}

void put_string(std::vector<std::byte>& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  const auto* at = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), at, at + text.size());
}

void put_key(std::vector<std::byte>& out, std::string_view key, std::uint32_t kind) {
  put_string(out, key);
  put(out, kind);
}

void put_array_key(std::vector<std::byte>& out, std::string_view key, std::uint32_t kind, std::size_t count) {
  put_key(out, key, 9);
  put(out, kind);
  put(out, static_cast<std::uint64_t>(count));
}

void pad(std::vector<std::byte>& out) {
  constexpr auto step = Writer::alignment;
  out.resize((out.size() + step - 1) / step * step);
}

}  // namespace

void Writer::add(std::string_view key, std::uint32_t value) {
  put_key(pairs_, key, 4);
  put(pairs_, value);
  ++pair_count_;
}
void Writer::add(std::string_view key, float value) {
  put_key(pairs_, key, 6);
  put(pairs_, value);
  ++pair_count_;
}
void Writer::add(std::string_view key, bool value) {
  put_key(pairs_, key, 7);
  put(pairs_, static_cast<std::uint8_t>(value));
  ++pair_count_;
}
void Writer::add(std::string_view key, std::string_view value) {
  put_key(pairs_, key, 8);
  put_string(pairs_, value);
  ++pair_count_;
}
void Writer::add(std::string_view key, std::span<const std::string> values) {
  put_array_key(pairs_, key, 8, values.size());
  for (const auto& value : values) put_string(pairs_, value);
  ++pair_count_;
}
void Writer::add(std::string_view key, std::span<const float> values) {
  put_array_key(pairs_, key, 6, values.size());
  for (float value : values) put(pairs_, value);
  ++pair_count_;
}
void Writer::add(std::string_view key, std::span<const std::int32_t> values) {
  put_array_key(pairs_, key, 5, values.size());
  for (std::int32_t value : values) put(pairs_, value);
  ++pair_count_;
}
void Writer::add(std::string_view key, std::span<const std::uint8_t> values) {
  put_array_key(pairs_, key, 0, values.size());
  for (std::uint8_t value : values) put(pairs_, value);
  ++pair_count_;
}

void Writer::announce_tensor(std::string_view name, Type type, std::span<const std::uint64_t> shape,
                             std::uint64_t bytes) {
  Pending pending;
  put_string(pending.info, name);
  put(pending.info, static_cast<std::uint32_t>(shape.size()));
  for (std::uint64_t size : shape) put(pending.info, size);
  put(pending.info, static_cast<std::uint32_t>(type));
  pending.bytes = bytes;
  tensors_.push_back(std::move(pending));
}

void Writer::add_tensor(std::string_view name, Type type, std::span<const std::uint64_t> shape,
                        std::span<const std::byte> bytes) {
  announce_tensor(name, type, shape, bytes.size());
  tensors_.back().data.assign(bytes.begin(), bytes.end());
}

std::vector<std::byte> Writer::head() const {
  std::vector<std::byte> out;
  for (char c : std::string_view("GGUF")) out.push_back(static_cast<std::byte>(c));
  put(out, std::uint32_t{3});
  put(out, static_cast<std::uint64_t>(tensors_.size()));
  put(out, pair_count_);
  out.insert(out.end(), pairs_.begin(), pairs_.end());
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors_) {
    out.insert(out.end(), tensor.info.begin(), tensor.info.end());
    put(out, offset);
    offset = (offset + tensor.bytes + alignment - 1) / alignment * alignment;
  }
  pad(out);
  return out;
}

std::vector<std::byte> Writer::finish() const {
  auto out = head();
  for (const auto& tensor : tensors_) {
    out.insert(out.end(), tensor.data.begin(), tensor.data.end());
    pad(out);
  }
  return out;
}

}  // namespace cofre::gguf
