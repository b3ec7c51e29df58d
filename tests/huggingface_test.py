#!/usr/bin/env python3
"""Folders of Hugging Face's are imported: models compute what NumPy does after the makers' code, tokenizers say what Python's
`tokenizers` says, and what cannot be imported is refused by name.

    huggingface_test.py COFRE TOKENIZER_RUN TOOLS [COUNT]     TOOLS: a folder that keeps packages; COUNT: texts a kind
"""
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import pypi

COFRE, RUN, TOOLS = (os.path.abspath(path) for path in sys.argv[1:4])
COUNT = int(sys.argv[4]) if len(sys.argv) > 4 else 500
pypi.enter(TOOLS, "numpy", "tokenizers", "sentencepiece", "gguf==0.19.0")

import gguf  # noqa: E402
import numpy as np  # noqa: E402
import sentencepiece  # noqa: E402
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402

import hostile_texts  # noqa: E402
import huggingface_folder as hf  # noqa: E402
from sentencepiece_file import charsmap_of, clean  # noqa: E402

FOLDER = tempfile.TemporaryDirectory(prefix="cofre-huggingface-")
DATA = os.path.join(FOLDER.name, "data")
BOUND = 1e-4
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
LETTERS = r"|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2, LLAMA3 = CONTRACTIONS + LETTERS + r"\p{N}" + REST, CONTRACTIONS + LETTERS + r"\p{N}{1,3}" + REST
SPECIAL = ["<|end|>", "<|user|>"]


def cofre(*arguments):
    done = subprocess.run([COFRE, *arguments], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                          env={**os.environ, "COFRE_DATA": DATA})
    return done.returncode, done.stdout, done.stderr


def imported(folder, name, *options):
    """The file that a folder becomes."""
    status, out, error = cofre("import", folder, "--name", name, *options)
    if status != 0:
        raise AssertionError(error)
    return os.path.join(DATA, "models", name + ".gguf"), error


def fresh(name):
    path = os.path.join(FOLDER.name, "folders", name)
    shutil.rmtree(path, ignore_errors=True)
    return path


