#!/usr/bin/env python3
"""What is imported from folders of Hugging Face's, opened by llama.cpp; and tests/huggingface_test.py with 10,000 texts a kind.

    tests/long/huggingface.py [--write] [FAMILY ...]     --write puts the table into docs/huggingface.md

Of each family a folder with tiny random weights is imported as it is and quantized. llama.cpp must open each file; along its own 64 greedy tokens
our log-probabilities are within BOUND of its own (F32), or near in the mean (both engines round activations of quantized files, each in its own way).
The peer: see peer.py.
"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.join(ROOT, "build", "huggingface")
sys.path.insert(0, os.path.join(ROOT, "tests"))
import pypi  # noqa: E402

pypi.enter(TOOLS, "numpy", "tokenizers", "sentencepiece", "gguf==0.19.0")

import numpy as np  # noqa: E402
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors  # noqa: E402

import huggingface_folder as hf  # noqa: E402
from family_models import END, PIECES  # noqa: E402
from peer import COFRE, Peer, command_of_peer, scores  # noqa: E402

BOUND, MEAN = 1e-3, {"": 1e-3, "Q8_0": 0.05, "Q4_0": 0.15}
COSINE, SCORE = 0.99999, 0.999  # the peer's GELU is the approximation by tanh, out of a table of halves


def tokenizer_of_ascii():
    """The peer tells of every token then."""
    tokenizer = Tokenizer(models.BPE({piece: id for id, piece in enumerate(PIECES)}, [("t", "h"), ("h", "e")]))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer.add_special_tokens([PIECES[END]])
    return tokenizer.to_str()


def measure(command, family, quantization, folder):
    """(widest and mean difference of log-probability, tokens whose best is another, tokens)"""
    config = {**hf.config_of(family, len(PIECES)), "eos_token_id": END}
    if family == "phi3":
        config["sliding_window"] = None  # the peer does without (docs/families.md)
    path = os.path.join(folder, "random")  # the peer expects tokens of a "phi3" that this vocabulary has not
    hf.write_folder(path, config, hf.weights_of(family, config, 5), {"tokenizer.json": tokenizer_of_ascii()})
    name = family + quantization.lower().replace("_", "-")
    subprocess.run([COFRE, "import", path, "--name", name, *(["--quantize", quantization] if quantization else [])], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "COFRE_DATA": folder})
    file = os.path.join(folder, "models", name + ".gguf")
    prompts = [[(7 * i * i + 3 * i + p) % END for i in range(length)] for p, length in enumerate((5, 40, 150))]
    with Peer(command, file, "-fa", "off", "-ctk", "f32", "-ctv", "f32") as peer:
        tokens = [(ids, peer.greedy(ids, 64, ignore_eos=True)) for ids in prompts]
    theirs = [step for _, steps in tokens for step in steps]
    differences, others = [], 0
    for (token, logprob), (mine, best, best_logprob) in zip(theirs, scores(file, tokens, "--kv", "f32"), strict=True):
        others += best not in (token, END) and best_logprob - mine > BOUND
        if logprob is not None:
            differences.append(abs(mine - logprob))
    return max(differences), sum(differences) / len(differences), others, len(theirs)


def encoder_tokenizer(family):
    """A few words; BERT's kind or XLM-R's."""
    if family == "bert":
        pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"w{i}" for i in range(60)), "##s"]
        tokenizer = Tokenizer(models.WordPiece({piece: id for id, piece in enumerate(pieces)}, unk_token="[UNK]"))
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        tokenizer.add_special_tokens(pieces[:4])
        return tokenizer
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0), *((f"▁w{i}", -4.0 - i / 10) for i in range(60)), ("s", -5.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, 3, False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
                                                             special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.add_special_tokens([piece for piece, _ in pieces[:4]])
    return tokenizer


def measure_encoder(command, family, folder):
    """Least cosine of the peer's vectors and NumPy's; of a reranker 1 − the widest difference of scores."""
    tokenizer = encoder_tokenizer(family)
    config = hf.encoder_config(family, tokenizer.get_vocab_size())
    weights = hf.encoder_weights(family, config, 9)
    path = os.path.join(folder, family)
    hf.write_folder(path, config, weights, {
        "tokenizer.json": tokenizer.to_str(), "modules.json": [{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}],
        "1_Pooling/config.json": {"pooling_mode_mean_tokens": True}})
    subprocess.run([COFRE, "import", path, "--name", family], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, "COFRE_DATA": folder})
    file, worst = os.path.join(folder, "models", family + ".gguf"), 1.0
    texts = [" ".join(f"w{(7 * i * i + p) % 60}{'s' * (i % 3 == 0)}" for i in range(p)) for p in (1, 4, 15, 25)]
    with Peer(command, file, *(["--reranking"] if family == "reranker" else ["--embedding"]), "-fa", "off") as peer:
        if family == "reranker":
            results = peer.ask("rerank", {"query": texts[1], "documents": texts})["results"]
            for one in results:
                ids = tokenizer.encode(texts[1], texts[one["index"]]).ids
                worst = min(worst, 1 - abs(one["relevance_score"] - hf.encoded(family, config, weights, ids)[0, 0]))
            return worst
        for text in texts:
            theirs = np.array(peer.ask("embedding", {"content": text})[0]["embedding"][0])
            ours = hf.encoded(family, config, weights, tokenizer.encode(text).ids).mean(0)
            worst = min(worst, float(theirs @ ours / np.linalg.norm(theirs) / np.linalg.norm(ours)))
    return worst


def main():
    command = command_of_peer()
    names = [name for name in sys.argv[1:] if name != "--write"]
    good, lines = True, ["| family | matrices | widest difference of log-probability | mean | another best token |", "|---|---|---|---|---|"]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory(prefix="cofre-huggingface-") as folder:
        for family in (name for name in names or hf.FAMILIES if name in hf.FAMILIES):
            for quantization in MEAN:
                widest, mean, others, count = measure(command, family, quantization, folder)
                holds = mean <= MEAN[quantization] and (quantization != "" or (widest <= BOUND and others == 0))
                good = good and holds
                lines.append(f"| {family} | {quantization or 'F32'} | {widest:.1e} | {mean:.1e} | {others} of {count} |")
                print(lines[-1] + ("" if holds else " **outside the bounds**"), flush=True)
        for family in (name for name in names or hf.ENCODERS if name in hf.ENCODERS):
            worst = measure_encoder(command, family, folder)
            bound = SCORE if family == "reranker" else COSINE
            good = good and worst >= bound
            what = "1 − widest difference of scores" if family == "reranker" else "least cosine to NumPy"
            lines.append(f"| {family} | F32 | {what}: {worst:.6f} | | |")
            print(lines[-1] + ("" if worst >= bound else " **outside the bounds**"), flush=True)
    if "--write" in sys.argv[1:] and good:
        page = os.path.join(ROOT, "docs", "huggingface.md")
        begin, end = "<!-- tests/long/huggingface.py --write -->\n", "<!-- end -->\n"
        with open(page) as file:
            before, rest = file.read().split(begin)
        with open(page, "w") as file:
            file.write(before + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1])
    if not names:
        done = subprocess.run([sys.executable, os.path.join(ROOT, "tests", "huggingface_test.py"), COFRE,
                               os.path.join(ROOT, "build", "release", "tests", "tokenizer_run"), TOOLS, "10000"])
        good = good and done.returncode == 0
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
