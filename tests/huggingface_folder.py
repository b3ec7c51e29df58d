"""Folders of Hugging Face's with tiny random weights, and what such a model computes, by NumPy alone.

A family is a function of its own: `CASES` name → (config, weights). `logits(config, weights, ids)` follows the makers' code.
"""
import json
import os
import struct

import numpy as np

F32 = np.float32


def write_safetensors(path, tensors, kind="F32"):
    """One file; `kind`: the type of every matrix, vectors are F32."""
    header, data = {}, b""
    for name, values in tensors.items():
        own = kind if values.ndim > 1 else "F32"
        bits = values.astype(F32)
        if own == "BF16":
            raw = ((bits.view(np.uint32) + 0x8000) >> 16).astype(np.uint16).tobytes()
        else:
            raw = bits.astype(np.float16 if own == "F16" else F32).tobytes()
        header[name] = {"dtype": own, "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    head = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head + data)


def write_folder(path, config, weights, files, kind="F32", shards=1):
    """`files`: name → text or object, beside config.json and the weights."""
    os.makedirs(path, exist_ok=True)
    for name, content in {"config.json": config, **files}.items():
        os.makedirs(os.path.dirname(os.path.join(path, name)), exist_ok=True)
        with open(os.path.join(path, name), "w") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
    if shards == 1:
        write_safetensors(os.path.join(path, "model.safetensors"), weights, kind)
        return
    names, index = list(weights), {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = names[shard::shards]
        write_safetensors(os.path.join(path, file), {name: weights[name] for name in part}, kind)
        index.update(dict.fromkeys(part, file))
    with open(os.path.join(path, "model.safetensors.index.json"), "w") as file:
        json.dump({"metadata": {}, "weight_map": index}, file)


class Weights(dict):
    def __init__(self, seed):
        super().__init__()
        self.random = np.random.default_rng(seed)

    def matrix(self, name, outputs, inputs, gain=1.0):
        self[name + ".weight"] = (self.random.standard_normal((outputs, inputs)) * gain / inputs**0.5).astype(F32)

    def bias(self, name, size):
        self[name + ".bias"] = (self.random.standard_normal(size) / 2).astype(F32)

    def norm(self, name, size, around=1.0):
        self[name + ".weight"] = (around + 0.1 * self.random.standard_normal(size)).astype(F32)


BASE = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=256, rms_norm_eps=1e-5, rope_theta=10000.0, hidden_act="silu", tie_word_embeddings=False)

# Family → (class, what config.json has beyond BASE).
FAMILIES = {
    "llama": ("LlamaForCausalLM", {}),
    "llama3": ("LlamaForCausalLM", dict(rope_theta=5e5, rope_scaling=dict(
        rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32))),
    "llama-tied": ("LlamaForCausalLM", dict(tie_word_embeddings=True, attention_bias=True, head_dim=20,
                                            rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=20000.0))),
    "llama-dynamic": ("LlamaForCausalLM", dict(rope_scaling=dict(type="dynamic", factor=4.0))),
    "llama-yarn": ("LlamaForCausalLM", dict(rope_scaling=dict(
        rope_type="yarn", factor=8.0, original_max_position_embeddings=32, attention_factor=0.8))),
    "mistral": ("MistralForCausalLM", dict(num_attention_heads=6, num_key_value_heads=1, head_dim=32, sliding_window=None)),
    "qwen2": ("Qwen2ForCausalLM", dict(rope_theta=1e6, use_sliding_window=False, sliding_window=32)),
    "qwen2-yarn": ("Qwen2ForCausalLM", dict(rope_theta=1e6, use_sliding_window=False, rope_scaling=dict(
        rope_type="yarn", factor=8.0, original_max_position_embeddings=32, mscale=0.7, mscale_all_dim=1.2, beta_fast=16))),
    "qwen3": ("Qwen3ForCausalLM", dict(rope_theta=1e6, head_dim=32, rms_norm_eps=1e-6)),
    "gemma3": ("Gemma3ForCausalLM", dict(
        num_hidden_layers=7, head_dim=32, query_pre_attn_scalar=32, sliding_window=16, sliding_window_pattern=6, rope_theta=1e6,
        rope_local_base_freq=10000.0, hidden_activation="gelu_pytorch_tanh", rms_norm_eps=1e-6, tie_word_embeddings=True,
        rope_scaling=dict(rope_type="linear", factor=8.0))),
    "glm4": ("Glm4ForCausalLM", dict(head_dim=32, partial_rotary_factor=0.5, attention_bias=True)),
    "phi3": ("Phi3ForCausalLM", dict(original_max_position_embeddings=256, sliding_window=40)),
    "phi3-long": ("Phi3ForCausalLM", dict(
        original_max_position_embeddings=32, sliding_window=None,
        rope_scaling=dict(type="longrope", short_factor=list(np.geomspace(1, 2, 8)), long_factor=list(np.geomspace(1, 16, 8))))),
}