FALCON = [pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.Digits(False),
          pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")]
WHITE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# Tokens that ask something of the text beside them, and how they stand in texts.
EDGES = [AddedToken("<left>", lstrip=True, normalized=False), AddedToken("<right>", rstrip=True, normalized=False),
         AddedToken("<both>", lstrip=True, rstrip=True, normalized=False), AddedToken("<word>", single_word=True, normalized=False),
         AddedToken("<alone>", single_word=True, lstrip=True, normalized=False)]
AT_EDGES = [before + token + behind for token in (one.content for one in EDGES)
            for before, behind in (("", ""), (" ", "\n"), (" \t\u3000 ", "\u00a0 "), ("-", "."), ("a", ""), ("", "\u0301"), ("\n", "<left>  <right>  "))]


def byte_level(pattern=None, ignore_merges=False, size=600, normalizer=None, digits=False, seed=400, steps=None):
    """A byte-level BPE trained here."""
    theirs = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    theirs.normalizer = normalizer
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern is None)
    whole, steps = steps, [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else [pre_tokenizers.Digits(True)] if digits else []
    theirs.pre_tokenizer = pre_tokenizers.Sequence(whole) if whole else pre_tokenizers.Sequence([*steps, last]) if steps else last
    theirs.decoder = decoders.ByteLevel()
    theirs.train_from_iterator(hostile_texts.make(3000, seed=seed), trainers.BpeTrainer(
        vocab_size=size, show_progress=False, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    theirs.add_tokens([AddedToken("<tool>", normalized=False), AddedToken("\n\n\n", normalized=False), *EDGES])
    theirs.post_processor = processors.TemplateProcessing(single="<|user|> $A", special_tokens=[("<|user|>", 1)])
    return theirs


def weights_for(tokenizer, family="llama"):
    """A model that a tokenizer can be imported with."""
    rows = tokenizer.get_vocab_size() + 3  # rows without a token
    config = hf.config_of(family, rows)
    if family == "llama":
        config.update(num_hidden_layers=1, hidden_size=16, intermediate_size=16, num_attention_heads=1, num_key_value_heads=1)
    return config, hf.weights_of(family, config, 1)


def text_of(tokenizer):
    return json.loads(tokenizer.to_str())


class Families(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tokenizer = byte_level()

    def scores(self, name, prompt, continuation, *options):
        path = os.path.join(FOLDER.name, "request.json")
        with open(path, "w") as file:
            json.dump({"prompt": prompt, "continuation": continuation}, file)
        status, out, error = cofre("score", name, path, *options)
        self.assertEqual((status, error), (0, ""))
        return json.loads(out)["tokens"]

    def folder(self, family, seed=7, **more):
        config, _ = weights_for(self.tokenizer, family)
        config = hf.config_of(family, config["vocab_size"])
        weights = hf.weights_of(family, config, seed)
        path = fresh(family)
        hf.write_folder(path, config, weights, {"tokenizer.json": self.tokenizer.to_str()}, **more)
        return path, config, weights

    def test_every_family_computes_what_numpy_does(self):
        for family in hf.FAMILIES:
            with self.subTest(family):
                path, config, weights = self.folder(family, shards=3 if family == "qwen2" else 1)
                imported(path, family)
                source = np.random.default_rng(11)
                ids = [int(id) for id in source.integers(0, config["vocab_size"], 60)]
                expected = hf.logits(family, config, weights, ids)
                expected -= np.log(np.exp(expected).sum(-1, keepdims=True))
                for at, token in zip(range(5, 60), self.scores(family, ids[:5], ids[5:], "--kv", "f32"), strict=True):
                    self.assertAlmostEqual(token["logprob"], expected[at - 1][ids[at]], delta=BOUND)
                    for other in token["top"]:
                        self.assertAlmostEqual(other["logprob"], expected[at - 1][other["id"]], delta=BOUND)

    def test_half_precision_and_quantized_models_are_near(self):
        path, config, weights = self.folder("llama")
        ids = list(range(20, 60))
        expected = hf.logits("llama", config, weights, ids)
        expected -= np.log(np.exp(expected).sum(-1, keepdims=True))
        for kind, options, bound in (("F16", (), 0.02), ("BF16", (), 0.1), ("F32", ("--quantize", "Q8_0"), 0.1),
                                     ("BF16", ("--quantize", "Q4_0"), 1.0)):
            with self.subTest(kind=kind, options=options):
                name = "near-" + "-".join([kind, *options[1:]]).lower()
                hf.write_safetensors(os.path.join(path, "model.safetensors"), weights, kind)
                file, _ = imported(path, name, *options)
                tokens = self.scores(file, ids[:5], ids[5:], "--kv", "f32")
                distance = np.mean([abs(token["logprob"] - expected[at - 1][ids[at]]) for at, token in zip(range(5, 40), tokens)])
                self.assertLess(distance, bound)
                status, out, error = cofre("run", file, "--raw", "hello", "--max-tokens", "4", "--temperature", "0")
                self.assertEqual((status, error), (0, ""))

    def test_a_zip_archive_of_a_folder_is_the_same(self):
        path, _, _ = self.folder("llama")
        file, _ = imported(path, "from-folder")
        archive = shutil.make_archive(os.path.join(FOLDER.name, "zipped"), "zip", path)
        packed, _ = imported(archive, "from-zip")
        ours, theirs = ({one.name: bytes(one.data) for one in gguf.GGUFReader(path).tensors} for path in (packed, file))
        self.assertEqual(ours, theirs)
        self.assertEqual([name for name in os.listdir(os.path.join(DATA, "models")) if "scratch" in name], [])

    def test_special_tokens_templates_and_advice_are_kept(self):
        config, weights = weights_for(self.tokenizer)
        path = fresh("kept")
        hf.write_folder(path, {**config, "eos_token_id": 0}, weights, {
            "tokenizer.json": self.tokenizer.to_str(), "chat_template.jinja": "{{ messages[0].content }}!",
            "tokenizer_config.json": {"eos_token": {"content": "<|end|>"}, "chat_template": "not this one"},
            "generation_config.json": {"eos_token_id": [0, 1], "temperature": 0.6, "top_k": 20}})
        file, _ = imported(path, "kept")
        keys = gguf.GGUFReader(file).fields
        for key, value in (("tokenizer.chat_template", "{{ messages[0].content }}!"), ("tokenizer.ggml.eos_token_id", 0),
                           ("tokenizer.ggml.eot_token_id", 1), ("tokenizer.ggml.bos_token_id", 1),
                           ("tokenizer.ggml.add_bos_token", True), ("tokenizer.ggml.add_eos_token", False),
                           ("general.sampling.top_k", 20), ("general.name", "kept")):
            self.assertEqual(keys[key].contents(), value, key)


class Refused(unittest.TestCase):
    """One line that names what is wrong, exit code 1, nothing left behind."""

    @classmethod
    def setUpClass(cls):
        cls.tokenizer = text_of(byte_level())
        cls.config, cls.weights = weights_for(byte_level())

    def refused(self, *words, tokenizer=None, config=None, weights=None, bend=None):
        path = fresh("bad")
        hf.write_folder(path, {**self.config, **(config or {})}, weights or self.weights,
                        {"tokenizer.json": {**self.tokenizer, **(tokenizer or {})}})
        if bend:
            bend(path)
        status, _, error = cofre("import", path, "--name", "bad")
        self.assertEqual(status, 1, error)
        self.assertEqual(error.count("\n"), 1, error)
        for word in words:
            self.assertIn(word, error)
        self.assertEqual([name for name in os.listdir(os.path.join(DATA, "models")) if name.startswith("bad") and "lock" not in name], [])

    def test_models_that_gguf_cannot_tell(self):
        self.refused("architectures", "MambaForCausalLM", config={"architectures": ["MambaForCausalLM"]})
        self.refused("hidden_act", "relu", config={"hidden_act": "relu"})
        self.refused("rope_type", "proportional", config={"rope_scaling": {"rope_type": "proportional", "factor": 2.0}})
        self.refused("truncate", config={"rope_scaling": {"rope_type": "yarn", "factor": 2.0, "truncate": False}})
        self.refused("alpha", config={"rope_scaling": {"rope_type": "dynamic", "factor": 2.0, "alpha": 1000.0}})
        self.refused("num_hidden_layers", config={"num_hidden_layers": 2})
        self.refused("num_attention_heads", config={"num_attention_heads": 0})
        self.refused("num_attention_heads", config={"num_attention_heads": -1})
        self.refused("hidden_size", config={"hidden_size": 1e300})
        self.refused("rope_theta", config={"rope_theta": -1})

    def test_weights_that_are_not_the_models(self):
        without = {name: one for name, one in self.weights.items() if "q_proj" not in name}
        self.refused("blk.1", "attn_q", config={"num_hidden_layers": 2}, weights={
            **self.weights, **{name.replace("layers.0", "layers.1"): one for name, one in without.items() if "layers.0" in name}})
        self.refused("lm_head", weights={name: one for name, one in self.weights.items() if name != "lm_head.weight"})
        self.refused("model.layers.0.self_attn.q_proj.lora", weights={**without, "model.layers.0.self_attn.q_proj.lora": self.weights["model.norm.weight"]})
        name = "model.layers.0.self_attn.q_proj.weight"
        self.refused(name, "finite", weights={**self.weights, name: np.full((16, 16), np.inf, np.float32)})
        self.refused(name, "rows", config={"num_attention_heads": 3})

    def test_broken_files(self):
        self.refused("model.safetensors", bend=lambda path: os.truncate(os.path.join(path, "model.safetensors"), 5000))
        self.refused("config.json", bend=lambda path: os.truncate(os.path.join(path, "config.json"), 20))
        self.refused("tokenizer.json", bend=lambda path: os.remove(os.path.join(path, "tokenizer.json")))
        self.refused("model.safetensors", bend=lambda path: os.remove(os.path.join(path, "model.safetensors")))

    def test_archives_that_lead_elsewhere_or_hold_nothing(self):
        for name in ("../config.json", "/config.json", "a/b/config.json", "x.txt"):
            path = os.path.join(FOLDER.name, "hostile.zip")
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(name, "{}")
            status, _, error = cofre("import", path, "--name", "bad")
            self.assertEqual((status, error.count("\n")), (1, 1), error)
            self.assertIn("config.json", error)
            self.assertFalse(os.path.exists(os.path.join(FOLDER.name, "config.json")))
        with open(path, "wb") as file:
            file.write(b"no archive")
        self.assertIn("no zip archive", cofre("import", path, "--name", "bad")[2])

    def test_tokenizers_that_gguf_cannot_tell(self):
        model = self.tokenizer["model"]
        split = {"type": "Split", "pattern": {"Regex": "x+"}, "behavior": "Isolated", "invert": False}
        last = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
        self.refused("x+", tokenizer={"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, last]}})
        self.refused("pre_tokenizer.Split", "Removed", tokenizer={"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {**split, "behavior": "Removed"}, last]}})
        self.refused("pre_tokenizer.Whitespace", tokenizer={"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, last]}})
        self.refused("normalizer.Lowercase", tokenizer={"normalizer": {"type": "Lowercase"}})
        self.refused("decoder.CTC", tokenizer={"decoder": {"type": "CTC"}})
        self.refused("model.end_of_word_suffix", tokenizer={"model": {**model, "end_of_word_suffix": "</w>"}})
        self.refused("WordLevel", tokenizer={"model": {**model, "type": "WordLevel"}})
        self.refused("merge", tokenizer={"model": {**model, "merges": [["a"]]}})
        self.refused("model.vocab", tokenizer={"model": {**model, "vocab": {}}, "added_tokens": []})
        self.refused("rows", config={}, weights={**self.weights, "model.embed_tokens.weight": self.weights["model.embed_tokens.weight"][:100]})


def all_parts(pieces, score):
    """Merges as a SentencePiece model gives them: every way to part a piece in two, the pieces of the best score first."""
    known, merges = set(pieces), []
    for piece in sorted((one for one in pieces if len(one) > 1 and not one.startswith("<0x")), key=score.__getitem__, reverse=True):
        merges += [(piece[:at], piece[at:]) for at in range(1, len(piece)) if piece[:at] in known and piece[at:] in known]
    return merges


class Tokenizers(unittest.TestCase):
    def compare(self, name, theirs, texts, same=None):
        """Ids of all texts, with the names of special tokens read; `same(text, ours, theirs)`: whether others are as good."""
        config, weights = weights_for(theirs)
        path = fresh("tokenizer-" + name)
        hf.write_folder(path, config, weights, {"tokenizer.json": theirs.to_str()})
        file, _ = imported(path, "tokenizer-" + name)
        for at in range(0, len(texts), 500):
            job = json.dumps({"file": file, "texts": texts[at:at + 500], "special": True})
            answer = json.loads(subprocess.run([RUN], input=job + "\n", capture_output=True, text=True, check=True, timeout=600).stdout)
            self.assertNotIn("error", answer)
            for text, ids in zip(texts[at:at + 500], answer["ids"], strict=True):
                expected = theirs.encode(text, add_special_tokens=False).ids
                if ids != expected and not (same and same(text, ids, expected)):
                    self.assertEqual(ids, expected, repr(text))

    def test_byte_level_bpe_by_each_pre_tokenizer(self):
        kinds = {"gpt2": byte_level(), "qwen2": byte_level(QWEN2, normalizer=normalizers.NFC()), "llama3": byte_level(LLAMA3, ignore_merges=True),
                 "glm4": byte_level(LLAMA3), "smollm": byte_level(digits=True), "falcon": byte_level(steps=FALCON)}
        for number, (name, theirs) in enumerate(kinds.items()):
            with self.subTest(name):
                make = hostile_texts.make_old if name == "falcon" else hostile_texts.make  # its Punctuation knows no newer signs
                self.compare(name, theirs, with_names(make(COUNT, seed=500 + number), [*SPECIAL, "<tool>", "\n\n\n", *AT_EDGES]))

    def character_bpe(self, merges_of, prefix):
        theirs = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
        replace = normalizers.Replace(" ", "▁")
        theirs.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace]) if prefix else replace
        theirs.train_from_iterator((text.replace("\n", "") for text in hostile_texts.make(3000, seed=600)), trainers.BpeTrainer(
            vocab_size=2000, limit_alphabet=300, show_progress=False))
        trained = text_of(theirs)["model"]
        pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *trained["vocab"]]
        vocab = {piece: id for id, piece in enumerate(dict.fromkeys(pieces))}
        theirs.model = models.BPE(vocab, merges_of(trained, vocab), unk_token="<unk>", byte_fallback=True, fuse_unk=True)
        theirs.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        theirs.add_special_tokens([AddedToken(name, normalized=False) for name in ("<unk>", "<s>", "</s>")])
        theirs.add_tokens(EDGES)
        theirs.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
        return theirs

    def test_bpe_of_characters_whose_merges_are_those_of_scores(self):
        """Llama 2's and Mistral's kind."""
        theirs = self.character_bpe(lambda trained, vocab: all_parts(trained["vocab"], {piece: -id for piece, id in vocab.items()}), True)
        self.compare("scores", theirs, with_names(hostile_texts.make(COUNT, seed=601), ["</s>", *AT_EDGES]))

    def test_bpe_of_characters_by_the_rank_of_merges(self):
        """Gemma's kind."""
        theirs = self.character_bpe(lambda trained, _: [tuple(pair) for pair in trained["merges"]], False)
        self.compare("ranks", theirs, with_names(hostile_texts.make(COUNT, seed=602), ["</s>", *AT_EDGES]))

    def test_wordpiece(self):
        for lowercase in (True, False):
            theirs = Tokenizer(models.WordPiece(unk_token="[UNK]"))
            theirs.normalizer, theirs.pre_tokenizer = normalizers.BertNormalizer(lowercase=lowercase), pre_tokenizers.BertPreTokenizer()
            theirs.decoder = decoders.WordPiece()
            theirs.train_from_iterator(hostile_texts.make_old(3000, seed=700), trainers.WordPieceTrainer(
                vocab_size=2000, limit_alphabet=500, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
            theirs.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
            theirs.add_tokens(EDGES)
            with self.subTest(lowercase=lowercase):
                self.compare(f"wordpiece-{lowercase}".lower(), theirs, with_names(hostile_texts.make_old(COUNT, seed=701), ["[MASK]", "[SEP]", *AT_EDGES]))

    def test_unigram(self):
        """XLM-R's kind, of pieces that SentencePiece trains here. Where `tokenizers` departs from SentencePiece (it sums in
        double precision, and normalises cluster by cluster), ours is SentencePiece's cut."""
        for number, fallback in enumerate((False, True)):
            model = io.BytesIO()
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(clean(hostile_texts.make(3000, seed=800))), model_writer=model, vocab_size=2000,
                model_type="unigram", normalization_rule_name="nmt_nfkc", byte_fallback=fallback, character_coverage=0.98,
                hard_vocab_limit=False, minloglevel=3)
            spm = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
            ids = range(spm.get_piece_size())
            theirs = Tokenizer(models.Unigram([(spm.id_to_piece(i), spm.get_score(i)) for i in ids], spm.unk_id(), fallback))
            theirs.normalizer = normalizers.Precompiled(charsmap_of(model.getvalue()))
            theirs.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
            theirs.decoder = decoders.Metaspace()
            theirs.add_special_tokens([AddedToken("<s>"), AddedToken("</s>"), AddedToken("<unk>"), AddedToken("<mask>", lstrip=True)])
            theirs.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
            others = []

            def same(text, ours, _):
                others.append(text)
                first, *rest = (spm.encode(part) for part in re.split(f"[{WHITE}]*<mask>", text))
                return ours == first + [id for part in rest for id in [theirs.token_to_id("<mask>"), *part]]
            with self.subTest(fallback=fallback):
                self.compare(f"unigram-{fallback}".lower(), theirs, with_names(clean(hostile_texts.make(COUNT, seed=801 + number)), ["<mask>", " <mask>", "  <mask> "]), same)
                self.assertLess(len(others), 0.15 * COUNT)


def with_names(texts, names):
    """Every third text has a name of a token in its middle."""
    return [text[:len(text) // 2] + names[i % len(names)] + text[len(text) // 2:] if i % 3 == 0 else text for i, text in enumerate(texts)]


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
