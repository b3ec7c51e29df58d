"""Tiny random models of every family, as tests/long/families.py compares them: shapes, cases, and the writer of their files."""
# A byte-level vocabulary of ASCII alone, so that the peer tells of every token: line end and space as GPT-2 writes them,
# two merges, an end, which the peer is told never to write.
PIECES = [*map(chr, range(33, 127)), "\u010a", "\u0120", "th", "he", "<end>"]
END = len(PIECES) - 1

SHAPES = {
    "even": dict(layers=3, width=64, heads=4, kv_heads=2, head=16, ffn=96),
    "odd": dict(layers=2, width=96, heads=6, kv_heads=1, head=20, ffn=160),
    "wide heads": dict(layers=7, width=64, heads=2, kv_heads=2, head=64, ffn=224),
}

# For formats in blocks: rows of whole blocks of 256, and of 32 where some tensors fall back to another format, as in real files.
BLOCK_SHAPES = {
    "even": dict(layers=2, width=256, heads=4, kv_heads=2, head=64, ffn=512, latent=256),
    "odd": dict(layers=2, width=288, heads=9, kv_heads=3, head=32, ffn=448),
    "wide heads": dict(layers=3, width=256, heads=2, kv_heads=2, head=128, ffn=1024),
}

DEEPSEEK2 = {"expert_count": 8, "expert_used_count": 3, "expert_shared_count": 2, "leading_dense_block_count": 1}


def yarn(log_multiplier):
    return {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 32,
            "rope.scaling.yarn_log_multiplier": log_multiplier}


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
                 "rope.scaling.original_context_length": 32}, {"bias": True, "experts": 8, "expert_bias": True, "sinks": True, "norm_before_ffn": "post_attention_norm",
                                                            "formats": ["F16", "Q8_0", "MXFP4_MOE", "Q4_K_M"]}),
    "qwen3moe": ("qwen3moe", "3 of 8 experts, norms on heads", {"expert_count": 8, "expert_used_count": 3}, {"head_norms": True, "experts": 8}),
    "deepseek2": ("deepseek2", "latent attention, 3 of 8 experts and 2 shared ones, softmax, one dense layer", DEEPSEEK2,
                  {"latent": 64, "query_latent": 48, "experts": 8, "shared": True, "dense": 1, "kv": ["f16"]}),
    "deepseek2 v3": ("deepseek2", "sigmoid with preferences, groups, weights that sum to 2.5, YaRN",
                     {**DEEPSEEK2, "expert_group_count": 4, "expert_group_used_count": 2, "expert_gating_func": 2, "expert_weights_norm": True,
                      "expert_weights_scale": 2.5, **yarn(0.1)},
                     {"latent": 64, "query_latent": 48, "experts": 8, "shared": True, "dense": 1, "preference": True, "kv": ["f16"]}),
    "deepseek2 lite": ("deepseek2", "queries at once, YaRN with a logarithm of 0.0707", {**DEEPSEEK2, **yarn(0.0707)},
                       {"latent": 64, "experts": 8, "shared": True, "dense": 1, "kv": ["f16"]}),
    "deepseek2 one kv": ("deepseek2", "keys and values in one tensor, as first files had them", {**DEEPSEEK2, **yarn(0.0707)},
                         {"latent": 64, "query_latent": 48, "experts": 8, "shared": True, "dense": 1, "kv_together": True, "kv": ["f16"]}),
}


