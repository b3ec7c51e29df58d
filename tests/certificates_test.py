#!/usr/bin/env python3
"""Certificates of clients in place of keys, made with OpenSSL and shown with curl.

    tests/certificates_test.py COFRE DATA      skips where curl or openssl are not there
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from box import SKIPPED, Box, ensure_model

COFRE, DATA = sys.argv[1:3]
for program in ("curl", "openssl"):
    if shutil.which(program) is None:
        print(f"skipped: there is no {program}")
        sys.exit(SKIPPED)
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
LONG = {"model": "default", "messages": [{"role": "user", "content": "Tell a very long story."}], "max_tokens": 2000,
        "temperature": 1, "ignore_eos": True, "stream": True}
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*command):
    done = subprocess.run(["openssl", *command], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")


class Company:
    """An authority as a company has one, in a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cofre-company-"))
        self.ca, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        openssl("req", "-x509", *NEW_KEY, "-keyout", self.key, "-out", self.ca, "-days", "2", "-subj", "/CN=Company")
        (self.folder / "index.txt").write_text("")
        (self.folder / "crlnumber").write_text("01\n")
        self.settings = self.folder / "ca.cnf"
        self.settings.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={self.folder}/index.txt\n"
                                 f"crlnumber={self.folder}/crlnumber\ncertificate={self.ca}\nprivate_key={self.key}\n"
                                 "default_md=sha256\ndefault_crl_days=2\n")
        self.crl = self.folder / "crl.pem"
        self.list_revoked()

    def issue(self, name):
        """The files of a certificate and its key."""
        certificate, key = self.folder / (name + ".pem"), self.folder / (name + ".key")
        openssl("req", "-x509", *NEW_KEY, "-CA", self.ca, "-CAkey", self.key, "-keyout", key, "-out", certificate,
                "-days", "1", "-subj", "/CN=" + name, "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
                "extendedKeyUsage=clientAuth")
        return certificate, key

    def revoke(self, certificate):
        openssl("ca", "-config", self.settings, "-revoke", certificate)
        self.list_revoked()

    def list_revoked(self):
        new = self.folder / "crl.new"
        openssl("ca", "-config", self.settings, "-gencrl", "-out", new)
        new.rename(self.crl)


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.company = Company()
        cls.data = tempfile.mkdtemp(prefix="cofre-box-")
        (pathlib.Path(cls.data) / "cofre.toml").write_text(
            f'[server]\nclient_ca_file = "{cls.company.ca}"\nclient_crl_file = "{cls.company.crl}"\n'
            'client_name = "common_name"\n')
        cls.box = Box(COFRE, [MODEL], data=cls.data)
        for name in ("ana", "ben", "carla"):
            assert cls.box.command("user", "create", name)[0] == 0

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()
        shutil.rmtree(cls.data, ignore_errors=True)
        shutil.rmtree(cls.company.folder, ignore_errors=True)

    def started(self, path, identity, *more):
        shown = ["--cert", identity[0], "--key", identity[1]] if identity else []
        return subprocess.Popen(["curl", "-s", "--max-time", "60", "--cacert", self.box.ca, *shown, *more,
                                 self.box.url + path], stdout=subprocess.PIPE, text=True)

    def curl(self, path, identity=None, *more):
        """(status, body as JSON where it is); status 0: there was no answer"""
        with self.started(path, identity, "-w", "\n%{http_code}", *more) as asked:
            body, status = asked.stdout.read().rsplit("\n", 1)
        return int(status), json.loads(body) if body.startswith("{") else body

    def who(self, identity=None, *more):
        status, body = self.curl("/admin/v1/me", identity, *more)
        return body["user"]["name"] if status == 200 else status

    def do(self, *arguments):
        status, out, error = self.box.command(*arguments, "--json")
        self.assertEqual(status, 0, error)
        return json.loads(out)

    def test_doctor_tells_how_long_the_list_of_revoked_ones_holds(self):
        told = json.loads(self.box.command("doctor", "--json")[1])
        found = [one for one in told["checks"] if one["check"] == "revoked"]
        self.assertEqual([one["state"] for one in found], ["ok"], told)
        self.assertIn("Company", found[0]["text"])

    def test_one_is_who_registered_it_until_it_is_revoked(self):
        identity = self.company.issue("laptop-17")
        self.assertEqual(self.who(identity), 401)
        self.assertEqual(self.who(), 401)
        made = self.do("certificate", "add", str(identity[0]), "--user", "ana", "--name", "laptop", "--scope", "account",
                       "--scope", "inference")
        self.assertEqual((made["user"], made["subject"]), ("ana", "laptop-17"))
        self.assertEqual(self.who(identity), "ana")
        key = self.box.key("program", "account", "inference")
        self.assertEqual(self.who(identity, "-H", "Authorization: Bearer " + key), "program")
        self.assertEqual(self.who(identity, "-H", "Authorization: Bearer cofre_none"), 401)
        self.assertEqual(self.curl("/admin/v1/me/keys", identity, "-d", '{"name": "k"}')[0], 200)
        self.assertEqual(self.curl("/admin/v1/me/keys", identity, "-d", '{"name": "l"}', "-H",
                                   "Origin: https://evil.example")[0], 403)
        listed = self.do("certificate", "list", "--user", "ana")["certificates"]
        self.assertEqual([one["name"] for one in listed], ["laptop"])
        self.assertLess(abs(listed[0]["last_used"] - time.time()), 30)

        with self.started("/v1/chat/completions", identity, "-N", "-d", json.dumps(LONG)) as running:
            self.assertTrue(running.stdout.readline().startswith("data: "))
            self.do("certificate", "revoke", "laptop", "--user", "ana")
            revoked = time.monotonic()
            rest = running.stdout.read()
        self.assertLess(time.monotonic() - revoked, 2)
        self.assertNotIn("[DONE]", rest)
        self.assertEqual(self.who(identity), 401)
        self.assertNotEqual(self.box.command("certificate", "add", str(identity[0]), "--user", "ana")[0], 0)
        trail = self.box.command("audit", "export", "--action", "certificate.create")[1]
        self.assertIn("laptop", trail)
        self.assertEqual(self.box.command("audit", "verify")[0], 0)

    def test_by_its_common_name_one_is_a_user_who_registers_another(self):
        ben, laptop = self.company.issue("ben"), self.company.issue("laptop-18")
        self.assertEqual(self.who(ben), "ben")
        self.assertEqual(self.who(self.company.issue("zoe")), 401)
        status, key = self.curl("/admin/v1/me/keys", ben, "-d", '{"name": "k", "scopes": ["account"]}')
        self.assertEqual(status, 200, key)
        authorization = ("-H", "Authorization: Bearer " + key["key"])
        status, answer = self.curl("/admin/v1/me/certificates", None, *authorization, "-d", "{}")
        self.assertEqual((status, answer["error"]["param"]), (400, "certificate"))
        status, answer = self.curl("/admin/v1/me/certificates", laptop, *authorization, "-d",
                                   '{"name": "laptop", "scopes": ["account"]}')
        self.assertEqual(status, 200, answer)
        self.assertEqual(self.who(laptop), "ben")
        self.assertEqual(self.curl("/v1/models", laptop)[0], 403)
        self.assertEqual(self.curl("/v1/models", ben)[0], 200)
        self.assertEqual(self.curl("/admin/v1/users", ben)[0], 403)

    def test_one_that_the_company_revokes_is_refused_within_two_seconds(self):
        carla = self.company.issue("carla")
        self.assertEqual(self.who(carla), "carla")
        self.company.revoke(carla[0])
        revoked = time.monotonic()
        while self.who(carla) != 0:
            self.assertLess(time.monotonic() - revoked, 4)
            time.sleep(0.1)
        self.assertLess(time.monotonic() - revoked, 2.5)
        self.assertEqual(self.who(), 401)

    def test_a_strangers_gets_no_connection(self):
        stranger = Company()
        try:
            self.assertEqual(self.who(stranger.issue("ana")), 0)
        finally:
            shutil.rmtree(stranger.folder)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