def config_of(family, vocabulary):
    name, more = FAMILIES[family]
    return dict(architectures=[name], vocab_size=vocabulary, **{**BASE, **more})


def head_width(config):
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def weights_of(family, config, seed):
    w = Weights(seed)
    width, ffn, heads, kv = (config[k] for k in ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads"))
    head, one = head_width(config), 0.0 if family == "gemma3" else 1.0
    w.matrix("model.embed_tokens", config["vocab_size"], width, width**0.5 if family != "gemma3" else 1)
    w.norm("model.norm", width, one)
    if not config["tie_word_embeddings"]:
        w.matrix("lm_head", config["vocab_size"], width, 3)
    for i in range(config["num_hidden_layers"]):
        p = f"model.layers.{i}."
        w.norm(p + "input_layernorm", width, one)
        w.norm(p + "post_attention_layernorm", width, one)
        if family == "gemma3":
            w.norm(p + "pre_feedforward_layernorm", width, one)
            w.norm(p + "post_feedforward_layernorm", width, one)
        if family == "glm4":
            w.norm(p + "post_self_attn_layernorm", width)
            w.norm(p + "post_mlp_layernorm", width)
        if family.startswith("phi3"):
            w.matrix(p + "self_attn.qkv_proj", (heads + 2 * kv) * head, width, 2)
        else:
            for name, count in (("q", heads), ("k", kv), ("v", kv)):
                w.matrix(f"{p}self_attn.{name}_proj", count * head, width, 2)
                if family.startswith("qwen2") or config.get("attention_bias"):
                    w.bias(f"{p}self_attn.{name}_proj", count * head)
        w.matrix(p + "self_attn.o_proj", width, heads * head)
        if family in ("qwen3", "gemma3"):
            w.norm(p + "self_attn.q_norm", head, one)
            w.norm(p + "self_attn.k_norm", head, one)
        if family == "glm4" or family.startswith("phi3"):
            w.matrix(p + "mlp.gate_up_proj", 2 * ffn, width)
        else:
            w.matrix(p + "mlp.gate_proj", ffn, width)
            w.matrix(p + "mlp.up_proj", ffn, width)
        w.matrix(p + "mlp.down_proj", width, ffn)
    return w


def frequencies(config, width, local, length):
    """(angle of each pair, what cosines and sines are multiplied by)"""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    base = config["rope_local_base_freq"] if local else rope.get("rope_theta", config["rope_theta"])
    angles = base ** -(np.arange(0, width, 2) / width)
    kind = rope.get("rope_type", rope.get("type"))
    if local or kind is None:
        return angles, 1.0
    if kind == "linear":
        return angles / rope["factor"], 1.0
    if kind == "llama3":
        trained, low, high = rope["original_max_position_embeddings"], rope["low_freq_factor"], rope["high_freq_factor"]
        smooth = np.clip((trained * angles / (2 * np.pi) - low) / (high - low), 0, 1)
        return (1 - smooth) * angles / rope["factor"] + smooth * angles, 1.0
    if kind == "dynamic":
        trained, factor = config["max_position_embeddings"], rope["factor"]
        base *= (factor * max(length, trained) / trained - (factor - 1)) ** (width / (width - 2))
        return base ** -(np.arange(0, width, 2) / width), 1.0
    if kind == "yarn":
        return yarn(rope, base, angles)
    trained = config["original_max_position_embeddings"]
    factors = rope["long_factor" if length > trained else "short_factor"]
    return angles / factors, (1 + np.log(config["max_position_embeddings"] / trained) / np.log(trained)) ** 0.5


def yarn(rope, base, angles):
    """transformers' _compute_yarn_parameters."""
    factor, trained, width = rope["factor"], rope["original_max_position_embeddings"], 2 * len(angles)

    def pair(turns):
        return width * np.log(trained / (turns * 2 * np.pi)) / (2 * np.log(base))

    def stretch(by=1.0):
        return 1 + 0.1 * by * np.log(factor)

    low, high = max(np.floor(pair(rope.get("beta_fast", 32))), 0), min(np.ceil(pair(rope.get("beta_slow", 1))), width - 1)
    ramp = np.clip((np.arange(width // 2) - low) / max(high - low, 0.001), 0, 1)
    magnitude = rope.get("attention_factor")
    if magnitude is None:
        both = "mscale" in rope and "mscale_all_dim" in rope
        magnitude = stretch(rope["mscale"]) / stretch(rope["mscale_all_dim"]) if both else stretch()
    return angles / factor * ramp + angles * (1 - ramp), magnitude


def turn(x, angles, magnitude, interleaved):
    """x [tokens, heads, width]: the leading values of each head turned."""
    width = 2 * len(angles)
    turned, rest = x[..., :width], x[..., width:]
    phase = np.arange(len(x))[:, None] * angles
    cos, sin = (np.cos(phase) * magnitude)[:, None], (np.sin(phase) * magnitude)[:, None]
    a, b = (turned[..., ::2], turned[..., 1::2]) if interleaved else (turned[..., :width // 2], turned[..., width // 2:])
    out = np.empty_like(turned)
    if interleaved:
        out[..., ::2], out[..., 1::2] = a * cos - b * sin, b * cos + a * sin
    else:
        out[..., :width // 2], out[..., width // 2:] = a * cos - b * sin, b * cos + a * sin
    return np.concatenate([out, rest], -1)


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def logits(family, config, weights, ids):
    """[tokens, vocabulary], in double precision."""
    w = {name: values.astype(np.float64) for name, values in weights.items()}
    gemma, count = family == "gemma3", len(ids)
    heads, kv, head = config["num_attention_heads"], config["num_key_value_heads"], head_width(config)

    def norm(x, name):
        scale = w[name + ".weight"] + (1 if gemma else 0)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["rms_norm_eps"]) * scale

    def linear(x, name):
        return x @ w[name + ".weight"].T + w.get(name + ".bias", 0)

    x = w["model.embed_tokens.weight"][ids] * (config["hidden_size"] ** 0.5 if gemma else 1)
    for i in range(config["num_hidden_layers"]):
        p = f"model.layers.{i}."
        slides = gemma and i % 6 != 5
        window = config["sliding_window"] if slides or (family == "phi3") else None
        y = norm(x, p + "input_layernorm")
        if family.startswith("phi3"):
            q, k, v = np.split(linear(y, p + "self_attn.qkv_proj"), [heads * head, (heads + kv) * head], -1)
        else:
            q, k, v = (linear(y, f"{p}self_attn.{name}_proj") for name in "qkv")
        q, k, v = q.reshape(count, heads, head), k.reshape(count, kv, head), v.reshape(count, kv, head)
        if family in ("qwen3", "gemma3"):
            q, k = norm(q, p + "self_attn.q_norm"), norm(k, p + "self_attn.k_norm")
        turned = int(head * config.get("partial_rotary_factor", 1.0))
        angles, magnitude = frequencies(config, turned, slides, count)
        q, k = (turn(one, angles, magnitude, family == "glm4") for one in (q, k))
        k, v = np.repeat(k, heads // kv, 1), np.repeat(v, heads // kv, 1)
        scores = np.einsum("qhd,khd->hqk", q, k) * (config.get("query_pre_attn_scalar", head) if gemma else head) ** -0.5
        distance = np.arange(count)[:, None] - np.arange(count)[None]
        scores[:, (distance < 0) | (distance >= (window or count))] = -np.inf
        y = linear(np.einsum("hqk,khd->qhd", softmax(scores), v).reshape(count, -1), p + "self_attn.o_proj")
        if gemma:
            x = x + norm(y, p + "post_attention_layernorm")
            y = norm(x, p + "pre_feedforward_layernorm")
        else:
            x = x + (norm(y, p + "post_self_attn_layernorm") if family == "glm4" else y)
            y = norm(x, p + "post_attention_layernorm")
        if p + "mlp.gate_up_proj.weight" in w:
            gate, up = np.split(linear(y, p + "mlp.gate_up_proj"), 2, -1)
        else:
            gate, up = linear(y, p + "mlp.gate_proj"), linear(y, p + "mlp.up_proj")
        if gemma:
            gate = 0.5 * gate * (1 + np.tanh((2 / np.pi) ** 0.5 * (gate + 0.044715 * gate**3)))
        else:
            gate = gate / (1 + np.exp(-gate))
        y = linear(gate * up, p + "mlp.down_proj")
        y = norm(y, p + "post_feedforward_layernorm") if gemma else norm(y, p + "post_mlp_layernorm") if family == "glm4" else y
        x = x + y
    x = norm(x, "model.norm")
    return x @ w["model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"].T


ENCODERS = {
    "bert": dict(architectures=["BertModel"], max_position_embeddings=64, type_vocab_size=2, layer_norm_eps=1e-12, pad_token_id=0),
    "xlm-roberta": dict(architectures=["XLMRobertaModel"], max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1),
    "reranker": dict(architectures=["XLMRobertaForSequenceClassification"], max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5,
                     pad_token_id=1),
}


def encoder_config(family, vocabulary):
    return dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, hidden_act="gelu",
                position_embedding_type="absolute", vocab_size=vocabulary, **ENCODERS[family])


def encoder_weights(family, config, seed):
    w = Weights(seed)
    width, ffn = config["hidden_size"], config["intermediate_size"]

    def linear(name, outputs, inputs, gain=1.0):
        w.matrix(name, outputs, inputs, gain)
        w.bias(name, outputs)

    def norm(name):
        w.norm(name, width)
        w.bias(name, width)
    root = "roberta." if family == "reranker" else ""
    for name, rows in (("word", config["vocab_size"]), ("position", config["max_position_embeddings"]), ("token_type", config["type_vocab_size"])):
        w.matrix(f"{root}embeddings.{name}_embeddings", rows, width, width**0.5)
    norm(root + "embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        p = f"{root}encoder.layer.{i}."
        for name in ("query", "key", "value"):
            linear(f"{p}attention.self.{name}", width, width, 1.5)
        linear(p + "attention.output.dense", width, width)
        norm(p + "attention.output.LayerNorm")
        linear(p + "intermediate.dense", ffn, width)
        linear(p + "output.dense", width, ffn)
        norm(p + "output.LayerNorm")
    if family == "reranker":
        linear("classifier.dense", width, width)
        linear("classifier.out_proj", 1, width)
    else:
        linear("pooler.dense", width, width)
    return w


def encoded(family, config, weights, ids):
    """[tokens, width]; of a reranker its one number."""
    from math import erf
    w = {name.removeprefix("roberta."): values.astype(np.float64) for name, values in weights.items()}
    heads, width = config["num_attention_heads"], config["hidden_size"]

    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + config["layer_norm_eps"]) * w[name + ".weight"] + w[name + ".bias"]
    first = 0 if family == "bert" else config["pad_token_id"] + 1
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.token_type_embeddings.weight"][0]
    x = norm(x + w["embeddings.position_embeddings.weight"][first:first + len(ids)], "embeddings.LayerNorm")
    for i in range(config["num_hidden_layers"]):
        p = f"encoder.layer.{i}."
        q, k, v = (linear(x, f"{p}attention.self.{name}").reshape(len(ids), heads, -1) for name in ("query", "key", "value"))
        scores = softmax(np.einsum("qhd,khd->hqk", q, k) * (width // heads) ** -0.5)
        y = np.einsum("hqk,khd->qhd", scores, v).reshape(len(ids), width)
        x = norm(x + linear(y, p + "attention.output.dense"), p + "attention.output.LayerNorm")
        y = linear(x, p + "intermediate.dense")
        y = 0.5 * y * (1 + np.vectorize(erf)(y / 2**0.5))
        x = norm(x + linear(y, p + "output.dense"), p + "output.LayerNorm")
    if family == "reranker":
        return linear(np.tanh(linear(x[:1], "classifier.dense")), "classifier.out_proj")
    return x
