#!/usr/bin/env python3
"""The official clients against a running box: every example of docs/clients.md, and what the examples do not show.

    tests/clients/clients_test.py COFRE DATA TOOLS     TOOLS: a folder that keeps the clients' packages

Run in TOOLS/venv, which it makes itself: openai, langchain-openai, jsonschema and websockets from PyPI, openai from npm.
"""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
from box import SKIPPED, Box, ensure_model  # noqa: E402

COFRE, DATA, TOOLS = sys.argv[1:4]
PYTHON_PACKAGES = ["openai", "langchain-openai", "jsonschema", "websockets"]


def skip(why):
    print("skipped:", why)
    sys.exit(SKIPPED)


def make_tools():
    """The virtual environment and the Node package, made once for these packages."""
    python = os.path.join(TOOLS, "venv", "bin", "python")
    done = os.path.join(TOOLS, "complete")
    if not os.path.exists(done) or open(done).read().split() != PYTHON_PACKAGES:
        commands = [[sys.executable, "-m", "venv", os.path.join(TOOLS, "venv")],
                    [python, "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES],
                    [os.path.join(ROOT, "cmake", "node.sh"), "install", "--silent", "--prefix", TOOLS, "openai"]]
        for command in commands:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if result.returncode != 0:
                skip(f"{' '.join(command)}: {result.stderr.strip()[-300:]}")
        open(done, "w").write(" ".join(PYTHON_PACKAGES))
    return python


if os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(TOOLS, "venv")):
    os.makedirs(TOOLS, exist_ok=True)
    interpreter = make_tools()
    os.execv(interpreter, [interpreter, *sys.argv])

import httpx  # noqa: E402
import jsonschema  # noqa: E402
import openai  # noqa: E402
import websockets.exceptions  # noqa: E402
import websockets.sync.client  # noqa: E402

MODEL = ensure_model(COFRE, DATA, "qwen2.5-coder-0.5b")


