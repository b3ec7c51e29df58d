#!/usr/bin/env python3
"""Model files, good and bad, given to the program as people give them: every bad one ends in one line that names what is
wrong, exit code 1, and no crash.

    tests/files_test.py COFRE
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

from gguf_file import ARRAY, BOOL, F32, I32, STRING, TYPES, U32, U64, Gguf, Tensor, printable, tiny, value

COFRE = sys.argv[1]
FOLDER = tempfile.TemporaryDirectory()
FILE = os.path.join(FOLDER.name, "model.gguf")
RUN = ("--raw", "hello ab", "--max-tokens", "4", "--temperature", "0")


def cofre(*arguments, **environment):
    done = subprocess.run([COFRE, *arguments], capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={**os.environ, "COFRE_DATA": FOLDER.name, **environment})
    return done.returncode, done.stdout, done.stderr.decode()


class Case(unittest.TestCase):
    def write(self, model, path=FILE):
        with open(path, "wb") as file:
            file.write(model if isinstance(model, bytes) else model.bytes())

    def runs(self, model, **environment):
        self.write(model)
        status, out, error = cofre("run", FILE, *RUN, **environment)
        self.assertEqual((status, error), (0, ""))
        return out

    def refused(self, model, *words, arguments=("run", FILE, *RUN)):
        self.write(model)
        status, _, error = cofre(*arguments)
        self.assertEqual(status, 1, error)
        self.assertEqual(error.count("\n"), 1, f"not one line: {error!r}")
        for word in words:
            self.assertIn(word, error)


class Types(Case):
    def log_probabilities(self, isa):
        status, out, error = cofre("score", FILE, self.request.name, COFRE_ISA=isa)
        if "cannot run here" in error:
            return None
        self.assertEqual((status, error), (0, ""))
        return [token["logprob"] for token in json.loads(out)["tokens"]]

    def test_every_instruction_set_gives_the_scalar_probabilities_in_every_type_with_the_output_tied_or_not(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as self.request:
            json.dump({"prompt": list(b"hello abcdefgh, this is"), "continuation": list(b" the text that follows")}, self.request)
            self.request.flush()
            for kind in TYPES:
                for tied in (True, False):
                    self.write(tiny(kind, tied))
                    scalar = self.log_probabilities("scalar")
                    for isa in ("avx2", "avx512", "amx"):
                        with self.subTest(kind=kind, tied=tied, isa=isa):
                            for ours, theirs in zip(self.log_probabilities(isa) or scalar, scalar, strict=True):
                                self.assertAlmostEqual(ours, theirs, delta=0.06)

    def test_weights_that_are_not_numbers_are_named_in_every_type(self):
        nan, infinite = struct.pack("<e", float("nan")), struct.pack("<e", float("inf"))
        whole = {"F32": [struct.pack("<f", float("nan"))], "F16": [nan, infinite], "BF16": [b"\xc0\x7f"], "MXFP4": [b"\xff"]}
        for kind, (_, _, size, scales) in TYPES.items():
            for tied, name in ((True, "blk.0.ffn_up.weight"), (True, "token_embd.weight"), (False, "token_embd.weight")):
                for at in scales or (0,):
                    for bad in whole.get(kind, (nan, infinite)):
                        with self.subTest(kind=kind, tensor=name, tied=tied, at=at, value=bad):
                            model = tiny(kind, tied)
                            tensor = model.tensor(name)
                            data = bytearray(tensor.data)
                            spot = (len(data) // size - 2) * size + at
                            data[spot:spot + len(bad)] = bad
                            tensor.data = bytes(data)
                            self.refused(model, name, "not numbers")

    def test_norms_that_are_not_numbers_are_named(self):
        model = tiny()
        model.tensor("output_norm.weight").data = struct.pack("<256f", *[float("inf")] * 256)
        self.refused(model, "output_norm.weight")

    def test_types_that_are_not_read_are_named_by_number(self):
        for number in (4, 5, 9, 15, 16, 24, 36, 2**31):
            model = tiny()
            model.tensor("blk.0.ffn_up.weight").kind = number
            self.refused(model, "blk.0.ffn_up.weight", str(number))

    def test_weights_too_large_to_compute_with_end_in_an_error(self):
        model = tiny()
        for name in ("blk.0.ffn_up.weight", "blk.0.ffn_gate.weight"):
            model.tensor(name).data = struct.pack("<f", 3e38) * 65536
        self.refused(model, "not a number")


class Header(Case):
    def test_versions_two_and_three_are_read_and_no_other(self):
        for version in (2, 3):
            model = tiny()
            model.version = version
            self.runs(model)
        for version in (0, 1, 4, 2**32 - 1):
            model = tiny()
            model.version = version
            self.refused(model, f"version {version}")

    def test_a_big_endian_file_is_refused_as_such(self):
        model = tiny()
        model.endian = ">"
        self.refused(model, "big-endian")

    def test_another_magic_an_empty_file_and_a_folder_are_refused(self):
        self.refused(b"GGML" + tiny().bytes()[4:], "not a GGUF file")
        self.refused(b"", FILE, "empty")
        status, _, error = cofre("run", FOLDER.name, "hi")
        self.assertEqual((status, error.count("\n")), (1, 1))

    def test_a_file_cut_anywhere_is_refused(self):
        whole = tiny().bytes()
        head = len(whole) - sum(len(t.data) for t in tiny().tensors)
        cuts = [*range(0, 64, 3), *range(64, head, 97), *range(head, len(whole), 100_003), len(whole) - 1]
        for cut in cuts:
            with self.subTest(cut=cut):
                self.refused(whole[:cut], FILE)

    def test_counts_that_lie_are_refused(self):
        for field in ("tensor_count", "pair_count"):
            for count in (2**64 - 1, 2**63, 10**6, 30):
                with self.subTest(field=field, count=count):
                    model = tiny()
                    setattr(model, field, count)
                    self.refused(model, FILE)
            model = tiny()
            setattr(model, field, 3)
            self.refused(model)

    def test_a_missing_key_is_named(self):
        optional = {"tokenizer.ggml.token_type", "tokenizer.ggml.eos_token_id"}
        for key in tiny().pairs:
            if key in optional:
                continue
            with self.subTest(key=key):
                model = tiny()
                del model.pairs[key]
                # Without a count of key heads there are as many as heads, and a tensor shows that this is not so.
                self.refused(model, "attn_k" if key.endswith("head_count_kv") else key)

    def test_a_value_of_another_type_or_out_of_range_names_its_key(self):
        values = [value(BOOL, 2), value(ARRAY, (ARRAY, [(U32, [1])])), struct.pack("<IIQ", ARRAY, U32, 2**62),
                  struct.pack("<I", 13), value(F32, float("nan"))]
        numbers = [value(U32, 0), value(U64, 2**63), value(I32, -1), value(STRING, "x")]
        for key in tiny().pairs:
            for bad in values + (numbers if key.startswith("llama.") else []):
                with self.subTest(key=key, value=bad):
                    model = tiny()
                    model.pairs[key] = bad
                    self.refused(model, key)

    def test_alignments_that_are_no_power_of_two_are_refused(self):
        for bad in (value(U32, 0), value(U32, 7), value(U32, 2**31), value(STRING, "x")):
            model = tiny()
            model.pairs["general.alignment"] = bad
            self.refused(model, "general.alignment")

    def test_another_architecture_and_another_rope_are_named(self):
        model = tiny()
        model.add("general.architecture", STRING, "mamba")
        self.refused(model, "mamba", "llama, qwen2")
        model = tiny()
        model.add("llama.rope.scaling.type", STRING, "longrope")
        self.refused(model, "longrope")


class Tensors(Case):
    name = "blk.0.ffn_up.weight"

    def bent(self, **changes):
        model = tiny()
        tensor = model.tensor(self.name)
        for field, content in changes.items():
            setattr(tensor, field, content)
        return model

    def test_a_missing_tensor_is_named(self):
        for name in [t.name for t in tiny().tensors]:
            model = tiny()
            model.tensors.remove(model.tensor(name))
            self.refused(model, name)

    def test_shapes_that_lie_are_refused(self):
        for shape in ([2**63, 2], [2**63], [256, 2**56], [0, 256], [256, 2**64 - 1], [256, 256, 2], [1] * 5, [], [255, 256], [128, 512]):
            with self.subTest(shape=shape):
                self.refused(self.bent(shape=shape), self.name)

    def test_offsets_that_lie_are_refused(self):
        for offset in (1, 33, 2**63, 2**64 - 32, 10**9):
            with self.subTest(offset=offset):
                self.refused(self.bent(offset=offset), self.name, str(offset))

    def test_tensors_that_overlap_are_named(self):
        self.refused(self.bent(offset=32), self.name, "token_embd.weight", "overlap")

    def test_a_tensor_that_stands_twice_is_named(self):
        self.refused(self.bent(name="blk.0.ffn_gate.weight"), "blk.0.ffn_gate.weight", "twice")

    def test_a_name_that_would_write_to_the_terminal_does_not(self):
        self.refused(self.bent(name="\x1b[31m\n", kind=99))


class VocabularyAndTemplate(Case):
    def with_pieces(self, pieces):
        model = tiny()
        model.add("tokenizer.ggml.tokens", ARRAY, (STRING, pieces))
        model.add("tokenizer.ggml.token_type", ARRAY, (I32, [1] * len(pieces)))
        return model

    def test_a_vocabulary_of_another_size_than_the_model_is_refused(self):
        plain = [printable(b) for b in range(256)]
        self.refused(self.with_pieces([*plain, "<|end|>", "ab", "more"]), "259 tokens", "258 rows")
        self.refused(self.with_pieces([*plain, "ab"]), "257 tokens", "258 rows")

    def test_merges_and_ids_outside_the_vocabulary_are_refused(self):
        for merges in ((STRING, ["a zz"]), (STRING, ["ab"]), (U32, [1])):
            model = tiny()
            model.add("tokenizer.ggml.merges", ARRAY, merges)
            self.refused(model, "merge")
        model = tiny()
        model.add("tokenizer.ggml.bos_token_id", U32, 9999)
        self.refused(model, "tokenizer.ggml.bos_token_id", "9999")

    def test_a_model_without_a_template_is_refused_by_chat_and_raw_is_advised(self):
        self.refused(tiny(), "no chat template", "--raw", arguments=("run", FILE, "hi"))

    def test_templates_that_are_wrong_refuse_or_never_end_are_errors(self):
        for template, word in (("{% if", "template"), ("{{ raise_exception('not so') }}", "not so"),
                               ("{% for i in range(100000000) %}{% endfor %}", "steps"), (b"\xff", "UTF-8")):
            with self.subTest(template=template):
                model = tiny()
                model.add("tokenizer.chat_template", STRING, template)
                self.refused(model, word, arguments=("run", FILE, "hi"))

    def test_a_prompt_longer_than_a_small_context_is_refused_with_numbers(self):
        model = tiny()
        model.add("llama.context_length", U32, 8)
        self.refused(model, "15 tokens", "holds 8", arguments=("run", FILE, "--raw", "hello there big"))


class Commands(Case):
    def test_every_command_that_takes_a_file_refuses_junk_in_one_line(self):
        text = os.path.join(FOLDER.name, "text.json")
        with open(text, "w") as file:
            file.write('{"prompt":[1],"continuation":[2]}')
        junk = b"GGUF" + bytes(range(256)) * 8
        for arguments in (("inspect", FILE), ("inspect", FILE, "--json"), ("tokenize", FILE, "x"), ("import", FILE), ("bench", FILE, "--quick"),
                          ("score", FILE, text), ("perplexity", FILE, text)):
            with self.subTest(arguments=arguments):
                self.refused(junk, FILE, arguments=arguments)

    def test_a_vocabulary_of_any_architecture_tokenizes(self):
        model = tiny()
        model.tensors = []
        model.add("general.architecture", STRING, "unheard-of")
        self.write(model)
        self.assertEqual(cofre("tokenize", FILE, "ab", "--json")[:2], (0, b'{"tokens":[257]}\n'))

    def test_bos_is_added_only_when_asked_for_whatever_the_file_says(self):
        model = tiny()
        model.add("tokenizer.ggml.bos_token_id", U32, 256)
        model.add("tokenizer.ggml.add_bos_token", BOOL, 1)
        self.write(model)
        self.assertEqual(cofre("tokenize", FILE, "a", "--json")[1], b'{"tokens":[97]}\n')
        self.assertEqual(cofre("tokenize", FILE, "a", "--json", "--bos")[1], b'{"tokens":[256,97]}\n')
        self.assertEqual(cofre("tokenize", FILE, "", "--json")[1], b'{"tokens":[]}\n')


class Split(Case):
    """A model in three files: metadata and some tensors, then tensors alone."""

    def parts(self, count=3):
        whole = tiny()
        share = -(-len(whole.tensors) // count)
        paths = []
        for i in range(count):
            part = Gguf()
            if i == 0:
                part.pairs = dict(whole.pairs)
            part.add("split.no", U32, i)
            part.add("split.count", U32, count)
            part.add("split.tensors.count", I32, len(whole.tensors))
            part.tensors = whole.tensors[i * share:(i + 1) * share]
            paths.append(os.path.join(FOLDER.name, f"split-{i + 1:05}-of-{count:05}.gguf"))
            self.write(part, paths[-1])
        return paths

    def test_the_files_together_are_the_model(self):
        first = self.parts()[0]
        self.assertEqual(cofre("run", first, *RUN)[:2], (0, self.runs(tiny())))

    def test_a_missing_file_is_named(self):
        paths = self.parts()
        os.remove(paths[1])
        status, _, error = cofre("run", paths[0], *RUN)
        self.assertEqual((status, error.count("\n")), (1, 1))
        self.assertIn(paths[1], error)

    def test_a_tensor_in_two_files_and_a_wrong_count_are_refused(self):
        paths = self.parts()
        part = Gguf()
        part.tensors = [Tensor("token_embd.weight", 0, [256], bytes(1024))]
        self.write(part, paths[2])
        self.assertIn("twice", cofre("run", paths[0], *RUN)[2])
        paths = self.parts()
        part = Gguf()
        self.write(part, paths[2])
        self.assertIn("split.tensors.count", cofre("run", paths[0], *RUN)[2])


unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
