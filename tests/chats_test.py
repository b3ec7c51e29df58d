#!/usr/bin/env python3
"""Chats and assistants of a box, as a browser uses them.

    tests/chats_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import json
import signal
import sys
import unittest
from urllib.parse import quote

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
CHATS = "/console/v1/chats"
SHORT = {"temperature": 0, "max_output_tokens": 12}


class Person:
    def __init__(self, box, name, *options):
        self.box, self.headers = box, box.session(name, *options)

    def ask(self, method, path, body=None):
        status, _, answer = self.box.ask(method, path, body, headers=self.headers)
        return status, answer

    def do(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        assert status == 200, (method, path, status, answer)
        return answer

    def events(self, response, after=None, most=None):
        """(type, event) of a response's stream; the connection is cut after `most` of them."""
        connection = self.box.connect()
        behind = "" if after is None else f"&starting_after={after}"
        connection.request("GET", f"/v1/responses/{response}?stream=true{behind}", headers=self.headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        seen = []
        for line in answer:
            if line.startswith(b"data: "):
                seen.append(json.loads(line[6:]))
                if most and len(seen) == most:
                    break
        connection.close()
        return seen

    def say(self, chat, text, **more):
        """The turn, once its answer is whole."""
        turn = self.do("POST", f"{CHATS}/{chat}/messages", {"text": text, "parameters": SHORT, **more})
        self.events(turn["answer"]["response"])
        return turn

    def branch(self, chat):
        return self.do("GET", f"{CHATS}/{chat}/messages")["data"]


class Chats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Box(COFRE, [MODEL])
        status, _, error = cls.box.command("department", "create", "research")
        assert status == 0, error
        cls.wang = Person(cls.box, "wang", "--department", "research")
        cls.li = Person(cls.box, "li", "--department", "research")
        cls.eve = Person(cls.box, "eve")

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def test_an_answer_is_whole_in_the_chat_though_its_reader_vanished(self):
        chat = self.wang.do("POST", CHATS, {"system_prompt": "You are brief."})["id"]
        turn = self.wang.do("POST", f"{CHATS}/{chat}/messages",
                            {"text": "Tell a story.", "parameters": {"max_output_tokens": 60, "temperature": 0}})
        response = turn["answer"]["response"]
        first = self.wang.events(response, most=5)
        rest = self.wang.events(response, after=first[-1]["sequence_number"])
        self.assertEqual(rest[0]["sequence_number"], 5)
        self.assertIn(rest[-1]["type"], ("response.completed", "response.incomplete"))
        answer = self.wang.branch(chat)[0]
        told = "".join(event["delta"] for event in first + rest if event["type"] == "response.output_text.delta")
        self.assertEqual(answer["text"], told)
        self.assertIn(answer["status"], ("completed", "incomplete"))
        self.assertGreater(answer["usage"]["output_tokens"], 1)
        self.assertGreater(answer["speed"]["tokens_per_second"], 0)
        self.assertGreaterEqual(answer["speed"]["first_token_ms"], 0)

    def test_branches_regenerate_and_export(self):
        chat = self.wang.do("POST", CHATS, {})["id"]
        one = self.wang.say(chat, "Say one.")
        two = self.wang.say(chat, "Say two.")
        edited = self.wang.say(chat, "Say three.", edits=two["message"]["id"])
        self.assertEqual(edited["message"]["siblings"], [two["message"]["id"], edited["message"]["id"]])
        again = self.wang.do("POST", f"{CHATS}/{chat}/messages/{edited['message']['id']}/answers", {"parameters": SHORT})
        self.wang.events(again["answer"]["response"])
        self.assertEqual(len(again["answer"]["siblings"]), 2)
        self.assertEqual([message["text"] for message in self.wang.branch(chat)][1], "Say three.")
        self.wang.do("PATCH", f"{CHATS}/{chat}", {"leaf": two["message"]["id"]})
        self.assertEqual([message["id"] for message in self.wang.branch(chat)],
                         [two["answer"]["id"], two["message"]["id"], one["answer"]["id"], one["message"]["id"]])
        whole = self.wang.do("GET", f"{CHATS}/{chat}/export")
        self.assertEqual(len(whole["messages"]), 7)
        status, headers, text = self.box.ask("GET", f"{CHATS}/{chat}/export?format=markdown", headers=self.wang.headers)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/markdown; charset=utf-8"))
        self.assertIn("Say two.", text)
        self.assertNotIn("Say three.", text)

    def test_what_is_others_is_not_there_but_for_the_departments_link(self):
        chat = self.wang.do("POST", CHATS, {"title": "Quarterly figures 季度数字"})["id"]
        self.wang.say(chat, "Hello there.")
        share = self.wang.do("POST", f"{CHATS}/{chat}/share")["id"]
        for person in (self.li, self.eve):
            for method, path in (("GET", chat), ("PATCH", chat), ("DELETE", chat), ("GET", chat + "/messages"),
                                 ("GET", chat + "/export"), ("POST", chat + "/messages"), ("POST", chat + "/share")):
                body = {"text": "x"} if path.endswith("messages") and method == "POST" else {} if method == "PATCH" else None
                self.assertEqual(person.ask(method, f"{CHATS}/{path}", body)[0], 404, (method, path))
        shared = f"/console/v1/shared/{share}"
        self.assertEqual(self.li.do("GET", shared)["owner"]["name"], "wang")
        self.assertEqual(len(self.li.do("GET", shared + "/messages")["data"]), 2)
        self.assertEqual(self.eve.ask("GET", shared)[0], 404)
        found = self.wang.do("GET", f"{CHATS}?query={quote('季度')}")["data"]
        self.assertEqual([(one["id"], one["match"]["message"]) for one in found], [(chat, None)])
        self.assertEqual(self.li.do("GET", f"{CHATS}?query={quote('季度')}")["data"], [])
        found = self.wang.do("GET", f"{CHATS}?query=hello%20the")["data"]
        self.assertEqual([one["id"] for one in found], [chat])
        self.wang.do("DELETE", f"{CHATS}/{chat}")
        self.assertEqual(self.li.ask("GET", shared)[0], 404)
        self.assertEqual(self.wang.do("GET", f"{CHATS}?query=hello%20the")["data"], [])

    def test_stop_keeps_what_was_written(self):
        chat = self.wang.do("POST", CHATS, {})["id"]
        turn = self.wang.do("POST", f"{CHATS}/{chat}/messages", {"text": "Count to a thousand.",
                                                                 "parameters": {"max_output_tokens": 2000, "temperature": 1}})
        response = turn["answer"]["response"]
        self.wang.events(response, most=8)
        self.assertEqual(self.wang.ask("POST", f"/v1/responses/{response}/cancel", {})[0], 200)
        answer = self.wang.branch(chat)[0]
        self.assertIn(answer["status"], ("cancelled", "completed"))
        self.assertTrue(answer["text"])

    def test_an_assistant_is_a_model_for_whom_it_is_published_to(self):
        departments = self.wang.do("GET", "/admin/v1/me")
        made = self.wang.do("POST", "/console/v1/assistants",
                            {"name": "greeter", "system_prompt": "You greet.", "parameters": SHORT, "starters": ["Hello"]})
        ask = {"model": "assistant:greeter", "messages": [{"role": "user", "content": "Hi"}]}
        key = self.wang.do("POST", "/admin/v1/me/keys", {"name": "laptop"})["key"]
        status, _, answer = self.box.ask("POST", "/v1/chat/completions", ask, key)
        self.assertEqual((status, answer["model"]), (200, "assistant:greeter"), answer)
        self.assertLessEqual(answer["usage"]["completion_tokens"], 12)
        self.assertEqual(self.li.ask("POST", "/v1/chat/completions", ask)[0], 404)
        self.assertIsNotNone(departments)
        status, out, _ = self.box.command("department", "list", "--json")
        research = [one["id"] for one in json.loads(out)["departments"] if one["name"] == "research"]
        self.wang.do("PATCH", f"/console/v1/assistants/{made['id']}", {"departments": research})
        self.assertEqual(self.li.ask("POST", "/v1/chat/completions", ask)[0], 200)
        self.assertIn("assistant:greeter", [one["id"] for one in self.li.do("GET", "/v1/models")["data"]])
        self.assertEqual(self.eve.ask("POST", "/v1/chat/completions", ask)[0], 404)
        chat = self.li.do("POST", CHATS, {"assistant": made["id"]})["id"]
        self.li.say(chat, "Hi")
        self.assertEqual(len(self.li.branch(chat)), 2)

    def test_what_a_session_asked_is_its_users_in_usage_and_audit(self):
        person = Person(self.box, "counted")
        chat = person.do("POST", CHATS, {})["id"]
        person.say(chat, "Hello")
        usage = person.do("GET", "/admin/v1/me/usage")["usage"]
        self.assertEqual(usage[0]["requests"], 1)
        status, out, error = self.box.command("audit", "export", "--person", "counted")
        self.assertEqual(status, 0, error)
        asked = [one for one in map(json.loads, out.splitlines())
                 if one.get("facts", {}).get("route") == "/console/v1/chats/{chat}/messages"]
        self.assertTrue(any(one["facts"].get("completion_tokens", 0) > 0 for one in asked), asked)


class Crash(unittest.TestCase):
    def test_after_kill_the_chat_is_there_and_says_what_failed(self):
        box = Box(COFRE, [MODEL])
        try:
            person = Person(box, "ana")
            chat = person.do("POST", CHATS, {})["id"]
            person.say(chat, "Say one.")
            turn = person.do("POST", f"{CHATS}/{chat}/messages", {"text": "Tell a very long story.",
                                                                  "parameters": {"max_output_tokens": 2000, "temperature": 1}})
            person.events(turn["answer"]["response"], most=6)
            box.stop(signal.SIGKILL)
            again = Box(COFRE, [MODEL], data=box.data)
            again.own, box, person.box = True, again, again
            branch = person.branch(chat)
            self.assertEqual([message["role"] for message in branch], ["assistant", "user", "assistant", "user"])
            self.assertEqual((branch[0]["status"], branch[0]["error"]["code"]), ("failed", "server_error"))
            self.assertFalse(person.do("GET", f"{CHATS}/{chat}")["answering"])
            retried = person.do("POST", f"{CHATS}/{chat}/messages/{branch[1]['id']}/answers", {"parameters": SHORT})
            person.events(retried["answer"]["response"])
            self.assertIn(person.branch(chat)[0]["status"], ("completed", "incomplete"))
        finally:
            box.remove()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
