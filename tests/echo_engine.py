"""A server that speaks OpenAI's chat API and answers with what it was told last, word by word: for tests that must know
the answer. "slow …" is answered at about 25 words a second, "quick …" at about 100; "think …" with thoughts first,
"call …" by a call of the tool look_up."""
import http.server
import json
import re
import threading
import time


PAUSES = (("slow ", 0.04), ("quick ", 0.01))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._whole({"object": "list", "data": [{"id": "echo", "object": "model"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["messages"][-1]["content"]
        if not body.get("stream"):
            return self._whole({"object": "chat.completion", "choices": [
                {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        words = re.findall(r"\s*\S+\s*$|\s*\S+", text) or [text]
        try:
            if text.startswith("think "):
                self._event({"choices": [{"index": 0, "delta": {"reasoning_content": "Hm: " + text}}]})
            if text.startswith("call "):
                call = {"name": "look_up", "arguments": json.dumps({"what": text.removeprefix("call ")})}
                self._event({"choices": [{"index": 0, "delta": {"tool_calls": [
                    {"index": 0, "id": "c1", "type": "function", "function": call}]}}]})
                words = []
            for word in words:
                self._event({"choices": [{"index": 0, "delta": {"content": word}}]})
                time.sleep(next((pause for way, pause in PAUSES if text.startswith(way)), 0))
            self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop" if words else "tool_calls"}]})
            self._event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": len(words),
                                                  "total_tokens": 1 + len(words)}})
            self.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.close_connection = True

    def _event(self, event):
        self.wfile.write(b"data: " + json.dumps({"object": "chat.completion.chunk", **event}).encode() + b"\n\n")
        self.wfile.flush()

    def _whole(self, answer):
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class EchoEngine:
    """Answers on 127.0.0.1 until it is closed."""

    def __init__(self, port=0):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def settings(self, name="echo"):
        """Of cofre.toml."""
        return f'[[engine]]\nname = "{name}"\nurls = ["{self.url}"]\n'

    def close(self):
        self.server.shutdown()
        self.server.server_close()
