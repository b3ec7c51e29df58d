#!/usr/bin/env python3
"""The audit trail of a real box: recorded by its gateway and its commands, verified and exported by its command.

    tests/audit_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import hashlib
import json
import pathlib
import re
import shutil
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
SHORT = {"model": "default", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}


def verify(box, *options):
    """(exit code, verdict)"""
    status, out, error = box.command("audit", "verify", "--json", *options)
    assert out, error
    return status, json.loads(out)


def export(box, *options):
    status, out, error = box.command("audit", "export", *options)
    assert status == 0, error
    return [json.loads(line) for line in out.splitlines()]


class Trail(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [MODEL])
        cls.key = cls.box.key("tests")

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def test_what_happens_is_recorded_while_it_runs(self):
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, self.key)[0], 200)
        self.assertEqual(self.box.ask("GET", "/v1/models", key="cofre_" + "A" * 43)[0], 401)
        self.assertEqual(self.box.command("key", "create", "leaving")[0], 0)
        self.assertEqual(self.box.command("key", "revoke", "leaving")[0], 0)
        self.assertEqual(self.box.command("key", "revoke", "nobody-there")[0], 1)
        self.assertEqual(self.box.command("reload")[0], 0)
        records = export(self.box)
        done = [(record["do"], record["outcome"]) for record in records]
        for one in [("box.start", "ok"), ("key.create", "begun"), ("key.create", "ok"), ("key.revoke", "ok"),
                    ("key.revoke", "failed"), ("login", "refused"), ("reload", "begun"), ("reload", "ok")]:
            self.assertIn(one, done)
        (asked,) = [record for record in records if record["do"] == "request" and record["facts"].get("model")]
        self.assertEqual((asked["who"], asked["from"], asked["facts"]["status"]), ("tests", "127.0.0.1", 200))
        self.assertGreater(asked["facts"]["prompt_tokens"], 0)
        self.assertEqual(asked["facts"]["completion_tokens"], 4)
        self.assertTrue(any(record["do"] == "model" for record in records))
        status, verdict = verify(self.box)
        self.assertEqual((status, verdict["ok"]), (0, True))
        self.assertGreaterEqual(verdict["records"], len(records))
        self.assertEqual([r["n"] for r in export(self.box, "--action", "key.")],
                         [r["n"] for r in records if r["do"].startswith("key.")])

    def test_ten_lines_of_python_verify_it_too(self):
        verify(self.box)
        last, number = "0" * 64, 0
        for path in sorted(pathlib.Path(self.box.data, "audit").glob("*.jsonl")):
            for line in path.read_bytes().splitlines():
                content, found = line.rsplit(b',"h":"', 1)
                last = hashlib.sha256(last.encode() + content).hexdigest()
                number += 1
                self.assertEqual(found, last.encode() + b'"}')
                self.assertEqual(json.loads(line)["n"], number)
        self.assertGreater(number, 2)


class Ends(unittest.TestCase):
    def test_a_killed_box_keeps_what_it_acknowledged_and_tampering_is_named(self):
        box = Box(COFRE, [MODEL])
        try:
            for i in range(5):
                box.key(f"key-{i}")
            box.stop(signal.SIGKILL)
            made = [r["subject"] for r in export(box, "--action", "key.create") if r["outcome"] == "ok"]
            self.assertEqual(made, [f"key-{i}" for i in range(5)])
            self.assertEqual(verify(box)[0], 0)
            (path,) = pathlib.Path(box.data, "audit").glob("*.jsonl")
            whole = path.read_bytes()
            lines = whole.splitlines(keepends=True)
            path.write_bytes(b"".join(lines[:3] + lines[4:]))
            status, verdict = verify(box)
            self.assertEqual((status, verdict["ok"], verdict["first_bad"]["record"]), (1, False, 4))
            self.assertEqual(verdict["first_bad"]["what"], "removed")
        finally:
            box.remove()

    def test_an_older_directory_is_found_by_a_checkpoint(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([COFRE, "key", "create", "first", "--data", folder], check=True, capture_output=True)
            older = {p: p.read_bytes() for p in pathlib.Path(folder).rglob("*") if p.is_file()}
            subprocess.run([COFRE, "key", "create", "second", "--data", folder], check=True, capture_output=True)
            checkpoint = pathlib.Path(folder + ".checkpoint")
            checkpoint.write_bytes(subprocess.run([COFRE, "audit", "checkpoint", "--data", folder], check=True,
                                                  capture_output=True).stdout)
            run = lambda *more: subprocess.run([COFRE, "audit", "verify", "--data", folder, *more],
                                               capture_output=True, text=True)
            self.assertEqual(run("--checkpoint", checkpoint).returncode, 0)
            for path, content in older.items():
                path.write_bytes(content)
            self.assertEqual(run().returncode, 0)
            found = run("--checkpoint", checkpoint)
            checkpoint.unlink()
            self.assertEqual(found.returncode, 1)
            self.assertIn("checkpoint", found.stdout)

    def test_an_erased_person_is_gone_from_every_record(self):
        with tempfile.TemporaryDirectory() as folder:
            def cofre(*arguments):
                return subprocess.run([COFRE, *arguments, "--data", folder], capture_output=True, text=True)
            cofre("key", "create", "alice")
            exported = pathlib.Path(folder, "export")
            self.assertEqual(cofre("person", "export", "alice", "--to", str(exported)).returncode, 0)
            self.assertIn("alice", (exported / "audit.jsonl").read_text())
            self.assertEqual(cofre("audit", "hold", "alice").returncode, 0)
            refused = cofre("person", "erase", "alice")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("legal hold", refused.stderr)
            cofre("audit", "release", "alice")
            certificate = json.loads(cofre("person", "erase", "alice").stdout)
            self.assertRegex(certificate["signature"], r"^[\w-]{86}$")
            self.assertEqual(cofre("person", "export", "alice", "--to", str(exported) + "2").returncode, 1)
            self.assertEqual(cofre("audit", "verify").returncode, 0)
            earlier = [r for r in map(json.loads, cofre("audit", "export").stdout.splitlines())
                       if r["do"] == "key.create"]
            self.assertEqual(len(earlier), 2)
            for record in earlier:
                self.assertNotIn("subject", record)
                self.assertTrue(record["erased"])


class Collector:
    """Of syslog over TLS (RFC 5425), with the certificate of a box's `folder`."""

    def __init__(self, folder, port=0):
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.listening = socket.create_server(("127.0.0.1", port))
        self.port = self.listening.getsockname()[1]
        self.messages, self.connection = [], None
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        try:
            while True:
                plain, _ = self.listening.accept()
                with plain, self.tls.wrap_socket(plain, server_side=True) as self.connection:
                    self.read(self.connection.makefile("rb"))
        except OSError:
            pass  # vanish()

    def read(self, stream):
        while True:
            length = b""
            while not length.endswith(b" "):
                letter = stream.read(1)
                if not letter:
                    return
                length += letter
            self.messages.append(stream.read(int(length)).decode())

    def numbers(self):
        return [int(re.search(r' n="(\d+)"', message)[1]) for message in list(self.messages)]

    def vanish(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        if self.connection:
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has gone already
        self.thread.join()


class Forwarding(unittest.TestCase):
    """A box whose records go to a collector that vanishes and comes back."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cofre-collector-"))
        other = Box(COFRE, [])
        shutil.copytree(pathlib.Path(other.data, "tls"), cls.folder / "tls")
        other.remove()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def start(self, name, collector, more=""):
        data = self.folder / name
        data.mkdir()
        (data / "cofre.toml").write_text(f'[audit.forward]\naddress = "127.0.0.1:{collector.port}"\n'
                                         f'ca_file = "{self.folder}/tls/ca.pem"\n{more}')
        return Box(COFRE, [], data=str(data))

    def wait(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def doctor(self, box):
        (found,) = [one for one in json.loads(box.command("doctor", "--json")[1])["checks"] if one["check"] == "audit"]
        return found

    def test_every_record_arrives_in_order_although_the_collector_vanishes(self):
        collector = Collector(self.folder / "tls")
        box = self.start("box", collector)
        try:
            watch = box.key("watch", "metrics")
            self.wait(lambda: any("key.create" in message for message in collector.messages))
            self.assertEqual(self.doctor(box)["state"], "ok")
            collector.vanish()
            arrived = collector.numbers()
            for i in range(20):
                box.key(f"away-{i}")
            self.wait(lambda: self.doctor(box)["state"] == "warning")
            self.assertIn("not connected", self.doctor(box)["text"])
            self.assertIn("cofre_audit_forward_connected 0", box.ask("GET", "/metrics", key=watch)[2])
            collector = Collector(self.folder / "tls", collector.port)
            last = export(box)[-1]["n"]
            self.wait(lambda: last in collector.numbers())
            box.stop()
            self.wait(lambda: any(" box.stop " in message for message in collector.messages))
            arrived += collector.numbers()
            expected = 1
            for number in arrived:
                self.assertLessEqual(number, expected)
                expected = max(expected, number + 1)
            self.assertGreater(expected, last)
            self.assertFalse(any("away-" in message for message in collector.messages))
            lines = {json.loads(message[message.index(' {"n":'):])["n"] for message in collector.messages}
            self.assertIn(last, lines)
        finally:
            collector.vanish()
            box.remove()

    def test_a_setting_sends_names_and_makes_the_common_event_format(self):
        collector = Collector(self.folder / "tls")
        box = self.start("cef", collector, 'format = "cef"\npersons = true\nfacility = 16\napp_name = "ai"\n')
        try:
            box.key("alice")
            self.wait(lambda: any("|key.create ok|" in message for message in collector.messages))
            (made,) = [message for message in collector.messages if "|key.create ok|" in message]
            self.assertRegex(made, r"^<134>1 \S+ \S+ ai - key\.create - CEF:0\|Cofre\|Cofre\|[^|]+\|key\.create\|")
            self.assertIn(" duser=alice ", made)
        finally:
            collector.vanish()
            box.remove()


class Auditor(unittest.TestCase):
    def test_an_auditor_reads_exports_and_verifies_the_trail_over_http(self):
        box = Box(COFRE, [])
        try:
            key = box.key("reader", "audit")
            for i in range(5):
                box.key(f"key-{i}")
            everything = export(box)
            status, _, page = box.ask("GET", "/admin/v1/audit/records?limit=3", key=key)
            self.assertEqual((status, page["more"]), (200, True))
            self.assertEqual(page["records"], everything[:3])
            status, _, lines = box.ask("GET", "/admin/v1/audit/export?action=key.&outcome=ok", key=key)
            self.assertEqual([json.loads(line) for line in lines.splitlines()],
                             export(box, "--action", "key.", "--outcome", "ok"))
            self.assertEqual(box.ask("POST", "/admin/v1/audit/verification", key=key)[0], 200)
            while (found := box.ask("GET", "/admin/v1/audit/verification", key=key)[2])["state"] == "running":
                time.sleep(0.02)
            self.assertTrue(found["verdict"]["ok"])
        finally:
            box.remove()


unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]], warnings="ignore")
