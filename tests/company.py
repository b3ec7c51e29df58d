"""A box that people of a company sign in to by a system of the company's; certificates for that system."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from box import Box

PATH = os.environ.get("PATH", "") + ":/usr/sbin"
LOCAL = "correct horse battery"


def missing(*programs):
    """The first of these that is not there."""
    return next((program for program in programs if shutil.which(program, path=PATH) is None), None)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": PATH}, **more)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")


def authority(folder, name):
    """The files of a new authority and of a certificate that it signed for 127.0.0.1."""
    ca, ca_key, certificate, key = (str(folder / (name + end)) for end in ("-ca.pem", "-ca.key", ".pem", ".key"))
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("openssl", "req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", "/CN=" + name)
    run("openssl", "req", "-x509", *new_key, "-CA", ca, "-CAkey", ca_key, "-keyout", key, "-out", certificate, "-days",
        "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-addext",
        "basicConstraints=critical,CA:FALSE")
    return ca, certificate, key


class CompanyBox(Box):
    """With these lines of a cofre.toml and files beside it; its data goes with it."""

    def __init__(self, cofre, settings, files=None):
        data = pathlib.Path(tempfile.mkdtemp(prefix="cofre-company-"))
        for name, text in (files or {}).items():
            (data / name).write_text(text)
        (data / "cofre.toml").write_text(settings.replace("DATA", str(data)))
        super().__init__(cofre, [], data=str(data))
        self.own = True

    def do(self, *arguments):
        status, out, error = self.command(*arguments, "--json")
        assert status == 0, error
        return json.loads(out)

    def sign_in(self, name, password, **more):
        """(status, headers for further requests, answer)"""
        status, headers, answer = self.ask("POST", "/admin/v1/session", {"name": name, "password": password, **more})
        if status != 200:
            return status, None, answer
        return status, {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer["csrf_token"]}, answer

    def user(self, name):
        return self.do("user", "show", name)

    def local_user(self, name):
        """With a password of the box itself: LOCAL."""
        link = self.do("admin", "reset", name)["link"]
        status, _, answer = self.ask("POST", "/admin/v1/link", {"token": link.split("#")[1], "password": LOCAL})
        assert status == 200, answer

    def log(self):
        return "".join(file.read_text() for file in (pathlib.Path(self.data) / "logs").iterdir())

    def trail_of(self, person):
        """Records of the audit trail."""
        status, out, error = self.command("audit", "export", "--person", person)
        assert status == 0, error
        return [json.loads(line) for line in out.splitlines()]

    def checks(self, name):
        """(exit code of the doctor, its findings of this name as (state, text))"""
        status, out, _ = self.command("doctor", "--json")
        return status, [(one["state"], one["text"]) for one in json.loads(out)["checks"] if one["check"] == name]
