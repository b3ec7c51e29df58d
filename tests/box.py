"""A box for tests: `cofre serve` on a free port, its keys, and requests to it over TLS."""
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile

SKIPPED = 77


def ensure_model(cofre, data, name):
    """The path of a catalogue model in the data directory, pulled where it is missing; exits with "skipped" where it
    cannot be had."""
    environment = {**os.environ, "COFRE_DATA": data}
    if subprocess.run([cofre, "verify", name], env=environment, capture_output=True).returncode != 0:
        if subprocess.run([cofre, "pull", name], env=environment, stdin=subprocess.DEVNULL).returncode != 0:
            print(f"skipped: {name} could not be fetched")
            sys.exit(SKIPPED)
    inspected = subprocess.run([cofre, "inspect", name, "--json"], env=environment, capture_output=True, check=True)
    return json.loads(inspected.stdout)["path"]


class Box:
    """Runs while it is not stopped. `data` is kept where it was given, so that a box can be started on it again;
    `store` is where `cofre pull` would put models; `variables` are added to the environment."""

    def __init__(self, cofre, models, *options, data=None, store=None, variables=None):
        self.cofre, self.own = cofre, data is None
        self.data = data or tempfile.mkdtemp(prefix="cofre-box-")
        self.environment = {**os.environ, "COFRE_DATA": store or self.data, **(variables or {})}
        command = [cofre, "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        for model in models:
            command += ["--model", model]
        self.process = subprocess.Popen([*command, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, env=self.environment)
        line = self.process.stderr.readline()
        if not line.startswith("ready https://127.0.0.1:"):
            self.process.kill()
            raise AssertionError(f"the box said {line!r} {self.process.stderr.read()!r}")
        self.url = line.split()[1]
        self.host, port = self.url.removeprefix("https://").split(":")
        self.port = int(port)
        self.ca = os.path.join(self.data, "tls", "ca.pem")
        self.tls = ssl.create_default_context(cafile=self.ca)

    def command(self, *arguments):
        """Of the cofre program, on this box's data. (exit code, output, error)"""
        done = subprocess.run([self.cofre, *arguments, "--data", self.data], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env=self.environment)
        return done.returncode, done.stdout, done.stderr

    def key(self, name, *scopes):
        wanted = [word for scope in scopes for word in ("--scope", scope)]
        status, out, error = self.command("key", "create", name, "--json", *wanted)
        assert status == 0, error
        return json.loads(out)["key"]

    def session(self, name, *create_options, password="correct horse battery"):
        """Headers of a user's session; the user is made."""
        status, _, error = self.command("user", "create", name, *create_options)
        assert status == 0, error
        status, out, error = self.command("user", "invite", name, "--json")
        assert status == 0, error
        token = json.loads(out)["link"].split("#")[1]
        status, _, answer = self.ask("POST", "/admin/v1/link", {"token": token, "password": password})
        assert status == 200, answer
        status, headers, answer = self.ask("POST", "/admin/v1/session", {"name": name, "password": password})
        assert status == 200, answer
        return {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": answer["csrf_token"]}

    def connect(self):
        return http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=120)

    def ask(self, method, path, body=None, key=None, headers=None):
        """(status, headers, body as JSON where it is)"""
        connection = self.connect()
        given = dict(headers or {})
        if key:
            given["Authorization"] = "Bearer " + key
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            given.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        try:
            return answer.status, answer.headers, json.loads(text)
        except ValueError:
            return answer.status, answer.headers, text

    def stream(self, body, key):
        """A streamed chat: (response, iterator over its events' JSON; the last is "[DONE]" where it ended well)."""
        connection = self.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps({**body, "stream": True}),
                           {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
        answer = connection.getresponse()

        def events():
            for line in answer:
                if line.startswith(b"data: "):
                    data = line[6:].strip().decode()
                    yield data if data == "[DONE]" else json.loads(data)
        return answer, events()

    def stop(self, how=signal.SIGTERM):
        """Exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=90)
        self.process.stderr.close()
        return code

    def remove(self):
        self.stop(signal.SIGKILL)
        if self.own:
            shutil.rmtree(self.data, ignore_errors=True)
