#include "safetensors/safetensors.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/checked.h"
#include "base/error.h"
#include "json/json.h"
#include "os/disk.h"

namespace cofre::safetensors {
namespace {

constexpr std::uint64_t largest_header = 100'000'000;  // the reference implementation's limit
constexpr std::uint64_t largest_index = 64 << 20;
constexpr std::size_t dimensions_max = 8;
constexpr std::size_t files_max = 10'000;

struct TypeRow {
  std::string_view name;
  std::uint64_t bytes;
  Type type;
};

constexpr TypeRow types[] = {
    {"F32", 4, Type::f32},    {"F16", 2, Type::f16},       {"BF16", 2, Type::bf16},     {"F64", 8, Type::other},
    {"I64", 8, Type::other},  {"U64", 8, Type::other},     {"I32", 4, Type::other},     {"U32", 4, Type::other},
    {"I16", 2, Type::other},  {"U16", 2, Type::other},     {"I8", 1, Type::other},      {"U8", 1, Type::other},
    {"BOOL", 1, Type::other}, {"F8_E4M3", 1, Type::other}, {"F8_E5M2", 1, Type::other},
};

std::uint64_t whole_number(const json::Value& value, std::string_view tensor, const char* what) {
  if (value.is_uint64()) return value.get_uint64();
  if (!value.is_int64() || value.get_int64() < 0)
    fail_field(Code::invalid, std::string(tensor), "tensor {}: {} holds what is no whole number", tensor, what);
  return static_cast<std::uint64_t>(value.get_int64());
}

std::vector<std::uint64_t> whole_numbers(const json::Object& entry, std::string_view tensor, const char* key) {
  std::vector<std::uint64_t> numbers;
  for (const auto& value : json::array_at(entry, key, std::string(tensor) + "."))
    numbers.push_back(whole_number(value, tensor, key));
  return numbers;
}

/// Bytes that type and shape demand.
std::uint64_t bytes_of(const Tensor& tensor, std::uint64_t element) {
  std::uint64_t bytes = element;
  for (const auto size : tensor.shape) {
    const auto product = checked_mul(bytes, size);
    if (!product) fail_field(Code::invalid, tensor.name, "tensor {} is too large", tensor.name);
    bytes = *product;
  }
  return bytes;
}

struct Claimed {
  Tensor tensor;
  std::uint64_t begin, end;
};

Claimed read_entry(std::string_view name, const json::Value& value) {
  if (!value.is_object()) fail_field(Code::invalid, std::string(name), "tensor {} is not described", name);
  const auto& entry = value.get_object();
  const std::string path = std::string(name) + ".";
  Claimed claimed{};
  Tensor& tensor = claimed.tensor;
  tensor.name = name;
  tensor.type_name = json::string_at(entry, "dtype", path);
  const auto* row = std::find_if(std::begin(types), std::end(types),
                                 [&](const TypeRow& type) { return type.name == tensor.type_name; });
  if (row == std::end(types))
    fail_field(Code::unsupported, tensor.name, "tensor {} has elements of type \"{}\", which is not supported", name,
               tensor.type_name);
  tensor.type = row->type;
  tensor.shape = whole_numbers(entry, name, "shape");
  if (tensor.shape.size() > dimensions_max)
    fail_field(Code::invalid, tensor.name, "tensor {} has {} dimensions", name, tensor.shape.size());
  const auto offsets = whole_numbers(entry, name, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1])
    fail_field(Code::invalid, tensor.name, "tensor {}: data_offsets must be its begin and its end", name);
  claimed.begin = offsets[0];
  claimed.end = offsets[1];
  const auto bytes = bytes_of(tensor, row->bytes);
  if (claimed.end - claimed.begin != bytes)
    fail_field(Code::invalid, tensor.name, "tensor {} has {} bytes; its type and shape need {}", name,
               claimed.end - claimed.begin, bytes);
  return claimed;
}

}  // namespace

