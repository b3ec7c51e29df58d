#!/usr/bin/env python3
"""What a real box keeps, for how long, how much of it, and how everything of one person is told and destroyed.

    tests/retention_test.py COFRE
"""
import io
import json
import os
import pathlib
import sys
import tarfile
import tempfile
import time
import unittest

from box import Box

COFRE = sys.argv[1]
SECRET = b"planted-canary-of-ana"


def upload(box, key, content, name="notes.txt"):
    parts = (b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
             b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'"\r\n\r\n'
             + content + b"\r\n--b--\r\n")
    status, _, answer = box.ask("POST", "/v1/files", parts, key,
                                {"Content-Type": "multipart/form-data; boundary=b"})
    return status, answer


def everything_in(folder):
    """(path, bytes) of every file."""
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


class Kept(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [])

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def do(self, *arguments):
        status, out, error = self.box.command(*arguments)
        self.assertEqual(status, 0, error)
        return out

    def records(self, action):
        return [json.loads(line) for line in self.do("audit", "export", "--action", action).splitlines()]

    def erased(self, name):
        """What is exported of somebody with a file, then that nothing of it is left; the certificate."""
        with tempfile.TemporaryDirectory() as folder:
            to = os.path.join(folder, "export")
            self.do("person", "export", name, "--to", to)
            files = {str(path.relative_to(to)): content for path, content in everything_in(to)}
            self.assertEqual(os.stat(to).st_mode & 0o777, 0o700)
            (content,) = [text for path, text in files.items() if path.startswith("files/")]
            self.assertEqual(content, SECRET * 1000)
            person = json.loads(files["person.json"])
            self.assertEqual(person["accounts"][0]["keys"][0]["name"], name)
            self.assertIn(name, files["audit.jsonl"].decode())
            self.assertEqual(json.loads(files["files.jsonl"])["name"], "notes.txt")
            status, _, error = self.box.command("person", "export", name, "--to", to)
            self.assertEqual(status, 1)
            self.assertIn("is there already", error)
            self.do("audit", "hold", name)
            status, _, error = self.box.command("person", "erase", name)
            self.assertEqual(status, 1)
            self.assertIn("legal hold", error)
            self.do("audit", "release", name)
            file = os.path.join(folder, "certificate.json")
            certificate = json.loads(self.do("person", "erase", name, "--to", file))
            with open(file) as kept:
                self.assertEqual(json.load(kept), certificate)
        self.assertEqual(certificate["erased"]["files"], 1)
        self.assertEqual(certificate["erased"]["keys"], 1)
        self.assertRegex(certificate["signature"], r"^[\w-]{86}$")
        self.assertEqual(self.box.command("person", "export", name, "--to", to)[0], 1)
        self.assertEqual(list(pathlib.Path(self.box.data, "files").iterdir()), [])
        self.assertEqual(self.box.command("audit", "verify")[0], 0)
        self.assertIn(certificate["signature"], [r["facts"]["signature"] for r in self.records("person.erased")])
        return certificate

    def test_everything_of_a_person_is_exported_and_erased_while_the_box_runs_and_without_it(self):
        key = self.box.key("ana")
        self.assertEqual(upload(self.box, key, SECRET * 1000)[0], 200)
        with tempfile.TemporaryDirectory() as folder:
            to = os.path.join(folder, "export")
            self.assertIn("name", self.box.command("person", "export", "nobody", "--to", to)[2])
        self.erased("ana")
        self.assertEqual(self.box.ask("GET", "/v1/files", key=key)[0], 401)
        upload(self.box, self.box.key("ben"), SECRET * 1000)
        self.box.stop()
        self.erased("ben")
        for path, content in everything_in(self.box.data):
            self.assertNotIn(SECRET, content, path)
        type(self).box = Box(COFRE, [], data=self.box.data)
        self.box.own = True

    def test_a_security_administrator_erases_over_http(self):
        self.do("user", "create", "eva")
        key = self.box.key("guard", "security", "directory")
        status, _, certificate = self.box.ask("POST", "/admin/v1/users/eva/erase", key=key)
        self.assertEqual(status, 200, certificate)
        self.assertEqual(certificate["by"], "guard")
        self.assertEqual(self.box.ask("GET", "/admin/v1/users/eva", key=key)[0], 404)
        self.assertEqual(self.box.ask("POST", "/admin/v1/users/guard/erase", key=key)[0], 400)

    def test_a_security_administrator_gets_an_archive_of_a_person(self):
        key = self.box.key("guard2", "security")
        self.assertEqual(upload(self.box, self.box.key("dora"), SECRET * 300_000)[0], 200)
        connection = self.box.connect()
        connection.request("GET", "/admin/v1/users/dora/export", headers={"Authorization": "Bearer " + key})
        archive = tarfile.open(fileobj=io.BytesIO(connection.getresponse().read()))
        connection.close()
        files = {member.name: archive.extractfile(member).read() for member in archive}
        (content,) = [text for path, text in files.items() if path.startswith("files/")]
        self.assertEqual(content, SECRET * 300_000)
        self.assertEqual(json.loads(files["person.json"])["name"], "dora")
        self.assertIn(b'"do":"key.create"', files["audit.jsonl"])
        self.assertEqual(self.box.ask("GET", "/admin/v1/users/nobody/export", key=key)[0], 404)
        self.do("person", "erase", "dora")

    def test_a_quota_of_storage_binds_what_is_uploaded(self):
        key = self.box.key("app")
        self.do("quota", "set", "--user", "app", "--metric", "storage", "--mib", "1")
        self.assertEqual(upload(self.box, key, b"x" * 700_000)[0], 200)
        status, answer = upload(self.box, key, b"x" * 700_000)
        self.assertEqual(status, 429)
        self.assertEqual(answer["error"]["code"], "insufficient_quota")
        self.assertIn("700000 used", answer["error"]["message"])
        (quota,) = [q for q in json.loads(self.do("quota", "list", "--json"))["quotas"] if q["subject"] == "app"]
        self.assertEqual((quota["used"], quota["reserved"], quota["amount"]), (700_000, 0, 1 << 20))
        for file in self.box.ask("GET", "/v1/files", key=key)[2]["data"]:
            self.box.ask("DELETE", "/v1/files/" + file["id"], key=key)

    def test_a_rule_removes_old_log_files_and_is_recorded(self):
        old = pathlib.Path(self.box.data, "logs", "cofre.5.jsonl")
        old.write_text('{"time":"2026-01-01T00:00:00.000Z","level":"info","event":"old"}\n')
        os.utime(old, (time.time() - 5 * 86400,) * 2)
        rule = json.loads(self.do("retention", "set", "logs", "--days", "4", "--json"))
        self.assertEqual((rule["kind"], rule["days"], rule["level"]), ("logs", 4, "box"))
        until = time.time() + 20
        while old.exists() and time.time() < until:
            time.sleep(0.05)
        self.assertFalse(old.exists())
        self.assertIn({"kind": "logs", "removed": 1}, [r["facts"] for r in self.records("retention.sweep")])
        self.do("retention", "set", "files", "--days", "9", "--user", self.named("carol"))
        (begun, *_) = [r for r in self.records("retention.set") if r["facts"]["kind"] == "files"]
        self.assertEqual((begun["facts"]["days"], begun["subject"]), (9, "carol"))
        self.assertIn("carol", self.do("retention", "list"))
        self.do("retention", "remove", str(rule["id"]))

    def named(self, name):
        self.do("user", "create", name)
        return name

    def test_the_text_of_a_signing_key_is_nowhere(self):
        made = json.loads(self.do("key", "create", "signer", "--signing", "--json"))
        self.assertRegex(made["access_id"], "^[0-9a-f]{32}$")
        self.assertEqual(self.box.ask("GET", "/v1/models", key=made["key"])[0], 200)
        for path, content in everything_in(self.box.data):
            self.assertNotIn(made["key"].encode(), content, path)
        self.assertNotIn(made["key"], self.do("key", "list", "--json"))


unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]], warnings="ignore")
