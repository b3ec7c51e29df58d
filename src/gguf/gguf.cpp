#include "gguf/gguf.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "base/checked.h"
#include "base/error.h"
#include "gguf/bounds.h"
#include "gguf/reader.h"
#include "os/mapped_file.h"

namespace cofre::gguf {
namespace {

constexpr TypeTraits table[] = {
    {Type::f32, "F32", 1, 4},         {Type::f16, "F16", 1, 2},           {Type::q4_0, "Q4_0", 32, 18},
    {Type::q4_1, "Q4_1", 32, 20},     {Type::q5_0, "Q5_0", 32, 22},       {Type::q5_1, "Q5_1", 32, 24},
    {Type::q8_0, "Q8_0", 32, 34},     {Type::q2_k, "Q2_K", 256, 84},      {Type::q3_k, "Q3_K", 256, 110},
    {Type::q4_k, "Q4_K", 256, 144},   {Type::q5_k, "Q5_K", 256, 176},     {Type::q6_k, "Q6_K", 256, 210},
    {Type::iq4_nl, "IQ4_NL", 32, 18}, {Type::iq4_xs, "IQ4_XS", 256, 136}, {Type::bf16, "BF16", 1, 2},
    {Type::mxfp4, "MXFP4", 32, 17},
};

/// Types of metadata values, numbered as in the file.
enum Kind : std::uint32_t {
  kind_u8,
  kind_i8,
  kind_u16,
  kind_i16,
  kind_u32,
  kind_i32,
  kind_f32,
  kind_bool,
  kind_string,
  kind_array,
  kind_u64,
  kind_i64,
  kind_f64,
};

constexpr std::uint64_t least_pair = 8 + 4 + 1;  // empty key, type, one byte
constexpr std::uint64_t least_tensor = 8 + 4 + 8 + 4 + 8;
constexpr std::uint64_t largest_alignment = 1 << 16;

std::uint64_t kind_bytes(std::uint32_t kind) {
  constexpr std::uint64_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
  return kind < std::size(bytes) ? bytes[kind] : 0;
}

bool read_bool(Reader& reader, std::string_view key) {
  const auto byte = reader.number<std::uint8_t>(key);
  if (byte > 1) fail_field(Code::invalid, std::string(key), "{}: a boolean is {}", key, byte);
  return byte == 1;
}

std::uint64_t read_unsigned(Reader& reader, std::uint32_t kind, std::string_view key) {
  switch (kind) {
    case kind_u8: return reader.number<std::uint8_t>(key);
    case kind_u16: return reader.number<std::uint16_t>(key);
    case kind_u32: return reader.number<std::uint32_t>(key);
    default: return reader.number<std::uint64_t>(key);
  }
}

std::int64_t read_signed(Reader& reader, std::uint32_t kind, std::string_view key) {
  switch (kind) {
    case kind_i8: return reader.number<std::int8_t>(key);
    case kind_i16: return reader.number<std::int16_t>(key);
    case kind_i32: return reader.number<std::int32_t>(key);
    default: return reader.number<std::int64_t>(key);
  }
}

std::shared_ptr<const Array> read_array(Reader& reader, std::string_view key) {
  const auto kind = reader.number<std::uint32_t>(key);
  if (kind == kind_array) fail_field(Code::invalid, std::string(key), "{}: arrays of arrays are refused", key);
  if (kind_bytes(kind) == 0) fail_field(Code::invalid, std::string(key), "{}: unknown element type {}", key, kind);
  const auto count = reader.count(kind_bytes(kind), key);
  auto array = std::make_shared<Array>();
  const auto fill = [&](auto& values, auto&& read) {
    values.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) values.push_back(read());
  };
  switch (kind) {
    case kind_string: fill(array->strings, [&] { return reader.string(key); }); break;
    case kind_bool: fill(array->booleans, [&] { return read_bool(reader, key); }); break;
    case kind_f32: fill(array->reals, [&] { return static_cast<double>(reader.number<float>(key)); }); break;
    case kind_f64: fill(array->reals, [&] { return reader.number<double>(key); }); break;
    case kind_i8:
    case kind_i16:
    case kind_i32:
    case kind_i64: fill(array->signeds, [&] { return read_signed(reader, kind, key); }); break;
    default: fill(array->unsigneds, [&] { return read_unsigned(reader, kind, key); }); break;
  }
  return array;
}

Value read_value(Reader& reader, std::uint32_t kind, std::string_view key) {
  switch (kind) {
    case kind_string: return reader.string(key);
    case kind_bool: return read_bool(reader, key);
    case kind_array: return read_array(reader, key);
    case kind_f32: return static_cast<double>(reader.number<float>(key));
    case kind_f64: return reader.number<double>(key);
    case kind_i8:
    case kind_i16:
    case kind_i32:
    case kind_i64: return read_signed(reader, kind, key);
    case kind_u8:
    case kind_u16:
    case kind_u32:
    case kind_u64: return read_unsigned(reader, kind, key);
    default: fail_field(Code::invalid, std::string(key), "{}: unknown value type {}", key, kind);
  }
}

struct Found {
  Tensor tensor;
  std::uint64_t offset, bytes;
};

Found read_tensor(Reader& reader) {
  Found found{};
  Tensor& t = found.tensor;
  t.name = reader.string("a tensor's name");
  t.dims = reader.number<std::uint32_t>(t.name);
  if (t.dims < 1 || t.dims > 4) fail(Code::invalid, "tensor {} has {} dimensions; 1 to 4 are possible", t.name, t.dims);
  std::uint64_t elements = 1;
  for (std::uint32_t d = 0; d < t.dims; ++d) {
    t.shape[d] = reader.number<std::uint64_t>(t.name);
    const auto product = checked_mul(elements, t.shape[d]);
    if (!product || *product > std::numeric_limits<std::int64_t>::max() || t.shape[d] == 0)
      fail(Code::invalid, "tensor {}: dimension {} is {}", t.name, d, t.shape[d]);
    elements = *product;
  }
  const auto type = reader.number<std::uint32_t>(t.name);
  const auto* row = find_traits(type);
  if (row == nullptr) fail(Code::unsupported, "tensor {} has element type {}, which is not supported", t.name, type);
  t.type = row->type;
  if (t.shape[0] % row->block != 0)
    fail(Code::invalid, "tensor {}: rows of {} values cannot be {}, whose blocks hold {}", t.name, t.shape[0],
         row->name, row->block);
  const auto bytes = checked_mul<std::uint64_t>(elements / row->block, row->bytes);
  if (!bytes) fail(Code::invalid, "tensor {} is too large", t.name);
  found.bytes = *bytes;
  found.offset = reader.number<std::uint64_t>(t.name);
  return found;
}

/// `x-00002-of-00003.gguf`: the number and the count, and what stands before them.
struct SplitName {
  std::string stem;
  unsigned number = 0, count = 0;
};
std::optional<SplitName> split_name(const std::string& name) {
  constexpr std::string_view end = ".gguf", of = "-of-";
  constexpr std::size_t digits = 5, tail = 1 + digits + of.size() + digits + end.size();
  if (name.size() <= tail || !name.ends_with(end)) return std::nullopt;
  const auto part = std::string_view(name).substr(name.size() - tail);
  SplitName split{name.substr(0, name.size() - tail)};
  const auto number = [](std::string_view text, unsigned& out) {
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && at == text.data() + text.size();
  };
  if (part[0] != '-' || part.substr(1 + digits, of.size()) != of) return std::nullopt;
  if (!number(part.substr(1, digits), split.number) ||
      !number(part.substr(1 + digits + of.size(), digits), split.count))
    return std::nullopt;
  if (split.number < 1 || split.number > split.count) return std::nullopt;
  return split;
}

}  // namespace

