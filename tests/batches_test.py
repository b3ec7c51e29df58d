#!/usr/bin/env python3
"""Files and batches of a whole box: through kill -9, a key that is revoked, and beside people who wait.

    tests/batches_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import json
import os
import pathlib
import signal
import sys
import time
import unittest

from box import Box, ensure_model

COFRE, DATA = sys.argv[1:3]
MODEL = ensure_model(COFRE, DATA, "smollm2-135m")
CHATS = "/v1/chat/completions"


def lines(count, tokens=12):
    def line(number):
        body = {"model": "default", "max_tokens": tokens, "ignore_eos": True,
                "messages": [{"role": "user", "content": f"Count from {number}, if you please."}]}
        return json.dumps({"custom_id": f"line-{number}", "method": "POST", "url": CHATS, "body": body})
    return "\n".join(line(number) for number in range(count)) + "\n"


def upload(box, key, content, purpose="batch"):
    form = "".join(f'--b\r\nContent-Disposition: form-data; {part}\r\n\r\n{value}\r\n'
                   for part, value in ((f'name="purpose"', purpose), ('name="file"; filename="in.jsonl"', content)))
    status, _, file = box.ask("POST", "/v1/files", form + "--b--\r\n", key,
                              {"Content-Type": "multipart/form-data; boundary=b"})
    assert status == 200, file
    return file["id"]


def create(box, key, file):
    status, _, batch = box.ask("POST", "/v1/batches", {"input_file_id": file, "endpoint": CHATS,
                                                       "completion_window": "24h"}, key)
    assert status == 200, batch
    return batch["id"]


def wait(box, key, batch, until):
    """The batch, once `until` says so of it; as it is after two minutes otherwise."""
    end = time.monotonic() + 120
    while True:
        found = box.ask("GET", f"/v1/batches/{batch}", key=key)[2]
        if until(found) or time.monotonic() > end:
            return found
        time.sleep(0.02)


def output(box, key, file):
    connection = box.connect()
    connection.request("GET", f"/v1/files/{file}/content", headers={"Authorization": "Bearer " + key})
    return [json.loads(line) for line in connection.getresponse().read().decode().splitlines()]


class Batches(unittest.TestCase):
    def test_a_box_killed_in_the_middle_goes_on_and_answers_each_line_once(self):
        count = 40
        box = Box(COFRE, [MODEL], "--set", "queue.batch_lines=3")
        try:
            key = box.key("app")
            batch = create(box, key, upload(box, key, lines(count)))
            for _ in range(2):
                before = wait(box, key, batch, lambda found: found["request_counts"]["completed"] > 0)
                seen = before["request_counts"]["completed"]
                begun = wait(box, key, batch, lambda found: found["request_counts"]["completed"] > seen + 4)
                self.assertEqual((begun["status"], begun["request_counts"]["total"]), ("in_progress", count))
                box.stop(signal.SIGKILL)
                again = Box(COFRE, [MODEL], "--set", "queue.batch_lines=3", data=box.data)
                again.own, box.own, box = box.own, False, again
                now = box.ask("GET", f"/v1/batches/{batch}", key=key)[2]
                self.assertGreaterEqual(now["request_counts"]["completed"], begun["request_counts"]["completed"])
            done = wait(box, key, batch, lambda found: found["status"] == "completed")
            self.assertEqual(done["request_counts"], {"total": count, "completed": count, "failed": 0})
            self.assertIsNone(done["error_file_id"])
            answers = output(box, key, done["output_file_id"])
            self.assertEqual([one["custom_id"] for one in answers], [f"line-{number}" for number in range(count)])
            for one in answers:
                self.assertEqual(one["response"]["status_code"], 200)
                self.assertEqual(one["response"]["body"]["usage"]["completion_tokens"], 12)
            self.assertEqual(done["usage"]["output_tokens"], 12 * count)
            # Nothing of it lies readable on the disk.
            for path in pathlib.Path(box.data).rglob("*"):
                if path.is_file() and path.suffix != ".gguf":
                    self.assertNotIn(b"Count from 7", path.read_bytes(), path)
        finally:
            box.remove()

    def test_people_who_wait_go_before_batches(self):
        box = Box(COFRE, [MODEL], "--set", "models.sequences=2", "--set", "queue.batch_lines=8")
        try:
            key = box.key("app")
            batch = create(box, key, upload(box, key, lines(200, 60)))
            wait(box, key, batch, lambda found: found["request_counts"]["completed"] > 0)
            body = {"model": "default", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}
            for _ in range(3):
                self.assertEqual(box.ask("POST", CHATS, body, key)[0], 200)
            found = box.ask("GET", f"/v1/batches/{batch}", key=key)[2]
            self.assertEqual(found["status"], "in_progress")
            self.assertLess(found["request_counts"]["completed"], 100)
            # A key that is revoked stops them, and gives the model back.
            self.assertEqual(box.command("key", "revoke", "app")[0], 0)
            end = time.monotonic() + 20
            while json.loads(box.command("status", "--json")[1])["models"][0]["streams"] > 0 and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(json.loads(box.command("status", "--json")[1])["models"][0]["streams"], 0)
        finally:
            box.remove()

    def test_a_large_file_goes_through_and_a_larger_one_is_refused(self):
        box = Box(COFRE, [MODEL], "--set", "limits.file_mib=40")
        try:
            key = box.key("app")
            content = "x" * (40 << 20)
            file = upload(box, key, content, "user_data")
            memory = pathlib.Path(f"/proc/{box.process.pid}/status").read_text()
            resident = int(memory.split("VmHWM:")[1].split()[0])
            self.assertLess(resident, 200 << 10, "the box keeps no file in memory")
            connection = box.connect()
            connection.request("GET", f"/v1/files/{file}/content", headers={"Authorization": "Bearer " + key})
            self.assertEqual(connection.getresponse().read().decode(), content)
            self.assertEqual(len(os.listdir(os.path.join(box.data, "files"))), 1)
            self.assertEqual(box.ask("DELETE", f"/v1/files/{file}", key=key)[2]["deleted"], True)
            self.assertEqual(os.listdir(os.path.join(box.data, "files")), [])
            status, _, answer = box.ask("POST", "/v1/files", "x", key,
                                        {"Content-Type": "multipart/form-data; boundary=b",
                                         "Content-Length": str(50 << 20)})
            self.assertEqual(status, 413, answer)
            self.assertIn("limits.file_mib", answer["error"]["message"])
        finally:
            box.remove()


unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]], warnings="ignore")
