"""Which stacks a change touches, read from git. No text of the repository reaches a shell."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase

# Larger files are no stacks: clusterup refuses them.
MOST_BYTES = 1 << 20
REGULAR = ("100644", "100755")
LINK = "120000"
HAS_STACK = re.compile(rb"^(\xef\xbb\xbf)?[\"']?stack[\"']?[ \t]*:", re.M)
IS_POLICY = re.compile(r"(^|/)policies/.*\.ya?ml$")


@dataclass(frozen=True)
class Change:
    """A stack of the base, of the head, or of both. `path` is the newer path, relative to the root."""

    path: str
    old_path: str | None
    before: bytes | None
    exists: bool


class GitError(Exception):
    """What git says."""


def git(*args):
    """The output of git, in bytes."""
    done = subprocess.run(("git", *args), capture_output=True, check=False)
    if done.returncode != 0:
        why = done.stderr.decode("utf-8", "replace").strip()
        raise GitError(f"git {args[0]}: {why or f'exit code {done.returncode}'}")
    return done.stdout


def common_base(base):
    """The commit with which a change is compared: the newest that it shares with `base`."""
    try:
        commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
        return git("merge-base", commit.decode().strip(), "HEAD").decode().strip()
    except GitError as error:
        raise GitError(
            f"the base {base!r} is not in this checkout; check out with `fetch-depth: 0` ({error})"
        ) from error


def name(raw):
    return raw.decode("utf-8", "surrogateescape")


def differences(base):
    """Yields (old mode, new mode, old blob, new blob, old path, new path) for each changed file."""
    options = ("-r", "--raw", "-z", "--no-abbrev", "--find-renames", "--no-ext-diff")
    words = iter(git("diff-tree", *options, base, "HEAD").split(b"\0"))
    for word in words:
        if not word.startswith(b":"):
            continue
        old_mode, new_mode, old, new, status = word[1:].decode().split(" ")
        path = name(next(words))
        moved = status[0] in "RC"
        yield old_mode, new_mode, old, new, path, name(next(words)) if moved else path


def blob(mode, number):
    """A regular file's content; `None` for a symbolic link, a submodule, a missing or a large file."""
    if mode not in REGULAR or int(git("cat-file", "-s", number)) > MOST_BYTES:
        return None
    return git("cat-file", "blob", number)


class Stacks:
    """Which files are stacks: those that match a pattern, or without patterns, files of YAML with a
    line `stack: …`."""

    def __init__(self, patterns):
        self.given = bool(patterns)
        self.patterns = patterns or ("*.yaml", "*.yml")

    def may_be(self, path):
        return any(fnmatchcase(path, pattern) for pattern in self.patterns)

    def read(self, path, mode, number):
        """A stack's content; `None` if there is no stack."""
        if self.given and self.may_be(path) and mode == LINK:
            raise GitError(f"{path} is a symbolic link; a stack has to be a regular file")
        content = blob(mode, number) if self.may_be(path) else None
        if content is not None and (self.given or HAS_STACK.search(content)):
            return content
        return None


def every_stack(stacks):
    """All stacks of the head, without what they were before."""
    for entry in git("ls-tree", "-r", "-z", "HEAD").split(b"\0"):
        if not entry:
            continue
        about, path = entry.split(b"\t", 1)
        mode, _, number = about.decode().split(" ")
        path = name(path)
        if stacks.read(path, mode, number) is not None:
            yield Change(path, None, None, True)


def changed_stacks(base, stacks):
    """The stacks that differ from `base`. If a policy differs, all other stacks as they are, too."""
    found, policies_differ = {}, False
    for old_mode, new_mode, old, new, old_path, path in differences(base):
        policies_differ |= any(IS_POLICY.search(it) for it in (old_path, path))
        before = stacks.read(old_path, old_mode, old)
        after = stacks.read(path, new_mode, new)
        if before is None and after is None:
            continue
        moved_from = old_path if before is not None and old_path != path else None
        # A file that is no stack any more is checked, and its check fails.
        exists = after is not None or (new_mode in REGULAR and stacks.may_be(path))
        found[path] = Change(path, moved_from, before, exists)
    if policies_differ:
        for change in every_stack(stacks):
            if change.path not in found:
                unchanged = git("cat-file", "blob", f"HEAD:{change.path}")
                found[change.path] = Change(change.path, None, unchanged, True)
    return [found[path] for path in sorted(found)]
