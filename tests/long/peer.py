#!/usr/bin/env python3
"""Along llama.cpp's own greedy tokens, Cofre's probabilities must be llama.cpp's, model by model.

    tests/long/peer.py [MODEL ...]     catalogue names or files; all four language models without one

The peer (a command that takes `server -m FILE ...`) is $COFRE_PEER, else ../shared/peers/llama. The peer writes up to 32 greedy
tokens after each of 20 prompts; `cofre score` gives our log-probability of the same tokens. Free text is not compared:
one near-tie, and the two texts part for good. Prints a Markdown table; exits 1 where a bound does not hold.
"""
import json, os, shlex, signal, socket, subprocess, sys, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COFRE = os.path.join(ROOT, "build", "release", "cofre")
MODELS = ["smollm2-135m", "gemma3-270m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
TOKENS = 32
SAME_BEST, MEAN_DELTA, WORST_GAP = 0.97, 0.06, 0.35

PROMPTS = [
    "The history of the printing press begins in",
    "A hospital's data protection officer must first",
    "Once upon a time in a village by the sea there lived",
    "The main differences between TCP and UDP are",
    "Dear Sir or Madam, I am writing to complain about",
    "A capital de Portugal é Lisboa, uma cidade conhecida por",
    "Para fazer um bom caldo verde é preciso",
    "O orçamento do município para o próximo ano prevê",
    "A inteligência artificial pode ajudar os hospitais a",
    "Era uma vez um pescador que",
    "人工智能在医院中的应用包括",
    "北京是中国的首都，它的历史",
    "从前有一座山，山里有一座庙，",
    "银行保护客户数据的主要方法是",
    "学习编程的第一步是",
    "def quicksort(items):\n",
    "#include <vector>\n\n// Returns the longest increasing subsequence.\nstd::vector<int> longest(const std::vector<int>& in) {\n",
    "SELECT department, COUNT(*) FROM employees",
    "function debounce(callback, delay) {\n",
    "# Dockerfile for a Python web service\nFROM python:3.12-slim\n",
]


def cofre(*arguments):
    done = subprocess.run([COFRE, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"peer.py: cofre {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """A llama-server of one model, for as long as the `with` lasts."""

    def __init__(self, command, file):
        self.port = free_port()
        self.process = subprocess.Popen(
            [*command, "server", "-m", file, "-t", "2", "-np", "1", "-c", "1024", "--host", "127.0.0.1", "--port", str(self.port)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def __enter__(self):
        for _ in range(600):
            try:
                if urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2).status == 200:
                    return self
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        sys.exit("peer.py: the peer's server did not start")

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def ask(self, path, body):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=300))

    def greedy(self, prompt_ids):
        """[(id, log-probability)] of the tokens the peer writes. It tells none of a token after which a character is still
        incomplete: None then."""
        answer = self.ask("completion", {"prompt": prompt_ids, "n_predict": TOKENS, "temperature": 0, "n_probs": 10, "cache_prompt": False,
                                         "return_tokens": True})
        told = iter(answer["completion_probabilities"])
        steps, step = [], next(told, None)
        for i, token in enumerate(answer["tokens"]):
            text = self.ask("detokenize", {"tokens": answer["tokens"][:i + 1]})["content"]
            if step and step["id"] == token and not text.endswith("\ufffd"):
                steps.append((token, step["logprob"]))
                step = next(told, None)
            else:
                steps.append((token, None))
        return steps


def compare(peer, model):
    same = total = 0
    deltas, gap = [], 0.0
    for prompt in PROMPTS:
        ids = json.loads(cofre("tokenize", model, prompt, "--json", "--bos"))["tokens"]
        theirs = peer.greedy(ids)
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"prompt": ids, "continuation": [token for token, _ in theirs]}, file)
            file.flush()
            ours = json.loads(cofre("score", model, file.name, "--json"))["tokens"]
        for (token, logprob), mine in zip(theirs, ours, strict=True):
            total += 1
            if logprob is not None:
                deltas.append(abs(mine["logprob"] - logprob))
            best = mine["top"][0]
            if best["id"] == token:
                same += 1
            else:
                gap = max(gap, best["logprob"] - mine["logprob"])
    return same / total, sum(deltas) / len(deltas), gap


def main():
    command = shlex.split(os.environ.get("COFRE_PEER", os.path.join(ROOT, "..", "shared", "peers", "llama")))
    if not os.path.exists(command[0]):
        print("peer.py: skipped, no peer (set COFRE_PEER)")
        return
    good = True
    print("| model | same best token | mean difference of log-probability | widest gap where the best differs |\n|---|---|---|---|")
    for model in sys.argv[1:] or MODELS:
        if not os.path.exists(model):
            cofre("pull", model)
        file = json.loads(cofre("inspect", model, "--json"))["path"]
        with Peer(command, file) as peer:
            same, delta, gap = compare(peer, model)
        holds = same >= SAME_BEST and delta <= MEAN_DELTA and gap <= WORST_GAP
        good = good and holds
        print(f"| {os.path.basename(model)} | {same:.1%} | {delta:.3f} | {gap:.2f} |{'' if holds else ' **outside the bounds** |'}", flush=True)
    sys.exit(0 if good else 1)


main()
