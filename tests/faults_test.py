#!/usr/bin/env python3
"""A real box, and all that can happen to it: docs/testing.md lists the faults and their tests.

    tests/faults_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import concurrent.futures
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import sys
import time
import unittest

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
LONG = {"model": "default", "messages": [{"role": "user", "content": "Tell a very long story."}], "max_tokens": 4000,
        "temperature": 1, "ignore_eos": True}
SHORT = {"model": "default", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}
CHAT = "/v1/chat/completions"
PATIENCE_S = 60


def wait_until(holds, what, patience_s=PATIENCE_S):
    end = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"it did not come about: {what}")
        time.sleep(0.02)


class BoxTest(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [MODEL], *cls.options)
        cls.key = cls.box.key("tests")
        cls.monitor = cls.box.key("monitor", "metrics")

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def model(self):
        return json.loads(self.box.command("status", "--json")[1])["models"][0]

    def metric(self, name):
        text = self.box.ask("GET", "/metrics", key=self.monitor)[2]
        found = re.search(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M)
        self.assertTrue(found, f"{name} is not among the metrics:\n{text}")
        return float(found[1])

    def at_rest(self):
        return (self.metric("vllm:num_requests_running"), self.metric("vllm:num_requests_waiting"),
                self.metric("cofre_requests_open")) == (0, 0, 0)

    def assert_served(self):
        status, _, answer = self.box.ask("POST", CHAT, SHORT, self.key)
        self.assertEqual(status, 200, answer)

    def vanish(self, connection):
        """Closes so that the other side sees a reset."""
        under = connection.sock
        under.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        under.close()

    def raw(self, data, wait=True):
        """What a box answers to these bytes."""
        with socket.create_connection((self.box.host, self.box.port), timeout=PATIENCE_S) as plain, \
                self.box.tls.wrap_socket(plain, server_hostname=self.box.host) as secure:
            try:
                secure.sendall(data)
                answer = b""
                while piece := secure.recv(65536):
                    answer += piece
            except OSError:
                pass
            return answer


class Workers(BoxTest):
    options = ("--set", "workers.silence_s=2")

    def fault(self, how):
        """A stream's worker gets a signal: (seconds until the stream ended, its last event)."""
        before = self.model()
        answer, events = self.box.stream(LONG, self.key)
        self.assertEqual(answer.status, 200)
        for _ in range(3):
            next(events)
        begin = time.monotonic()
        os.kill(before["process"], how)
        last = list(events)[-1]
        took = time.monotonic() - begin
        self.assertIn("error", last)
        self.assertEqual(last["error"]["type"], "unavailable_error", last)
        self.assert_served()
        self.assertNotEqual(self.model()["process"], before["process"])
        return took

    def test_a_killed_worker_ends_its_stream_at_once_and_the_next_request_is_served(self):
        self.assertLess(self.fault(signal.SIGKILL), 1)

    def test_a_frozen_worker_is_replaced(self):
        self.assertLess(self.fault(signal.SIGSTOP), 8)

    def test_a_model_file_deleted_while_it_is_loaded_does_no_harm(self):
        copy = os.path.join(self.box.data, "gone.gguf")
        shutil.copy(MODEL, copy)
        box = Box(COFRE, [copy])
        try:
            os.remove(copy)
            self.assertEqual(box.ask("POST", CHAT, SHORT, box.key("tests"))[0], 200)
        finally:
            box.remove()


