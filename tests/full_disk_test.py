#!/usr/bin/env python3
"""A box whose disk is full: it refuses what it would have to write, says so, serves what it can, and goes on by itself
when there is space again.

    tests/full_disk_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once

The disk is a tmpfs of 40 MiB: in name spaces of its own where the test does not run as root. Skips where neither is allowed.
"""
import errno
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from box import SKIPPED, Box, ensure_model

COFRE, DATA = sys.argv[1:3]
SHORT = {"model": "default", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}
CURE = "make space there"
IN_NAMESPACES = "COFRE_TEST_NAMESPACES"


def mount(folder):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "cofre-test", folder], capture_output=True).returncode == 0


def ensure_mounts():
    """Begins the test again where it may mount, if it may not here."""
    folder = tempfile.mkdtemp(prefix="cofre-disk-")
    may = mount(folder)
    if may:
        subprocess.run(["umount", folder], check=True)
    os.rmdir(folder)
    if may:
        return
    own = ["unshare", "--map-root-user", "--mount"]
    if os.environ.get(IN_NAMESPACES) or subprocess.run([*own, "true"], capture_output=True).returncode != 0:
        print("skipped: no file system can be mounted here")
        sys.exit(SKIPPED)
    os.environ[IN_NAMESPACES] = "1"
    os.execvp("unshare", [*own, sys.executable, *sys.argv])


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.disk = tempfile.mkdtemp(prefix="cofre-disk-")
        self.assertTrue(mount(self.disk))
        self.addCleanup(self.unmount)
        self.filler = pathlib.Path(self.disk, "filler")
        self.box = Box(COFRE, [MODEL], data=os.path.join(self.disk, "box"))
        self.admin = self.box.key("admin", "people", "directory", "inference", "audit")
        self.number, self.made = 0, []

    def unmount(self):
        self.box.stop(signal.SIGKILL)
        subprocess.run(["umount", self.disk], check=True)
        os.rmdir(self.disk)

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            for piece in (1 << 20, 4096, 1):
                while True:
                    try:
                        file.write(b"x" * piece)
                    except OSError as full:
                        self.assertEqual(full.errno, errno.ENOSPC)
                        break

    def make_user(self):
        """(status, answer) of a change."""
        self.number += 1
        name = f"user-{self.number}"
        status, _, answer = self.box.ask("POST", "/admin/v1/users", {"name": name}, self.admin)
        if status == 200:
            self.made.append(name)
        return status, answer

    def make_users_until_refused(self):
        """Pages that are begun have room for some more."""
        for _ in range(300):
            status, answer = self.make_user()
            if status != 200:
                return status, answer
        self.fail("the full disk is not noticed")

    def chat(self):
        return self.box.ask("POST", "/v1/chat/completions", SHORT, self.admin)[0]

    def health(self):
        return self.box.ask("GET", "/health")[::2]

    def doctor(self):
        code, out, error = self.box.command("doctor", "--json")
        return code, {one["check"] + " " + one["state"]: one["text"] for one in json.loads(out)["checks"]}

    def wait_healthy(self):
        end = time.monotonic() + 10
        while self.health() != (200, {"status": "ok"}):
            self.assertLess(time.monotonic(), end, "the box does not see that there is space again")
            time.sleep(0.05)

    def check_everybody(self):
        for name in self.made:
            self.assertEqual(self.box.ask("GET", f"/admin/v1/users/{name}", key=self.admin)[0], 200, name)
        code, out, error = self.box.command("audit", "verify")
        self.assertEqual(code, 0, out + error)

    def test_what_must_be_written_is_refused_and_the_rest_goes_on_until_there_is_space(self):
        self.assertEqual(self.chat(), 200)
        self.assertEqual(self.make_user()[0], 200)
        self.fill()
        status, answer = self.make_users_until_refused()
        self.assertEqual((status, answer["error"]["code"]), (507, "insufficient_storage"), answer)
        self.assertIn(CURE, answer["error"]["message"])
        chats = 1
        for _ in range(20):
            self.assertEqual(self.chat(), 200)
            chats += 1
        status, _, answer = self.box.ask("GET", "/v1/models", key=self.admin)
        self.assertEqual(status, 200, answer)
        code, _, error = self.box.command("key", "create", "late")
        self.assertEqual(code, 1)
        self.assertIn(CURE, error)
        self.assertEqual(self.health(), (200, {"status": "degraded", "cause": "disk"}))
        code, found = self.doctor()
        self.assertEqual(code, 1)
        self.assertIn("changes are refused", found["disk bad"])
        self.assertIn("records wait in memory", found["audit bad"])
        self.assertGreater(json.loads(self.box.command("status", "--json")[1])["audit"]["waiting"], 0)
        self.filler.unlink()
        self.wait_healthy()
        self.assertEqual(self.make_user()[0], 200)
        self.assertEqual(self.doctor()[1].get("audit bad"), None)
        self.check_everybody()
        # No request of the time without space is lost, in the trail or in what was used.
        code, out, error = self.box.command("audit", "export", "--action", "request")
        asked = [record for line in out.splitlines() if (record := json.loads(line))["facts"].get("model")]
        self.assertEqual(len(asked), chats)
        usage = json.loads(self.box.command("usage", "show", "--by", "user", "--json")[1])["usage"]
        self.assertEqual([(row["requests"], row["completion_tokens"]) for row in usage], [(chats, 4 * chats)])
        self.assertNotIn('"do":"trail.lost"', self.box.command("audit", "export")[1])

    def test_a_box_that_is_killed_on_a_full_disk_starts_and_has_what_it_acknowledged(self):
        self.fill()
        self.make_users_until_refused()
        self.box.stop(signal.SIGKILL)
        try:
            self.box = Box(COFRE, [MODEL], data=self.box.data)
        except AssertionError as refused:  # it may start without space; where it does not, it says why
            self.assertIn(CURE, str(refused))
            self.filler.unlink()
            self.box = Box(COFRE, [MODEL], data=self.box.data)
        self.check_everybody()

    def test_a_stop_without_space_tells_how_many_records_it_loses(self):
        self.fill()
        self.make_users_until_refused()
        for _ in range(20):  # records for more than the page that is begun
            self.assertEqual(self.chat(), 200)
        self.box.process.send_signal(signal.SIGTERM)
        self.assertIn("records of the audit trail are lost with this stop", self.box.process.stderr.read())
        self.assertEqual(self.box.stop(), 0)
        self.filler.unlink()
        self.box = Box(COFRE, [MODEL], data=self.box.data)
        self.check_everybody()


if __name__ == "__main__":
    ensure_mounts()
    MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
    unittest.main(argv=sys.argv[:1], verbosity=2)
