#!/usr/bin/env python3
"""The box as its administrator meets it: start, keys, stop, reload, crash, log.

    tests/box_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
LONG = {"model": "default", "messages": [{"role": "user", "content": "Tell a very long story."}], "max_tokens": 2000,
        "temperature": 1, "ignore_eos": True}
SHORT = {"model": "default", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}


class TheBox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [MODEL])
        cls.key = cls.box.key("tests")

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def test_a_key_made_while_it_runs_asks_at_once(self):
        status, _, answer = self.box.ask("POST", "/v1/chat/completions", SHORT, self.box.key("fresh"))
        self.assertEqual(status, 200, answer)
        self.assertTrue(answer["choices"][0]["message"]["content"])
        status, _, models = self.box.ask("GET", "/v1/models", key=self.key)
        self.assertIn("smollm2-135m", [model["id"] for model in models["data"]])

    def test_nobody_asks_without_a_key(self):
        for key in (None, "cofre_" + "A" * 43, "x"):
            status, headers, answer = self.box.ask("POST", "/v1/chat/completions", SHORT, key)
            self.assertEqual(status, 401, answer)
            self.assertIn("WWW-Authenticate", headers)
        self.assertEqual(self.box.ask("GET", "/health")[0], 200)
        self.assertEqual(self.box.ask("GET", "/metrics", key=self.key)[0], 403)
        self.assertEqual(self.box.ask("GET", "/metrics", key=self.box.key("monitor", "metrics"))[0], 200)

    def test_the_metrics_tell_of_the_work_that_was_done(self):
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, self.key)[0], 200)
        text = self.box.ask("GET", "/metrics", key=self.box.key("watcher", "metrics"))[2]
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        one = '{engine="0",model_name="smollm2-135m"}'
        for name in ("cofre_model_steps_total", "vllm:request_queue_time_seconds_sum",
                     "vllm:request_prefill_time_seconds_sum",
                     "vllm:request_decode_time_seconds_sum", "vllm:iteration_tokens_total_count"):
            self.assertGreater(float(values[name + one]), 0, name)

    def test_a_revoked_key_ends_its_running_streams_within_two_seconds(self):
        key = self.box.key("leaving")
        answer, events = self.box.stream(LONG, key)
        self.assertEqual(answer.status, 200)
        for _ in range(5):
            next(events)
        begin = time.monotonic()
        self.assertEqual(self.box.command("key", "revoke", "leaving")[0], 0)
        rest = list(events)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertNotEqual(rest[-1:], ["[DONE]"])
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, key)[0], 401)

    def test_a_second_box_on_the_same_data_is_refused(self):
        done = subprocess.run([COFRE, "serve", "--data", self.box.data, "--listen", "127.0.0.1:0", "--model", MODEL],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("a box runs in", done.stderr)

    def test_status_tells_address_and_models(self):
        status = json.loads(self.box.command("status", "--json")[1])
        self.assertEqual((status["address"], status["ready"]), (self.box.url, True))
        self.assertEqual(status["models"][0]["state"], "ready")
        self.assertEqual(self.box.command("doctor")[0], 0)

    def test_the_log_tells_of_a_request_and_nothing_of_what_was_said(self):
        canary = "canary-in-the-coal-mine"
        body = {**SHORT, "messages": [{"role": "user", "content": f"Repeat: {canary}"}]}
        status, headers, answer = self.box.ask("POST", "/v1/chat/completions", body, self.key)
        self.assertEqual(status, 200, answer)
        request = headers["X-Request-Id"]
        end = time.monotonic() + 10
        while self.box.command("log", request)[0] != 0 and time.monotonic() < end:
            time.sleep(0.05)
        lines = [json.loads(line) for line in self.box.command("log", request)[1].splitlines()]
        self.assertTrue(any(line.get("status") == 200 for line in lines), lines)
        whole = "".join(file.read_text() for file in pathlib.Path(self.box.data, "logs").iterdir())
        for secret in (canary, self.key, answer["choices"][0]["message"]["content"].strip() or canary):
            self.assertNotIn(secret, whole)

    def configure(self, text):
        with open(os.path.join(self.box.data, "cofre.toml"), "w") as file:
            file.write(text)
        self.addCleanup(self.configure_nothing)

    def configure_nothing(self):
        pathlib.Path(self.box.data, "cofre.toml").unlink(missing_ok=True)
        self.box.command("reload")
        self.wait_ready()

    def wait_ready(self, beside=None):
        """Until the model is ready, in another process than this one; the process it is in."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            status = json.loads(self.box.command("status", "--json")[1])
            model = status["models"][0]
            if status["ready"] and model["state"] == "ready" and model["process"] != beside:
                return model["process"]
            time.sleep(0.05)
        self.fail("the model is not ready")

    def test_settings_are_read_again_and_wrong_ones_change_nothing(self):
        self.configure("[log]\nlevel = \"debug\"\nfiles = 7\n[server]\nthreads = 3\n")
        for _ in range(2):  # what waits for the next start goes on waiting
            status, out, error = self.box.command("reload")
            self.assertEqual(status, 0, error)
            self.assertIn("after the next start: log.files\nafter the next start: server.threads\n", out)
        self.configure("[log]\nlevel = \"loud\"\n")
        status, out, error = self.box.command("reload")
        self.assertEqual(status, 1)
        self.assertIn("log.level", error)
        self.configure("[models]\naliases = { x = \"nobody\" }\n[server]\ntls_least = \"1.3\"\n")
        status, out, error = self.box.command("reload")
        self.assertEqual(status, 1)
        self.assertIn("nobody", error)
        self.assertEqual(self.newest_tls("1.2"), "TLSv1.2")
        self.box.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, self.key)[0], 200)

    def newest_tls(self, version):
        """The version of a connection of a client that speaks no newer one; None where it is refused."""
        context = ssl.create_default_context(cafile=self.box.ca)
        context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
        with socket.create_connection((self.box.host, self.box.port), timeout=20) as plain:
            try:
                with context.wrap_socket(plain, server_hostname=self.box.host) as connection:
                    return connection.version()
            except ssl.SSLError:
                return None

    def test_an_administrator_reloads_over_http_and_what_can_changes_at_once(self):
        path, key = "/admin/v1/reload", self.box.key("administrator", "admin")
        self.assertEqual(self.box.ask("POST", path, key=self.key)[0], 403)
        worker = self.wait_ready()
        body = {**SHORT, "model": "gpt-4o-mini"}
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", body, self.key)[0], 404)
        self.configure("[models]\nsequences = 3\naliases = { gpt-4o-mini = \"smollm2-135m\" }\n"
                       "[server]\ntls_least = \"1.3\"\ncors_origins = [\"https://app.example\"]\n"
                       "[limits]\nbody_mib = 1\n[log]\nlevel = \"debug\"\n")
        status, _, answer = self.box.ask("POST", path, key=key)
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer, {"changed": ["limits.body_mib", "log.level", 'models.aliases."gpt-4o-mini"',
                                              "models.sequences", "server.cors_origins", "server.tls_least"],
                                  "after_restart": []})
        status, headers, answer = self.box.ask("POST", "/v1/chat/completions", body, self.key,
                                               {"Origin": "https://app.example"})
        self.assertEqual(status, 200, answer)
        self.assertEqual(headers["Access-Control-Allow-Origin"], "https://app.example")
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", " " * (2 << 20), self.key)[0], 413)
        self.assertEqual([self.newest_tls(version) for version in ("1.2", "1.3")], [None, "TLSv1.3"])
        worker = self.wait_ready(beside=worker)  # it is loaded anew
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, self.key)[0], 200)
        self.configure("[limits]\nbody_mib = 0\n")
        status, _, answer = self.box.ask("POST", path, key=key)
        self.assertEqual((status, answer["error"]["param"]), (400, "limits.body_mib"))
        self.configure_nothing()
        self.wait_ready(beside=worker)

    def test_a_certificate_of_the_companys_authority_is_requested_and_installed(self):
        def openssl(*arguments, **more):
            return subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=60, **more)
        folder = pathlib.Path(self.box.data, "tls")
        status, out, error = self.box.command("trust", "request", "--name", "box.example", "--name", "127.0.0.1")
        self.assertEqual((status, out.splitlines()[0]), (0, str(folder / "request.pem")), error)
        self.assertEqual((folder / "request.key").stat().st_mode & 0o777, 0o600)
        self.assertIn("verify OK", openssl("req", "-in", folder / "request.pem", "-verify", "-noout").stderr)
        with tempfile.TemporaryDirectory() as place:
            ca, signed, wrong = (os.path.join(place, name) for name in ("ca.pem", "signed.pem", "wrong.pem"))
            made = openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                           "-subj", "/CN=Company", "-keyout", os.path.join(place, "ca.key"), "-out", ca)
            self.assertEqual(made.returncode, 0, made.stderr)
            sign = ["x509", "-req", "-in", folder / "request.pem", "-CA", ca, "-CAkey", os.path.join(place, "ca.key"),
                    "-days", "1"]
            self.assertEqual(openssl(*sign, "-copy_extensions", "copyall", "-out", signed).returncode, 0)
            self.assertEqual(openssl(*sign, "-out", wrong).returncode, 0)  # without the names
            self.assertEqual(self.box.command("trust", "install", wrong)[0], 1)
            status, out, error = self.box.command("trust", "install", signed)
            self.assertEqual(status, 0, error)
            self.assertIn("The running box serves with it now.", out)
            shown = openssl("s_client", "-connect", f"{self.box.host}:{self.box.port}", "-CAfile", ca, "-verify_return_error",
                            "-verify_hostname", "box.example", stdin=subprocess.DEVNULL)
            self.assertIn("Verify return code: 0 (ok)", shown.stdout, shown.stderr)
            self.assertEqual(self.box.command("trust", "own")[0], 0)
        self.assertEqual(self.box.ask("GET", "/health")[0], 200)  # by the box's own authority again

    def test_only_the_own_authority_is_behind_the_certificate(self):
        status, out, _ = self.box.command("trust", "--show")
        self.assertEqual(status, 0)
        self.assertIn("SHA-256", out)
        self.assertEqual(self.box.command("trust", "--export", "-")[1], pathlib.Path(self.box.ca).read_text())
        for name in ("master.key", "cofre.db", "tls/ca.key", "tls/server.key", "admin.sock"):
            self.assertEqual(os.stat(os.path.join(self.box.data, name)).st_mode & 0o077, 0, name)


