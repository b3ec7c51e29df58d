#!/usr/bin/env python3
"""Along llama.cpp's own greedy tokens, Cofre's probabilities must be llama.cpp's, model by model.

    tests/long/peer.py [MODEL ...]     catalogue names or files; all four language models without one

The peer (a command that takes `server -m FILE ...` and `quantize`) is $COFRE_PEER, else ../shared/peers/llama. The peer writes up to 32 greedy
tokens after each of 20 prompts; `cofre score` gives our log-probability of the same tokens. Free text is not compared:
one near-tie, and the two texts part for good.

Both engines round activations, each in its own way, so a difference says not yet whose fault it is. The same weights
unfolded to F32 (by the peer's `quantize`) and run by our f32 kernels are the judge: "exact". Prints a Markdown table, a
row for each pair of them. Exits 1 where we are further from exact than the peer is (by more than a twentieth), or where a bound does not hold between
us and the peer though it holds between exact and the peer.
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

    def __init__(self, command, file, *more):
        self.port = free_port()
        self.process = subprocess.Popen(
            [*command, "server", "-m", file, "-t", "2", "-np", "1", "-c", "1024", "--host", "127.0.0.1", "--port", str(self.port), *more],
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

    def greedy(self, prompt_ids, count=TOKENS, **more):
        """[(id, log-probability)] of the tokens the peer writes. It tells none of a token after which a character is still
        incomplete: None then."""
        answer = self.ask("completion", {"prompt": prompt_ids, "n_predict": count, "temperature": 0, "n_probs": 10, "cache_prompt": False,
                                         "return_tokens": True, **more})
        if [step["id"] for step in answer["completion_probabilities"]] == answer["tokens"]:
            return [(step["id"], step["logprob"]) for step in answer["completion_probabilities"]]
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


def scores(model, tokens, *options):
    """What we make of the peer's tokens: [(log-probability, best id, its log-probability)] after each prompt."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([{"prompt": ids, "continuation": [token for token, _ in theirs]} for ids, theirs in tokens], file)
        file.flush()
        ours = json.loads(cofre("score", model, file.name, "--json", *options))
    return [(mine["logprob"], mine["top"][0]["id"], mine["top"][0]["logprob"]) for one in ours for mine in one["tokens"]]


class Distance:
    """How far one's scores are from the peer's tokens (`other` None) or from another's scores."""

    def __init__(self, scores, tokens, other=None):
        peers = [step for _, theirs in tokens for step in theirs]
        best = [step[0] for step in peers] if other is None else [score[1] for score in other]
        logprobs = [step[1] for step in peers] if other is None else [score[0] for score in other]
        deltas = [abs(mine[0] - theirs) for mine, theirs in zip(scores, logprobs, strict=True) if theirs is not None]
        self.same = sum(mine[1] == theirs for mine, theirs in zip(scores, best, strict=True)) / len(scores)
        self.mean = sum(deltas) / len(deltas)
        self.gap = None
        if other is None:
            self.gap = max([mine[2] - mine[0] for mine, theirs in zip(scores, best) if mine[1] != theirs], default=0.0)

    def holds(self):
        return self.same >= SAME_BEST and self.mean <= MEAN_DELTA and self.gap <= WORST_GAP

    def row(self, name):
        gap = "" if self.gap is None else f"{self.gap:.2f}"
        print(f"| {name} | {self.same:.1%} | {self.mean:.3f} | {gap} |{'' if self.gap is None or self.holds() else ' outside the bounds |'}", flush=True)


def compare(command, model):
    """Prints the model's rows; False where we are to blame."""
    file = json.loads(cofre("inspect", model, "--json"))["path"]
    name = os.path.basename(model)
    with Peer(command, file) as peer:
        prompts = [json.loads(cofre("tokenize", model, prompt, "--json", "--bos"))["tokens"] for prompt in PROMPTS]
        tokens = [(ids, peer.greedy(ids)) for ids in prompts]
    ours = scores(model, tokens)
    with tempfile.TemporaryDirectory(prefix="cofre-exact-") as folder:
        unfolded = os.path.join(folder, "exact.gguf")
        subprocess.run([*command, "quantize", "--allow-requantize", file, unfolded, "F32"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        exact = scores(unfolded, tokens)
    between, bound, own = Distance(ours, tokens), Distance(exact, tokens), Distance(ours, tokens, exact)
    between.row(f"{name}: ours to the peer")
    bound.row(f"{name}: exact to the peer")
    own.row(f"{name}: ours to exact")
    return own.mean <= 1.05 * bound.mean and (between.holds() or not bound.holds())


def command_of_peer():
    """The peer as a command; ends the program where there is none."""
    command = shlex.split(os.environ.get("COFRE_PEER", os.path.join(ROOT, "..", "shared", "peers", "llama")))
    if not os.path.exists(command[0]):
        print("skipped: no llama.cpp to compare with (set COFRE_PEER)")
        sys.exit(0)
    return command


def main():
    command = command_of_peer()
    good = True
    print("| model | same best token | mean difference of log-probability | widest gap where the best differs |\n|---|---|---|---|")
    for model in sys.argv[1:] or MODELS:
        if not os.path.exists(model):
            cofre("pull", model)
        good = compare(command, model) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
