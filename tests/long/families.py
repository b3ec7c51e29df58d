#!/usr/bin/env python3
"""Every family on tiny random models against llama.cpp: rope scalings, head norms, biases, windows, soft caps, experts, odd sizes, and
each in the formats that real files of it come in.

    tests/long/families.py [--write] [CASE ...]     --write puts the tables into docs/families.md, of cases measured before too

Files are random weights of this test's own, quantized by the peer. Along the peer's own 64 greedy tokens after each of five prompts our
log-probabilities are within the bounds of the format (bound()) of the peer's. Read in pieces, and in a batch of five in which
some are written while the prompts of others are still read, they are the same bits. The peer: see peer.py.
"""
import json, os, statistics, subprocess, sys, tempfile

from family_models import BLOCK_SHAPES, CASES, END, SHAPES, write_model
from peer import ROOT, Peer, command_of_peer, scores

TOOLS = os.path.join(ROOT, "build", "long")
FIGURES = os.path.join(TOOLS, "families.json")  # of this run and those before it
NEAR_TIE = 1e-3
# What a product's inputs lose in the peer, relative RMS, on normal values: nothing; half a unit in the last of 11 or 8 bits, evenly spread;
# peak / 127 / sqrt(12) with a mean peak of 2.4 among 32 values (its Q8_0) or 3.0 among 256 (its Q8_K).
LOSS = {"F32": 0, "F16": 2.0e-4, "BF16": 1.6e-3, "Q8_0": 5.5e-3, "Q5_0": 5.5e-3, "Q4_0": 5.5e-3, "MXFP4_MOE": 5.5e-3, "Q5_K_M": 6.8e-3, "Q4_K_M": 6.8e-3}
# Processors with products in bf16 take them for prompts of F16 files too (docs/engine.md, the table of instruction sets).
with open("/proc/cpuinfo") as info:
    BF16_PRODUCTS = "COFRE_ISA" not in os.environ and bool({"avx512_bf16", "amx_bf16", "bf16"} & set(info.read().split()))
# From a product's inputs to log-probabilities: logits of these models have a deviation of 3 and some twenty products lie on the way.
GAIN = 15
# What 8 bits for a key or value of a head cost, in log-probability.
KV_LOSS = {"f16": 2e-3, "q8": 8e-2}
FORMATS = ["F16", "BF16", "Q8_0", "Q5_0", "Q4_0", "Q5_K_M", "Q4_K_M"]
PROMPTS = [[(7 * i * i + 3 * i + p) % END for i in range(length)] for p, length in enumerate((5, 40, 150, 17, 70))]
PEER_KV = {"f32": ("-fa", "off", "-ctk", "f32", "-ctv", "f32"), "f16": ("-fa", "off", "-ctk", "f16", "-ctv", "f16"),
           "q8": ("-fa", "on", "-ctk", "q8_0", "-ctv", "q8_0")}


