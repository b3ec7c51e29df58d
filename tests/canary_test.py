#!/usr/bin/env python3
"""Secrets that were planted in a box are in nothing that it writes or tells: not in its log, its audit trail, its
database, /metrics, its status, its standard error, nor in what a crash leaves.

    tests/canary_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import base64
import glob
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile
import time
import unittest

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
PASSWORD, WRONG, PROMPT, QUERY = (f"canary {word} 7f3a9c" for word in ("password", "guess", "prompt", "query"))


class Canaries(unittest.TestCase):
    def setUp(self):
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.folder = tempfile.mkdtemp(prefix="cofre-canary-")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)  # where core files would go
        self.box = Box(COFRE, [MODEL], "--set", "log.level=debug")
        self.addCleanup(self.box.remove)
        self.secrets = {"password": PASSWORD, "wrong password": WRONG, "prompt": PROMPT, "query": QUERY}

    def do(self, *arguments):
        status, out, error = self.box.command(*arguments, "--json")
        self.assertEqual(status, 0, error)
        return json.loads(out)

    def ask(self, method, path, *arguments, wanted=200, **more):
        status, headers, answer = self.box.ask(method, path, *arguments, **more)
        self.assertEqual(status, wanted, answer)
        return headers, answer

    def plant(self):
        """Each kind of secret passes through the box, some of them in the wrong place."""
        token = self.do("admin", "reset", "olga", "--role", "user")["link"].split("#")[1]
        self.ask("POST", "/admin/v1/link", {"token": token, "password": PASSWORD})
        sign_in = {"name": "olga", "password": PASSWORD}
        self.ask("POST", "/admin/v1/session", {**sign_in, "password": WRONG}, wanted=401)
        self.ask("POST", "/admin/v1/session", {"name": PASSWORD, "password": WRONG}, wanted=401)  # in the wrong field
        headers, answer = self.ask("POST", "/admin/v1/session", sign_in)
        cookie = headers["Set-Cookie"].split(";")[0]
        session = {"Cookie": cookie, "X-CSRF-Token": answer["csrf_token"]}
        self.secrets |= {"link": token, "session": cookie.split("=", 1)[1], "CSRF token": answer["csrf_token"]}
        _, factor = self.ask("POST", "/admin/v1/me/second-factor", {"password": PASSWORD}, headers=session)
        self.secrets["second factor"] = factor["secret"]
        _, made = self.ask("POST", "/admin/v1/me/keys", {"name": "laptop"}, headers=session)
        key = self.secrets["key"] = made["key"]
        body = {"model": "default", "max_tokens": 8, "messages": [{"role": "user", "content": f"Repeat: {PROMPT}"}]}
        self.ask("POST", "/v1/chat/completions?token=" + QUERY.replace(" ", "%20"), body, key)
        self.ask("POST", "/v1/responses", {"model": "default", "input": PROMPT, "max_output_tokens": 4}, key)
        self.ask("POST", "/v1/chat/completions", {**body, PROMPT: 1}, key, wanted=400)
        self.ask("GET", "/v1/models/" + key, key=key, wanted=404)
        self.ask("GET", "/v1/models", key=key + "x", wanted=401)
        self.do("key", "revoke-leaked", key)
        phrase = self.do("master-key", "phrase")["phrase"]
        self.secrets |= {"recovery phrase": phrase, "half the phrase": " ".join(phrase.split()[:6])}
        self.secrets |= {"answer's word": PROMPT.split()[-1]}

    def forms(self):
        """Each secret as bytes in the ways in which it could be written."""
        for name, text in self.secrets.items():
            for form in (text.encode(), text.replace(" ", "%20").encode(), base64.b64encode(text.encode()).rstrip(b"=")):
                yield name, form
        raw = base64.b32decode(self.secrets["second factor"] + "=" * (-len(self.secrets["second factor"]) % 8))
        yield "second factor's bytes", raw
        yield "key's bytes", base64.urlsafe_b64decode(self.secrets["key"].removeprefix("cofre_") + "=")
        master = pathlib.Path(self.box.data, "master.key").read_bytes()
        yield "master key", master
        yield "master key in hex", master.hex().encode()

    def test_what_was_planted_is_nowhere_and_a_crash_leaves_nothing(self):
        self.plant()
        told = {"status": self.box.command("status", "--json")[1], "config": self.box.command("config")[1],
                "key list": self.box.command("key", "list", "--json")[1],
                "metrics": self.ask("GET", "/metrics", key=self.box.key("reader", "metrics"))[1],
                "health": str(self.ask("GET", "/health")[1]), "log": self.box.command("log")[1],
                "audit": self.box.command("audit", "export")[1], "doctor": self.box.command("doctor")[1]}
        self.assertIn("cofre_http_requests_total", told["metrics"])
        self.assertIn("key.revoke_leaked", told["audit"])
        workers = [str(model["process"]) for model in json.loads(told["status"])["models"]]
        self.assertTrue(workers)
        for process in [str(self.box.process.pid), *workers]:
            limits = pathlib.Path("/proc", process, "limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
        time.sleep(0.2)  # records of requests are on the disk within 100 ms
        self.box.process.send_signal(signal.SIGSEGV)
        told["standard error"] = self.box.process.stderr.read()
        self.assertIn("/v1/chat/completions", told["log"])
        self.assertEqual(self.box.stop(), -signal.SIGSEGV)
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(glob.glob(os.path.join(self.box.data, "core*")), [])
        files = [path for path in pathlib.Path(self.box.data).rglob("*") if path.is_file() and path.name != "master.key"]
        self.assertTrue(any("audit" in path.parts for path in files) and any(path.suffix == ".db" for path in files))
        for name, form in self.forms():
            for place, text in told.items():
                self.assertNotIn(form, text.encode(), f"the {name} is in the {place}")
            for path in files:
                self.assertNotIn(form, path.read_bytes(), f"the {name} is in {path}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
