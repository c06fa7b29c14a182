"""Writes the comment to the pull request: one comment, which later runs update.

ACTION_TOKEN      a token with the permission `pull-requests: write`
ACTION_AUTHOR     who comments with this token, such as `github-actions[bot]`
ACTION_COMMENT    the file with the comment's text
ACTION_STACKS     how many stacks it is about; with none, a comment is updated and not created

A comment that cannot be posted, as for a pull request from a fork, is a warning: the text is in the
job's summary too.
"""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path

from check import annotate
from comment import MARKER

PAGES = 50
PER_PAGE = 100


def call(method, path, body=None):
    """A call of GitHub's REST API; its reply."""
    data = None if body is None else json.dumps(body).encode()
    token = os.environ["ACTION_TOKEN"]
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "User-Agent": "clusterup",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    url = os.environ["GITHUB_API_URL"] + path
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def earlier(comments):
    """The id of the comment that an earlier run has written. Others may copy the marker."""
    for page in range(1, PAGES + 1):
        found = call("GET", f"{comments}?per_page={PER_PAGE}&page={page}")
        for it in found:
            ours = (it.get("user") or {}).get("login") == os.environ["ACTION_AUTHOR"]
            if ours and (it.get("body") or "").startswith(MARKER):
                return int(it["id"])
        if len(found) < PER_PAGE:
            return None
    return None


def main():
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    issues = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    number = int(event["pull_request"]["number"])
    body = {"body": Path(os.environ["ACTION_COMMENT"]).read_text(encoding="utf-8")}
    known = earlier(f"{issues}/{number}/comments")
    if known is not None:
        call("PATCH", f"{issues}/comments/{known}", body)
    elif os.environ["ACTION_STACKS"] != "0":
        call("POST", f"{issues}/{number}/comments", body)


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as refused:
        needed = "the token needs `pull-requests: write`, which a pull request from a fork lacks"
        why = f"{refused.code} {refused.reason}"
        annotate("warning", f"the comment was not written: {why}; {needed}")
    except OSError as lost:
        annotate("warning", f"the comment was not written: {lost}")