def examples():
    """(line, language, text) of the fenced blocks of docs/clients.md."""
    page = open(os.path.join(ROOT, "docs", "clients.md")).read()
    for match in re.finditer(r"^```(python|js|sh)\n(.*?)^```", page, re.S | re.M):
        yield page.count("\n", 0, match.start()) + 1, match[1], match[2]


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [MODEL])
        cls.key = cls.box.key("clients")
        cls.client = cls.new_client()

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    @classmethod
    def new_client(cls, **options):
        return openai.OpenAI(base_url=cls.box.url + "/v1", api_key=cls.key,
                             http_client=httpx.Client(verify=cls.box.tls), **options)

    def streams(self):
        return json.loads(self.box.command("status", "--json")[1])["models"][0]["streams"]

    def chat(self, text, **options):
        options.setdefault("max_tokens", 64)
        options.setdefault("temperature", 0)
        return self.client.chat.completions.create(model="default", messages=[{"role": "user", "content": text}],
                                                   **options)

    def test_examples_of_the_page_run(self):
        environment = {**os.environ, "OPENAI_BASE_URL": self.box.url + "/v1", "OPENAI_API_KEY": self.key,
                       "SSL_CERT_FILE": self.box.ca, "NODE_EXTRA_CA_CERTS": self.box.ca,
                       "NODE_PATH": os.path.join(TOOLS, "node_modules"),
                       "PATH": os.path.join(TOOLS, "venv", "bin") + ":" + os.environ["PATH"]}
        count = 0
        for line, language, text in examples():
            with self.subTest(line=line, language=language):
                if language == "python":
                    command = [sys.executable, "-c", text]
                elif language == "sh":
                    command = ["bash", "-euo", "pipefail", "-c", text]
                else:
                    # A module finds packages beside itself only.
                    path = os.path.join(TOOLS, f"example{line}.mjs")
                    open(path, "w").write(text)
                    command = [os.path.join(ROOT, "cmake", "node.sh"), "--node", path]
                done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                      timeout=120)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertTrue(done.stdout.strip())
                count += 1
        self.assertGreaterEqual(count, 8)

    def test_a_stream_says_what_the_whole_answer_says(self):
        question = "Name three colours, and of each a thing that has it. " * 8  # more than a page of the cache
        whole = self.chat(question)
        text, usage, reasons = "", None, []
        for chunk in self.chat(question, stream=True, stream_options={"include_usage": True}):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                reasons += [choice.finish_reason] if choice.finish_reason else []
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(reasons, [whole.choices[0].finish_reason])
        self.assertEqual(usage.completion_tokens, whole.usage.completion_tokens)
        self.assertGreater(usage.prompt_tokens_details.cached_tokens, 0)

    def test_a_schema_is_kept_to_at_any_temperature(self):
        schema = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20},
                                                   "age": {"type": "integer", "minimum": 0, "maximum": 150}},
                  "required": ["name", "age"], "additionalProperties": False}
        form = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": schema}}
        for seed in range(4):
            answer = self.chat("A person, as JSON.", response_format=form, temperature=1.5, seed=seed, max_tokens=200)
            jsonschema.validate(json.loads(answer.choices[0].message.content), schema)

    def test_a_required_tool_is_called_with_arguments_of_its_schema(self):
        parameters = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 30}}, "required": ["city"],
                      "additionalProperties": False}
        tool = {"type": "function", "function": {"name": "get_weather", "description": "The weather in a city",
                                                 "parameters": parameters}}
        answer = self.chat("What is the weather in Lisbon?", tools=[tool], tool_choice="required", max_tokens=120)
        (call,) = answer.choices[0].message.tool_calls
        self.assertEqual((call.function.name, answer.choices[0].finish_reason), ("get_weather", "tool_calls"))
        jsonschema.validate(json.loads(call.function.arguments), parameters)
        pieces = {"name": "", "arguments": ""}
        for chunk in self.chat("What is the weather in Lisbon?", tools=[tool], tool_choice="required", max_tokens=120,
                               stream=True):
            for delta in chunk.choices[0].delta.tool_calls or []:
                pieces["name"] += delta.function.name or ""
                pieces["arguments"] += delta.function.arguments or ""
        self.assertEqual(pieces, {"name": "get_weather", "arguments": call.function.arguments})

    def test_a_client_that_leaves_frees_the_model(self):
        stream = self.chat("Count to ten thousand.", stream=True, max_tokens=4000, extra_body={"ignore_eos": True})
        next(iter(stream))
        stream.close()
        self.assertTrue(self.chat("Hello", max_tokens=4).choices)
        end = time.monotonic() + 5
        while self.streams() > 0 and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.streams(), 0)

    def respond(self, text, **options):
        options.setdefault("max_output_tokens", 32)
        options.setdefault("temperature", 0)
        return self.client.responses.create(model="default", input=text, **options)

    def test_a_stored_response_is_read_again_continued_and_deleted(self):
        first = self.respond("My name is Ada. What is the capital of France?", instructions="Answer in one word.")
        self.assertEqual(self.client.responses.retrieve(first.id), first)
        second = self.respond("And of Portugal?", previous_response_id=first.id)
        self.assertGreater(second.usage.input_tokens, first.usage.input_tokens)
        conversation = [{"role": "user", "content": "My name is Ada. What is the capital of France?"},
                        {"role": "assistant", "content": first.output_text},
                        {"role": "user", "content": "And of Portugal?"}]
        self.assertEqual(self.respond(conversation, store=False).output_text, second.output_text)
        items = list(self.client.responses.input_items.list(second.id, order="asc", limit=2))
        self.assertEqual([item.role for item in items], ["user", "assistant", "user"])
        self.assertEqual(items[1].content[0].text, first.output_text)
        self.client.responses.delete(first.id)
        with self.assertRaises(openai.NotFoundError):
            self.client.responses.retrieve(first.id)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.respond("And of Spain?", previous_response_id=second.id)
        self.assertEqual(caught.exception.param, "previous_response_id")

    def test_a_call_of_a_tool_is_answered_in_the_next_response(self):
        tool = {"type": "function", "name": "get_weather", "description": "The weather in a city", "strict": True,
                "parameters": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 30}},
                               "required": ["city"], "additionalProperties": False}}
        first = self.respond("What is the weather in Lisbon?", tools=[tool], tool_choice="required",
                             max_output_tokens=120)
        (call,) = [item for item in first.output if item.type == "function_call"]
        second = self.respond([{"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"}],
                              previous_response_id=first.id, tools=[tool])
        self.assertEqual(second.status, "completed" if second.incomplete_details is None else "incomplete")
        kinds = [item.type for item in self.client.responses.input_items.list(second.id, order="asc")]
        self.assertEqual(kinds, ["message", "function_call", "function_call_output"])

    def test_a_background_response_is_polled_until_it_is_whole(self):
        response = self.respond("Name three colours.", background=True)
        self.assertIn(response.status, ("queued", "in_progress"))
        end = time.monotonic() + 60
        while response.status in ("queued", "in_progress") and time.monotonic() < end:
            time.sleep(0.05)
            response = self.client.responses.retrieve(response.id)
        self.assertIn(response.status, ("completed", "incomplete"))
        self.assertEqual(response.output_text, self.respond("Name three colours.").output_text)

    def test_a_background_stream_that_was_cut_goes_on_with_the_same_text(self):
        def text_of(events):
            return "".join(event.delta for event in events if event.type == "response.output_text.delta")

        question = "Tell a long story about a lighthouse."
        stream = self.respond(question, background=True, stream=True, max_output_tokens=100)
        begun = []
        for event in stream:
            begun.append(event)
            if len(begun) == 12:
                break
        stream.close()
        name = begun[0].response.id
        rest = list(self.client.responses.retrieve(name, stream=True, starting_after=begun[-1].sequence_number))
        numbers = [event.sequence_number for event in begun + rest]
        self.assertEqual(numbers, list(range(len(numbers))))
        self.assertIn(rest[-1].type, ("response.completed", "response.incomplete"))
        self.assertEqual(text_of(begun) + text_of(rest), rest[-1].response.output_text)
        again = list(self.client.responses.retrieve(name, stream=True))
        self.assertEqual(again, begun + rest)
        self.assertEqual(self.respond(question, max_output_tokens=100).output_text, text_of(again))

    def test_a_background_response_is_cancelled(self):
        response = self.respond("Count to ten thousand.", background=True, max_output_tokens=2000)
        cancelled = self.client.responses.cancel(response.id)
        self.assertEqual(cancelled.status, "cancelled")
        self.assertEqual(self.client.responses.cancel(response.id), cancelled)
        end = time.monotonic() + 5
        while self.streams() > 0 and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.streams(), 0)

    def test_a_box_that_dies_leaves_no_response_in_progress(self):
        box = Box(COFRE, [MODEL])
        again = None
        try:
            key = box.key("app")
            body = {"model": "default", "input": "Count to ten thousand.", "background": True, "max_output_tokens": 2000}
            name = box.ask("POST", "/v1/responses", body, key)[2]["id"]
            box.stop(signal.SIGKILL)
            again = Box(COFRE, [MODEL], data=box.data)
            response = again.ask("GET", "/v1/responses/" + name, key=key)[2]
            self.assertEqual((response["status"], response["error"]["code"]), ("failed", "server_error"))
        finally:
            if again:
                again.remove()
            box.remove()

    def test_mistakes_are_the_clients_own_errors(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.chat("x", temperature=-1)
        self.assertEqual(caught.exception.param, "temperature")
        with self.assertRaises(openai.NotFoundError):
            self.client.chat.completions.create(model="nosuch", messages=[{"role": "user", "content": "x"}])
        with self.assertRaises(openai.AuthenticationError):
            self.new_client().with_options(api_key="wrong").models.list()

    def test_embeddings_have_one_length_and_are_normal(self):
        answer = self.client.embeddings.create(model="default", input=["a cat", "a dog"])
        (a, b) = [item.embedding for item in answer.data]
        self.assertEqual(len(a), len(b))
        self.assertAlmostEqual(sum(x * x for x in a), 1, places=3)


    def test_files_are_given_listed_read_and_deleted(self):
        content = bytes(range(256)) * 1000
        made = self.client.files.create(file=("bytes.bin", content), purpose="user_data",
                                        expires_after={"anchor": "created_at", "seconds": 3600})
        self.assertEqual((made.bytes, made.filename, made.status), (len(content), "bytes.bin", "processed"))
        self.assertEqual(made.expires_at, made.created_at + 3600)
        others = [self.client.files.create(file=b"x", purpose="user_data") for _ in range(2)]
        listed = [file.id for file in self.client.files.list(purpose="user_data", limit=1)]  # page after page
        self.assertEqual(listed, [others[1].id, others[0].id, made.id])
        self.assertEqual(self.client.files.retrieve(made.id), made)
        self.assertEqual(self.client.files.content(made.id).read(), content)
        for file in (made, *others):
            self.assertTrue(self.client.files.delete(file.id).deleted)
        with self.assertRaises(openai.NotFoundError):
            self.client.files.retrieve(made.id)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.files.create(file=b"x", purpose="fun")
        self.assertEqual(caught.exception.param, "purpose")

    def batch(self, url, bodies, **options):
        lines = [json.dumps({"custom_id": f"line-{i}", "method": "POST", "url": url, "body": body})
                 for i, body in enumerate(bodies)]
        file = self.client.files.create(file=("lines.jsonl", "\n".join(lines).encode()), purpose="batch")
        return self.client.batches.create(input_file_id=file.id, endpoint=url, completion_window="24h", **options)

    def ended(self, batch):
        end = time.monotonic() + 90
        while batch.status in ("validating", "in_progress", "finalizing", "cancelling") and time.monotonic() < end:
            time.sleep(0.05)
            batch = self.client.batches.retrieve(batch.id)
        return batch

    def answers(self, file):
        return [json.loads(line) for line in self.client.files.content(file).text.splitlines()]

    def test_a_batch_answers_each_endpoint_as_its_route_does(self):
        question = [{"role": "user", "content": "Say hello."}]
        for url, body, kind in (
                ("/v1/chat/completions", {"messages": question}, "chat.completion"),
                ("/v1/completions", {"prompt": "One, two,"}, "text_completion"),
                ("/v1/responses", {"input": "Say hello.", "store": False}, "response"),
                ("/v1/embeddings", {"input": "a cat"}, "list")):
            limit = {} if kind == "list" else {"max_output_tokens" if kind == "response" else "max_tokens": 16}
            good = {"model": "default", **body, **limit}
            batch = self.ended(self.batch(url, [good, {**good, "model": "nosuch"}], metadata={"kind": kind}))
            with self.subTest(url=url):
                self.assertEqual(batch.status, "completed", batch)
                self.assertEqual((batch.request_counts.completed, batch.request_counts.failed), (1, 1))
                self.assertEqual(batch.metadata, {"kind": kind})
                self.assertGreater(batch.usage.input_tokens, 0)
                (answer,) = self.answers(batch.output_file_id)
                self.assertEqual((answer["custom_id"], answer["response"]["status_code"]), ("line-0", 200))
                self.assertEqual(answer["response"]["body"]["object"], kind)
                (failed,) = self.answers(batch.error_file_id)
                self.assertEqual((failed["custom_id"], failed["response"]["status_code"]), ("line-1", 404))
        self.assertIn(batch.id, [one.id for one in self.client.batches.list(limit=2)])

    def test_a_batch_of_wrong_lines_fails_and_names_them(self):
        file = self.client.files.create(file=b'{"custom_id": 1}\n{', purpose="batch")
        batch = self.ended(self.client.batches.create(input_file_id=file.id, endpoint="/v1/embeddings",
                                                      completion_window="24h"))
        self.assertEqual(batch.status, "failed")
        self.assertEqual([(fault.line, fault.param) for fault in batch.errors.data], [(1, "custom_id"), (2, None)])

    def test_a_cancelled_batch_ends_soon(self):
        body = {"model": "default", "messages": [{"role": "user", "content": "Write."}], "max_tokens": 2000}
        batch = self.client.batches.cancel(self.batch("/v1/chat/completions", [{**body, "ignore_eos": True}] * 9).id)
        self.assertIn(batch.status, ("cancelling", "cancelled"))
        batch = self.ended(batch)
        self.assertEqual(batch.status, "cancelled")
        with self.assertRaises(openai.ConflictError):
            self.client.batches.cancel(batch.id)


class Live(unittest.TestCase):
    def test_figures_come_over_a_websocket_until_their_key_is_revoked_or_the_box_stops(self):
        box = Box(COFRE, [MODEL])
        try:
            worker, watcher, other = box.key("worker"), box.key("watcher", "metrics"), box.key("other", "metrics")

            def watch(key):
                return websockets.sync.client.connect(f"wss://{box.host}:{box.port}/admin/v1/live", ssl=box.tls, proxy=None,
                                                      additional_headers={"Authorization": "Bearer " + key})

            def end(socket):
                with self.assertRaises(websockets.exceptions.ConnectionClosed) as ended:
                    while True:
                        socket.recv(timeout=20)
                return ended.exception.rcvd.code

            for key, status in [("cofre_x", 401), (worker, 403)]:
                with self.assertRaises(websockets.exceptions.InvalidStatus) as refused:
                    watch(key)
                self.assertEqual(refused.exception.response.status_code, status)
            with watch(watcher) as socket, watch(other) as another:
                body = {"messages": [{"role": "user", "content": "Write."}], "max_tokens": 2000, "ignore_eos": True}
                answer, events = box.stream({**body, "model": "default"}, worker)
                next(events)
                figures = [json.loads(socket.recv(timeout=20)) for _ in range(5)]
                self.assertTrue(any(one["models"][0]["generated_tokens_per_second"] > 0 for one in figures), figures)
                self.assertTrue(any(one["requests_open"] == 1 for one in figures), figures)
                answer.close()
                self.assertEqual(box.command("key", "revoke", "watcher")[0], 0)
                revoked = time.monotonic()
                self.assertEqual(end(socket), 1008)
                self.assertLess(time.monotonic() - revoked, 2)
                another.recv(timeout=20)
                box.process.send_signal(signal.SIGTERM)
                self.assertEqual(end(another), 1001)
            self.assertEqual(box.stop(), 0)
        finally:
            box.remove()


class Retries(unittest.TestCase):
    def test_a_full_queue_is_refused_at_once_and_the_client_tries_again(self):
        box = Box(COFRE, [MODEL], "--set", "queue.length=1", "--set", "models.sequences=1")
        try:
            key = box.key("crowd")
            body = {"model": "default", "messages": [{"role": "user", "content": "Write."}], "max_tokens": 60,
                    "ignore_eos": True}
            first, events = box.stream({**body, "max_tokens": 400}, key)
            next(events)
            answers = []
            crowd = [threading.Thread(target=lambda: answers.append(box.ask("POST", "/v1/chat/completions", body, key)))
                     for _ in range(6)]
            for one in crowd:
                one.start()
            client = openai.OpenAI(base_url=box.url + "/v1", api_key=key, max_retries=20,
                                   http_client=httpx.Client(verify=box.tls))
            answer = client.chat.completions.create(model="default", max_tokens=4,
                                                    messages=[{"role": "user", "content": "Hello"}])
            self.assertTrue(answer.choices)
            for one in crowd:
                one.join()
            refused = [headers for status, headers, _ in answers if status == 429]
            self.assertGreaterEqual(len(refused), 4)
            self.assertTrue(all(float(headers["Retry-After"]) > 0 for headers in refused))
        finally:
            box.remove()


unittest.main(argv=[sys.argv[0], "-v", *sys.argv[4:]], warnings="ignore")