struct File::Parts {
  std::vector<os::MappedFile> files;
  std::uint32_t version = 0;
  std::uint64_t bytes = 0;
  std::vector<std::pair<std::string_view, Value>> metadata;
  std::unordered_map<std::string_view, std::size_t> keys;
  std::vector<Tensor> tensors;
  std::unordered_map<std::string_view, std::size_t> names;

  /// Reads one file; metadata is kept of the first one only.
  void read(std::span<const std::byte> file, bool first);
  std::uint64_t alignment() const;
  const Value* find(std::string_view key) const {
    const auto at = keys.find(key);
    return at == keys.end() ? nullptr : &metadata[at->second].second;
  }
};

std::uint64_t File::Parts::alignment() const {
  const Value* value = find("general.alignment");
  if (value == nullptr) return 32;
  const auto* number = std::get_if<std::uint64_t>(value);
  if (number == nullptr || *number == 0 || *number > largest_alignment || (*number & (*number - 1)) != 0)
    fail_field(Code::invalid, "general.alignment", "general.alignment must be a power of two up to {}",
               largest_alignment);
  return *number;
}

void File::Parts::read(std::span<const std::byte> file, bool first) {
  constexpr std::string_view magic = "GGUF";
  if (file.size() < magic.size() || std::memcmp(file.data(), magic.data(), magic.size()) != 0)
    fail(Code::invalid, "this is not a GGUF file: it does not begin with \"GGUF\"");
  Reader reader(file);
  reader.number<std::uint32_t>("the header");
  version = reader.number<std::uint32_t>("the header");
  if (version == 0x02000000 || version == 0x03000000) fail(Code::unsupported, "the GGUF file is big-endian");
  if (version != 2 && version != 3) fail(Code::unsupported, "GGUF version {} is not supported; 2 and 3 are", version);
  const auto tensor_count = reader.count(least_tensor, "the number of tensors");
  const auto pair_count = reader.count(least_pair, "the number of metadata pairs");
  std::unordered_set<std::string_view> seen;
  for (std::uint64_t i = 0; i < pair_count; ++i) {
    const auto key = reader.string("a metadata key");
    const auto kind = reader.number<std::uint32_t>(key);
    auto value = read_value(reader, kind, key);
    if (!seen.insert(key).second) fail_field(Code::invalid, std::string(key), "the key {} stands twice", key);
    if (!first) continue;
    keys.emplace(key, metadata.size());
    metadata.emplace_back(key, std::move(value));
  }
  std::vector<Found> found;
  found.reserve(tensor_count);
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    found.push_back(read_tensor(reader));
    if (!names.emplace(found.back().tensor.name, tensors.size() + i).second)
      fail(Code::invalid, "the tensor {} stands twice", found.back().tensor.name);
  }
  const auto align = alignment();
  const auto begin = checked_align(reader.position(), align);
  if (!begin || (*begin > file.size() && tensor_count > 0)) fail(Code::invalid, "the file ends before its tensor data");
  const auto data = *begin < file.size() ? file.subspan(*begin) : std::span<const std::byte>();
  std::vector<Claim> claims;
  claims.reserve(found.size());
  for (const auto& f : found) claims.push_back({f.tensor.name, f.offset, f.bytes});
  prove_claims(claims, data.size(), align);
  for (auto& f : found) {
    f.tensor.bytes = data.subspan(f.offset, f.bytes);
    tensors.push_back(f.tensor);
  }
  bytes += file.size();
}

