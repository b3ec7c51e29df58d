#!/usr/bin/env python3
"""Texts are split and encoded as Python's tokenizers does it.

    tokenizers_test.py TOKENIZER_RUN TOOLS [COUNT]     TOOLS: a folder that keeps the packages; COUNT: texts a kind
"""
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

import pypi

RUN, TOOLS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
pypi.enter(TOOLS, "tokenizers", "sentencepiece")

import hostile_texts  # noqa: E402
from sentencepiece_file import charsmap_of, clean  # noqa: E402
from gguf_file import ARRAY, BOOL, F32, I32, STRING, U8, U32, Gguf  # noqa: E402
import sentencepiece  # noqa: E402
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers  # noqa: E402

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
OTHER_OR_SLASH = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SPACES
CASED = r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + "+%s|" + r"[^\r\n\p{L}\p{N}]?" + UPPER + "+" + LOWER + "*%s"

# Name of tokenizer.ggml.pre → the regular expressions of the makers' own files, each splitting what the last one left.
RULES = {
    "gpt-2": [GPT2],
    "mpt": [GPT2],
    "llama-bpe": [LLAMA3],
    "chatglm-bpe": [LLAMA3],
    "qwen2": [LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")],
    "qwen35": [CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + SPACES],
    **{name: [r"\p{N}", GPT2] for name in ("smollm", "starcoder", "refact", "command-r")},
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "bloom": [r" ?[^(\s|[.,!?…。，、।۔،])]+"],
    "tekken": [CASED % ("", "") + r"|\p{N}" + OTHER_OR_SLASH],
    "gpt-4o": [CASED % (CONTRACTIONS + "?", CONTRACTIONS + "?") + r"|\p{N}{1,3}" + OTHER_OR_SLASH],
    "deepseek-coder": [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-\ud7ff]+", r"\p{N}"],
    "deepseek-v3": [r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
                    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"""
                    r""" ?[\p{P}\p{S}]+[\r\n]*""" + SPACES],
    "gemma4": [r"[^\n]+|[\n]+"],
}


def ask(jobs):
    done = subprocess.run([RUN], input="".join(json.dumps(job) + "\n" for job in jobs), capture_output=True, text=True,
                          check=True, timeout=1000)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def portions(texts, size=500):
    return [texts[at:at + size] for at in range(0, len(texts), size)]


class PreTokenizers(unittest.TestCase):
    def test_words_are_those_of_the_regular_expressions(self):
        for number, (name, patterns) in enumerate(RULES.items()):
            rule = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(one), "isolated") for one in patterns])
            texts = hostile_texts.make(COUNT, seed=number)
            parts = portions(texts)
            answers = ask({"pre": name, "texts": part} for part in parts)
            with self.subTest(name):
                for part, answer in zip(parts, answers, strict=True):
                    self.assertNotIn("error", answer)
                    for text, words in zip(part, answer["words"], strict=True):
                        self.assertEqual(words, [word for word, _ in rule.pre_tokenize_str(text)], repr(text))


def vocabulary(model, pieces, kinds, unknown):
    file = Gguf()
    file.add("general.architecture", STRING, "test")
    file.add("tokenizer.ggml.model", STRING, model)
    file.add("tokenizer.ggml.tokens", ARRAY, (STRING, pieces))
    file.add("tokenizer.ggml.token_type", ARRAY, (I32, kinds))
    file.add("tokenizer.ggml.unknown_token_id", U32, unknown)
    return file


class Encoders(unittest.TestCase):
    def answers(self, file, texts):
        with tempfile.NamedTemporaryFile(suffix=".gguf") as on_disk:
            on_disk.write(file.bytes())
            on_disk.flush()
            for answer in ask({"file": on_disk.name, "texts": part} for part in portions(texts)):
                self.assertNotIn("error", answer)
                yield from zip(answer["ids"], answer["decoded"], strict=True)

    def test_bpe_over_characters(self):
        """Gemma 4's kind, trained here."""
        theirs = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
        theirs.normalizer = normalizers.Replace(" ", "▁")
        theirs.pre_tokenizer = pre_tokenizers.Split(Regex(r"[^\n]+|[\n]+"), "isolated")
        theirs.train_from_iterator(hostile_texts.make(3000, seed=100),
                                   trainers.BpeTrainer(vocab_size=3000, limit_alphabet=400, show_progress=False))
        trained = json.loads(theirs.to_str())["model"]
        pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *trained["vocab"]]
        merges = [tuple(pair) for pair in trained["merges"]]
        theirs.model = models.BPE({piece: id for id, piece in enumerate(pieces)}, merges, unk_token="<unk>",
                                  byte_fallback=True, fuse_unk=True)
        file = vocabulary("gemma4", pieces, [3] + [1] * (len(pieces) - 1), 0)
        file.add("tokenizer.ggml.merges", ARRAY, (STRING, [" ".join(pair) for pair in merges]))
        texts = hostile_texts.make(COUNT, seed=101)
        for text, (ids, decoded) in zip(texts, self.answers(file, texts), strict=True):
            self.assertEqual(ids, theirs.encode(text).ids, repr(text))
            self.assertEqual(decoded, text.replace("▁", " "))

    def test_wordpiece(self):
        """BERT's kind, trained here; of characters that are as old as every table."""
        theirs = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        theirs.normalizer, theirs.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        theirs.decoder = decoders.WordPiece(prefix="##", cleanup=False)
        theirs.train_from_iterator(
            hostile_texts.make_old(3000, seed=200),
            trainers.WordPieceTrainer(vocab_size=3000, limit_alphabet=500, show_progress=False, special_tokens=["[UNK]"]))
        pieces = [piece for piece, _ in sorted(theirs.get_vocab().items(), key=lambda one: one[1])]
        file = vocabulary("bert", ["[UNK]", *(piece[2:] if piece.startswith("##") else "▁" + piece for piece in pieces[1:])],
                          [3] + [1] * (len(pieces) - 1), 0)
        texts = hostile_texts.make_old(COUNT, seed=201) + ["a" * 100, "a" * 101]
        for text, (ids, decoded) in zip(texts, self.answers(file, texts), strict=True):
            self.assertEqual(ids, theirs.encode(text).ids, repr(text))
            self.assertEqual(decoded, theirs.decode(ids), repr(text))

    def test_unigram(self):
        """The kind of T5 and XLM-R, trained here, with and without byte fallback."""
        for number, (rule, merge, fallback) in enumerate((("nmt_nfkc", True, False), ("nmt_nfkc_cf", True, True),
                                                          ("identity", False, False), ("nfkc", False, True))):
            model = io.BytesIO()
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(clean(hostile_texts.make(3000, seed=300))), model_writer=model, vocab_size=2000,
                model_type="unigram", normalization_rule_name=rule, remove_extra_whitespaces=merge, byte_fallback=fallback,
                character_coverage=0.98, hard_vocab_limit=False, minloglevel=3)
            theirs = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
            ids = range(theirs.get_piece_size())
            kinds = [2 if theirs.is_unknown(i) else 3 if theirs.is_control(i) else 6 if theirs.is_byte(i) else 1 for i in ids]
            file = vocabulary("t5", [theirs.id_to_piece(i) for i in ids], kinds, theirs.unk_id())
            file.add("tokenizer.ggml.scores", ARRAY, (F32, [theirs.get_score(i) for i in ids]))
            file.add("tokenizer.ggml.remove_extra_whitespaces", BOOL, merge)
            if charsmap := charsmap_of(model.getvalue()):
                file.add("tokenizer.ggml.precompiled_charsmap", ARRAY, (U8, list(charsmap)))
            texts = clean(hostile_texts.make(COUNT, seed=301 + number))
            with self.subTest(rule):
                for text, (ids, _) in zip(texts, self.answers(file, texts), strict=True):
                    self.assertEqual(ids, theirs.encode(text), repr(text))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
