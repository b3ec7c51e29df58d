"""Writes small GGUF files, good and bad: what the tests of the program feed it.

`Gguf` holds the parts of a file so that a test can bend any of them; `tiny()` is a whole random model of 2 MB,
`tiny_encoder()` one that makes vectors or ranks.
"""
import copy
import functools
import math
import random
import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
SCALARS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q", F64: "d"}

# name → (number, values a block, bytes a block, where the block's half-precision scales stand)
TYPES = {
    "F32": (0, 1, 4, ()), "F16": (1, 1, 2, ()), "BF16": (30, 1, 2, ()),
    "Q4_0": (2, 32, 18, (0,)), "Q4_1": (3, 32, 20, (0, 2)), "Q5_0": (6, 32, 22, (0,)), "Q5_1": (7, 32, 24, (0, 2)),
    "Q8_0": (8, 32, 34, (0,)), "Q2_K": (10, 256, 84, (80, 82)), "Q3_K": (11, 256, 110, (108,)),
    "Q4_K": (12, 256, 144, (0, 2)), "Q5_K": (13, 256, 176, (0, 2)), "Q6_K": (14, 256, 210, (208,)),
    "IQ4_NL": (20, 32, 18, (0,)), "IQ4_XS": (23, 256, 136, (0,)), "MXFP4": (39, 32, 17, ()),
}
ALIGNMENT = 32


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def value(kind, content):
    """A metadata value with its type in front; an array is (ARRAY, (kind, [values]))."""
    return struct.pack("<I", kind) + bare(kind, content)


def bare(kind, content):
    if kind == STRING:
        return string(content)
    if kind == ARRAY:
        inner, items = content
        return struct.pack("<IQ", inner, len(items)) + b"".join(bare(inner, item) for item in items)
    return struct.pack("<" + SCALARS[kind], content)


class Tensor:
    def __init__(self, name, kind, shape, data, offset=None):
        self.name, self.kind, self.shape, self.data, self.offset = name, kind, list(shape), data, offset


class Gguf:
    def __init__(self):
        self.magic, self.version, self.endian = b"GGUF", 3, "<"
        self.pairs = {}  # key → bytes of a value with its type
        self.tensors = []
        self.tensor_count = self.pair_count = None  # what the header claims, where it lies

    def add(self, key, kind, content):
        self.pairs[key] = value(kind, content)

    def tensor(self, name):
        return next(t for t in self.tensors if t.name == name)

    def bytes(self):
        counts = (self.tensor_count if self.tensor_count is not None else len(self.tensors),
                  self.pair_count if self.pair_count is not None else len(self.pairs))
        head = self.magic + struct.pack(self.endian + "IQQ", self.version, *counts)
        head += b"".join(string(key) + pair for key, pair in self.pairs.items())
        data = b""
        for t in self.tensors:
            offset = len(data) if t.offset is None else t.offset
            data += t.data + bytes(-len(t.data) % ALIGNMENT)
            head += string(t.name) + struct.pack("<I", len(t.shape)) + struct.pack(f"<{len(t.shape)}Q", *t.shape)
            head += struct.pack("<IQ", t.kind, offset)
        return head + bytes(-len(head) % ALIGNMENT) + data


