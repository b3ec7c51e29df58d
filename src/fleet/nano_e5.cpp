#include "fleet/nano_e5.h"

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "base/error.h"
#include "gguf/reader.h"
#include "gguf/writer.h"
#include "text/utf8.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/vocabulary.h"

namespace cofre::fleet {
namespace {

constexpr std::string_view magic = "E5S1";
constexpr std::uint32_t block = 32, block_bytes = 18;

struct Sizes {
  std::uint32_t width, layers, heads, ffn, rows, positions, types;
  float epsilon;
};

/// A count or an id: they are kept with a sign.
std::uint32_t number(gguf::Reader& reader, std::int64_t low, std::int64_t high, std::string_view what) {
  const auto value = reader.number<std::int32_t>(what);
  if (value < low || value > high)
    fail_field(Code::invalid, std::string(what), "{} is {}; it must be from {} to {}", what, value, low, high);
  return static_cast<std::uint32_t>(value);
}

Sizes read_sizes(gguf::Reader& reader) {
  reader.bytes(magic.size(), "the magic");
  if (const auto version = reader.number<std::uint32_t>("the version"); version != 1)
    fail_field(Code::unsupported, "version", "the container has version {}; version 1 is known", version);
  Sizes s{};
  s.width = number(reader, block, 1 << 14, "width");
  s.layers = number(reader, 1, 256, "layers");
  s.heads = number(reader, 1, 256, "heads");
  s.ffn = number(reader, block, 1 << 16, "ffn");
  s.rows = number(reader, 1, 1 << 24, "rows of the embedding");
  s.positions = number(reader, 1, 1 << 17, "positions");
  s.types = number(reader, 1, 16, "token types");
  s.epsilon = reader.number<float>("epsilon");
  if (!(s.epsilon > 0 && s.epsilon < 1)) fail_field(Code::invalid, "epsilon", "epsilon is {}", s.epsilon);
  number(reader, block, block, "weights of a block");
  if (s.width % block != 0 || s.ffn % block != 0 || s.width % s.heads != 0)
    fail_field(Code::invalid, "width", "{} values, {} inner ones and {} heads do not fit each other", s.width, s.ffn,
               s.heads);
  return s;
}

/// Pieces with their scores; returns how many.
std::uint32_t copy_pieces(gguf::Reader& reader, std::uint32_t most, gguf::Writer& out) {
  const auto count = number(reader, 1, most, "pieces");
  const auto bos = number(reader, 0, count - 1, "bos"), eos = number(reader, 0, count - 1, "eos"),
             pad = number(reader, 0, count - 1, "pad"), unknown = number(reader, 0, count - 1, "unknown");
  const auto length = reader.number<std::uint64_t>("the pieces' bytes");
  gguf::Reader offsets(reader.bytes(std::uint64_t{count + 1} * 4, "the pieces' offsets"));
  gguf::Reader score(reader.bytes(std::uint64_t{count} * 4, "the pieces' scores"));
  const auto bytes = reader.bytes(length, "the pieces' bytes");
  std::vector<std::string> pieces(count);
  std::vector<float> scores(count);
  std::vector<std::int32_t> kinds(count, static_cast<int>(tokenizer::Kind::normal));
  std::uint32_t from = offsets.number<std::uint32_t>("an offset");
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto to = offsets.number<std::uint32_t>("an offset");
    if (to < from || to > length) fail(Code::invalid, "piece {} lies at {} … {} of {}", i, from, to, length);
    pieces[i].assign(reinterpret_cast<const char*>(bytes.data()) + from, to - from);
    if (text::find_invalid_utf8(pieces[i])) fail(Code::invalid, "piece {} is not UTF-8", i);
    scores[i] = score.number<float>("a score");
    if (!std::isfinite(scores[i])) fail(Code::invalid, "the score of piece {} is no number", i);
    if (i == bos || i == eos || i == pad || pieces[i] == "<mask>")
      kinds[i] = static_cast<int>(tokenizer::Kind::control);
    from = to;
  }
  kinds[unknown] = static_cast<int>(tokenizer::Kind::unknown);
  out.add("tokenizer.ggml.model", "t5");
  out.add("tokenizer.ggml.pre", "default");
  out.add("tokenizer.ggml.tokens", pieces);
  out.add("tokenizer.ggml.scores", scores);
  out.add("tokenizer.ggml.token_type", kinds);
  out.add("tokenizer.ggml.bos_token_id", bos);
  out.add("tokenizer.ggml.eos_token_id", eos);
  out.add("tokenizer.ggml.seperator_token_id", eos);
  out.add("tokenizer.ggml.padding_token_id", pad);
  out.add("tokenizer.ggml.unknown_token_id", unknown);
  out.add("tokenizer.ggml.add_bos_token", true);
  out.add("tokenizer.ggml.add_eos_token", true);
  out.add("tokenizer.ggml.add_space_prefix", true);
  out.add("tokenizer.ggml.remove_extra_whitespaces", true);
  return count;
}

std::string character(std::uint32_t code) {
  std::string out;
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    fail(Code::invalid, "a replacement names U+{:04X}", code);
  text::append_utf8(static_cast<char32_t>(code), out);
  return out;
}

void copy_replacements(gguf::Reader& reader, gguf::Writer& out) {
  constexpr std::uint32_t most = 1 << 18;
  const auto count = number(reader, 0, most, "replaced characters");
  const auto bytes = reader.number<std::uint32_t>("the replacements' bytes");
  gguf::Reader entries(reader.bytes(bytes, "the replacements"));
  std::map<std::string, std::string> replacements;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& by = replacements[character(entries.number<std::uint32_t>("a replaced character"))];
    for (auto left = entries.number<std::uint8_t>("a replacement's length"); left > 0; --left)
      by += character(entries.number<std::uint32_t>("a replacement"));
  }
  if (!replacements.empty()) out.add("tokenizer.ggml.precompiled_charsmap", tokenizer::charsmap_bytes(replacements));
}

