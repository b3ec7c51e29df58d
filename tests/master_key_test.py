#!/usr/bin/env python3
"""How the master key of a real box is kept: in a file, by a passphrase, in a TPM (swtpm), and on paper.

    tests/master_key_test.py COFRE      the program
"""
import json
import os
import pathlib
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

from box import Box

COFRE = sys.argv[1]
PASSPHRASE = "correct horse battery staple"
PCR = 16  # anybody may extend it


class Tpm:
    """A TPM 2.0 in software, on two free ports of this machine that follow each other."""

    def __init__(self):
        self.state = tempfile.mkdtemp(prefix="cofre-tpm-")
        self.process = None
        self.start()

    def start(self):
        for _ in range(20):
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
            self.process = subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}", "--flags", "not-need-init,startup-clear",
                 "--server", f"type=tcp,port={self.port}", "--ctrl", f"type=tcp,port={self.port + 1}"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.listens(self.port) and self.listens(self.port + 1):
                return
            self.stop()
        raise AssertionError("swtpm does not start")

    def listens(self, port):
        """Waits for one of its two ports: it opens them one after the other, and ends where one is taken."""
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return self.process.poll() is None
            except ConnectionRefusedError:
                time.sleep(0.01)
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.state)

    @property
    def tcti(self):
        return f"swtpm:host=127.0.0.1,port={self.port}"

    def extend(self):
        """TPM2_PCR_Extend (TPM 2.0 Library, part 3, 22.2) of PCR by a digest."""
        authorization = struct.pack(">IHBH", 0x40000009, 0, 0, 0)
        body = struct.pack(">III", 0x182, PCR, len(authorization)) + authorization + struct.pack(">IH", 1, 0x0b) + b"x" * 32
        with socket.create_connection(("127.0.0.1", self.port)) as tpm:
            tpm.sendall(struct.pack(">HI", 0x8002, len(body) + 6) + body)
            assert tpm.recv(4096)[6:10] == b"\0\0\0\0"