def printable(byte):
    """How a byte-level vocabulary writes a byte (GPT-2)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return chr(byte) if byte in plain else chr(256 + [b for b in range(256) if b not in plain].index(byte))


# The scale that makes values of about 0.05 of a type's largest ones.
SCALES = {"Q3_K": 4e-4, "Q4_K": 5e-5, "Q5_K": 2.5e-5, "Q6_K": 1.2e-5, "IQ4_XS": 1.2e-5, "IQ4_NL": 4e-4, "Q8_0": 4e-4}


def weights(kind, rows, width, source):
    """Random rows whose values are small numbers."""
    _, values, size, scales = TYPES[kind]
    if kind == "F32":
        return struct.pack(f"<{rows * width}f", *(source.uniform(-0.1, 0.1) for _ in range(rows * width)))
    if kind == "F16":
        return struct.pack(f"<{rows * width}e", *(source.uniform(-0.1, 0.1) for _ in range(rows * width)))
    if kind == "BF16":
        return b"".join(struct.pack("<f", source.uniform(-0.1, 0.1))[2:] for _ in range(rows * width))
    data = bytearray(source.randbytes(rows * width // values * size))
    for block in range(0, len(data), size):
        for at in scales:
            struct.pack_into("<e", data, block + at, SCALES.get(kind, 0.001))
        if kind == "MXFP4":
            data[block] = 120
    return bytes(data)


def tiny(kind="F32", tied=True):
    """A llama of 256 wide rows over a vocabulary of bytes; matrices are of one type. The caller may bend it."""
    return copy.deepcopy(build_tiny(kind, tied))


@functools.cache
def build_tiny(kind, tied, seed=1, layers=1, context=256):
    source = random.Random(seed)
    g = Gguf()
    width, ffn, heads = 256, 256, 4
    pieces = [printable(b) for b in range(256)] + ["<|end|>", "ab"]
    g.add("general.architecture", STRING, "llama")
    for key, number in {"block_count": layers, "embedding_length": width, "feed_forward_length": ffn,
                        "attention.head_count": heads, "attention.head_count_kv": 2, "context_length": context}.items():
        g.add("llama." + key, U32, number)
    g.add("llama.attention.layer_norm_rms_epsilon", F32, 1e-5)
    g.add("tokenizer.ggml.model", STRING, "gpt2")
    g.add("tokenizer.ggml.pre", STRING, "gpt-2")
    g.add("tokenizer.ggml.tokens", ARRAY, (STRING, pieces))
    g.add("tokenizer.ggml.token_type", ARRAY, (I32, [1] * 256 + [3, 1]))
    g.add("tokenizer.ggml.merges", ARRAY, (STRING, ["a b"]))
    g.add("tokenizer.ggml.eos_token_id", U32, 256)
    number = TYPES[kind][0]

    def matrix(name, inputs, outputs):
        g.tensors.append(Tensor(name, number, [inputs, outputs], weights(kind, outputs, inputs, source)))

    def norm(name):
        g.tensors.append(Tensor(name, 0, [width], struct.pack(f"<{width}f", *[1.0] * width)))

    matrix("token_embd.weight", width, len(pieces))
    if not tied:
        matrix("output.weight", width, len(pieces))
    norm("output_norm.weight")
    for layer in range(layers):
        for name in ("attn_norm", "ffn_norm"):
            norm(f"blk.{layer}.{name}.weight")
        for name, inputs, outputs in (("attn_q", width, width), ("attn_k", width, width // 2), ("attn_v", width, width // 2),
                                      ("attn_output", width, width), ("ffn_gate", width, ffn), ("ffn_up", width, ffn),
                                      ("ffn_down", ffn, width)):
            matrix(f"blk.{layer}.{name}.weight", inputs, outputs)
    return g


def tiny_encoder(labels=0):
    """A bert of 64 wide rows over letters, words begun by U+2581; with labels it ranks."""
    source = random.Random(2)
    g = Gguf()
    width, ffn, heads, context = 64, 96, 4, 128
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *map(chr, range(97, 123)), ":"]
    g.add("general.architecture", STRING, "bert")
    for key, number in {"block_count": 2, "embedding_length": width, "feed_forward_length": ffn, "attention.head_count": heads,
                        "context_length": context, "pooling_type": 4 if labels else 1}.items():
        g.add("bert." + key, U32, number)
    g.add("bert.attention.layer_norm_epsilon", F32, 1e-12)
    g.add("bert.attention.causal", BOOL, False)
    g.add("cofre.prefix.query", STRING, "q: ")
    g.add("cofre.prefix.passage", STRING, "p: ")
    g.add("tokenizer.ggml.model", STRING, "t5")
    g.add("tokenizer.ggml.tokens", ARRAY, (STRING, pieces))
    g.add("tokenizer.ggml.scores", ARRAY, (F32, [-float(i) for i in range(len(pieces))]))
    g.add("tokenizer.ggml.token_type", ARRAY, (I32, [3, 3, 3, 2] + [1] * (len(pieces) - 4)))
    for name, token in (("bos", 0), ("eos", 2), ("unknown", 3)):
        g.add(f"tokenizer.ggml.{name}_token_id", U32, token)
    g.add("tokenizer.ggml.add_bos_token", BOOL, True)
    g.add("tokenizer.ggml.add_eos_token", BOOL, True)

    def tensor(name, shape, mean, spread):
        count = math.prod(shape)
        g.tensors.append(Tensor(name, 0, shape, struct.pack(f"<{count}f", *(source.gauss(mean, spread) for _ in range(count)))))

    def linear(name, inputs, outputs):
        tensor(name + ".weight", [inputs, outputs], 0, 1.5 / inputs ** 0.5)
        tensor(name + ".bias", [outputs], 0, 0.2)

    def norm(name):
        tensor(name + ".weight", [width], 1, 0.2)
        tensor(name + ".bias", [width], 0, 0.2)

    tensor("token_embd.weight", [width, len(pieces)], 0, 1)
    tensor("position_embd.weight", [width, context], 0, 0.5)
    tensor("token_types.weight", [width, 1], 0, 0.5)
    norm("token_embd_norm")
    for layer in range(2):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            linear(f"blk.{layer}.{name}", width, width)
        norm(f"blk.{layer}.attn_output_norm")
        linear(f"blk.{layer}.ffn_up", width, ffn)
        linear(f"blk.{layer}.ffn_down", ffn, width)
        norm(f"blk.{layer}.layer_output_norm")
    if labels:
        linear("cls", width, width)
        linear("cls.output", width, labels)
    return g
