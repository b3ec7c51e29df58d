#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cofre::huggingface {

/// What the matrices become; norms, biases and positions are F32 in any case.
enum class Quantization {
  none,  ///< they stay as they are: F32, F16 or BF16
  q8_0,
  q4_0,  ///< with embeddings and output in Q8_0
};
/// "Q8_0", "Q4_0".
std::optional<Quantization> find_quantization(std::string_view name);
std::string_view name_of(Quantization quantization) noexcept;

/// A folder of Hugging Face's on its way to one GGUF file, which llama.cpp opens too.
class Conversion {
 public:
  /// Reads everything but the weights' values. Throws Error naming the file and the member or the tensor that is wrong
  /// or that GGUF cannot tell.
  Conversion(const std::filesystem::path& folder, Quantization quantization);
  Conversion(Conversion&&) noexcept;
  ~Conversion();

  /// Bytes of the file.
  std::uint64_t bytes() const noexcept;
  /// For the reader: what was not kept.
  std::span<const std::string> notes() const noexcept;
  /// Gives the file's bytes away, from its beginning to its end. Throws Error(invalid) naming the tensor whose values
  /// are not finite.
  void write(const std::function<void(std::span<const std::byte>)>& sink) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cofre::huggingface
