"""The action's check of a pull request: which stacks, their prices, policies, annotations, SARIF."""

import unittest
from pathlib import Path

from repository import POLICY, Repository, stack

# A node of this type costs this much in an hour.
NODE = 0.2554


class Check(Repository):
    def test_a_changed_stack_has_its_price_before_and_after(self):
        self.write("stacks/a.yaml", stack("a"))
        self.write("stacks/same.yaml", stack("same"))
        base = self.commit()
        self.write("stacks/a.yaml", stack("a", 4))
        self.commit()
        done = self.check(base)
        self.assertEqual(done.code, 0, done.out)
        self.assertEqual((done.outputs["exit-code"], done.outputs["stacks"]), ("0", "1"))
        _, before, after, change, at_most, policies = done.row("stacks/a.yaml")
        self.assertEqual((before, after), ("$0.7662", "$1.0216"))
        self.assertEqual((change, policies), ("+$0.2554 (+33%)", "allowed"))
        self.assertRegex(at_most, r"^\$2\.\d\d$")
        self.assertIn("core: 2 x m5.xlarge -> 3 x m5.xlarge, +$0.2554/h", done.comment)
        self.assertNotIn("same.yaml", done.comment)
        self.assertTrue(done.comment.startswith("<!-- clusterup"))
        self.assertEqual(done.commands(), [])
        self.assertEqual(done.sarif["runs"][0]["results"], [])
        summary = Path(self.folder.name, "summary.md").read_text(encoding="utf-8")
        self.assertEqual(summary, done.comment)

    def test_a_denied_stack_is_annotated_at_its_line(self):
        base = self.commit()
        self.write("stacks/a.yaml", stack("a", 9))
        self.commit()
        done = self.check(base)
        self.assertEqual((done.code, done.outputs["exit-code"]), (0, "3"), done.out)
        _, before, _, change, _, policies = done.row("stacks/a.yaml")
        self.assertEqual((before, change, policies), ("new", "", "**denied**"))
        self.assertIn("deny: nodes is 9, and policy small allows at most 4", done.comment)
        found = done.commands()
        self.assertEqual(len(found), 1, found)
        begins = "::error file=stacks/a.yaml,line=4,title=small limits.nodes::nodes is 9"
        self.assertTrue(found[0].startswith(begins), found)
        result = done.sarif["runs"][0]["results"][0]
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "stacks/a.yaml")
        self.assertEqual((result["ruleId"], place["region"]["startLine"]), ("small/limits.nodes", 4))

    def test_deleted_renamed_and_several_stacks_have_rows_and_a_sum(self):
        self.write("gone.yaml", stack("gone", 2))
        self.write("old.yaml", stack("moved", 2, "# a comment that keeps the files alike\n" * 5))
        base = self.commit()
        self.git("rm", "--quiet", "gone.yaml")
        self.git("mv", "old.yaml", "new.yaml")
        self.commit()
        done = self.check(base)
        self.assertEqual(done.outputs["exit-code"], "0", done.out)
        self.assertEqual(done.row("gone.yaml")[1:], ["$0.5108", "removed", "", "", ""])
        moved = done.row("new.yaml")
        self.assertEqual(moved[0], "`new.yaml` (was `old.yaml`)")
        self.assertEqual(moved[1:4], ["$0.5108", "$0.5108", "none"])
        self.assertIn("| all | $1.0216 | $0.5108 |", done.comment)

    def test_a_stack_that_does_not_parse_fails_the_check_and_hides_no_other(self):
        self.write("a.yaml", stack("a"))
        self.write("b.yaml", stack("b"))
        base = self.commit()
        self.write("a.yaml", stack("a", more="surplus: 1\n"))
        self.write("b.yaml", stack("b", 9))
        self.commit()
        done = self.check(base)
        self.assertEqual((done.code, done.outputs["exit-code"]), (0, "2"), done.out)
        _, before, after, _, _, policies = done.row("a.yaml")
        self.assertEqual((before, after, policies), ("$0.7662", "not valid", "**not valid**"))
        self.assertEqual(done.row("b.yaml")[5], "**denied**")
        files = [line.split(",")[0] for line in done.commands()]
        self.assertEqual(sorted(files), ["::error file=a.yaml", "::error file=b.yaml"])
        # What was wrong before does not fail the check.
        base = self.commit()
        self.write("a.yaml", stack("a"))
        self.write("b.yaml", stack("b"))
        self.commit()
        done = self.check(base)
        self.assertEqual(done.outputs["exit-code"], "0", done.out)
        self.assertEqual(done.row("a.yaml")[1:3], ["not valid", "$0.7662"])

    def test_a_policy_that_changes_checks_every_stack(self):
        self.write("a.yaml", stack("a"))
        base = self.commit()
        self.write("policies/small.yaml", POLICY.replace("nodes: 4", "nodes: 2"))
        self.commit()
        done = self.check(base)
        self.assertEqual(done.outputs["exit-code"], "3", done.out)
        self.assertEqual(done.row("a.yaml")[1:4], ["$0.7662", "$0.7662", "none"])

    def test_a_broken_policy_is_reported_and_prices_are_shown(self):
        base = self.commit()
        self.write("policies/small.yaml", "policy: [\n")
        self.write("a.yaml", stack("a"))
        self.commit()
        done = self.check(base)
        self.assertEqual((done.code, done.outputs["exit-code"]), (0, "2"), done.out)
        self.assertEqual(done.outputs["sarif"], "", "an empty log would close alerts")
        self.assertEqual((done.row("a.yaml")[2], done.row("a.yaml")[5]), ("$0.7662", "not checked"))
        self.assertIn("policies/small.yaml:1", done.comment)
        self.assertEqual(len(done.commands()), 1, done.out)

    def test_without_policies_prices_can_be_compared_alone(self):
        self.git("rm", "--quiet", "--cached", "-r", "--ignore-unmatch", "policies")
        (self.path / "policies/small.yaml").unlink()
        base = self.commit()
        self.write("a.yaml", stack("a"))
        self.write("b.yaml", "stack: b\n")
        self.commit()
        self.assertEqual(self.check(base).outputs["exit-code"], "2")
        done = self.check(base, ACTION_CHECK="false")
        self.assertEqual(done.outputs["exit-code"], "2", "b.yaml is not valid")
        done = self.check(base, ACTION_CHECK="false", ACTION_STACKS="a.yaml")
        self.assertEqual(done.outputs["exit-code"], "0", done.out)
        self.assertEqual(done.row("a.yaml")[5], "not checked")

    def test_which_files_are_stacks(self):
        self.write("other.yaml", "name: x\n  stack: nested\n")
        self.write("notes.md", "stack: of papers\n")
        self.write("flow.yaml", "{ stack: f, region: us-east-1 }\n")
        self.write("sub/quoted.yml", stack("q").replace("stack:", '"stack":'))
        self.write("sub/large.yaml", "stack: l\n" + "#" * (1 << 20))
        self.commit()
        rows = self.check("").comment
        self.assertIn("`sub/quoted.yml`", rows)
        for other in ("other", "notes", "flow", "large"):
            self.assertNotIn(other, rows)
        # With patterns, what matches is a stack, whatever it looks like.
        done = self.check("", ACTION_STACKS="sub/*.yml\n\n flow.yaml \n")
        self.assertEqual(done.outputs["stacks"], "2")
        self.assertEqual(done.row("flow.yaml")[5], "**not valid**")

    def test_a_link_is_never_read(self):
        base = self.commit()
        secret = Path(self.folder.name, "secret")
        secret.write_text("stack: secret-words\n", encoding="utf-8")
        (self.path / "link.yaml").symlink_to(secret)
        self.commit()
        done = self.check(base)
        self.assertEqual(done.outputs["stacks"], "0", done.out)
        done = self.check(base, ACTION_STACKS="*.yaml")
        self.assertEqual(done.code, 2)
        self.assertIn("link.yaml is a symbolic link", done.out)
        self.assertNotIn("secret-words", done.out)

    def test_the_base_is_where_the_branch_began(self):
        self.write("a.yaml", stack("a"))
        self.commit()
        self.git("checkout", "--quiet", "-b", "change")
        self.write("b.yaml", stack("b"))
        self.commit()
        self.git("checkout", "--quiet", "main")
        self.write("a.yaml", stack("a", 4))
        base = self.commit()
        self.git("checkout", "--quiet", "change")
        done = self.check(base)
        self.assertEqual(done.outputs["stacks"], "1", done.comment)
        done = self.check("0123456789abcdef0123456789abcdef01234567")
        self.assertEqual(done.code, 2)
        self.assertIn("fetch-depth: 0", done.out)
        self.assertEqual(self.check("--help").code, 2)

    def test_without_changes_nothing_is_wrong(self):
        base = self.commit()
        self.write("notes.txt", "x")
        self.commit()
        done = self.check(base)
        self.assertEqual((done.outputs["stacks"], done.outputs["exit-code"]), ("0", "0"), done.out)
        self.assertIn("No stack differs", done.comment)
        self.assertEqual(done.outputs["sarif"], "")


if __name__ == "__main__":
    unittest.main()
