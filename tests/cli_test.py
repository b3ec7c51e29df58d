#!/usr/bin/env python3
"""The command line with a real model: answers, one-line errors, exit codes, Ctrl-C, the chat at a terminal.

    tests/cli_test.py COFRE DATA      the program and a data directory; SmolLM2 is pulled into it once
"""
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from gguf_file import tiny

COFRE, DATA = sys.argv[1:3]
MODEL = "smollm2-135m"
ENVIRONMENT = {**os.environ, "COFRE_DATA": DATA}
SKIPPED = 77


def cofre(*arguments, text=None, **environment):
    """Runs to the end. (exit code, output, error)"""
    done = subprocess.run([COFRE, *arguments], input=text, capture_output=True, timeout=240,
                          env={**ENVIRONMENT, **environment}, stdin=subprocess.DEVNULL if text is None else None)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def model_file():
    return json.loads(cofre("inspect", MODEL, "--json")[1])["path"]


class Terminal:
    """The program at a terminal of its own."""

    def __init__(self, *arguments, **environment):
        self.seen = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execve(COFRE, [COFRE, *arguments], {**ENVIRONMENT, "TERM": "xterm", **environment})

    def type(self, text):
        time.sleep(0.3)  # what is typed while the line editor takes over the terminal is lost
        os.write(self.descriptor, text.encode())

    def wait_for(self, text, seconds=120):
        """Waits until `text` was written since the last wait."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            if time.monotonic() > end:
                raise AssertionError(f"waited for {text!r}, saw {self.seen!r}")
            if not select.select([self.descriptor], [], [], 0.5)[0]:
                continue
            try:
                data = os.read(self.descriptor, 65536)
            except OSError:
                raise AssertionError(f"the program left; waited for {text!r}, saw {self.seen!r}") from None
            self.seen += data.decode(errors="replace")
        before, self.seen = self.seen.split(text, 1)
        return before

    def leave(self, seconds=30):
        """Exit code, after everything was read."""
        end = time.monotonic() + seconds
        try:
            while select.select([self.descriptor], [], [], max(0, end - time.monotonic()))[0]:
                os.read(self.descriptor, 65536)
            os.kill(self.pid, signal.SIGKILL)
        except OSError:
            pass  # it closed its terminal
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Errors(unittest.TestCase):
    def refused(self, arguments, *words, code=1, **given):
        status, out, error = cofre(*arguments, **given)
        self.assertEqual((status, out), (code, ""), error)
        self.assertEqual(error.strip().count("\n"), 0, f"more than one line: {error}")
        for word in words:
            self.assertIn(word, error)

    def test_an_empty_prompt_is_refused(self):
        self.refused(["run", MODEL, ""], "prompt is empty")

    def test_a_prompt_that_is_not_utf8_is_refused_with_its_byte(self):
        self.refused(["run", MODEL, b"a\xff b"], "not UTF-8 at byte 1")

    def test_a_prompt_longer_than_the_context_is_refused_with_the_cure(self):
        self.refused(["run", MODEL, "word " * 300, "--context", "128"], "128", "--context")

    def test_an_unknown_model_is_refused(self):
        self.refused(["run", "nosuch", "hi"], '"nosuch"', "cofre list")

    def test_an_unknown_command_and_option_are_wrong_usage(self):
        self.refused(["frob"], "frob", code=2)
        self.refused(["run", MODEL, "--frob", "hi"], "--frob", code=2)

    def test_an_instruction_set_this_machine_lacks_is_refused(self):
        self.refused(["run", MODEL, "hi"], "COFRE_ISA=mmx", "scalar", COFRE_ISA="mmx")

    def test_a_file_that_is_no_model_is_refused(self):
        self.refused(["run", "/etc/passwd", "hi"], "not a GGUF file")

    def test_a_truncated_file_is_refused_wherever_it_is_cut(self):
        with open(model_file(), "rb") as file, tempfile.NamedTemporaryFile(suffix=".gguf") as cut:
            whole = file.read()
            for size in (3, 23, 100, 5000, 1 << 20, 5 << 20, len(whole) // 2, len(whole) - 1):
                cut.seek(0)
                cut.truncate()
                cut.write(whole[:size])
                cut.flush()
                self.refused(["run", cut.name, "hi"], cut.name)

    def test_weights_that_are_not_numbers_are_named(self):
        info = json.loads(cofre("inspect", MODEL, "--json")[1])
        # All its tensors' sizes are multiples of the alignment, so the data begins so many bytes before the end.
        data_bytes = sum(count["bytes"] for count in info["tensors"]["types"].values())
        name = b"blk.3.attn_norm.weight"
        with open(info["path"], "rb") as file, tempfile.NamedTemporaryFile(suffix=".gguf") as bad:
            data = bytearray(file.read())
            at = data.index(name) + len(name)
            dims, width, kind, offset = struct.unpack_from("<IQIQ", data, at)
            self.assertEqual((dims, width, kind), (1, 576, 0))
            struct.pack_into("<f", data, len(data) - data_bytes + offset, float("nan"))
            bad.write(data)
            bad.flush()
            self.refused(["run", bad.name, "hi"], name.decode())


class Run(unittest.TestCase):
    def test_a_question_is_answered_and_the_answer_alone_is_printed(self):
        status, out, error = cofre("run", MODEL, "What is the capital of Japan?", "--temperature", "0", "--max-tokens", "24")
        self.assertEqual((status, error), (0, ""))
        self.assertIn("Tokyo", out)

    def test_the_same_seed_gives_the_same_answer(self):
        ask = ["run", MODEL, "Tell me a story.", "--temperature", "1", "--max-tokens", "24"]
        first, again, other = (cofre(*ask, "--seed", seed)[1] for seed in ("7", "7", "8"))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_text_comes_from_a_pipe_and_from_files(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as notes:
            notes.write("The meeting is in Lisbon.")
            notes.flush()
            ask = "Answer in one word: in which city is the meeting?"
            for out in (cofre("run", MODEL, ask, "--file", notes.name, "--temperature", "0", "--max-tokens", "16")[1],
                        cofre("run", MODEL, ask, "--file", "-", "--temperature", "0", "--max-tokens", "16", text=b"The meeting is in Lisbon.")[1]):
                self.assertIn("Lisbon", out)

    def test_text_that_begins_with_a_dash_follows_two_dashes(self):
        status, out, _ = cofre("run", MODEL, "--max-tokens", "4", "--", "-5 degrees")
        self.assertEqual(status, 0)
        self.assertTrue(out.strip())

    def test_raw_continues_the_text(self):
        _, out, _ = cofre("run", MODEL, "--raw", "The capital of Portugal is", "--temperature", "0", "--max-tokens", "4")
        self.assertIn("Lisbon", out)

    def test_every_instruction_set_answers(self):
        for isa in ("avx2", "avx512", "amx"):
            status, out, error = cofre("run", MODEL, "What is the capital of Japan?", "--temperature", "0",
                                       "--max-tokens", "16", COFRE_ISA=isa)
            if "cannot run here" in error:
                continue
            self.assertEqual(status, 0, error)
            self.assertIn("Tokyo", out, isa)

    def test_statistics_go_to_the_error_stream(self):
        _, out, error = cofre("run", MODEL, "Hi", "--max-tokens", "4", "--stats")
        self.assertNotIn("tokens/s", out)
        self.assertIn("tokens/s", error)

    def test_ctrl_c_stops_cleanly(self):
        with subprocess.Popen([COFRE, "run", MODEL, "Write a very long story.", "--max-tokens", "4000", "--temperature", "0"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=ENVIRONMENT) as process:
            self.assertTrue(process.stdout.read(1))
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=30)
            self.assertEqual((process.returncode, error), (1, b"cofre: stopped\n"))


class Chat(unittest.TestCase):
    def test_a_chat_remembers_is_stopped_by_ctrl_c_and_left_by_ctrl_d(self):
        chat = Terminal("run", MODEL, "--temperature", "0", "--max-tokens", "400")
        chat.wait_for("> ")
        chat.type("/help\n")
        chat.wait_for("/save")
        chat.wait_for("> ")
        chat.type("The code word is banana.\n")
        chat.wait_for("is banana.")
        chat.wait_for("> ")
        chat.type("What is the code word?\n")
        chat.wait_for("the code word?")
        self.assertIn("banana", chat.wait_for("> "))
        chat.type("Write a very long story about the sea.\n")
        chat.wait_for("about the sea.")
        chat.type("\x03")
        chat.wait_for("> ", 10)
        chat.type("\x04")
        self.assertEqual(chat.leave(), 0)


    def saved(self, chat):
        """What /save writes."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "chat.json")
            chat.type(f"/save {path}\n")
            chat.wait_for("messages written")
            chat.wait_for(">>> ")
            with open(path, encoding="utf-8") as file:
                return json.load(file)["messages"]

    def test_questions_of_several_lines_and_of_any_letters_arrive_whole_whatever_the_locale(self):
        chat = Terminal("run", MODEL, "--temperature", "0", "--max-tokens", "2", LC_ALL="C")
        chat.wait_for(">>> ")
        chat.type('"""one\n')
        chat.wait_for("... ")
        chat.type('two"""\n')
        chat.wait_for(">>> ")
        chat.type("três \\\n")
        chat.wait_for("... ")
        chat.type("四\n")
        chat.wait_for(">>> ")
        self.assertEqual([m["content"] for m in self.saved(chat) if m["role"] == "user"], ["one\ntwo", "três \n四"])
        chat.type("/bye\n")
        self.assertEqual(chat.leave(), 0)

    def test_settings_are_shown_changed_refused_and_put_back(self):
        chat = Terminal("run", MODEL, "--temperature", "0", "--max-tokens", "4")
        chat.wait_for(">>> ")
        for words, answer in (("/set temperature 0.5", ""), ("/set", "0.5"), ("/set temperature", ""), ("/set temperature 99", "temperature is 99"),
                              ("/set temperature warm", "no number"), ("/set colour 1", "nothing named colour"), ("/frob", "no /frob"),
                              ("/save", "needs a file"), ("/save /nowhere/x", "/nowhere/x")):
            chat.type(words + "\n")
            chat.wait_for("\n")
            self.assertIn(answer, chat.wait_for(">>> "))
        chat.type("/set system Be brief.\n")
        chat.wait_for(">>> ")
        chat.type("Hi\n")
        chat.wait_for(">>> ")
        self.assertEqual(self.saved(chat)[0], {"role": "system", "content": "Be brief."})
        chat.type("/clear\n")
        chat.wait_for(">>> ")
        self.assertEqual(len(self.saved(chat)), 1)
        chat.type(4 * "\x1b[A" + "\n")  # back over /save, /clear, /save
        chat.wait_for("\n")
        chat.wait_for(">>> ")
        self.assertEqual([m["content"] for m in self.saved(chat) if m["role"] == "user"], ["Hi"])
        chat.type("\x04")
        self.assertEqual(chat.leave(), 0)

    def test_ctrl_c_while_typing_drops_the_line_and_the_chat_goes_on(self):
        chat = Terminal("run", MODEL, "--temperature", "0", "--max-tokens", "2")
        chat.wait_for(">>> ")
        chat.type("never mind")
        chat.wait_for("never mind")
        chat.type("\x03")
        chat.wait_for(">>> ")
        chat.type("Hi\n")
        chat.wait_for("Hi")
        chat.wait_for(">>> ")
        self.assertEqual([m["content"] for m in self.saved(chat) if m["role"] == "user"], ["Hi"])
        os.kill(chat.pid, signal.SIGTERM)
        self.assertEqual(chat.leave(), 0)

    def test_a_conversation_that_no_longer_fits_is_told_and_the_chat_goes_on(self):
        chat = Terminal("run", MODEL, "--temperature", "0", "--max-tokens", "20", "--context", "128")
        chat.wait_for(">>> ")
        for _ in range(8):
            chat.type("Tell me a long story about the sea and the wind and the stars.\n")
            chat.wait_for("stars.")
            if "no longer fits into the context of 128" in chat.wait_for(">>> "):
                break
        else:
            self.fail("it never filled up")
        chat.type("/clear\n")
        chat.wait_for(">>> ")
        chat.type("Hi\n")
        chat.wait_for("Hi")
        self.assertNotIn("fits", chat.wait_for(">>> "))
        chat.type("/bye\n")
        self.assertEqual(chat.leave(), 0)

    def test_a_model_without_a_template_is_refused_before_anything_is_asked(self):
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            file.write(tiny().bytes())
            file.flush()
            chat = Terminal("run", file.name)
            chat.wait_for("--raw")
            self.assertEqual(chat.leave(), 1)