def enter_venv():
    """numpy and gguf come from PyPI into an environment of this test's own."""
    python = os.path.join(TOOLS, "venv", "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(TOOLS, "venv")):
        return
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", os.path.join(TOOLS, "venv")], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "gguf==0.19.0", "numpy"], check=True)
    os.execv(python, [python, *sys.argv])


class Difference:
    """How far log-probabilities of the same tokens are apart."""

    def __init__(self):
        self.deltas, self.others, self.count = [], 0, 0

    def add(self, theirs, ours):
        """`theirs`: (best token, log-probability of the token at hand or None); `ours`: as peer.scores() gives them."""
        for (token, logprob), (mine, best, best_logprob) in zip(theirs, ours, strict=True):
            self.count += 1
            self.others += best not in (token, END) and best_logprob - mine > NEAR_TIE
            if logprob is not None:
                self.deltas.append(abs(mine - logprob))

    def figures(self):
        return {"mean": statistics.fmean(self.deltas), "widest": max(self.deltas), "others": self.others, "count": self.count}


def quantize(command, file, to, *kind):
    subprocess.run([*command, "quantize", "--allow-requantize", file, to, *kind], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask_peer(command, path, kv):
    with Peer(command, path, "-t", "1", *PEER_KV[kv]) as peer:
        return [(ids, peer.greedy(ids, 64, ignore_eos=True)) for ids in PROMPTS]


def our_scores(path, tokens, kv):
    """Ours; ends the program where chunks or a batch change a bit."""
    whole = scores(path, tokens, "-t", "1", "--kv", kv)
    for how in (("--chunk", "7"), ("--batch", "5"), ("--batch", "5", "--chunk", "9")):
        if scores(path, tokens, "-t", "2", "--kv", kv, *how) != whole:
            sys.exit(f"families.py: {path}: other numbers with {' '.join(how)} --kv {kv}")
    return whole


def flat(tokens):
    return [step for _, steps in tokens for step in steps]


def rounded_as(kind):
    return "BF16" if kind == "F16" and BF16_PRODUCTS else kind


def bound(kind, kv, experts):
    """Of the mean difference between us and the peer. Where experts are chosen, a near tie may choose another one: twice as much."""
    return (GAIN * LOSS[rounded_as(kind)] + KV_LOSS.get(kv, 0)) * (2 if experts else 1)


def measure(command, name, folder):
    """{column: {pair: figures}} of a case, over all shapes. Pairs: ours to the peer, the file unfolded to F32 to the peer, ours to that."""
    family, _, keys, options = CASES[name]
    found = {}

    def compare(kind, kv, path, unfolded, tokens):
        pairs = found.setdefault(f"{kind} {kv}", {pair: Difference() for pair in ("ours", "exact", "own")})
        ours, exact = our_scores(path, tokens, kv), scores(unfolded, tokens, "-t", "1", "--kv", "f32")
        pairs["ours"].add(flat(tokens), ours)
        pairs["exact"].add(flat(tokens), exact)
        pairs["own"].add([(best, logprob) for logprob, best, _ in exact], ours)

    plain, path, unfolded = (os.path.join(folder, file) for file in ("plain.gguf", "quantized.gguf", "unfolded.gguf"))
    for seed, shape in enumerate(SHAPES.values()):
        write_model(plain, family, shape, keys, options, seed)
        compare("F32", "f32", plain, plain, ask_peer(command, plain, "f32"))
    for seed, shape in enumerate(BLOCK_SHAPES.values()):
        write_model(plain, family, shape, keys, options, seed)
        for kv in options.get("kv", ("f16", "q8")):
            compare("F32", kv, plain, plain, ask_peer(command, plain, kv))
        for kind in options.get("formats", FORMATS):
            quantize(command, plain, path, kind)
            quantize(command, path, unfolded, "F32")
            tokens = ask_peer(command, path, "f16")
            for kv in ("f16", "q8"):
                compare(kind, kv, path, unfolded, tokens)
    return {column: {pair: difference.figures() for pair, difference in pairs.items()} for column, pairs in found.items()}


def faults(name, found):
    """What of a case is outside the bounds, as texts."""
    experts = bool(CASES[name][3].get("experts"))
    for column, pairs in found.items():
        kind, kv = column.split()
        ours, exact, own = (pairs[pair] for pair in ("ours", "exact", "own"))
        if kind == "F32" and kv == "f32" and (ours["widest"] > 1e-3 or ours["others"] > 0):
            yield f"{column}: widest {ours['widest']:.1e}, another best token {ours['others']} times"
        if ours["mean"] > max(1e-4, bound(kind, kv, experts)):
            yield f"{column}: mean {ours['mean']:.1e} of {bound(kind, kv, experts):.1e}"
        if ours["others"] > 0.12 * ours["count"]:
            yield f"{column}: another best token {ours['others']} times of {ours['count']}"
        peer = exact["mean"]
        if rounded_as(kind) != kind:  # the peer's figure where it rounds so too, or the bound of that
            alike = found.get(f"{rounded_as(kind)} {kv}")
            peer = alike["exact"]["mean"] if alike else GAIN * LOSS[rounded_as(kind)]
        if kind in LOSS and kv == "f16" and own["mean"] > 1.4 * peer + 1e-4:
            yield f"{column}: {own['mean']:.1e} from exact, the peer {peer:.1e}"


def tables(all_found):
    """Markdown: F32 files; then a mean for each format."""
    yield "| family | what was checked | widest difference of log-probability | another best token |"
    yield "|---|---|---|---|"
    names = [name for name in CASES if name in all_found]
    for name in names:
        ours = all_found[name]["F32 f32"]["ours"]
        yield f"| {CASES[name][0]} | {CASES[name][1] or 'the plain family'} | {ours['widest']:.1e} | {ours['others']} of {ours['count']} |"
    yield ""
    yield "| format, keys and values | bound | ours to the peer: mean | exact to the peer | ours to exact | another best token | widest, without and with experts |"
    yield "|---|---|---|---|---|---|---|"
    for column in dict.fromkeys(column for name in names for column in all_found[name] if column != "F32 f32"):
        kind, kv = column.split()
        cases = [name for name in names if column in all_found[name]]

        def span(pair):
            means = [all_found[name][column][pair]["mean"] for name in cases]
            return f"{min(means):.4f}–{max(means):.4f}"

        def widest(experts):
            return max((all_found[name][column]["ours"]["widest"] for name in cases if bool(CASES[name][3].get("experts")) == experts), default=None)

        others = sum(all_found[name][column]["ours"]["others"] for name in cases) / sum(all_found[name][column]["ours"]["count"] for name in cases)
        both = ", ".join("–" if w is None else f"{w:.2f}" for w in (widest(False), widest(True)))
        yield f"| {kind}, {kv} | {bound(kind, kv, False):.3f} | {span('ours')} | {span('exact')} | {span('own')} | {others:.1%} | {both} |"


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
    all_found = {}
    if os.path.exists(FIGURES):
        with open(FIGURES) as file:
            all_found = json.load(file)
    good = True
    with tempfile.TemporaryDirectory(prefix="cofre-families-") as folder:
        for name in names:
            all_found[name] = measure(command, name, folder)
            for column, pairs in all_found[name].items():
                print(f"{name}, {column}:", *(f"{pair} {d['mean']:.1e} {d['widest']:.1e} {d['others']}/{d['count']}" for pair, d in pairs.items()), flush=True)
            for fault in faults(name, all_found[name]):
                good = False
                print(f"{name}: OUTSIDE THE BOUNDS: {fault}", flush=True)
            with open(FIGURES, "w") as file:
                json.dump(all_found, file)
    if "--write" in sys.argv[1:] and good:
        write_table("families.py", tables(all_found))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