class Clients(BoxTest):
    options = ("--set", "limits.write_timeout_s=1")

    def test_a_thousand_clients_that_connect_and_vanish_leave_nothing(self):
        def come(number):
            plain = socket.create_connection((self.box.host, self.box.port), timeout=PATIENCE_S)
            if number % 4 == 1:
                plain.sendall(b"\x16\x03\x01")  # in the middle of a handshake
            if number % 4 >= 2:
                plain = self.box.tls.wrap_socket(plain, server_hostname=self.box.host)
            if number % 4 == 3:
                body = json.dumps(LONG)
                plain.sendall(f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.key}\r\n"
                              f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            plain.close()

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(come, range(1000)))
        self.assert_served()
        wait_until(self.at_rest, "all requests of those who left end")
        wait_until(lambda: json.loads(self.box.command("status", "--json")[1])["connections"] <= 1, "all connections end")

    def test_after_a_thousand_aborts_as_many_pages_are_free(self):
        self.assert_served()
        wait_until(self.at_rest, "the box is at rest")
        before = self.metric("vllm:kv_cache_usage_perc")

        def abort(number):
            connection = self.box.connect()
            connection.request("POST", CHAT, json.dumps({**LONG, "stream": number % 2 == 0}),
                               {"Authorization": "Bearer " + self.key, "Content-Type": "application/json"})
            if number % 4 == 0:
                connection.getresponse().fp.readline()
            self.vanish(connection)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(abort, range(1000)))
        self.assert_served()
        wait_until(self.at_rest, "all requests of those who left end")
        wait_until(lambda: self.metric("vllm:kv_cache_usage_perc") == before, "all pages are free again")

    def test_a_slow_reader_is_cut_and_others_are_served_meanwhile(self):
        body = json.dumps({**LONG, "stream": True, "logprobs": True, "top_logprobs": 20})
        with socket.socket() as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.connect((self.box.host, self.box.port))
            secure = self.box.tls.wrap_socket(plain, server_hostname=self.box.host)
            secure.sendall(f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.key}\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            wait_until(lambda: not self.at_rest(), "the request runs")
            self.assert_served()
            wait_until(self.at_rest, "the reader is cut", 240)  # once all buffers between the two are full
            secure.close()

    def test_two_requests_with_one_id_are_both_answered(self):
        def ask(number):
            return self.box.ask("POST", CHAT, {**SHORT, "max_tokens": 8 + number % 5}, self.key, {"X-Request-Id": "same"})

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for number, (status, headers, answer) in enumerate(pool.map(ask, range(24))):
                self.assertEqual((status, headers["X-Request-Id"]), (200, "same"), answer)
                self.assertLessEqual(answer["usage"]["completion_tokens"], 8 + number % 5)


