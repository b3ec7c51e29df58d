#!/usr/bin/env python3
"""Passkeys with a real browser: Chromium, its authenticator, and a box whose authority it trusts.

    tests/passkeys_test.py COFRE TOOLS     skips where Chromium, certutil or playwright-core cannot be had

Run in a HOME of its own, whose store of certificates (NSS) has the box's authority: a browser makes no passkeys on a page
with a certificate error.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import browser_home
import npm
from box import SKIPPED, Box

COFRE, TOOLS = sys.argv[1:3]
HERE = pathlib.Path(__file__).resolve().parent
PLAYWRIGHT = "1.65.1"
PASSWORD = "correct horse battery"
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None or not browser_home.can_be_made():
    print("skipped: there is no chromium, or no certutil")
    sys.exit(SKIPPED)


class Passkeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        npm.ensure(TOOLS, "playwright-core", PLAYWRIGHT)
        cls.box = Box(COFRE, [])
        cls.home = tempfile.mkdtemp(prefix="cofre-browser-")
        cls.trusting = browser_home.make(cls.home, cls.box.ca)

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()
        shutil.rmtree(cls.home, ignore_errors=True)

    def browse(self):
        environment = {**os.environ, **self.trusting, "CHROMIUM": CHROMIUM,
                       "NODE_PATH": os.path.join(TOOLS, "node_modules")}
        done = subprocess.run([npm.NODE, "--node", str(HERE / "passkeys.cjs"), f"https://localhost:{self.box.port}",
                               self.box.url, PASSWORD], env=environment, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_a_browsers_passkey_from_its_making_to_its_removal(self):
        status, link, error = self.box.command("user", "create", "ana")
        self.assertEqual(status, 0, error)
        link = json.loads(self.box.command("user", "invite", "ana", "--json")[1])["link"]
        body = {"token": link.split("#")[1], "password": PASSWORD}
        self.assertEqual(self.box.ask("POST", "/admin/v1/link", body)[0], 200)
        seen = self.browse()
        self.assertEqual(seen["first"]["status"], 200)
        self.assertEqual(seen["registered"]["status"], 200, seen["registered"])
        self.assertEqual(len(seen["registered"]["recovery_codes"]), 10)
        self.assertEqual(seen["registered"]["domain"], "localhost")
        self.assertIn("InvalidStateError", seen["again"])  # the authenticator has one for this user already
        self.assertEqual([one["name"] for one in seen["listed"]["passkeys"]], ["phone"])
        self.assertEqual((seen["password"]["status"], seen["password"]["error"]["code"]), (401, "code_needed"))
        self.assertEqual((seen["beside"]["status"], seen["beside"]["user"]), (200, "ana"), seen["beside"])
        self.assertEqual(seen["me"]["user"]["name"], "ana")
        self.assertEqual((seen["alone"]["status"], seen["alone"]["user"]), (200, "ana"), seen["alone"])
        once, twice = seen["twice"]
        self.assertEqual((once["status"], twice["status"]), (200, 400), twice)
        self.assertIn("challenge", twice["error"]["message"])
        self.assertEqual(seen["code"]["status"], 200)
        self.assertEqual((seen["address"]["status"], seen["address"]["error"]["param"]), (400, "passkey"))
        self.assertEqual(seen["otherOrigin"], "SecurityError")  # the browser itself sees to that
        self.assertEqual(seen["removed"]["status"], 200, seen["removed"])
        self.assertEqual(seen["last"]["status"], 200, "without a second factor the password is enough")
        self.assertEqual([one[0] for one in seen["stored"]], ["localhost"])
        status, trail, _ = self.box.command("audit", "export")
        self.assertEqual(status, 0)
        logins = [json.loads(line) for line in trail.splitlines() if '"do":"login"' in line]
        ways = [(one["outcome"], one["facts"].get("with")) for one in logins]
        self.assertEqual(ways.count(("ok", "passkey")), 3, ways)
        self.assertEqual(ways.count(("refused", "passkey")), 1, ways)
        for action in ("me.passkey.create", "me.passkey.remove"):
            self.assertIn(action, trail)
        self.assertEqual(self.box.command("audit", "verify")[0], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