/// The tensors of the container, found by name.
class Tensors {
 public:
  Tensors(std::span<const std::byte> file, gguf::Reader& reader) : file_(file) {
    const auto count = number(reader, 0, 1 << 16, "tensors");
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto name = reader.bytes(reader.number<std::uint16_t>("a tensor's name"), "a tensor's name");
      Entry entry{};
      entry.type = reader.number<std::uint8_t>("a tensor's type");
      entry.elements = reader.number<std::uint32_t>("a tensor's elements");
      entry.offset = reader.number<std::uint64_t>("a tensor's offset");
      reader.number<std::uint64_t>("a tensor's bytes");
      entries_[std::string(reinterpret_cast<const char*>(name.data()), name.size())] = entry;
    }
  }

  /// Rows of `inputs` values: the first `rows` of `of`.
  void copy(const std::string& name, const std::string& as, std::uint64_t inputs, std::uint64_t rows, std::uint64_t of,
            gguf::Writer& out) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) fail(Code::invalid, "the container has no tensor {}", name);
    const auto& [type, elements, offset] = found->second;
    if (type > 1) fail(Code::invalid, "tensor {} is of type {}", name, type);
    const bool packed = type == 1;
    if (elements != inputs * of || (packed && inputs % block != 0))
      fail(Code::invalid, "tensor {} holds {} values; the model needs {}", name, elements, inputs * of);
    const std::uint64_t bytes = packed ? inputs / block * block_bytes * rows : inputs * rows * sizeof(float);
    if (offset > file_.size() || bytes > file_.size() - offset)
      fail(Code::invalid, "tensor {} lies outside the file", name);
    const std::uint64_t shape[] = {inputs, rows};
    out.add_tensor(as, packed ? gguf::Type::q4_0 : gguf::Type::f32, std::span(shape).first(of > 1 ? 2 : 1),
                   file_.subspan(offset, bytes));
  }

 private:
  struct Entry {
    std::uint8_t type;
    std::uint32_t elements;
    std::uint64_t offset;
  };
  std::span<const std::byte> file_;
  std::map<std::string, Entry> entries_;
};

void copy_layers(const Tensors& tensors, const Sizes& s, gguf::Writer& out) {
  for (std::uint32_t i = 0; i < s.layers; ++i) {
    const auto from = "l" + std::to_string(i) + ".", to = "blk." + std::to_string(i) + ".";
    const auto both = [&](const char* name, const char* as, std::uint64_t inputs, std::uint64_t outputs) {
      tensors.copy(from + name + ".w", to + as + ".weight", inputs, outputs, outputs, out);
      tensors.copy(from + name + ".b", to + as + ".bias", outputs, 1, 1, out);
    };
    both("q", "attn_q", s.width, s.width);
    both("k", "attn_k", s.width, s.width);
    both("v", "attn_v", s.width, s.width);
    both("ao", "attn_output", s.width, s.width);
    both("fi", "ffn_up", s.width, s.ffn);
    both("fo", "ffn_down", s.ffn, s.width);
    for (const auto& [name, as] : {std::pair("aln", "attn_output_norm"), std::pair("oln", "layer_output_norm")}) {
      tensors.copy(from + name + ".w", to + as + ".weight", s.width, 1, 1, out);
      tensors.copy(from + name + ".b", to + as + ".bias", s.width, 1, 1, out);
    }
  }
}

}  // namespace

bool is_nano_e5(std::span<const std::byte> bytes) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

std::vector<std::byte> gguf_of_nano_e5(std::span<const std::byte> file) {
  if (!is_nano_e5(file)) fail(Code::invalid, "the file does not begin with {}", magic);
  gguf::Reader reader(file);
  const auto s = read_sizes(reader);
  gguf::Writer out;
  out.add("general.architecture", "bert");
  out.add("general.name", "multilingual-e5");
  out.add("bert.block_count", s.layers);
  out.add("bert.context_length", s.positions);
  out.add("bert.embedding_length", s.width);
  out.add("bert.feed_forward_length", s.ffn);
  out.add("bert.attention.head_count", s.heads);
  out.add("bert.attention.layer_norm_epsilon", s.epsilon);
  out.add("bert.attention.causal", false);
  out.add("bert.pooling_type", std::uint32_t{1});
  out.add("cofre.prefix.query", "query: ");
  out.add("cofre.prefix.passage", "passage: ");
  out.add("tokenizer.ggml.token_type_count", s.types);
  const auto pieces = copy_pieces(reader, s.rows, out);
  copy_replacements(reader, out);
  const Tensors tensors(file, reader);
  tensors.copy("emb.word", "token_embd.weight", s.width, pieces, s.rows, out);  // rows behind the last piece: padding
  tensors.copy("emb.pos", "position_embd.weight", s.width, s.positions, s.positions, out);
  tensors.copy("emb.type", "token_types.weight", s.width, s.types, s.types, out);
  tensors.copy("emb.ln.w", "token_embd_norm.weight", s.width, 1, 1, out);
  tensors.copy("emb.ln.b", "token_embd_norm.bias", s.width, 1, 1, out);
  copy_layers(tensors, s, out);
  return out.finish();
}

}  // namespace cofre::fleet