class Ends(unittest.TestCase):
    def test_a_stop_lets_short_answers_end_and_tells_long_ones(self):
        box = Box(COFRE, [MODEL], "--set", "server.stop_timeout_s=1")
        try:
            answer, events = box.stream(LONG, box.key("app"))
            for _ in range(3):
                next(events)
            begin = time.monotonic()
            stopping = threading.Thread(target=box.stop)
            stopping.start()
            rest = list(events)
            stopping.join()
            self.assertEqual(box.process.returncode, 0)
            self.assertLess(time.monotonic() - begin, 10)
            # Ended well, or told by an error event: never just cut.
            self.assertTrue(rest[-1] == "[DONE]" or "error" in rest[-1], rest[-1])
            self.assertFalse(os.path.exists(os.path.join(box.data, "admin.sock")))
            self.assertEqual(box.command("status")[0], 1)
        finally:
            box.remove()

    def test_a_box_that_was_killed_starts_again_with_its_keys_and_certificate(self):
        box = Box(COFRE, [MODEL])
        try:
            key = box.key("app")
            authority = pathlib.Path(box.ca).read_text()
            box.stop(signal.SIGKILL)
            again = Box(COFRE, [MODEL], data=box.data)
            try:
                self.assertEqual(again.ask("POST", "/v1/chat/completions", SHORT, key)[0], 200)
                self.assertEqual(pathlib.Path(again.ca).read_text(), authority)
                self.assertEqual(again.command("stop")[:2], (0, "The box is stopped.\n"))
                self.assertEqual(again.process.wait(timeout=30), 0)
                # Keys are made without a running box too.
                again.key("offline")
            finally:
                again.remove()
        finally:
            box.remove()

    def test_a_model_pulled_without_a_data_directory_is_found_by_its_name(self):
        box = Box(COFRE, ["smollm2-135m"], store=DATA)
        try:
            (model,) = json.loads(box.command("status", "--json")[1])["models"]
            self.assertEqual((model["name"], model["state"]), ("smollm2-135m", "ready"))
            self.assertIn("default", model["aliases"])
        finally:
            box.remove()

    def test_a_model_that_is_not_there_is_told_at_once(self):
        done = subprocess.run([COFRE, "serve", "--data", DATA + "-empty", "--listen", "127.0.0.1:0", "--model", "nosuch"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nosuch", done.stderr)


unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]], warnings="ignore")