class MasterKey(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cofre-master-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.data = os.path.join(self.folder, "data")
        self.file = pathlib.Path(self.data, "master.key")
        self.box = Box(COFRE, [], data=self.data)
        self.addCleanup(lambda: self.box.stop(signal.SIGKILL))
        self.key = self.box.key("kept")
        self.bare = self.file.read_bytes()

    def do(self, *arguments):
        status, out, error = self.box.command("master-key", *arguments, "--json")
        self.assertEqual(status, 0, error)
        return json.loads(out)

    def start(self, **variables):
        self.box = Box(COFRE, [], data=self.data, variables=variables)
        self.assertEqual(self.box.ask("GET", "/v1/models", key=self.key)[0], 200)

    def does_not_start(self, **variables):
        with self.assertRaises(AssertionError) as refused:
            self.start(**variables)
        return str(refused.exception)

    def secret_file(self, text):
        path = os.path.join(self.folder, "secret")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
        return path

    def everything_written(self):
        files = [path for path in pathlib.Path(self.data).rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)

    def test_a_passphrase_opens_it_from_a_file_a_descriptor_a_credential_or_a_terminal(self):
        self.assertEqual(self.do("show"), {"kept": "file"})
        file = self.secret_file(PASSPHRASE)
        self.assertEqual(self.do("passphrase", "set", "--file", file), {"kept": "passphrase"})  # while it runs
        self.assertEqual(self.do("show"), {"kept": "passphrase"})
        self.assertNotIn(self.bare, self.everything_written())
        self.box.stop()
        self.assertIn("COFRE_PASSPHRASE_FILE", self.does_not_start())
        self.assertIn("wrong", self.does_not_start(COFRE_PASSPHRASE_FILE=self.secret_file("another passphrase")))
        file = self.secret_file(PASSPHRASE)
        self.start(COFRE_PASSPHRASE_FILE=file)
        self.box.stop()
        os.chmod(file, 0o644)
        self.assertIn("may be read by others", self.does_not_start(COFRE_PASSPHRASE_FILE=file))
        credentials = os.path.join(self.folder, "credentials")
        os.mkdir(credentials)
        os.chmod(file, 0o400)
        os.rename(file, os.path.join(credentials, "cofre-passphrase"))
        self.start(CREDENTIALS_DIRECTORY=credentials)
        self.box.stop()
        command = [COFRE, "key", "list", "--json", "--data", self.data]
        read, write = os.pipe()
        os.write(write, PASSPHRASE.encode())
        os.close(write)
        listed = subprocess.run(command, pass_fds=[read], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                env={**os.environ, "COFRE_PASSPHRASE_FILE": f"/dev/fd/{read}"})
        os.close(read)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        code, shown = self.at_a_terminal(["key", "list"], [PASSPHRASE])
        self.assertEqual(code, 0, shown)
        self.assertIn("kept", shown)
        self.assertNotIn("horse", shown)
        code, shown = self.at_a_terminal(["key", "list"], ["wrong"])
        self.assertEqual(code, 1)
        code, shown = self.at_a_terminal(["master-key", "passphrase", "set"], ["one passphrase", "another one", PASSPHRASE])
        self.assertEqual(code, 1)
        self.assertIn("not the same", shown)
        code, shown = self.at_a_terminal(["master-key", "passphrase", "remove"], [PASSPHRASE])
        self.assertEqual(code, 0, shown)
        self.assertEqual(self.file.read_bytes(), self.bare)
        self.start()

    def at_a_terminal(self, arguments, answers):
        """(exit code, what was shown) of a command that is given an answer at each of its prompts."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([COFRE, *arguments, "--data", self.data], stdin=theirs, stdout=theirs, stderr=theirs,
                                   env={**os.environ, "TERM": "xterm"})
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            shown += piece
            if piece.endswith(b": ") and answers:
                while termios.tcgetattr(ours)[3] & termios.ECHO:  # what is typed before that is thrown away
                    pass
                os.write(ours, answers.pop(0).encode() + b"\n")
        os.close(ours)
        return process.wait(), shown.decode()

    def test_the_words_on_paper_bring_back_a_lost_key_and_no_others_do(self):
        phrase = self.do("phrase")["phrase"]
        self.assertEqual(len(phrase.split()), 24)
        printed = self.box.command("master-key", "phrase")[1]
        self.assertEqual(printed.split()[1::2], phrase.split())
        self.assertEqual(self.box.command("master-key", "recover", "--file", self.secret_file(phrase))[0], 1)  # it runs
        self.assertNotIn(phrase.encode(), self.everything_written())
        self.box.stop()
        self.file.unlink()
        self.assertIn("cofre master-key recover", self.does_not_start())
        for wrong in ("abandon " * 23 + "art", phrase.rsplit(" ", 1)[0] + " zzzz", phrase + " art", ""):
            code, _, error = self.box.command("master-key", "recover", "--file", self.secret_file(wrong))
            self.assertEqual(code, 1, wrong)
            self.assertFalse(self.file.exists())
        code, out, error = self.box.command("master-key", "recover", "--file", self.secret_file(phrase.upper()))
        self.assertEqual(code, 0, error)
        self.assertEqual(self.file.read_bytes(), self.bare)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.start()
        self.assertEqual(self.box.command("audit", "verify")[0], 0)
        trail = self.box.command("audit", "export", "--action", "master_key.", "--outcome", "ok")[1]
        self.assertEqual([json.loads(line)["do"] for line in trail.splitlines()],
                         ["master_key.phrase", "master_key.phrase", "master_key.file"])

    def test_a_tpm_opens_it_on_this_machine_in_this_state_alone(self):
        if shutil.which("swtpm") is None:
            self.skipTest("swtpm is not there")
        tpm = Tpm()
        self.addCleanup(tpm.remove)
        phrase = self.do("phrase")["phrase"]
        self.assertEqual(self.box.command("master-key", "tpm", "seal", "--tcti", "evil:/tmp/x.so")[0], 1)
        self.assertEqual(self.box.command("master-key", "tpm", "seal", "--pcr", "24")[0], 2)
        self.assertEqual(self.box.command("master-key", "tpm", "seal", "--tcti", "device:/dev/no-tpm")[0], 1)
        self.assertEqual(self.do("tpm", "seal", "--tcti", tpm.tcti), {"kept": "tpm"})
        self.assertEqual(self.do("show"), {"kept": "tpm", "tcti": tpm.tcti, "pcrs": []})
        self.assertNotIn(self.bare, self.everything_written())
        self.box.stop()
        self.start()
        self.assertEqual(self.do("tpm", "seal", "--tcti", tpm.tcti, "--pcr", str(PCR)), {"kept": "tpm"})
        checks = json.loads(self.box.command("doctor", "--json")[1])["checks"]
        self.assertIn(f"while PCRs {PCR} are as they were",
                      [check["text"] for check in checks if check["check"] == "master key"][0])
        self.box.stop()
        self.start()
        self.box.stop()
        tpm.extend()
        self.assertIn("this machine's state (PCRs) is not what it was", self.does_not_start())
        self.assertEqual(self.box.command("master-key", "recover", "--file", self.secret_file(phrase))[0], 0)
        self.start()
        self.do("tpm", "seal", "--tcti", tpm.tcti, "--pcr", str(PCR))  # in the new state
        self.box.stop()
        self.start()
        self.assertEqual(self.do("tpm", "unseal"), {"kept": "file"})
        self.assertEqual(self.file.read_bytes(), self.bare)
        self.do("tpm", "seal", "--tcti", tpm.tcti)
        self.box.stop()
        tpm.stop()
        self.assertIn("no TPM answers", self.does_not_start())
        # Another TPM, at the same place.
        sealed = self.file.read_text()
        other = Tpm()
        self.addCleanup(other.remove)
        self.file.write_text(sealed.replace(tpm.tcti, other.tcti))
        self.assertIn("another TPM", self.does_not_start())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
