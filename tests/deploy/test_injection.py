"""Names and texts of a pull request are never markup, commands of the workflow, options or code."""

import os
import sys
import unittest

from repository import ACTION, Repository, stack

sys.path.insert(0, str(ACTION))
import comment  # noqa: E402
from changes import Change  # noqa: E402
from comment import MARKER  # noqa: E402
from program import Price  # noqa: E402

NAMES = [
    "-rf.yaml",
    "--policies=x.yaml",
    "$(touch pwned).yaml",
    "`touch pwned`.yaml",
    "a|b|c.yaml",
    "a\\|b.yaml",
    "<img src=x onerror=alert(1)>.yaml",
    "](http:evil.example) @everyone #1.yaml",
    "::error::x.yaml",
    "a\n::add-mask::x\n.yaml",
    "a\r::add-mask::x.yaml",
    "##[add-mask]x.yaml",
    "a\u2028::add-mask::x.yaml",
    "a\u202etxt.yaml",
    "100%25,file=b.yaml",
    " leading and trailing .yaml",
    "é ü 数.yaml",
    "a'b\"c;d&e.yaml",
]

# The comment's own lines besides tables and blocks.
OWN = [
    "",
    MARKER,
    "### Price and policies of the changed stacks",
    "**What policies say**",
    "**What changes**",
    "Prices are estimates at list price; *at most* is what the guardrails allow.",
]


class Injection(Repository):
    def test_names_of_files_do_nothing(self):
        base = self.commit()
        for name in NAMES:
            self.write(name, stack("t", 9))
        self.commit()
        done = self.check(base)
        self.assertEqual((done.code, done.outputs["exit-code"]), (0, "3"), done.out)
        self.assertEqual(done.outputs["stacks"], str(len(NAMES)))
        self.assertFalse((self.path / "pwned").exists())
        found = done.commands()
        self.assertEqual(len(found), len(NAMES), found)
        for line in found:
            self.assertTrue(line.startswith("::error file="), line)
        rows = [line for line in done.comment.split("\n") if line.startswith("| `")]
        self.assertEqual(len(rows), len(NAMES), done.comment)
        for row in rows:
            self.assertEqual(row.count("|"), 7, row)
            self.assertEqual(row.count("`"), 2, row)
            self.assertTrue(row.isprintable(), row)
        self.assert_fenced(done.comment)
        self.assertEqual(len(done.sarif["runs"][0]["results"]), len(NAMES))

    def assert_fenced(self, text):
        """All text of the stacks is in blocks of code or in spans of code in the table."""
        fence = None
        for line in text.split("\n"):
            if fence is not None:
                fence = None if line == fence else fence
            elif line.startswith("```"):
                fence = line.removesuffix("text")
            elif not line.startswith("|"):
                self.assertIn(line, OWN)
        self.assertIsNone(fence, "a block is not closed")

    def test_texts_of_stacks_and_policies_do_nothing(self):
        evil = "```` </details> @everyone\\n::add-mask::x\\u2028::set-env name=a::b <img src=x>"
        rule = f'{{ name: evil, deny_when: "true", message: "{evil}" }}'
        self.write("policies/evil.yaml", f"policy: evil\nrules: [{rule}]\n")
        base = self.commit()
        self.write("denied.yaml", stack())
        self.write("broken.yaml", 'stack: "::add-mask::x"\n::add-mask::y\n```\n@everyone: <b>\n')
        self.write("key.yaml", stack(more='"::add-mask::z\\n::add-mask::z": "##[add-mask]z"\n'))
        self.commit()
        done = self.check(base)
        self.assertEqual(done.outputs["exit-code"], "2", done.out)
        found = done.commands()
        for line in found:
            self.assertRegex(line, "^::error file=(denied|broken|key).yaml,line=")
        self.assertGreaterEqual(len(found), 3, found)
        self.assert_fenced(done.comment)
        self.assertIn("`````text", done.comment)

    def test_a_name_that_is_no_text_is_checked(self):
        base = self.commit()
        for name in (b"\xff.yaml", b"\xfe.yaml"):
            with open(os.path.join(os.fsencode(self.path), name), "wb") as file:
                file.write(stack("t", 9).encode() if name[0] == 0xFF else b"stack: t\n")
        self.commit()
        done = self.check(base)
        self.assertEqual((done.code, done.outputs["exit-code"]), (0, "2"), done.out)
        self.assertIn("`%FF.yaml`", done.comment)

    def test_a_comment_fits_into_githubs_limit(self):
        finding = {"effect": "deny", "message": "m" * 2_000, "place": "p:1", "pass": "x" * 2_000}
        for count, length, long in ((120, 20, "and 70 more"), (120, 2_000, "too long for GitHub")):
            changes = [Change("x" * length + str(n), None, None, True) for n in range(count)]
            checked = [{"file": change.path, "findings": [finding]} for change in changes]
            verdicts = {change.path: "allowed" for change in changes}
            priced = [(change, Price(groups=("g" * length,))) for change in changes]
            text = comment.text(priced, verdicts, checked[: length // 20], "")
            self.assertIn(long, text)
            self.assertTrue(text.startswith(MARKER))
            self.assertLess(len(text), 65_536)

    def test_scripts_give_no_text_to_a_shell(self):
        for script in ACTION.glob("*.py"):
            text = script.read_text(encoding="utf-8")
            for word in ("shell=True", "os.system", "os.popen", "eval(", "exec("):
                self.assertNotIn(word, text, script)


if __name__ == "__main__":
    unittest.main()
