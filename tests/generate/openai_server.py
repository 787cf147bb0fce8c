"""A small OpenAI-compatible server with faults: `python openai_server.py FAULT,FAULT,... [MANNER,MANNER,...]`.

Each fault spoils one request, in order; after them every request is answered, in the given manners in turns.
It prints its port; GET /requests gives the number of requests so far, and the longest run of them at a time.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = [fault for fault in sys.argv[1].split(",") if fault]
MANNERS = (sys.argv[2] if len(sys.argv) > 2 else "polite").split(",")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    requests = answered = now = most = 0

    def do_GET(self) -> None:
        self.reply(200, json.dumps({"requests": Handler.requests, "most": Handler.most}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with Handler.lock:
            fault = FAULTS[Handler.requests] if Handler.requests < len(FAULTS) else ""
            Handler.requests += 1
            Handler.now += 1
            Handler.most = max(Handler.most, Handler.now)
            manner = MANNERS[Handler.answered % len(MANNERS)]
            Handler.answered += not fault
        try:
            self.spoil(fault) if fault else self.answer(body, manner)
        finally:
            Handler.now -= 1

    def spoil(self, fault: str) -> None:
        if fault == "timeout":
            time.sleep(1.5)
            self.close_connection = True
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [{"mess')
            self.close_connection = True
        elif fault in ("bad", "other"):
            self.reply(200, b"<html>oops" if fault == "bad" else b'{"object": "nothing like it"}')
        else:
            self.reply(int(fault), b'{"error": {"message": "as asked"}}', retry="20")

    def answer(self, body: dict, manner: str) -> None:
        time.sleep(0.02)
        content = rewritten(json.loads(body["messages"][1]["content"])["messages"], manner)
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        data = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]}
        self.reply(200, json.dumps(data | {"choices": [choice], "usage": usage}).encode())

    def reply(self, status: int, body: bytes, retry: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if retry:
            self.send_header("retry-after-ms", retry)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def rewritten(messages: list[str], manner: str) -> str:
    """An answer; most manners make a mistake."""
    if manner == "prose":
        return "Sure! Here is a better text."
    if manner == "one more":
        return json.dumps({"messages": [*messages, "Thanks"]})
    first, *rest = messages
    texts = {
        "polite": f"If you have a moment: {first}",
        "same": first,
        "number": f"{first} It is for 4711 people.",
        "name": f"{first} My friend Xaverius asked.",
        "negation": f"{first} But don't do it.",
        "long": first + " please" * 200,
    }
    return "```json\n" + json.dumps({"messages": [texts[manner], *rest]}) + "\n```"


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