class Writer:
    """One file: keys in order, then tensors of random values."""

    def __init__(self, path, family, shape, keys, options, seed):
        import gguf
        import numpy

        self.numpy, self.random = numpy, numpy.random.default_rng(seed)
        self.file, self.family, self.options = gguf.GGUFWriter(path, family), family, options
        self.layers, self.width, self.heads, self.kv_heads, self.head, self.ffn = (shape[k] for k in ("layers", "width", "heads", "kv_heads", "head", "ffn"))
        if options.get("square"):  # llama.cpp knows this family with heads as wide together as the model only
            self.head = self.width // self.heads
        self.turned = self.head // 2 if options.get("half_rope") or options.get("latent") else self.head
        self.latent = shape.get("latent", options.get("latent"))
        self.write_keys(keys)

    def add(self, suffix, value):
        add = {str: self.file.add_string, bool: self.file.add_bool, int: self.file.add_uint32, float: self.file.add_float32}[type(value)]
        add(f"{self.family}.{suffix}", value)

    def write_keys(self, keys):
        w, options, inner = self.file, self.options, self.ffn // 2
        w.add_context_length(1024)
        w.add_block_count(self.layers)
        w.add_embedding_length(self.width)
        w.add_feed_forward_length(self.ffn)
        w.add_head_count(self.heads)
        latent = self.latent if options.get("latent") else 0
        if latent:  # a head: its own part as wide as `head`, its turned one half of that
            together = options.get("kv_together")
            w.add_head_count_kv(self.heads if together else 1)
            w.add_key_length(self.head + self.turned if together else latent + self.turned)
            w.add_value_length(self.head if together else latent)
            self.add("attention.kv_lora_rank", latent)
            self.add("attention.q_lora_rank", options.get("query_latent", 0))
            if not together:
                self.add("attention.key_length_mla", self.head + self.turned)
                self.add("attention.value_length_mla", self.head)
        else:
            w.add_head_count_kv(self.kv_heads)
            w.add_key_length(self.head)
            w.add_value_length(self.head)
        w.add_rope_dimension_count(self.turned)
        w.add_layer_norm_rms_eps(1e-6)
        if options.get("experts"):
            w.add_expert_feed_forward_length(inner)
            if options.get("shared") and not latent:
                w.add_expert_shared_feed_forward_length(self.ffn)
        for suffix, value in keys.items():
            self.add(suffix, value)
        w.add_tokenizer_model("gpt2")
        w.add_tokenizer_pre("gpt-2")
        w.add_token_list(PIECES)
        w.add_token_types([1] * END + [3])
        w.add_token_merges(["t h", "h e"])
        w.add_eos_token_id(END)
        w.add_bos_token_id(END)
        w.add_add_bos_token(False)

    def tensor(self, name, values):
        self.file.add_tensor(name, values.astype(self.numpy.float32))

    def matrix(self, name, outputs, inputs, gain=1.0):
        self.tensor(name + ".weight", self.random.standard_normal((outputs, inputs)) * gain / inputs**0.5)

    def norm(self, name, size):
        self.tensor(name + ".weight", 1 + 0.1 * self.random.standard_normal(size))

    def vector(self, name, size, gain=1.0):
        self.tensor(name, self.random.standard_normal(size) * gain)

    def model(self):
        options, factors = self.options, self.head // 2
        self.matrix("token_embd", len(PIECES), self.width, self.width**0.5)
        self.norm("output_norm", self.width)
        if not options.get("tied"):
            self.matrix("output", len(PIECES), self.width, 3)
        if options.get("factors"):
            self.tensor("rope_freqs.weight", self.numpy.geomspace(1, 8, factors))
        if options.get("long_factors"):
            self.tensor("rope_factors_short.weight", self.numpy.geomspace(1, 2, factors))
            self.tensor("rope_factors_long.weight", self.numpy.geomspace(1, 16, factors))
        for i in range(self.layers):
            p = f"blk.{i}."
            self.norm(p + "attn_norm", self.width)
            self.norm(p + options.get("norm_before_ffn", "ffn_norm"), self.width)
            if options.get("latent"):
                self.latent_attention(p)
            else:
                self.attention(p)
            if options.get("experts") and i >= options.get("dense", 0):
                self.experts(p)
            else:
                self.network(p)
            if options.get("post_norms"):
                self.norm(p + "post_attention_norm", self.width)
                self.norm(p + "post_ffw_norm", self.width)
        self.file.write_header_to_file()
        self.file.write_kv_data_to_file()
        self.file.write_tensors_to_file()
        self.file.close()

    def attention(self, p):
        heads, kv_heads, head, width, options = self.heads, self.kv_heads, self.head, self.width, self.options
        if options.get("one_qkv"):
            self.matrix(p + "attn_qkv", (heads + 2 * kv_heads) * head, width, 2)
        else:
            self.matrix(p + "attn_q", heads * head, width, 2)
            self.matrix(p + "attn_k", kv_heads * head, width, 2)
            self.matrix(p + "attn_v", kv_heads * head, width)
        self.matrix(p + "attn_output", width, heads * head)
        if options.get("bias"):
            for name, size in (("q", heads * head), ("k", kv_heads * head), ("v", kv_heads * head)):
                self.vector(f"{p}attn_{name}.bias", size)
        if options.get("sinks"):
            self.vector(p + "attn_sinks.weight", heads)
            self.vector(p + "attn_output.bias", width, 0.25)
        if options.get("head_norms"):
            self.norm(p + "attn_q_norm", head)
            self.norm(p + "attn_k_norm", head)

    def latent_attention(self, p):
        heads, head, width, latent, queries = self.heads, self.head, self.width, self.latent, self.options.get("query_latent", 0)
        if queries:
            self.matrix(p + "attn_q_a", queries, width)
            self.norm(p + "attn_q_a_norm", queries)
        self.matrix(p + ("attn_q_b" if queries else "attn_q"), heads * (head + self.turned), queries or width, 2)
        self.matrix(p + "attn_kv_a_mqa", latent + self.turned, width, 2)
        self.norm(p + "attn_kv_a_norm", latent)
        if self.options.get("kv_together"):
            self.matrix(p + "attn_kv_b", heads * 2 * head, latent)
        else:
            self.tensor(p + "attn_k_b.weight", self.random.standard_normal((heads, latent, head)) / latent**0.5)
            self.tensor(p + "attn_v_b.weight", self.random.standard_normal((heads, head, latent)) / latent**0.5)
        self.matrix(p + "attn_output", width, heads * head)

    def network(self, p):
        if not self.options.get("gate_in_up"):
            self.matrix(p + "ffn_gate", self.ffn, self.width)
        self.matrix(p + "ffn_up", (2 if self.options.get("gate_in_up") else 1) * self.ffn, self.width)
        self.matrix(p + "ffn_down", self.width, self.ffn)

    def experts(self, p):
        count, inner, width, options = self.options["experts"], self.ffn // 2, self.width, self.options
        self.matrix(p + "ffn_gate_inp", count, width, 2)
        for name, outputs, inputs in (("gate", inner, width), ("up", inner, width), ("down", width, inner)):
            self.tensor(f"{p}ffn_{name}_exps.weight", self.random.standard_normal((count, outputs, inputs)) / inputs**0.5)
            if options.get("expert_bias"):
                self.vector(f"{p}ffn_{name}_exps.bias", (count, outputs), 0.5)
        if options.get("expert_bias"):
            self.vector(p + "ffn_gate_inp.bias", count)
        if options.get("preference"):
            self.vector(p + "exp_probs_b.bias", count, 0.2)
        if options.get("shared"):
            if not options.get("latent"):
                self.vector(p + "ffn_gate_inp_shexp.weight", width, width**-0.5)
            self.matrix(p + "ffn_gate_shexp", self.ffn, width)
            self.matrix(p + "ffn_up_shexp", self.ffn, width)
            self.matrix(p + "ffn_down_shexp", width, self.ffn)


def write_model(path, family, shape, keys, options, seed):
    """Writes a file of random weights in F32, the same for the same seed."""
    Writer(path, family, shape, keys, options, seed).model()
