#!/usr/bin/env python3
"""Runs a command that asks for a streamed chat completion, prints the answer's text as it comes, then how fast it came.

    cmake/answer.py LIMIT curl …

LIMIT: what `cofre bench MODEL --limit` printed; empty: no share is told.
"""
import json
import subprocess
import sys
import time

limit_text = sys.argv[1]
begin = time.monotonic()
# The command inherits what the shell opened for it.
asking = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, text=True, close_fds=False)
first = last = None
usage = None
for line in asking.stdout:
    if not line.startswith("data: "):
        if line.strip().startswith("{"):
            sys.exit(json.loads(line)["error"]["message"])
        continue
    if line.startswith("data: [DONE]"):
        break
    chunk = json.loads(line[6:])
    if "error" in chunk:
        sys.exit("\n" + chunk["error"]["message"])
    usage = chunk.get("usage") or usage
    for choice in chunk["choices"]:
        delta = choice["delta"]
        text = delta.get("reasoning_content") or delta.get("content")
        if text:
            last = time.monotonic()
            first = first or last
            print(text, end="", flush=True)
print()
if asking.wait() != 0:
    sys.exit(asking.returncode)
if usage is None or first is None:
    sys.exit("the answer ended before its end")
prompt, tokens = usage["prompt_tokens"], usage["completion_tokens"]
line = f"{prompt} tokens read in {first - begin:.2f} s, {tokens} written"
if tokens > 1 and last > first:
    speed = (tokens - 1) / (last - first)
    line += f": {speed:.1f} tokens/s"
    if limit_text:
        limit = json.loads(limit_text)
        per_token = limit["bytes_per_token"] + limit["kv_bytes_per_token"] * (prompt + tokens / 2)
        share = speed * per_token / (limit["read_gb_s"] * 1e9)
        line += f", {100 * share:.0f} % of this machine's limit (memory: {limit['read_gb_s']:.1f} GB/s)"
print("\n" + line, file=sys.stderr)
