#!/usr/bin/env python3
"""Every family on tiny random models against llama.cpp: rope scalings, head norms, biases, windows, soft caps, odd sizes.

    tests/long/families.py [--write] [CASE ...]     --write puts the table into docs/families.md

Each file is F32 with random weights of this test's own, keys and values too. Along the peer's own 64 greedy tokens our log-probabilities are
within 1e-3 of the peer's, and the best token is the same (F32 files leave no room for the formats). The peer: see peer.py.
"""
import json, os, subprocess, sys, tempfile

from peer import ROOT, Peer, command_of_peer, scores

TOOLS = os.path.join(ROOT, "build", "long")
BOUND = 1e-3
# A byte-level vocabulary of ASCII alone, so that the peer tells of every token: line end and space as GPT-2 writes them,
# two merges, an end, which the peer is told never to write.
PIECES = [*map(chr, range(33, 127)), "\u010a", "\u0120", "th", "he", "<end>"]
END = len(PIECES) - 1


def enter_venv():
    """numpy and gguf come from PyPI into an environment of this test's own."""
    python = os.path.join(TOOLS, "venv", "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(TOOLS, "venv")):
        return
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", os.path.join(TOOLS, "venv")], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "gguf==0.19.0", "numpy"], check=True)
    os.execv(python, [python, *sys.argv])


SHAPES = {
    "even": dict(layers=3, width=64, heads=4, kv_heads=2, head=16, ffn=96),
    "odd": dict(layers=2, width=96, heads=6, kv_heads=1, head=20, ffn=160),
    "wide heads": dict(layers=7, width=64, heads=2, kv_heads=2, head=64, ffn=224),
}

# Rows of the table: (family, what it has beyond the plain family, keys by suffix, options).
CASES = {
    "llama": ("llama", "", {}, {}),
    "llama3 rope": ("llama", "Llama 3's factors for each frequency", {}, {"factors": True}),
    "llama linear": ("llama", "positions divided by 4", {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0}, {}),
    "llama ntk": ("llama", "a larger base (NTK)", {"rope.freq_base": 5e5}, {}),
    "qwen2": ("qwen2", "biases", {"rope.freq_base": 1e6}, {"bias": True, "square": True}),
    "qwen2 yarn": ("qwen2", "biases, YaRN from 32 to 128 tokens", {"rope.freq_base": 1e6, "rope.scaling.type": "yarn", "rope.scaling.factor": 4.0,
                                                                 "rope.scaling.original_context_length": 32}, {"bias": True, "square": True}),
    "qwen3": ("qwen3", "norms on heads", {"rope.freq_base": 1e6}, {"head_norms": True}),
    "qwen3 yarn": ("qwen3", "norms on heads, YaRN", {"rope.freq_base": 1e6, "rope.scaling.type": "yarn", "rope.scaling.factor": 4.0,
                                                   "rope.scaling.original_context_length": 32}, {"head_norms": True}),
    "gemma3": ("gemma3", "norms around halves and on heads, a window of 32", {"rope.freq_base": 1e6, "attention.sliding_window": 32},
               {"head_norms": True, "post_norms": True}),
    "gemma2": ("gemma2", "norms around halves, caps, a window of 32 in every other layer", {"attention.sliding_window": 32, "attn_logit_softcapping": 4.0,
                                                                                           "final_logit_softcapping": 8.0}, {"post_norms": True, "tied": True}),
    "phi3": ("phi3", "matrices that share a tensor", {}, {"square": True, "one_qkv": True, "gate_in_up": True}),
    "phi3 short": ("phi3", "LongRoPE within the trained context", {"rope.scaling.original_context_length": 4096, "rope.scaling.attn_factor": 1.19},
                   {"square": True, "one_qkv": True, "gate_in_up": True, "long_factors": True}),
    "phi3 long": ("phi3", "LongRoPE beyond the trained context", {"rope.scaling.original_context_length": 256, "rope.scaling.attn_factor": 1.19},
                  {"square": True, "one_qkv": True, "gate_in_up": True, "long_factors": True}),
    "glm4": ("glm4", "rope on half of a head, norms around halves, biases", {}, {"half_rope": True, "bias": True, "post_norms": True, "gate_in_up": True}),
    "ernie4_5": ("ernie4_5", "", {"rope.freq_base": 5e5}, {}),
    "hunyuan-dense": ("hunyuan-dense", "norms on heads behind the rope", {"rope.freq_base": 1e6}, {"head_norms": True}),
    "qwen2moe": ("qwen2moe", "2 of 8 experts and a shared one, biases", {"expert_count": 8, "expert_used_count": 2},
                 {"bias": True, "square": True, "experts": 8, "shared": True}),
    "gpt-oss": ("gpt-oss", "2 of 8 experts, sinks, biases, a window of 32 in every other layer, YaRN",
                {"expert_count": 8, "expert_used_count": 2, "attention.sliding_window": 32, "rope.scaling.type": "yarn", "rope.scaling.factor": 4.0,
                 "rope.scaling.original_context_length": 32}, {"bias": True, "experts": 8, "expert_bias": True, "sinks": True, "norm_before_ffn": "post_attention_norm"}),
    "qwen3moe": ("qwen3moe", "3 of 8 experts, norms on heads", {"expert_count": 8, "expert_used_count": 3}, {"head_norms": True, "experts": 8}),
}


def write_model(path, family, shape, keys, options, seed):
    import gguf
    import numpy

    random = numpy.random.default_rng(seed)
    w = gguf.GGUFWriter(path, family)
    width, heads, kv_heads, head, ffn = (shape[k] for k in ("width", "heads", "kv_heads", "head", "ffn"))
    if options.get("square"):  # llama.cpp knows this family with heads as wide together as the model only
        head = width // heads
    w.add_context_length(1024)
    w.add_block_count(shape["layers"])
    w.add_embedding_length(width)
    w.add_feed_forward_length(ffn)
    w.add_head_count(heads)
    w.add_head_count_kv(kv_heads)
    w.add_key_length(head)
    w.add_value_length(head)
    w.add_rope_dimension_count(head // 2 if options.get("half_rope") else head)
    w.add_layer_norm_rms_eps(1e-6)
    if options.get("experts"):
        w.add_expert_feed_forward_length(ffn // 2)
        if options.get("shared"):
            w.add_expert_shared_feed_forward_length(ffn)
    for suffix, value in keys.items():
        add = w.add_string if isinstance(value, str) else w.add_uint32 if isinstance(value, int) else w.add_float32
        add(f"{family}.{suffix}", value)

    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("gpt-2")
    w.add_token_list(PIECES)
    w.add_token_types([1] * END + [3])
    w.add_token_merges(["t h", "h e"])
    w.add_eos_token_id(END)
    w.add_bos_token_id(END)
    w.add_add_bos_token(False)

    def matrix(name, outputs, inputs, gain=1.0):
        w.add_tensor(name, (random.standard_normal((outputs, inputs)) * gain / inputs**0.5).astype(numpy.float32))

    def norm(name, size):
        w.add_tensor(name, (1 + 0.1 * random.standard_normal(size)).astype(numpy.float32))

    matrix("token_embd.weight", len(PIECES), width, width**0.5)
    norm("output_norm.weight", width)
    if not options.get("tied"):
        matrix("output.weight", len(PIECES), width, 3)
    if options.get("factors"):
        w.add_tensor("rope_freqs.weight", numpy.geomspace(1, 8, head // 2).astype(numpy.float32))
    if options.get("long_factors"):
        w.add_tensor("rope_factors_short.weight", numpy.geomspace(1, 2, head // 2).astype(numpy.float32))
        w.add_tensor("rope_factors_long.weight", numpy.geomspace(1, 16, head // 2).astype(numpy.float32))
    for i in range(shape["layers"]):
        p = f"blk.{i}."
        norm(p + "attn_norm.weight", width)
        norm(p + options.get("norm_before_ffn", "ffn_norm") + ".weight", width)
        if options.get("one_qkv"):
            matrix(p + "attn_qkv.weight", (heads + 2 * kv_heads) * head, width, 2)
        else:
            matrix(p + "attn_q.weight", heads * head, width, 2)
            matrix(p + "attn_k.weight", kv_heads * head, width, 2)
            matrix(p + "attn_v.weight", kv_heads * head, width)
        matrix(p + "attn_output.weight", width, heads * head)
        if options.get("experts"):
            experts, inner = options["experts"], ffn // 2
            matrix(p + "ffn_gate_inp.weight", experts, width, 2)
            for name, outputs, inputs in (("gate", inner, width), ("up", inner, width), ("down", width, inner)):
                values = random.standard_normal((experts, outputs, inputs)) / inputs**0.5
                w.add_tensor(f"{p}ffn_{name}_exps.weight", values.astype(numpy.float32))
                if options.get("expert_bias"):
                    w.add_tensor(f"{p}ffn_{name}_exps.bias", random.standard_normal((experts, outputs)).astype(numpy.float32) / 2)
            if options.get("expert_bias"):
                w.add_tensor(p + "ffn_gate_inp.bias", random.standard_normal(experts).astype(numpy.float32))
            if options.get("shared"):
                w.add_tensor(p + "ffn_gate_inp_shexp.weight", (random.standard_normal(width) / width**0.5).astype(numpy.float32))
                matrix(p + "ffn_gate_shexp.weight", ffn, width)
                matrix(p + "ffn_up_shexp.weight", ffn, width)
                matrix(p + "ffn_down_shexp.weight", width, ffn)
        elif options.get("gate_in_up"):
            matrix(p + "ffn_up.weight", 2 * ffn, width)
        else:
            matrix(p + "ffn_gate.weight", ffn, width)
            matrix(p + "ffn_up.weight", ffn, width)
        if not options.get("experts"):
            matrix(p + "ffn_down.weight", width, ffn)
        if options.get("bias"):
            for name, size in (("q", heads * head), ("k", kv_heads * head), ("v", kv_heads * head)):
                w.add_tensor(f"{p}attn_{name}.bias", random.standard_normal(size).astype(numpy.float32))
        if options.get("sinks"):
            w.add_tensor(p + "attn_sinks.weight", random.standard_normal(heads).astype(numpy.float32))
            w.add_tensor(p + "attn_output.bias", random.standard_normal(width).astype(numpy.float32) / 4)
        if options.get("head_norms"):
            norm(p + "attn_q_norm.weight", head)
            norm(p + "attn_k_norm.weight", head)
        if options.get("post_norms"):
            norm(p + "post_attention_norm.weight", width)
            norm(p + "post_ffw_norm.weight", width)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def measure(command, name, folder):
    """(widest difference of log-probability, tokens whose best is another, tokens) over all shapes."""
    family, _, keys, options = CASES[name]
    widest, others, count = 0.0, 0, 0
    for seed, (label, shape) in enumerate(SHAPES.items()):
        path = os.path.join(folder, f"{name} {label}.gguf".replace(" ", "-"))
        write_model(path, family, shape, keys, options, seed)
        prompts = [[(7 * i * i + 3 * i + p) % END for i in range(length)] for p, length in enumerate((5, 40, 150))]
        with Peer(command, path, "-fa", "off", "-ctk", "f32", "-ctv", "f32") as peer:
            tokens = [(ids, peer.greedy(ids, 64, ignore_eos=True)) for ids in prompts]
        theirs = [step for _, steps in tokens for step in steps]
        for (token, logprob), (mine, best, best_logprob) in zip(theirs, scores(path, tokens, "--kv", "f32"), strict=True):
            count += 1
            others += best not in (token, END) and best_logprob - mine > BOUND
            if logprob is not None:
                widest = max(widest, abs(mine - logprob))
    return widest, others, count


def write_table(script, lines):
    """Puts a script's table into docs/families.md, between the marks that name it."""
    page = os.path.join(ROOT, "docs", "families.md")
    with open(page) as file:
        text = file.read()
    begin, end = f"<!-- tests/long/{script} --write -->\n", "<!-- end -->\n"
    before, rest = text.split(begin)
    with open(page, "w") as file:
        file.write(before + begin + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1])


def main():
    enter_venv()
    command = command_of_peer()
    names = [name for name in sys.argv[1:] if name != "--write"] or list(CASES)
    good, lines = True, ["| family | what was checked | widest difference of log-probability | another best token |", "|---|---|---|---|"]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory(prefix="cofre-families-") as folder:
        for name in names:
            widest, others, count = measure(command, name, folder)
            good = good and widest <= BOUND and others == 0
            family, checked, _, _ = CASES[name]
            lines.append(f"| {family} | {checked or 'the plain family'} | {widest:.1e} | {others} of {count} |")
            print(lines[-1] + ("" if widest <= BOUND and others == 0 else " **outside the bounds**"), flush=True)
    if "--write" in sys.argv[1:] and good:
        write_table("families.py", lines)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
