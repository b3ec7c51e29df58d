#!/usr/bin/env python3
"""Vectors and rankings of a whole box, with small random encoders and a real one: /v1/embeddings, /v1/rerank, `cofre embed`.

    tests/embeddings_test.py COFRE DATA      the program and a data directory; all-MiniLM is pulled into it once
"""
import base64
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import unittest

from box import Box, ensure_model
from gguf_file import tiny_encoder

COFRE, DATA = sys.argv[1:3]
MINILM = ensure_model(COFRE, DATA, "all-minilm")


def of_length_one(vector):
    return math.isclose(sum(x * x for x in vector), 1, abs_tol=1e-4)


class Embeddings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="cofre-encoders-")
        cls.encoder, cls.ranker = (os.path.join(cls.folder.name, name) for name in ("vectors.gguf", "ranks.gguf"))
        for path, labels in ((cls.encoder, 0), (cls.ranker, 1)):
            with open(path, "wb") as file:
                file.write(tiny_encoder(labels=labels).bytes())
        cls.box = Box(COFRE, [cls.encoder, cls.ranker])
        cls.key = cls.box.key("vectors", "inference")
        names = [model["id"] for model in cls.box.ask("GET", "/v1/models", key=cls.key)[2]["data"]]
        cls.vectors = next(name for name in names if "vectors" in name)
        cls.ranks = next(name for name in names if "ranks" in name)

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()
        cls.folder.cleanup()

    def embed(self, **more):
        return self.box.ask("POST", "/v1/embeddings", {"model": self.vectors, **more}, self.key)

    def rerank(self, **more):
        return self.box.ask("POST", "/v1/rerank", {"model": self.ranks, **more}, self.key)

    def test_texts_become_vectors_and_their_tokens_are_counted(self):
        status, _, answer = self.embed(input=["cat", "a longer text"])
        self.assertEqual(status, 200, answer)
        self.assertEqual([one["index"] for one in answer["data"]], [0, 1])
        self.assertTrue(all(of_length_one(one["embedding"]) for one in answer["data"]))
        self.assertEqual(answer["usage"], {"prompt_tokens": 6 + 16, "total_tokens": 22})
        self.assertEqual(answer["data"][0], self.embed(input="cat")[2]["data"][0])

    def test_base64_holds_the_same_numbers(self):
        plain = self.embed(input="cat")[2]["data"][0]["embedding"]
        packed = self.embed(input="cat", encoding_format="base64")[2]["data"][0]["embedding"]
        self.assertEqual(list(struct.unpack(f"<{len(plain)}f", base64.b64decode(packed))), plain)

    def test_fewer_dimensions_have_length_one_again_and_more_are_refused(self):
        short = self.embed(input="cat", dimensions=8)[2]["data"][0]["embedding"]
        self.assertEqual(len(short), 8)
        self.assertTrue(of_length_one(short))
        status, _, answer = self.embed(input="cat", dimensions=65)
        self.assertEqual((status, answer["error"]["param"]), (400, "dimensions"))

    def test_a_text_that_is_too_long_is_named(self):
        status, _, answer = self.embed(input=["cat", "a" * 200])
        self.assertEqual((status, answer["error"]["param"], answer["error"]["code"]),
                         (400, "input[1]", "context_length_exceeded"))

    def test_the_models_prefixes_are_taken_by_name(self):
        by_name = self.embed(input="cat", input_type="query")[2]["data"]
        self.assertEqual(by_name, self.embed(input="q: cat")[2]["data"])
        self.assertNotEqual(by_name, self.embed(input="cat")[2]["data"])

    def test_documents_are_ranked(self):
        documents = ["one", "two", {"text": "three"}, "four"]
        status, _, answer = self.rerank(query="which", documents=documents, top_n=3)
        self.assertEqual(status, 200, answer)
        scores = [one["relevance_score"] for one in answer["results"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertEqual(len(scores), 3)
        self.assertTrue(all(0 < score < 1 for score in scores))
        texts = ["one", "two", "three", "four"]
        self.assertTrue(all(one["document"]["text"] == texts[one["index"]] for one in answer["results"]))
        self.assertGreater(answer["usage"]["prompt_tokens"], 40)
        bare = self.rerank(query="which", documents=documents, return_documents=False)[2]["results"]
        self.assertEqual(len(bare), 4)
        self.assertTrue(all("document" not in one for one in bare))

    def test_what_a_model_cannot_do_is_refused(self):
        for path, body in (("/v1/rerank", {"model": self.vectors, "query": "a", "documents": ["b"]}),
                           ("/v1/embeddings", {"model": self.ranks, "input": "a"}),
                           ("/v1/chat/completions",
                            {"model": self.vectors, "messages": [{"role": "user", "content": "a"}]})):
            status, _, answer = self.box.ask("POST", path, body, self.key)
            self.assertEqual((status, answer["error"]["param"]), (400, "model"), path)
        status, _, answer = self.rerank(query="a", documents=["b", "c" * 200])
        self.assertEqual((status, answer["error"]["param"]), (400, "query and documents[1]"))

    def test_what_was_asked_is_counted_for_the_key(self):
        status, out, error = self.box.command("usage", "show", "--json")
        self.assertEqual(status, 0, error)
        self.assertGreater(sum(one["prompt_tokens"] for one in json.loads(out)["usage"]), 0)

    def test_the_command_gives_the_same_vectors(self):
        done = subprocess.run([COFRE, "embed", self.encoder, "--as", "query", "--json", "cat", "dog"],
                              capture_output=True, text=True, check=True)
        ours = json.loads(done.stdout)["embeddings"]
        theirs = [one["embedding"] for one in self.embed(input=["cat", "dog"], input_type="query")[2]["data"]]
        self.assertEqual(ours, theirs)
        lines = subprocess.run([COFRE, "embed", self.encoder, "--dimensions", "4"], input="cat\n\ndog\n",
                               capture_output=True, text=True, check=True).stdout.splitlines()
        self.assertEqual([len(json.loads(line)) for line in lines], [4, 4])
        refused = subprocess.run([COFRE, "embed", self.encoder, "--as", "title", "cat"], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--as", refused.stderr)


    def test_a_real_model_finds_alike_what_is_alike(self):
        """As near as the model's own pipeline (sentence-transformers) says: 0.6945, 0.9429, 0.2569."""
        done = subprocess.run([COFRE, "embed", MINILM, "--json", "That is a happy person", "That is a happy dog",
                               "That is a very happy person", "Today is a sunny day"], capture_output=True, text=True, check=True)
        first, *others = json.loads(done.stdout)["embeddings"]
        for other, expected in zip(others, (0.6945, 0.9429, 0.2569)):
            self.assertAlmostEqual(sum(x * y for x, y in zip(first, other)), expected, delta=2e-4)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
