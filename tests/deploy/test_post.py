"""The comment: written once, then updated, and only its author's own."""

import json
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from repository import ACTION, Repository

sys.path.insert(0, str(ACTION))
from comment import MARKER  # noqa: E402

BOT = "github-actions[bot]"


class Forge(BaseHTTPRequestHandler):
    """GitHub's comments of pull request 7, as far as the action knows them."""

    comments, calls, refuses = [], [], False

    def handle_call(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        url = urlsplit(self.path)
        type(self).calls.append((self.command, url.path))
        if self.refuses or self.headers["Authorization"] != "Bearer secret-token":
            return self.reply(403, {"message": "Resource not accessible by integration"})
        if (self.command, url.path) == ("GET", "/repos/o/r/issues/7/comments"):
            asked = parse_qs(url.query)
            size, page = int(asked["per_page"][0]), int(asked["page"][0])
            return self.reply(200, self.comments[(page - 1) * size : page * size])
        if (self.command, url.path) == ("POST", "/repos/o/r/issues/7/comments"):
            self.comments.append(one(len(self.comments), BOT, body["body"]))
            return self.reply(201, self.comments[-1])
        number = int(url.path.removeprefix("/repos/o/r/issues/comments/"))
        assert self.command == "PATCH", self.command
        self.comments[number]["body"] = body["body"]
        return self.reply(200, self.comments[number])

    do_GET = do_POST = do_PATCH = handle_call

    def reply(self, status, value):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, *args):
        """Nothing: the output is the test's."""


def one(number, login, body):
    return {"id": number, "user": {"login": login}, "body": body}


class Post(Repository):
    def setUp(self):
        super().setUp()
        Forge.comments, Forge.calls, Forge.refuses = [], [], False
        self.server = HTTPServer(("127.0.0.1", 0), Forge)
        self.addCleanup(self.server.server_close)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.shutdown)

    def post(self, text, stacks="1", **more):
        comment, event = (Path(self.folder.name, name) for name in ("comment.md", "event.json"))
        comment.write_text(f"{MARKER}\n{text}\n", encoding="utf-8")
        event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
        environment = {
            "ACTION_TOKEN": "secret-token",
            "ACTION_AUTHOR": BOT,
            "ACTION_COMMENT": str(comment),
            "ACTION_STACKS": stacks,
            "GITHUB_API_URL": f"http://127.0.0.1:{self.server.server_port}",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "o/r",
            **more,
        }
        done = self.step("post.py", environment)
        self.assertEqual(done.code, 0, done.out)
        self.assertNotIn("secret-token", done.out)
        return done

    def bodies(self):
        return [comment["body"] for comment in Forge.comments]

    def test_one_comment_is_written_and_then_updated(self):
        self.post("none", stacks="0")
        self.assertEqual(self.bodies(), [])
        self.post("é first")
        self.post("second")
        self.assertEqual(self.bodies(), [f"{MARKER}\nsecond\n"])
        self.post("no stack differs any more", stacks="0")
        self.assertEqual(self.bodies(), [f"{MARKER}\nno stack differs any more\n"])

    def test_comments_of_others_are_kept(self):
        Forge.comments = [one(n, "eve", f"{MARKER}\nhers") for n in range(100)]
        Forge.comments += [one(100, BOT, f"> {MARKER}\nanother program")]
        theirs = self.bodies()
        self.post("first")
        self.post("second")
        self.assertEqual(self.bodies(), [*theirs, f"{MARKER}\nsecond\n"])

    def test_a_refusal_is_a_warning(self):
        Forge.refuses = True
        done = self.post("first")
        self.assertEqual(len(done.commands()), 1, done.out)
        self.assertIn("::warning title=clusterup::the comment was not written: 403", done.out)
        self.assertIn("pull-requests: write", done.out)
        done = self.post("first", GITHUB_API_URL="http://127.0.0.1:1")
        self.assertIn("::warning title=clusterup::the comment was not written", done.out)
        self.assertEqual(self.bodies(), [])


if __name__ == "__main__":
    unittest.main()