const TypeTraits* find_traits(std::uint32_t type) noexcept {
  for (const auto& row : table)
    if (static_cast<std::uint32_t>(row.type) == type) return &row;
  return nullptr;
}

const TypeTraits& traits(Type type) {
  const auto* row = find_traits(static_cast<std::uint32_t>(type));
  CHECK(row != nullptr);
  return *row;
}

File::File(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
File::File(File&&) noexcept = default;
File& File::operator=(File&&) noexcept = default;
File::~File() = default;

File File::open(const std::filesystem::path& path) {
  auto parts = std::make_unique<Parts>();
  const auto split = split_name(path.filename().string());
  const unsigned count = split ? split->count : 1;
  if (count > 1000) fail(Code::invalid, "{} claims to be one of {} files", path.string(), count);
  for (unsigned i = 1; i <= count; ++i) {
    const auto part = split ? path.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", split->stem, i, count) : path;
    try {
      parts->files.emplace_back(part);
      parts->read(parts->files.back().bytes(), i == 1);
    } catch (const Error& error) {
      if (std::string_view(error.what()).find(part.string()) != std::string_view::npos) throw;
      throw Error(error.code(), fmt::format("{}: {}", part.string(), error.what()), error.field());
    }
  }
  File file(std::move(parts));
  if (const auto stated = file.unsigned_number("split.count"); split && stated && *stated != count)
    fail_field(Code::invalid, "split.count", "{}: split.count is {}, the name says {}", path.string(), *stated, count);
  if (const auto stated = file.unsigned_number("split.tensors.count");
      stated && split && *stated != file.tensors().size())
    fail_field(Code::invalid, "split.tensors.count", "{}: split.tensors.count is {}, the files hold {}", path.string(),
               *stated, file.tensors().size());
  return file;
}

File File::parse(std::span<const std::byte> bytes) {
  auto parts = std::make_unique<Parts>();
  parts->read(bytes, true);
  return File(std::move(parts));
}

std::uint32_t File::version() const noexcept { return parts_->version; }
std::uint64_t File::file_bytes() const noexcept { return parts_->bytes; }
std::span<const std::pair<std::string_view, Value>> File::metadata() const noexcept { return parts_->metadata; }
const Value* File::find(std::string_view key) const noexcept { return parts_->find(key); }

std::optional<std::uint64_t> File::unsigned_number(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<std::uint64_t>(value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(value); number != nullptr && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  fail_field(Code::invalid, std::string(key), "{} must be a whole number of 0 or more", key);
}

std::optional<double> File::real(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(value); number != nullptr && std::isfinite(*number)) return *number;
  if (const auto* number = std::get_if<std::uint64_t>(value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::int64_t>(value)) return static_cast<double>(*number);
  fail_field(Code::invalid, std::string(key), "{} must be a finite number", key);
}

std::optional<bool> File::boolean(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* truth = std::get_if<bool>(value)) return *truth;
  fail_field(Code::invalid, std::string(key), "{} must be true or false", key);
}

std::optional<std::string_view> File::string(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string_view>(value)) return *text;
  fail_field(Code::invalid, std::string(key), "{} must be a string", key);
}

const Array* File::array(std::string_view key) const {
  const Value* value = find(key);
  if (value == nullptr) return nullptr;
  if (const auto* array = std::get_if<std::shared_ptr<const Array>>(value)) return array->get();
  fail_field(Code::invalid, std::string(key), "{} must be an array", key);
}

std::span<const Tensor> File::tensors() const noexcept { return parts_->tensors; }
const Tensor* File::find_tensor(std::string_view name) const noexcept {
  const auto at = parts_->names.find(name);
  return at == parts_->names.end() ? nullptr : &parts_->tensors[at->second];
}
void File::release(const Tensor& tensor) const noexcept {
  if (!parts_->files.empty()) os::release(tensor.bytes);
}
void File::read_ahead(const Tensor& tensor) const noexcept {
  if (!parts_->files.empty()) os::read_ahead(tensor.bytes);
}

}  // namespace cofre::gguf