std::vector<Tensor> parse(std::span<const std::byte> file) {
  std::uint64_t header = 0;
  if (file.size() < sizeof header) fail(Code::invalid, "not a safetensors file: it has {} bytes", file.size());
  std::memcpy(&header, file.data(), sizeof header);
  if (header > largest_header || header > file.size() - sizeof header)
    fail(Code::invalid, "not a safetensors file: it claims a header of {} bytes in {}", header, file.size());
  const auto root = json::parse({reinterpret_cast<const char*>(file.data()) + sizeof header, header});
  if (!root.is_object()) fail(Code::invalid, "not a safetensors file: its header is no JSON object");
  const auto data = file.subspan(sizeof header + header);

  std::vector<Claimed> claims;
  claims.reserve(root.get_object().size());
  for (const auto& [name, value] : root.get_object())
    if (name != "__metadata__") claims.push_back(read_entry(name, value));
  std::sort(claims.begin(), claims.end(),
            [](const Claimed& a, const Claimed& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });

  std::vector<Tensor> tensors;
  tensors.reserve(claims.size());
  std::uint64_t at = 0;
  for (auto& claim : claims) {
    if (claim.begin != at)
      fail_field(Code::invalid, claim.tensor.name, "tensor {} begins at {}, but the one before it ends at {}",
                 claim.tensor.name, claim.begin, at);
    if (claim.end > data.size())
      fail_field(Code::invalid, claim.tensor.name, "tensor {} ends at {}, but the file's data ends at {}",
                 claim.tensor.name, claim.end, data.size());
    at = claim.end;
    claim.tensor.bytes = data.subspan(claim.begin, claim.end - claim.begin);
    tensors.push_back(std::move(claim.tensor));
  }
  if (at != data.size()) fail(Code::invalid, "the tensors end at {}, but the file's data at {}", at, data.size());
  return tensors;
}

void Weights::take(const std::filesystem::path& file) {
  files_.emplace_back(file);
  try {
    for (auto& tensor : parse(files_.back().bytes())) {
      if (!by_name_.emplace(tensor.name, tensors_.size()).second)
        fail_field(Code::invalid, tensor.name, "tensor {} stands in two files", tensor.name);
      tensors_.push_back(std::move(tensor));
    }
  } catch (const Error& error) {
    throw Error(error.code(), file.string() + ": " + error.what(), error.field());
  }
}

Weights Weights::open(const std::filesystem::path& folder) {
  Weights weights;
  const auto index = folder / "model.safetensors.index.json";
  if (!std::filesystem::exists(index)) {
    if (!std::filesystem::exists(folder / "model.safetensors"))
      fail(Code::not_found, "{} has neither model.safetensors nor model.safetensors.index.json", folder.string());
    weights.take(folder / "model.safetensors");
    return weights;
  }
  const auto root = json::parse(os::read_whole(index, largest_index));
  const auto* map = root.is_object() ? root.get_object().if_contains("weight_map") : nullptr;
  if (map == nullptr || !map->is_object())
    fail_field(Code::invalid, "weight_map", "{} has no weight_map", index.string());
  std::set<std::string> files;
  for (const auto& [tensor, file] : map->get_object()) {
    const std::string name = file.is_string() ? std::string(file.get_string()) : "";
    if (std::filesystem::path(name).filename() != name || !name.ends_with(".safetensors"))
      fail_field(Code::invalid, "weight_map", "{}: tensor {} lies in \"{}\", which is no file of this folder",
                 index.string(), std::string_view(tensor), name);
    files.insert(name);
  }
  if (files.size() > files_max) fail_field(Code::invalid, "weight_map", "{} names too many files", index.string());
  for (const auto& file : files) weights.take(folder / file);
  for (const auto& [tensor, file] : map->get_object())
    if (weights.find(tensor) == nullptr)
      fail_field(Code::invalid, "weight_map", "{} names the tensor {}, which no file holds", index.string(),
                 std::string_view(tensor));
  return weights;
}

const Tensor* Weights::find(std::string_view name) const noexcept {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace cofre::safetensors
