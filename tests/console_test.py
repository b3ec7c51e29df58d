#!/usr/bin/env python3
"""The console: its sources are clean, its types are those of the box, and people get through it in a real browser.

    tests/console_test.py COFRE DATA           the program and a data directory; SmolLM2 is pulled into it once
    tests/console_test.py COFRE DATA --types   writes console/src/api/schema.d.ts anew
    tests/console_test.py COFRE DATA --measure                how fast it is (docs/console.md)
    tests/console_test.py COFRE DATA --pictures FOLDER [PAGE…]   every page as people see it
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import browser_home
from box import SKIPPED, Box, ensure_model
from company import authority, missing
from echo_engine import EchoEngine
from gguf_file import tiny
from hub import Hub

COFRE, DATA = sys.argv[1:3]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONSOLE = os.path.join(ROOT, "console")
TYPES = os.path.join(CONSOLE, "src", "api", "schema.d.ts")
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")


def node(script, *arguments, timeout=420, **environment):
    done = subprocess.run([os.path.join(ROOT, "cmake", "node.sh"), "--node", script, *arguments], cwd=CONSOLE,
                          capture_output=True, text=True, timeout=timeout, env={**os.environ, **environment})
    return done.returncode, done.stdout + done.stderr


def types_of(box):
    """What openapi-typescript makes of the box's own description."""
    with tempfile.TemporaryDirectory() as folder:
        description, types = os.path.join(folder, "openapi.json"), os.path.join(folder, "schema.d.ts")
        with open(description, "w", encoding="utf-8") as file:
            json.dump(box.ask("GET", "/openapi.json")[2], file)
        status, said = node("node_modules/openapi-typescript/bin/cli.js", description, "-o", types, "--empty-objects-unknown")
        assert status == 0, said
        with open(types, encoding="utf-8") as file:
            return file.read()


class Sources(unittest.TestCase):
    def check(self, script, *arguments):
        status, said = node(script, *arguments)
        self.assertEqual(status, 0, said)

    def test_the_compiler_finds_nothing(self):
        self.check("node_modules/typescript/bin/tsc", "--noEmit")

    def test_eslint_finds_nothing(self):
        self.check("node_modules/eslint/bin/eslint.js", ".", "--max-warnings", "0")

    def test_its_units_do_what_they_say(self):
        self.check("node_modules/vitest/vitest.mjs", "run", "--reporter", "dot")

    def test_its_lock_file_names_no_registry(self):
        with open(os.path.join(CONSOLE, "package-lock.json"), encoding="utf-8") as file:
            lock = json.load(file)
        for name, package in lock["packages"].items():
            self.assertNotIn("resolved", package, name)
            self.assertTrue(name == "" or package.get("integrity") or package.get("inBundle"), name)


SLOW = tiny("Q8_0").bytes()
SLOW_SECONDS = 4  # that it takes to fetch it
CATALOGUE = """
[[model]]
name = "slow-to-come"
title = "A model far away"
licence = "MIT"
for = "tests"
bytes = {bytes}
sha256 = "{sha256}"
memory = 10_000_000
[[model.source]]
kind = "https"
url = "{url}"
"""
# A file may have any name, and a model that is served by its path has that name.
HOSTILE = "<img src=x onerror=window.ran=1>"


class Served:
    """A box with real models, the engine that answers with the question, a model in its catalogue that comes slowly, and
    a company whose certificates it takes, where openssl makes them."""

    def __init__(self, names=()):
        self.engine, self.hub = EchoEngine(), Hub()
        self.hub.files["slow.gguf"], self.hub.pace = SLOW, len(SLOW) // SLOW_SECONDS
        self.data = tempfile.TemporaryDirectory(prefix="cofre-console-")
        self.fetched = self.path("models", "slow-to-come.gguf")
        more = [self.path(name + ".gguf") for name in names]
        for path in more:
            os.symlink(os.path.abspath(MODEL), path)
        settings, self.company = self.engine.settings(), []
        if not missing("openssl"):
            self.company = [self.path("company")]
            os.mkdir(self.company[0])
            ca, _, _ = authority(pathlib.Path(self.company[0]), "company")
            settings = f'[server]\nclient_ca_file = "{ca}"\n' + settings
        with open(self.path("cofre.toml"), "w", encoding="utf-8") as file:
            file.write(settings)
        with open(self.path("catalogue.toml"), "w", encoding="utf-8") as file:
            file.write(CATALOGUE.format(bytes=len(SLOW), sha256=hashlib.sha256(SLOW).hexdigest(), url=f"{self.hub.address}/slow.gguf"))
        self.box = Box(COFRE, [MODEL, *more], data=self.data.name, variables={"no_proxy": "127.0.0.1"})

    def path(self, *names):
        return os.path.join(self.data.name, *names)

    def link(self):
        """Of the first administrator."""
        status, out, error = self.box.command("admin", "first", "--json")
        assert status == 0, error
        return json.loads(out)["link"]

    def remove(self):
        self.box.remove()
        self.engine.close()
        self.hub.shutdown()
        self.hub.server_close()
        self.data.cleanup()


class InABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.served = Served([HOSTILE])
        cls.box = cls.served.box

    @classmethod
    def tearDownClass(cls):
        cls.served.remove()

    def test_its_types_are_those_of_the_box(self):
        with open(TYPES, encoding="utf-8") as file:
            kept = file.read()
        self.assertEqual(kept, types_of(self.box),
                         "console/src/api/schema.d.ts is old: tests/console_test.py COFRE DATA --types")

    def test_people_get_through_it(self):
        with tempfile.TemporaryDirectory(prefix="cofre-browser-") as home:
            trusted = {"TRUSTED": "1", **browser_home.make(home, self.box.ca)} if browser_home.can_be_made() else {}
            status, said = node("e2e/run.mjs", self.box.url, self.served.link(), MODEL, self.served.fetched,
                                *self.served.company, NODE_EXTRA_CA_CERTS=self.box.ca, **trusted)
        sys.stderr.write(said)
        if status == SKIPPED:
            self.skipTest("there is no Chromium here")
        self.assertEqual(status, 0, said)
        first, second = (asked[2] for asked in self.served.hub.asked)
        self.assertIsNone(first)
        self.assertRegex(second, r"^bytes=[1-9]\d*-$", "what was cancelled went on where it was")


if __name__ == "__main__":
    subprocess.run([os.path.join(ROOT, "cmake", "console.sh"), "--modules"], check=True)
    if sys.argv[3:] == ["--types"]:
        running = Box(COFRE, [MODEL])
        with open(TYPES, "w", encoding="utf-8") as out:
            out.write(types_of(running))
        running.remove()
        sys.exit()
    if sys.argv[3:4] in (["--measure"], ["--pictures"]):
        served = Served()
        script = f"e2e/{sys.argv[3].removeprefix('--')}.mjs"
        status, said = node(script, served.box.url, served.link(), MODEL, *map(os.path.abspath, sys.argv[4:5]), *sys.argv[5:],
                            timeout=3600)
        served.remove()
        print(said)
        sys.exit(status)
    unittest.main(argv=sys.argv[:1], verbosity=2)
