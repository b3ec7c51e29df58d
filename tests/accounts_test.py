#!/usr/bin/env python3
"""People of a box: commands and the HTTP administration, quotas, signing in, crashes.

    tests/accounts_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import base64
import hashlib
import hmac
import json
import os
import signal
import struct
import sys
import threading
import time
import unittest

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
SHORT = {"model": "default", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 4}
LONG = {"model": "default", "messages": [{"role": "user", "content": "Tell a very long story."}], "max_tokens": 2000,
        "temperature": 1, "ignore_eos": True}
PASSWORD = "correct horse battery"


def totp(secret):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"


class People(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [MODEL])

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def do(self, *arguments):
        status, out, error = self.box.command(*arguments, "--json")
        self.assertEqual(status, 0, error)
        return json.loads(out)

    def sign_in(self, name, password=PASSWORD, **more):
        """(status, headers for requests, answer)"""
        status, headers, answer = self.box.ask("POST", "/admin/v1/session", {"name": name, "password": password, **more})
        if status != 200:
            return status, headers, answer
        cookie = headers["Set-Cookie"]
        for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
            self.assertIn(word, cookie)
        return status, {"Cookie": cookie.split(";")[0], "X-CSRF-Token": answer["csrf_token"]}, answer

    def admin(self, name="admin", *roles):
        """A signed-in administrator, by the link that the machine gives."""
        link = self.do("admin", "reset", name, *[word for role in roles for word in ("--role", role)])["link"]
        self.assertTrue(link.startswith(self.box.url + "/setup#"))
        token = link.split("#")[1]
        self.assertEqual(self.box.ask("POST", "/admin/v1/link", {"token": token, "password": "short"})[0], 400)
        password = PASSWORD + " " + link[-6:]
        self.assertEqual(self.box.ask("POST", "/admin/v1/link", {"token": token, "password": password})[0], 200)
        self.assertEqual(self.box.ask("POST", "/admin/v1/link", {"token": token, "password": password})[0], 404)
        status, headers, answer = self.sign_in(name, password)
        self.assertEqual(status, 200, answer)
        return headers, password

    def test_from_the_first_link_to_a_users_own_key(self):
        status, headers, _ = self.box.ask("GET", "/setup")
        self.assertEqual((status, headers["Location"]), (302, "/console/setup"))
        admin, _ = self.admin()
        status, _, user = self.box.ask("POST", "/admin/v1/users", {"name": "wang", "label": "王芳"}, headers=admin)
        self.assertEqual(status, 200, user)
        status, _, link = self.box.ask("POST", f"/admin/v1/users/{user['id']}/link", headers=admin)
        self.assertEqual(status, 200, link)
        self.box.ask("POST", "/admin/v1/link", {"token": link["link"].split("#")[1], "password": PASSWORD})
        status, wang, _ = self.sign_in("wang")
        self.assertEqual(status, 200)
        self.assertEqual(self.box.ask("GET", "/admin/v1/users", headers=wang)[0], 403)
        status, _, key = self.box.ask("POST", "/admin/v1/me/keys", {"name": "laptop"}, headers=wang)
        self.assertEqual(status, 200, key)
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, key["key"])[0], 200)
        usage = self.box.ask("GET", "/admin/v1/me/usage?by=model&as=glm-5.3", headers=wang)[2]["usage"]
        self.assertEqual(usage[0]["requests"], 1)
        self.assertGreater(usage[0]["cost"], 0)
        self.assertEqual(usage[0]["completion_tokens"], 4)
        self.assertEqual(self.box.ask("DELETE", "/admin/v1/session", headers=wang)[0], 200)
        self.assertEqual(self.box.ask("GET", "/admin/v1/me", headers=wang)[0], 401)

    def test_a_table_of_users_is_imported_whole_or_not_at_all(self):
        table = os.path.join(self.box.data, "people.csv")
        with open(table, "w", encoding="utf-8-sig", newline="") as file:
            file.write("name;label\r\nimported1;\"Große; Anna\"\r\nimported2;王芳\r\n")
        checked = self.do("user", "import", table, "--dry-run")["users"]
        self.assertEqual([user["name"] for user in checked], ["imported1", "imported2"])
        made = self.do("user", "import", table)["users"]
        token = made[0]["link"].split("#")[1]
        self.assertEqual(self.box.ask("POST", "/admin/v1/link", {"token": token, "password": PASSWORD})[0], 200)
        self.assertEqual(self.box.ask("POST", "/admin/v1/link", {"token": token, "password": PASSWORD})[0], 404)
        self.assertEqual(self.sign_in("imported1")[0], 200)
        again = self.do("user", "invite", "imported2")["link"]
        for link, status in ((made[1]["link"], 404), (again, 200)):
            body = {"token": link.split("#")[1], "password": PASSWORD}
            self.assertEqual(self.box.ask("POST", "/admin/v1/link", body)[0], status)
        status, _, error = self.box.command("user", "import", table)
        self.assertEqual(status, 1)
        self.assertIn("line 2: name:", error)
        self.assertIn("line 3: name:", error)
        with open(table, "w", encoding="latin-1") as file:
            file.write("name,label\nimported3,Große\n")
        status, _, error = self.box.command("user", "import", table)
        self.assertEqual(status, 1)
        self.assertIn("UTF-8", error)
        admin, _ = self.admin("importer")
        status, _, answer = self.box.ask("POST", "/admin/v1/users/import", {"csv": "name,roles\nimported3,king\n"},
                                         headers=admin)
        self.assertEqual((status, answer["error"]["param"]), (400, "csv"))
        status, _, answer = self.box.ask("POST", "/admin/v1/users/import", {"csv": "name\nimported3\n"}, headers=admin)
        self.assertEqual(status, 200, answer)
        trail, told, _ = self.box.command("audit", "export", "--person", "imported3")
        self.assertEqual(trail, 0)
        self.assertIn("user.create", told)

    def test_a_session_is_new_with_every_sign_in(self):
        self.admin("fixed")
        self.assertIsNone(self.do("admin", "first")["link"])
        headers, password = self.admin("fixed")
        planted = {"Cookie": "__Host-cofre=" + "A" * 43}
        status, answer_headers, _ = self.box.ask("POST", "/admin/v1/session", {"name": "fixed", "password": password},
                                                 headers=planted)
        self.assertEqual(status, 200)
        self.assertNotIn("A" * 43, answer_headers["Set-Cookie"])
        self.assertEqual(self.box.ask("GET", "/admin/v1/me", headers=planted)[0], 401)

    def test_a_second_factor_is_asked_for(self):
        headers, password = self.admin("careful")
        status, _, begun = self.box.ask("POST", "/admin/v1/me/second-factor", {"password": password}, headers=headers)
        self.assertEqual(status, 200, begun)
        code = totp(begun["secret"])
        status, _, done = self.box.ask("POST", "/admin/v1/me/second-factor/confirm", {"code": code}, headers=headers)
        self.assertEqual(status, 200, done)
        self.assertEqual(len(done["recovery_codes"]), 10)
        status, _, answer = self.sign_in("careful", password)
        self.assertEqual((status, answer["error"]["code"]), (401, "code_needed"))
        self.assertEqual(self.sign_in("careful", password, code=code)[0], 401)  # it was used
        self.assertEqual(self.sign_in("careful", password, code=done["recovery_codes"][0])[0], 200)

    def test_guessing_is_slowed_down(self):
        self.admin("target")
        seen = [self.sign_in("target", "wrong")[0] for _ in range(5)]
        self.assertEqual(seen[:3], [401, 401, 401])
        self.assertIn(429, seen)
        self.do("user", "unlock", "target")
        self.assertEqual(self.sign_in("target", "wrong")[0], 401)

    def test_suspending_a_user_ends_a_running_stream(self):
        self.do("user", "create", "runner")
        key = self.do("key", "create", "k", "--user", "runner")["key"]
        answer, events = self.box.stream(LONG, key)
        self.assertEqual(answer.status, 200)
        next(events)
        begun = time.monotonic()
        self.do("user", "suspend", "runner")
        last = None
        for last in events:
            pass
        self.assertLess(time.monotonic() - begun, 2)
        self.assertIn("error", last)
        self.assertEqual(self.box.ask("GET", "/v1/models", key=key)[0], 401)
        self.do("user", "restore", "runner")
        self.assertEqual(self.box.ask("GET", "/v1/models", key=key)[0], 200)

    def test_quotas_say_which_and_when(self):
        self.do("user", "create", "limited")
        key = self.do("key", "create", "k", "--user", "limited")["key"]
        quota = self.do("quota", "set", "--user", "limited", "--metric", "requests", "--period", "day", "--amount", "1")
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, key)[0], 200)
        status, headers, answer = self.box.ask("POST", "/v1/chat/completions", SHORT, key)
        self.assertEqual(status, 429)
        self.assertEqual(answer["error"]["param"], f"quota {quota['id']}")
        ends = [one for one in self.do("quota", "list")["quotas"] if one["id"] == quota["id"]][0]["ends"]
        self.assertLess(abs(ends - time.time() - int(headers["Retry-After"])), 10)
        self.do("quota", "remove", str(quota["id"]))
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, key)[0], 200)

    def test_a_key_asks_only_its_models_and_many_at_once_never_overshoot(self):
        self.do("user", "create", "crowd")
        bound = self.do("key", "create", "bound", "--user", "crowd", "--model", "other")["key"]
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, bound)[0], 404)
        key = self.do("key", "create", "k", "--user", "crowd")["key"]
        self.do("quota", "set", "--user", "crowd", "--metric", "tokens", "--period", "day", "--amount", "500")
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(self.box.ask("POST", "/v1/chat/completions", SHORT, key)[0]))
                   for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(seen), {200, 429})
        used = self.do("usage", "show", "--by", "user", "--user", "crowd")["usage"][0]
        self.assertLessEqual(used["prompt_tokens"] + used["completion_tokens"], 500)

    def test_two_hundred_at_once_never_overshoot_a_budget(self):
        self.do("user", "create", "frugal")
        key = self.do("key", "create", "k", "--user", "frugal")["key"]
        self.assertEqual(self.box.ask("POST", "/v1/chat/completions", SHORT, key)[0], 200)
        model = self.do("usage", "show", "--by", "model", "--user", "frugal")["usage"][0]["model"]
        budget = ("quota", "set", "--user", "frugal", "--model", model, "--money", "0.002", "--period", "day")
        status, _, error = self.box.command(*budget)
        self.assertEqual(status, 1)
        self.assertIn("price", error)
        self.do("price", "set", model, "--since", "2026-01-01", "--input", "1", "--output", "4")
        quota = self.do(*budget)
        self.assertEqual((quota["amount"], quota["currency"]), (2000, "CNY"))
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(self.box.ask("POST", "/v1/chat/completions", SHORT, key)))
                   for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({status for status, _, _ in seen}, {200, 429})
        told = {answer["error"]["param"] for status, _, answer in seen if status == 429}
        self.assertIn(f"quota {quota['id']}", told)
        spent = self.do("usage", "show", "--by", "user", "--user", "frugal")["usage"][0]
        self.assertEqual(spent["spent_currency"], "CNY")
        self.assertTrue(0 < spent["spent_micro"] <= 2000, spent)
        _, out, _ = self.box.command("quota", "list")
        self.assertIn("0.002", out)

    def test_csv_for_spreadsheets(self):
        status, out, error = self.box.command("usage", "show", "--by", "month", "--by", "model", "--format", "csv")
        self.assertEqual(status, 0, error)
        key = self.box.key("reader", "usage")
        status, headers, text = self.box.ask("GET", "/admin/v1/usage?by=month,model&format=csv", key=key)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/csv; charset=utf-8"))
        status, _, document = self.box.ask("GET", "/openapi.json")
        self.assertEqual((status, document["openapi"]), (200, "3.1.0"))


class Crash(unittest.TestCase):
    def test_what_was_used_survives_kill(self):
        box = Box(COFRE, [MODEL])
        try:
            key = box.key("app")
            asked = 0
            for _ in range(5):
                for _ in range(3):
                    self.assertEqual(box.ask("POST", "/v1/chat/completions", SHORT, key)[0], 200)
                    asked += 1
                stream, events = box.stream(LONG, key)
                next(events)
                box.stop(signal.SIGKILL)
                again = Box(COFRE, [MODEL], data=box.data)
                again.own, box = True, again
                status, out, error = box.command("usage", "show", "--by", "user", "--json")
                self.assertEqual(status, 0, error)
                used = json.loads(out)["usage"]
                self.assertEqual([row["requests"] for row in used], [asked])
                self.assertEqual(used[0]["completion_tokens"], 4 * asked)
        finally:
            box.remove()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
