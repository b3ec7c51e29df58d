#!/usr/bin/env python3
"""Fetching models over the network, from a hub that this test plays on 127.0.0.1: listings, redirects, tokens, ranges,
connections that break, wrong bytes, proxies, mirrors, caches of other programs, Ctrl-C.

    tests/hubs_test.py COFRE
"""
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from gguf_file import tiny
from hub import Hub

COFRE = sys.argv[1]
MODEL = tiny("Q8_0").bytes()
SUM = hashlib.sha256(MODEL).hexdigest()
FILE = "tiny-q8_0.gguf"


class Hubs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        os.mkdir(self.data)
        self.hub, self.content = Hub(), Hub()
        self.addCleanup(self.hub.server_close)
        self.addCleanup(self.content.server_close)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith(("HF_", "OLLAMA_", "XDG_"))},
            "COFRE_DATA": self.data, "HOME": self.folder.name, "HF_ENDPOINT": self.hub.address, "MODELSCOPE_ENDPOINT": self.hub.address}
        self.publish("owner/name", {FILE: MODEL})

    def publish(self, repository, files):
        """A repository whose files lie on the content network, as on the real hub."""
        listing = [{"type": "file", "path": ".gitattributes", "size": 3}]
        for name, data in files.items():
            listing.append({"type": "file", "path": name, "size": len(data), "lfs": {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}})
            self.hub.redirects[f"{repository}/resolve/main/{name}"] = f"{self.content.address}/content/{name}"
            self.content.files[f"content/{name}"] = data
        self.hub.files[f"api/models/{repository}/tree/main?recursive=true"] = json.dumps(listing).encode()

    def row(self, sources, size=len(MODEL), sha256=SUM):
        """A catalogue with one row of these sources."""
        text = f'[[model]]\nname = "mine"\nlicence = "MIT"\nfor = "chat"\nbytes = {size}\nsha256 = "{sha256}"\nmemory = 1000\n'
        for source in sources:
            text += "[[model.source]]\n" + "".join(f'{key} = "{content}"\n' for key, content in source.items())
        with open(os.path.join(self.data, "catalogue.toml"), "w") as file:
            file.write(text)

    def path(self, name, suffix=""):
        return os.path.join(self.data, "models", f"{name}.gguf{suffix}")

    def cofre(self, *arguments, **environment):
        done = subprocess.run([COFRE, *arguments], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
                              env={**self.environment, **environment})
        return done.returncode, done.stdout, done.stderr

    def pulled(self, *arguments, name="owner--name--q8_0", **environment):
        status, out, error = self.cofre("pull", *arguments, "--json", **environment)
        self.assertEqual(status, 0, error)
        result = json.loads(out)
        self.assertEqual((result["name"], result["sha256"], result["bytes"]), (name, SUM, len(MODEL)))
        with open(result["path"], "rb") as file:
            self.assertEqual(file.read(), MODEL)
        self.assertFalse(os.path.exists(result["path"] + ".part"))
        return result

    def refused(self, *arguments, words=(), **environment):
        status, out, error = self.cofre("pull", *arguments, **environment)
        self.assertEqual((status, out), (1, ""), error)
        last = error.strip().split("\n")[-1]
        self.assertTrue(last.startswith("cofre: "), error)
        for word in words:
            self.assertIn(word, last)

    # Names

    def test_a_quantization_of_a_repository_is_found_fetched_checked_and_kept(self):
        self.assertFalse(self.pulled("owner/name:Q8_0")["was_there"])
        status, out, error = self.cofre("run", "owner/name:Q8_0", "--raw", "hello", "--max-tokens", "3", "--temperature", "0")
        self.assertEqual((status, error), (0, ""))
        asked = len(self.hub.asked)
        self.assertTrue(self.pulled("owner/name:q8_0")["was_there"])
        self.assertEqual(len(self.hub.asked), asked, "what is here needs no hub")

    def test_without_a_quantization_q4_k_m_is_meant_and_what_there_is_gets_named(self):
        self.refused("owner/name", words=["Q4_K_M", "there are: Q8_0"])
        self.publish("owner/name", {"tiny-q4_k_m.gguf": MODEL, FILE: MODEL, "mmproj-q4_k_m.gguf": b"x"})
        self.pulled("owner/name", name="owner--name--q4_k_m")

    def test_a_repository_that_does_not_exist_a_gated_one_and_an_unreachable_hub_say_so(self):
        self.refused("nobody/nothing:Q8_0", words=["nobody/nothing", "404"])
        self.hub.statuses["api/models/owner/name/tree/main?recursive=true"] = 401
        self.refused("owner/name:Q8_0", words=["401", "HF_TOKEN"])
        self.refused("owner/name:Q8_0", words=["127.0.0.1:1/"], HF_ENDPOINT="http://127.0.0.1:1")

    def test_a_listing_that_is_no_json_or_tells_no_sum_is_refused(self):
        path = "api/models/owner/name/tree/main?recursive=true"
        for listing in (b"<html>", b"{}", b"[]", json.dumps([{"path": FILE}]).encode(),
                        json.dumps([{"path": FILE, "lfs": {"oid": "../../etc", "size": 5}}]).encode(),
                        json.dumps([{"path": FILE, "lfs": {"oid": SUM, "size": -1}}]).encode()):
            with self.subTest(listing=listing):
                self.hub.files[path] = listing
                self.refused("owner/name:Q8_0")

    def test_a_mirror_without_trees_is_read_by_its_model_record(self):
        del self.hub.files["api/models/owner/name/tree/main?recursive=true"]
        record = {"siblings": [{"rfilename": FILE, "lfs": {"sha256": SUM, "size": len(MODEL)}}]}
        self.hub.files["api/models/owner/name?blobs=true"] = json.dumps(record).encode()
        self.pulled("owner/name:Q8_0")

    # Secrets

    def test_the_token_goes_to_the_hub_and_not_where_it_redirects_to(self):
        self.pulled("owner/name:Q8_0", HF_TOKEN="hf_secret")
        self.assertEqual({asked[3] for asked in self.hub.asked}, {"Bearer hf_secret"})
        self.assertEqual({asked[3] for asked in self.content.asked}, {None})

    def test_the_token_never_goes_over_the_wire_in_the_clear(self):
        self.pulled("owner/name:Q8_0", HF_TOKEN="hf_secret", HF_ENDPOINT="http://hub.invalid", http_proxy=self.hub.address, no_proxy="127.0.0.1")
        self.assertEqual({asked[3] for asked in self.hub.asked}, {None})

    def test_the_proxy_is_asked_for_every_host_that_is_not_excepted(self):
        self.pulled("owner/name:Q8_0", HF_ENDPOINT="http://hub.invalid/", http_proxy=self.hub.address, no_proxy="127.0.0.1")
        self.assertEqual({asked[0] for asked in self.hub.asked}, {"hub.invalid"})
        self.assertEqual({asked[0] for asked in self.content.asked}, {self.content.address.removeprefix("http://")})

    # Broken and wrong

    def test_a_connection_that_breaks_is_taken_up_where_it_broke(self):
        self.content.breaks = [100_000, 50_000]
        self.pulled("owner/name:Q8_0")
        self.assertEqual([asked[2] for asked in self.content.asked], [None, "bytes=100000-", "bytes=150000-"])

    def test_a_server_without_ranges_begins_anew(self):
        self.content.ranges = False
        self.content.breaks = [100_000]
        self.pulled("owner/name:Q8_0")

    def test_a_server_that_sends_nothing_more_is_given_up_and_the_part_stays(self):
        self.content.breaks = [100_000, 0]
        self.refused("owner/name:Q8_0", words=["broke off after 100000"])
        self.assertEqual(os.path.getsize(self.path("owner--name--q8_0", ".part")), 100_000)
        self.pulled("owner/name:Q8_0")

    def test_ctrl_c_leaves_a_part_and_the_next_pull_goes_on_there(self):
        released = threading.Event()
        self.content.hold = (200_000, released)
        with subprocess.Popen([COFRE, "pull", "owner/name:Q8_0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment) as pull:
            self.assertTrue(self.content.holding.wait(60))
            while os.path.getsize(self.path("owner--name--q8_0", ".part")) < 200_000:
                pass
            self.refused("owner/name:Q8_0", words=["another process", str(pull.pid)])
            pull.send_signal(signal.SIGINT)
            out, error = pull.communicate(timeout=60)
        released.set()
        self.assertEqual((pull.returncode, out), (1, ""))
        self.assertIn("the same command goes on there", error)
        self.content.asked.clear()
        self.pulled("owner/name:Q8_0")
        self.assertEqual([asked[2] for asked in self.content.asked], ["bytes=200000-"])

    def test_a_process_that_is_killed_leaves_a_part_too(self):
        released = threading.Event()
        self.content.hold = (200_000, released)
        with subprocess.Popen([COFRE, "pull", "owner/name:Q8_0"], stderr=subprocess.DEVNULL, env=self.environment) as pull:
            self.assertTrue(self.content.holding.wait(60))
            while os.path.getsize(self.path("owner--name--q8_0", ".part")) < 200_000:
                pass
            pull.kill()
        released.set()
        self.pulled("owner/name:Q8_0")
        self.assertEqual(self.content.asked[-1][2], "bytes=200000-")

    def test_wrong_bytes_are_removed_and_both_sums_named(self):
        wrong = MODEL[:-1] + bytes([MODEL[-1] ^ 1])
        self.content.files[f"content/{FILE}"] = wrong
        self.refused("owner/name:Q8_0", words=[SUM, hashlib.sha256(wrong).hexdigest()])
        self.assertEqual([f for f in os.listdir(os.path.join(self.data, "models")) if "lock" not in f], [])

    def test_a_part_that_went_bad_is_fetched_anew_from_the_same_source(self):
        os.makedirs(os.path.join(self.data, "models"))
        with open(self.path("owner--name--q8_0", ".part"), "wb") as part:
            part.write(b"x" * 1000)
        self.pulled("owner/name:Q8_0")

    def test_more_or_fewer_bytes_than_expected_are_refused(self):
        self.content.files[f"content/{FILE}"] = MODEL + b"x"
        self.refused("owner/name:Q8_0", words=["larger than"])
        self.content.files[f"content/{FILE}"] = MODEL[:-1]
        self.refused("owner/name:Q8_0", words=["broke off"])

    def test_endless_redirects_end(self):
        self.hub.redirects[f"owner/name/resolve/main/{FILE}"] = f"{self.hub.address}/owner/name/resolve/main/{FILE}"
        self.refused("owner/name:Q8_0", words=["redirects"])

    # Rows of the catalogue

    def test_the_first_source_that_can_be_reached_serves(self):
        self.hub.files[f"models/owner/other/resolve/master/{FILE}"] = MODEL
        self.row([{"kind": "https", "url": "http://127.0.0.1:1/x.gguf"},
                  {"kind": "https", "hub": "huggingface", "repository": "nobody/nothing", "file": FILE},
                  {"kind": "file", "path": "/nowhere/x.gguf"},
                  {"kind": "https", "hub": "modelscope", "repository": "owner/other", "file": FILE}])
        self.pulled("mine", name="mine")
        self.assertEqual(self.hub.asked[-1][1], f"models/owner/other/resolve/master/{FILE}")

    def test_a_source_with_wrong_bytes_is_passed_over(self):
        self.content.files[f"content/{FILE}"] = bytes(len(MODEL))
        self.hub.files["good.gguf"] = MODEL
        self.row([{"kind": "https", "hub": "huggingface", "repository": "owner/name", "file": FILE},
                  {"kind": "https", "url": f"{self.hub.address}/good.gguf"}])
        self.pulled("mine", name="mine")

    def test_a_file_or_a_folder_is_a_source(self):
        path = os.path.join(self.folder.name, "mine.gguf")
        with open(path, "wb") as file:
            file.write(MODEL)
        for source in (path, self.folder.name):
            self.row([{"kind": "file", "path": source}])
            self.pulled("mine", name="mine")
            self.assertEqual(self.cofre("rm", "mine")[0], 0)

    def test_too_small_a_disk_is_found_before_anything_is_fetched(self):
        self.row([{"kind": "https", "url": f"{self.hub.address}/big.gguf"}], size=10**17)
        self.refused("mine", words=["disk space", "COFRE_DATA"])
        self.assertEqual(self.hub.asked, [])

    def test_what_was_pulled_is_listed_verified_and_removed(self):
        self.pulled("owner/name:Q8_0")
        self.assertIn("owner--name--q8_0", self.cofre("list")[1])
        self.assertEqual(self.cofre("verify", "owner/name:Q8_0")[0], 0)
        with open(self.path("owner--name--q8_0"), "r+b") as file:
            file.seek(len(MODEL) - 1)
            file.write(bytes([MODEL[-1] ^ 1]))
        status, _, error = self.cofre("run", "owner/name:Q8_0", "--raw", "x")
        self.assertEqual(status, 1)
        self.assertIn("cofre verify", error)
        status, _, error = self.cofre("verify", "owner/name:Q8_0")
        self.assertEqual(status, 1)
        self.assertIn(SUM, error)
        self.assertEqual(self.cofre("rm", "owner/name:Q8_0")[0], 0)
        self.assertFalse(os.path.exists(self.path("owner--name--q8_0")))

    # Caches of other programs

    def huggingface_cache(self, content=MODEL):
        """As huggingface_hub lays it out: a blob by its sum, and a link to it in a snapshot."""
        repository = os.path.join(self.folder.name, ".cache/huggingface/hub/models--owner--name")
        os.makedirs(os.path.join(repository, "blobs"))
        os.makedirs(os.path.join(repository, "snapshots/0123abcd"))
        with open(os.path.join(repository, "blobs", SUM), "wb") as file:
            file.write(content)
        os.symlink(f"../../blobs/{SUM}", os.path.join(repository, "snapshots/0123abcd", FILE))

    def test_a_file_in_the_cache_of_hugging_face_is_not_fetched_again(self):
        self.huggingface_cache()
        self.pulled("owner/name:Q8_0")
        self.assertEqual(self.content.asked, [])

    def test_a_file_in_the_cache_of_hugging_face_needs_no_hub(self):
        self.huggingface_cache()
        self.pulled("owner/name:Q8_0", HF_ENDPOINT="http://127.0.0.1:1")

    def test_a_damaged_file_in_a_cache_is_passed_over(self):
        self.huggingface_cache(bytes(len(MODEL)))
        self.pulled("owner/name:Q8_0")
        self.assertNotEqual(self.content.asked, [])

    def test_a_damaged_file_in_a_cache_does_not_serve_without_the_hub(self):
        self.huggingface_cache(bytes(len(MODEL)))
        self.refused("owner/name:Q8_0", HF_ENDPOINT="http://127.0.0.1:1")

    def test_a_file_in_the_cache_of_ollama_serves_a_row(self):
        blobs = os.path.join(self.folder.name, "ollama/blobs")
        os.makedirs(blobs)
        with open(os.path.join(blobs, "sha256-" + SUM), "wb") as file:
            file.write(MODEL)
        self.row([{"kind": "https", "url": f"{self.hub.address}/x.gguf"}])
        self.pulled("mine", name="mine", OLLAMA_MODELS=os.path.dirname(blobs))
        self.assertEqual(self.hub.asked, [])


unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