class Tools(unittest.TestCase):
    def test_tokenize_prints_ids_and_adds_bos_only_when_asked(self):
        plain = json.loads(cofre("tokenize", MODEL, "Hello world", "--json")[1])["tokens"]
        self.assertTrue(all(isinstance(token, int) for token in plain))
        named = json.loads(cofre("tokenize", MODEL, "<|im_start|>", "--json")[1])["tokens"]
        self.assertGreater(len(named), 1, "a special token came out of text")

    def test_render_prints_the_text_alone_and_knows_tokens_that_a_case_does_not_name(self):
        with tempfile.NamedTemporaryFile("w", suffix=".jinja") as template, tempfile.NamedTemporaryFile("w", suffix=".json") as case:
            template.write("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ strftime_now('%Y') }}")
            template.flush()
            json.dump({"messages": [{"role": "user", "content": "é"}], "now": "2026-11-23T10:30:00"}, case)
            case.flush()
            self.assertEqual(cofre("render", "--template", template.name, "--messages", case.name), (0, "<s>é</s>2026", ""))

    def test_score_gives_the_tokens_it_was_asked_for_with_ten_alternatives(self):
        ids = json.loads(cofre("tokenize", MODEL, "The capital of France is Paris", "--json")[1])["tokens"]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"prompt": ids[:-1], "continuation": ids[-1:]}, file)
            file.flush()
            (only,) = json.loads(cofre("score", MODEL, file.name, "--json")[1])["tokens"]
        self.assertEqual((only["id"], len(only["top"])), (ids[-1], 10))
        self.assertEqual(only["top"][0]["id"], ids[-1])
        self.assertEqual(only["top"][0]["logprob"], only["logprob"])

    def test_score_of_a_list_is_the_same_bits_in_a_batch_and_with_prompts_in_pieces(self):
        texts = ["The capital of France is Paris, and that of Portugal is Lisbon", "One two three four five six seven"]
        ids = [json.loads(cofre("tokenize", MODEL, text, "--json")[1])["tokens"] for text in texts]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump([{"prompt": all[:-3], "continuation": all[-3:]} for all in ids], file)
            file.flush()
            alone, together = (json.loads(cofre("score", MODEL, file.name, *how)[1]) for how in ([], ["--batch", "2", "--chunk", "3"]))
        self.assertEqual([[one["id"] for one in each["tokens"]] for each in alone], [all[-3:] for all in ids])
        self.assertEqual(alone, together)

    def test_bench_reports_what_its_readers_rely_on(self):
        report = json.loads(cofre("bench", MODEL, "--quick", "--json")[1])
        self.assertEqual(sorted(report["machine"]), sorted(["cpu", "isa", "threads", "placement", "read_gb_s", "peak_tflop_s"]))
        self.assertEqual(sorted(report["model"]), sorted(["name", "bytes", "parameters"]))
        self.assertEqual(sorted(report["prefill"][0]), sorted(["tokens", "tokens_per_s", "peak_share"]))
        self.assertEqual(sorted(report["decode"][0]), sorted(["context", "streams", "tokens_per_s", "step_s", "read_share"]))
        self.assertGreater(report["load_s"], 0)
        self.assertGreater(report["resident_bytes"], report["model"]["bytes"])


if cofre("verify", MODEL)[0] != 0:
    done = subprocess.run([COFRE, "pull", MODEL], env=ENVIRONMENT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        print("skipped: SmolLM2 could not be fetched")
        sys.exit(SKIPPED)
unittest.main(argv=[sys.argv[0], "-v", *sys.argv[3:]])
