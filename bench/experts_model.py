#!/usr/bin/env python3
"""A model of experts in the shape of a 30B-A3B one (qwen3moe), random and of fewer layers, to measure with.

    bench/experts_model.py FILE [LAYERS]      10 layers: 4.2 GB

Widths, heads, experts and vocabulary are Qwen3-30B-A3B's (arXiv:2505.09388), tensors in the formats that Q4_K_M gives each of them: Q4_K, and
Q6_K for the output and, in half of the layers, for values and what leads out of experts. Blocks are random bytes under scales that
make weights as large as trained ones. Needs numpy and gguf 0.19.
"""
import sys

import gguf
import numpy

WIDTH, HEADS, KV_HEADS, HEAD, EXPERTS, USED, INNER, VOCABULARY = 2048, 32, 4, 128, 128, 8, 768, 151936
random = numpy.random.default_rng(1)


def halves(blocks, value):
    return numpy.full((blocks, 1), value, numpy.float16).view(numpy.uint8)


def q4_k(rows, inputs):
    """d · scale · q − dmin · min, scales and minima of 6 bits, q of 4: d and dmin so that the mean is near 0."""
    blocks, d = rows * inputs // 256, inputs**-0.5 / 150
    return numpy.concatenate([halves(blocks, d), halves(blocks, 7.5 * d), random.integers(0, 256, (blocks, 140), numpy.uint8)], axis=1)


def q6_k(rows, inputs):
    """d · scale · (q − 32), scales of 8 bits, q of 6."""
    blocks = rows * inputs // 256
    return numpy.concatenate([random.integers(0, 256, (blocks, 208), numpy.uint8), halves(blocks, inputs**-0.5 / 1350)], axis=1)


def write(path, layers):
    w = gguf.GGUFWriter(path, "qwen3moe", use_temp_file=True)
    w.add_context_length(32768)
    w.add_block_count(layers)
    w.add_embedding_length(WIDTH)
    w.add_feed_forward_length(6144)
    w.add_head_count(HEADS)
    w.add_head_count_kv(KV_HEADS)
    w.add_key_length(HEAD)
    w.add_value_length(HEAD)
    w.add_rope_freq_base(1e6)
    w.add_layer_norm_rms_eps(1e-6)
    w.add_expert_count(EXPERTS)
    w.add_expert_used_count(USED)
    w.add_expert_feed_forward_length(INNER)
    pieces = [*map(chr, range(33, 127)), "\u010a", "\u0120", "th"]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("qwen2")
    w.add_token_list(pieces + [f"<{i}>" for i in range(len(pieces), VOCABULARY)])
    w.add_token_types([1] * VOCABULARY)
    w.add_token_merges(["t h"])
    w.add_eos_token_id(VOCABULARY - 1)
    w.add_add_bos_token(False)

    def matrix(name, outputs, inputs, make=q4_k, count=0):
        raw = make(max(count, 1) * outputs, inputs)
        kind = gguf.GGMLQuantizationType.Q4_K if make is q4_k else gguf.GGMLQuantizationType.Q6_K
        shape = (outputs, raw.size // outputs // max(count, 1))
        w.add_tensor(name + ".weight", raw.reshape((count, *shape) if count else shape), raw_dtype=kind)

    def norm(name, size):
        w.add_tensor(name + ".weight", numpy.ones(size, numpy.float32))

    matrix("token_embd", VOCABULARY, WIDTH)
    norm("output_norm", WIDTH)
    matrix("output", VOCABULARY, WIDTH, q6_k)
    for i in range(layers):
        p = f"blk.{i}."
        more_bits = i < layers // 8 or i >= 7 * layers // 8 or (i - layers // 8) % 3 == 2
        large = q6_k if more_bits else q4_k
        norm(p + "attn_norm", WIDTH)
        norm(p + "ffn_norm", WIDTH)
        norm(p + "attn_q_norm", HEAD)
        norm(p + "attn_k_norm", HEAD)
        matrix(p + "attn_q", HEADS * HEAD, WIDTH)
        matrix(p + "attn_k", KV_HEADS * HEAD, WIDTH)
        matrix(p + "attn_v", KV_HEADS * HEAD, WIDTH, large)
        matrix(p + "attn_output", WIDTH, HEADS * HEAD)
        w.add_tensor(p + "ffn_gate_inp.weight", random.standard_normal((EXPERTS, WIDTH), numpy.float32) * WIDTH**-0.5)
        matrix(p + "ffn_gate_exps", INNER, WIDTH, q4_k, EXPERTS)
        matrix(p + "ffn_up_exps", INNER, WIDTH, q4_k, EXPERTS)
        matrix(p + "ffn_down_exps", WIDTH, INNER, large, EXPERTS)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file(progress=False)
    w.close()


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10)
