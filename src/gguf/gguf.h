#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The GGUF model file, versions 2 and 3 (ggml docs/gguf.md). All numbers little-endian:
///
///   "GGUF" | u32 version | u64 tensors | u64 pairs
///   pairs ×   { string key | u32 type | value }            string = u64 bytes | bytes
///   tensors × { string name | u32 dims | u64 dim… | u32 type | u64 offset }   first dim = innermost
///   padding to general.alignment (default 32) | tensor data; offsets count from here
namespace cofre::gguf {

/// Element formats of tensors, numbered as in the file.
enum class Type : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq4_nl = 20,
  iq4_xs = 23,
  bf16 = 30,
  mxfp4 = 39,
};

/// One row of the format table: `block` elements take `bytes` bytes.
struct TypeTraits {
  Type type;
  std::string_view name;  ///< as llama.cpp prints it: "Q4_K", "F16"
  std::uint32_t block;
  std::uint32_t bytes;
};

/// The row of a type; nullptr where we do not know the number.
const TypeTraits* find_traits(std::uint32_t type) noexcept;
const TypeTraits& traits(Type type);

struct Array;
/// A metadata value. Integers of every width are widened; f32 and f64 to double. Views point into the mapped file.
using Value = std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view, std::shared_ptr<const Array>>;

/// A metadata array: exactly one member is filled, by the file's element type. Arrays in arrays are refused.
struct Array {
  std::vector<std::uint64_t> unsigneds;
  std::vector<std::int64_t> signeds;
  std::vector<double> reals;
  std::vector<bool> booleans;
  std::vector<std::string_view> strings;

  std::size_t size() const {
    return unsigneds.size() + signeds.size() + reals.size() + booleans.size() + strings.size();
  }
};

struct Tensor {
  std::string_view name;
  Type type{};
  std::uint32_t dims = 0;                          ///< 1…4
  std::array<std::uint64_t, 4> shape{1, 1, 1, 1};  ///< innermost first: a matrix is [inputs, outputs]
  std::span<const std::byte> bytes;                ///< the whole tensor, proved to lie inside the file
  std::uint64_t elements() const noexcept { return shape[0] * shape[1] * shape[2] * shape[3]; }
};

/// A model file (or the split files of one model) mapped read-only. Movable; views live as long as it does.
class File {
 public:
  /// Maps and proves the file: every count, string, dimension, offset and size is checked before it is used.
  /// A name like `x-00001-of-00003.gguf` brings its siblings along. Throws Error(invalid) naming what is wrong.
  static File open(const std::filesystem::path& path);
  /// The same over bytes in memory (tests, fuzzing); `bytes` must outlive the File. No split files.
  static File parse(std::span<const std::byte> bytes);

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  std::uint32_t version() const noexcept;
  std::uint64_t file_bytes() const noexcept;  ///< sum over split files

  /// Metadata in file order.
  std::span<const std::pair<std::string_view, Value>> metadata() const noexcept;
  const Value* find(std::string_view key) const noexcept;

  // Typed look-ups: nothing where the key is absent; Error(invalid, field = key) where its type or range is wrong.
  std::optional<std::uint64_t> unsigned_number(std::string_view key) const;  ///< any non-negative integer
  std::optional<double> real(std::string_view key) const;                    ///< any finite number
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::string_view> string(std::string_view key) const;
  const Array* array(std::string_view key) const;  ///< nullptr where absent

  std::span<const Tensor> tensors() const noexcept;
  const Tensor* find_tensor(std::string_view name) const noexcept;

  /// Tells the kernel that a tensor's pages are not needed any more (after packing), so that they leave memory.
  void release(const Tensor& tensor) const noexcept;
  /// Tells the kernel that a tensor is about to be read from beginning to end.
  void read_ahead(const Tensor& tensor) const noexcept;

 private:
  struct Parts;
  explicit File(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cofre::gguf