class Messages(BoxTest):
    def test_malformed_http_is_refused(self):
        for data, status in ((b"\x00\x01\x02\x03\r\n\r\n", b"400"), (b"GET\r\n\r\n", b"400"),
                             (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", b"505"),
                             (b"GET /health HTTP/1.1\r\n\r\n", b"400"),
                             (b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
                             (b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                              b"Transfer-Encoding: chunked\r\n\r\nabc", b"400"),
                             (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", b"431")):
            answer = self.raw(data)
            self.assertTrue(answer == b"" or answer.split()[1] in (status, b"400"), (data[:60], answer[:200]))
        self.assert_served()

    def chunked(self, pieces):
        """The status of a chat whose body comes in these pieces."""
        return self.raw(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        b"Authorization: Bearer " + self.key.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces)

    def test_a_chunked_body_is_read_and_a_wrong_one_refused(self):
        body = json.dumps(SHORT).encode()
        pieces = b"".join(b"1\r\n" + body[i:i + 1] + b"\r\n" for i in range(len(body)))
        self.assertIn(b"HTTP/1.1 200", self.chunked(pieces + b"0\r\n\r\n"))
        for wrong in (b"zz\r\nab\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nab", b"2\r\nabc\r\n0\r\n\r\n"):
            answer = self.chunked(wrong)
            self.assertRegex(answer[:12], b"^(HTTP/1.1 4(00|13)|)$", wrong)

    def test_a_body_of_100_mb_is_refused(self):
        for body in (b" " * 100_000_000, b'{"model":"default","messages":[{"role":"user","content":"' + b"a" * 100_000_000 + b'"}]}'):
            connection = self.box.connect()
            try:
                connection.request("POST", CHAT, body, {"Authorization": "Bearer " + self.key})
            except OSError:
                pass  # it stopped to read: the answer is there already
            try:
                self.assertEqual(connection.getresponse().status, 413)
            except (http.client.HTTPException, OSError):
                pass  # the refusal was lost with the connection that it closed
            connection.close()
        self.assert_served()

    def test_json_nested_100_000_deep_is_refused(self):
        deep = 100_000
        nested = "[" * deep + "]" * deep
        objects = '{"a":' * deep + "1" + "}" * deep
        head = '{"model":"default","messages":[{"role":"user","content":"a"}],'
        for body in (nested, "[" * deep, objects, head + f'"stop":{nested}}}', head + f'"metadata":{objects}}}',
                     head + f'"response_format":{{"type":"json_schema","json_schema":{{"name":"a","schema":{objects}}}}}}}'):
            for path in (CHAT, "/v1/completions", "/v1/responses", "/tokenize", "/v1/embeddings"):
                status, _, answer = self.box.ask("POST", path, body, self.key)
                self.assertEqual(status, 400, (path, body[:60], answer))
        self.assert_served()

    NUMBERS = {
        CHAT: ({"messages": [{"role": "user", "content": "a"}], "logprobs": True},
               ["temperature", "top_p", "min_p", "typical_p", "top_k", "n", "max_tokens", "max_completion_tokens", "top_logprobs",
                "presence_penalty", "frequency_penalty", "repetition_penalty", "seed"]),
        "/v1/completions": ({"prompt": "a"}, ["temperature", "top_p", "min_p", "top_k", "n", "best_of", "max_tokens", "logprobs",
                                              "presence_penalty", "frequency_penalty", "repetition_penalty", "seed"]),
        "/v1/embeddings": ({"input": "a"}, ["dimensions"]),
        "/v1/responses": ({"input": "a"}, ["temperature", "top_p", "max_output_tokens", "top_logprobs"]),
    }

    def test_negative_and_huge_numbers_are_refused_with_their_field(self):
        for path, (base, fields) in self.NUMBERS.items():
            for field in fields:
                for bad in ("-9223372036854775809", "18446744073709551616", "-1e300", "1e300", "1e999", "99999999999999999999999999",
                            '"7"', "[]"):
                    body = json.dumps({"model": "default", **base})[:-1] + f', "{field}": {bad}}}'
                    status, _, answer = self.box.ask("POST", path, body, self.key)
                    self.assertEqual(status, 400, (path, field, bad, answer))
                    if bad != "1e999":  # no number of JSON's that a program can hold
                        self.assertEqual(answer["error"]["param"], field, (path, bad, answer))
        for ids in ("[-1]", "[4294967296]", "[99999999]"):
            for path, body in (("/v1/completions", f'{{"model":"default","prompt":{ids}}}'),
                               ("/v1/embeddings", f'{{"model":"default","input":{ids}}}'),
                               ("/detokenize", f'{{"model":"default","tokens":{ids}}}')):
                status, _, answer = self.box.ask("POST", path, body, self.key)
                self.assertEqual(status, 400, (path, ids, answer))
        self.assert_served()

    def test_unknown_roles_are_named(self):
        for role in ("king", "", None, 7, ["user"]):
            body = {**SHORT, "messages": [{"role": role, "content": "a"}]}
            status, _, answer = self.box.ask("POST", CHAT, body, self.key)
            self.assertEqual((status, answer["error"]["param"]), (400, "messages[0].role"), (role, answer))

    def test_invalid_utf_8_is_refused(self):
        for bad in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf"):
            body = b'{"model":"default","messages":[{"role":"user","content":"a' + bad + b'"}]}'
            status, _, answer = self.box.ask("POST", CHAT, body, self.key)
            self.assertEqual(status, 400, (bad, answer))
        # Half of a surrogate pair, escaped, is JSON, but no text.
        status, _, answer = self.box.ask("POST", CHAT, '{"model":"default","messages":[{"role":"user","content":"\\ud800"}]}',
                                         self.key)
        self.assertEqual(status, 400, answer)
        self.assert_served()


unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]], warnings="ignore")
