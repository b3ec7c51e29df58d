#!/usr/bin/env python3
"""A box run over HTTP: models imported, started, measured and removed; settings changed; its authority.

    tests/administration_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import json
import os
import sys
import time
import unittest

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
SHORT = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}


class Administration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [])
        cls.key = cls.box.key("operator", "admin", "inference", "account")

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def do(self, method, path, body=None):
        status, _, answer = self.box.ask(method, "/admin/v1/" + path, body, self.key)
        self.assertEqual(status, 200, answer)
        return answer

    def upload(self, name, content):
        connection = self.box.connect()
        connection.request("POST", f"/admin/v1/models/import?name={name}", content,
                           {"Authorization": "Bearer " + self.key, "Content-Type": "application/octet-stream"})
        with connection.getresponse() as answer:
            self.assertEqual(answer.status, 200)
            job = json.loads(answer.read())
        connection.close()
        return self.ended(job)

    def ended(self, job):
        until = time.monotonic() + 120
        while job["state"] == "running" and time.monotonic() < until:
            job = self.do("GET", f"jobs/{job['id']}")
        return job

    def wait_for(self, name, state):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found = [one for one in self.do("GET", "models")["models"] if one["name"] == name]
            if found and found[0]["state"] == state:
                return found[0]
        self.fail(f"{name} is not {state}: {found}")

    def test_a_model_from_its_file_to_its_end(self):
        with open(MODEL, "rb") as file:
            content = file.read()
        broken = self.upload("broken", content[:1_000_000])
        self.assertEqual(broken["state"], "failed", broken)
        self.assertTrue(broken["error"])
        self.assertEqual(self.do("GET", "models")["models"], [])
        self.assertEqual([name for name in os.listdir(os.path.join(self.box.data, "models")) if "upload" in name], [])
        job = self.upload("smollm2-135m", content)
        self.assertEqual((job["state"], job["result"]["bytes"]), ("done", len(content)), job)
        row = [one for one in self.do("GET", "catalogue")["models"] if one["name"] == "smollm2-135m"][0]
        self.assertTrue(row["here"] and row["fits"])
        self.assertEqual(row["sha256"], job["result"]["sha256"])
        self.do("POST", "models/smollm2-135m/load")
        self.assertTrue(self.wait_for("smollm2-135m", "ready")["healthy"])
        changed = self.do("PATCH", "settings", {"aliases": {"small": "smollm2-135m"}})
        self.assertIn("models.aliases.\"small\"", changed["changed"])
        status, _, answer = self.box.ask("POST", "/v1/chat/completions", {"model": "small", **SHORT}, self.key)
        self.assertEqual(status, 200, answer)
        refused = self.box.ask("PATCH", "/admin/v1/settings", {"aliases": {"small": "nobody"}}, self.key)
        self.assertEqual(refused[0] // 100, 4, refused)
        self.assertEqual(self.do("GET", "settings")["aliases"], {"small": "smollm2-135m"})
        figures = self.ended(self.do("POST", "models/smollm2-135m/bench"))
        self.assertEqual(figures["state"], "done", figures)
        self.assertGreater(figures["result"]["decode"][0]["tokens_per_s"], 0)
        self.do("POST", "models/smollm2-135m/unload")
        self.wait_for("smollm2-135m", "idle")
        self.do("PATCH", "settings", {"aliases": {}})
        self.do("DELETE", "models/smollm2-135m")
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", {"model": "smollm2-135m", **SHORT}, self.key)[0], 404)
        trail, told, _ = self.box.command("audit", "export")
        self.assertEqual(trail, 0)
        for action in ("model.import.begin", "model.load", "model.rm", "settings.change"):
            self.assertIn(f'"{action}"', told)

    def test_settings_are_changed_while_the_box_runs(self):
        shown = {one["key"]: one for one in self.do("GET", "settings")["settings"]}
        self.assertFalse(shown["ldap.urls"]["editable"])
        self.do("PATCH", "settings", {"set": {"limits.body_mib": 1}})
        big = {"model": "x", "prompt": "a" * (2 << 20)}
        self.assertEqual(self.box.ask("POST", "/v1/completions", big, self.key)[0], 413)
        self.do("PATCH", "settings", {"reset": ["limits.body_mib"]})
        self.assertEqual(self.box.ask("POST", "/v1/completions", big, self.key)[0], 404)
        waits = self.do("PATCH", "settings", {"set": {"api.records_days": 9}})
        self.assertIn("api.records_days", waits["after_restart"])
        self.assertIn("api.records_days", self.do("GET", "settings")["after_restart"])
        status, _, error = self.box.command("config", "--check")
        self.assertEqual(status, 0, error)

    def test_the_authority_is_what_clients_trust(self):
        status, headers, pem = self.box.ask("GET", "/admin/v1/tls/authority", key=self.key)
        self.assertEqual(status, 200)
        with open(self.box.ca, encoding="ascii") as file:
            self.assertEqual(pem, file.read())
        shown = self.do("GET", "tls")
        self.assertEqual(shown["own"]["issuer"], shown["authority"]["subject"])
        self.assertIn("localhost", shown["own"]["names"])
        request = self.do("POST", "tls/request", {})["request"]
        self.assertIn("BEGIN CERTIFICATE REQUEST", request)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
