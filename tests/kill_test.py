#!/usr/bin/env python3
"""Nothing that was acknowledged is lost when the box is killed while it writes.

    tests/kill_test.py COFRE DATA [ROUNDS [SEED]]      the program and a data directory; SmolLM2 is pulled into it once

In each round users and keys are made and revoked, and models asked, by several connections at once, until the box is
killed (SIGKILL) at a random moment. It must start by itself and have every user, every key, every record of them in an
audit trail that verifies, and every token that it told of.
"""
import http.client
import json
import random
import signal
import sys
import tempfile
import threading
import time

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 32)
WRITERS, ASKERS = 4, 2
SHORT = {"model": "default", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}


class Told:
    """What the box acknowledged in one round, by lists that threads append to."""

    def __init__(self):
        self.users, self.keys, self.revoked, self.answers, self.wrong = [], [], [], [], []


def until_killed(box, work):
    """Calls work(ask) again and again; ask(method, path, body, key) is an answer of status 200, over one connection."""
    connection = box.connect()

    def ask(method, path, body, key):
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {answer.status} {content}")
        return content
    try:
        while True:
            work(ask)
    except (OSError, http.client.HTTPException):
        pass  # the box was killed


def write(box, admin, prefix, told):
    number = 0

    def work(ask):
        nonlocal number
        number += 1
        name = f"{prefix}-{number}"
        ask("POST", "/admin/v1/users", {"name": name, "kind": "service"}, admin)
        told.users.append(name)
        made = ask("POST", "/admin/v1/keys", {"name": name, "user": name}, admin)
        told.keys.append((name, made["key"]))
        if number % 3 == 0:
            told.keys.pop(told.keys.index((name, made["key"])))  # what is being revoked may be either
            ask("DELETE", f"/admin/v1/keys/{made['id']}", None, admin)
            told.revoked.append((name, made["key"]))
    try:
        until_killed(box, work)
    except AssertionError as wrong:
        told.wrong.append(wrong)


def chat(box, key, told):
    try:
        until_killed(box, lambda ask: told.answers.append(ask("POST", "/v1/chat/completions", SHORT, key)["usage"]))
    except AssertionError as wrong:
        told.wrong.append(wrong)


def check_people(box, admin, told):
    connection = box.connect()

    def status(path, key):
        connection.request("GET", path, headers={"Authorization": "Bearer " + key})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    for name in told.users:
        assert status(f"/admin/v1/users/{name}", admin) == 200, f"the user {name} is lost"
    for name, key in told.keys:
        assert status("/v1/models", key) == 200, f"the key of {name} is lost"
    for name, key in told.revoked:
        assert status("/v1/models", key) == 401, f"the key of {name} is valid again"
    connection.close()


def check_records(box, since, told):
    code, out, error = box.command("audit", "verify")
    assert code == 0, out + error
    for action, names in (("user.create", told.users), ("key.create", [name for name, _ in told.keys + told.revoked]),
                          ("key.revoke", [name for name, _ in told.revoked])):
        code, out, error = box.command("audit", "export", "--from", since, "--action", action, "--outcome", "ok")
        assert code == 0, error
        records = [json.loads(line) for line in out.splitlines()]
        if action == "key.revoke":  # tells the key by its number
            assert len(records) >= len(names), f"{len(names) - len(records)} records of {action} are lost"
        else:
            lost = set(names) - {record.get("subject") for record in records}
            assert not lost, f"the records of {action} {lost} are lost"


def check_tokens(box, answers, may_be_more):
    code, out, error = box.command("usage", "show", "--by", "key", "--json")
    assert code == 0, error
    used = json.loads(out)["usage"]
    for field, told in (("requests", len(answers)),
                        *((field, sum(one[field] for one in answers)) for field in ("prompt_tokens", "completion_tokens"))):
        kept = sum(row[field] for row in used)
        # Who was killed before hearing the end is counted too, once.
        most = told + may_be_more * (1 if field == "requests" else 64)
        assert told <= kept <= most, f"{field}: {told} were told, {kept} are kept"


def main():
    model = ensure_model(COFRE, DATA, "smollm2-135m")
    print(f"{ROUNDS} kills, seed {SEED}", flush=True)
    chance = random.Random(SEED)
    box = Box(COFRE, [model], data=tempfile.mkdtemp(prefix="cofre-kill-"))
    box.own = True
    try:
        admin = box.key("admin", "people", "security", "directory", "inference")
        askers = [box.key(f"asker{i}") for i in range(ASKERS)]
        answers, counts, longest = [], [0, 0, 0], 0.0
        for turn in range(ROUNDS):
            told = Told()
            since = time.strftime("%Y-%m-%dT%H:%M", time.gmtime())
            threads = [threading.Thread(target=write, args=(box, admin, f"r{turn}w{w}", told)) for w in range(WRITERS)]
            threads += [threading.Thread(target=chat, args=(box, key, told)) for key in askers]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.01, 0.8))  # the moment is what the test is about
            box.stop(signal.SIGKILL)
            for thread in threads:
                thread.join()
            assert not told.wrong, told.wrong
            begin = time.monotonic()
            box = Box(COFRE, [model], data=box.data)
            box.own = True
            longest = max(longest, time.monotonic() - begin)
            answers += told.answers
            try:
                check_people(box, admin, told)
                check_records(box, since, told)
                check_tokens(box, answers, (turn + 1) * ASKERS)
            except AssertionError as wrong:
                raise AssertionError(f"kill {turn + 1}: {wrong}") from None
            for at, kind in enumerate((told.users, told.keys, told.revoked)):
                counts[at] += len(kind)
            if (turn + 1) % 10 == 0:
                print(f"  {turn + 1} of {ROUNDS}: {counts[0]} users, {counts[1] + counts[2]} keys, {len(answers)} answers",
                      flush=True)
    finally:
        box.remove()
    tokens = sum(one["total_tokens"] for one in answers)
    print(f"{ROUNDS} kills; acknowledged were {counts[0]} users, {counts[1] + counts[2]} keys ({counts[2]} revoked), their "
          f"{counts[0] + counts[1] + 2 * counts[2]} records and {len(answers)} answers of {tokens} tokens: none is missing. "
          f"A start took {longest:.2f} s at most.")


main()
