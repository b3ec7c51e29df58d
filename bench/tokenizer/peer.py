"""Builds Python's `tokenizers` from a GGUF's vocabulary, checks that it gives the ids of a file, and measures it."""
import json, sys, time

from gguf import GGUFReader
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

# As the models' own tokenizer.json have them.
SPLITS = {
    "qwen2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
}

model, text_file, ids_file = sys.argv[1:]
fields = GGUFReader(model).fields
pre = fields["tokenizer.ggml.pre"].contents()
vocabulary = {piece: i for i, piece in enumerate(fields["tokenizer.ggml.tokens"].contents())}
merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
peer = Tokenizer(models.BPE(vocabulary, merges))
steps = {
    "qwen2": lambda: [pre_tokenizers.Split(Regex(SPLITS["qwen2"]), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)],
    "gpt-2": lambda: [pre_tokenizers.ByteLevel(add_prefix_space=False)],
    "smollm": lambda: [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)],
}
if pre not in steps:
    sys.exit(f"peer.py: the pre-tokenizer {pre} is not built here")
peer.pre_tokenizer = pre_tokenizers.Sequence(steps[pre]())

text = open(text_file, encoding="utf-8").read()
ids = peer.encode(text).ids
same = ids == [int(line) for line in open(ids_file)]
start, rounds = time.perf_counter(), 0
while time.perf_counter() - start < 2:
    peer.encode(text)
    rounds += 1
passed = time.perf_counter() - start
size = len(text.encode())
print(json.dumps({"bytes": size, "tokens": len(ids), "same_ids": same, "mb_per_s": round(size * rounds / 1e6 / passed, 2),
                  "tokens_per_s": round(len(ids) * rounds / passed)}))
sys.exit(0 if same else 1)
