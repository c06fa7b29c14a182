//! A case of the table: policies, a stack, the expected findings, and how a report is rendered.

use crate::at;
use clusterup::cloud::account::ENDING;
use clusterup::cost::catalog::Catalog;
use clusterup::cost::estimate::Estimate;
use clusterup::model::desired::InstanceGroups;
use clusterup::model::policy::Standing;
use clusterup::model::stack::Stack;
use clusterup::policy::{Finding, Judgement, Policies, Price, Subject, load};
use clusterup::text;
use std::fmt::Write;
use std::path::Path;

/// Three nodes of m5.xlarge, each $0.25541097/h: EC2 0.192, EMR 0.048, 64 GiB of gp2 0.00876713,
/// 15 GiB of gp3 0.00164384, an address 0.005. All three $0.76623291/h; an hour, twenty minutes of
/// ending and the minute of each node's replacement are 81 minutes: $1.0344144285.
const STACK: &str = "\
stack: nightly-films
team: recsys
region: us-east-1
security_groups:
  - name: spark-ssh
    ingress: []
cluster:
  release: emr-7.12.0
  size: 3 x m5.xlarge
  security_groups: [spark-ssh]
guardrails:
  idle_timeout: 10m
  max_lifetime: 1h
  when_done: keep
";

/// Who asks, where a case does not say.
pub(crate) const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/Dev/ana";

/// What is expected of a finding: its rule, what the stack has, what the policy allows.
pub(crate) type Expected = (&'static str, &'static str, &'static str);

pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Policy a, b and so on, without their first line.
    pub(crate) policies: &'static [&'static str],
    /// What the stack has other than the ordinary one; a text of several lines is all of it.
    pub(crate) stack: &'static [&'static str],
    pub(crate) expect: Standing,
    /// The policy that each is of goes before its rule.
    pub(crate) findings: &'static [Expected],
}

pub(crate) const fn allow(
    name: &'static str,
    policies: &'static [&'static str],
    stack: &'static [&'static str],
) -> Case {
    Case {
        name,
        policies,
        stack,
        expect: Standing::Allow,
        findings: &[],
    }
}

pub(crate) const fn deny(
    name: &'static str,
    policies: &'static [&'static str],
    stack: &'static [&'static str],
    findings: &'static [Expected],
) -> Case {
    Case {
        name,
        policies,
        stack,
        expect: Standing::Deny,
        findings,
    }
}

pub(crate) const fn warn(
    name: &'static str,
    policies: &'static [&'static str],
    stack: &'static [&'static str],
    findings: &'static [Expected],
) -> Case {
    Case {
        name,
        policies,
        stack,
        expect: Standing::Warn,
        findings,
    }
}

/// The text of the policy with this index.
fn policy_text(number: usize, body: &str) -> String {
    let name = char::from(b'a' + u8::try_from(number).unwrap());
    format!("# What a team agreed on.\npolicy: {name}\n{body}\n")
}

pub(crate) fn policies(bodies: &[&str]) -> Policies {
    let mut policies = Policies::default();
    for (number, body) in bodies.iter().enumerate() {
        let file = format!("policies/{}.yaml", char::from(b'a' + number as u8));
        let text = policy_text(number, body);
        policies.extend([load(&file, &text).unwrap_or_else(|wrong| panic!("{wrong}"))]);
    }
    policies
}

pub(crate) fn stack(changes: &[&str]) -> Stack {
    let (text, sets) = match changes {
        [whole, rest @ ..] if whole.contains('\n') => (*whole, rest),
        sets => (STACK, sets),
    };
    let sets: Vec<text::Setting> = sets.iter().map(|set| set.parse().unwrap()).collect();
    let read = text::parse("stack.yaml", text, Path::new(""), &sets);
    read.unwrap_or_else(|wrong| panic!("{wrong}"))
}

pub(crate) fn price(stack: &Stack) -> Option<Price> {
    let groups = InstanceGroups::of(&stack.cluster);
    let estimate = Estimate::of(Catalog::bundled(), &stack.region, &groups).ok()?;
    let now = at("2026-11-21T12:00:00");
    Price::ahead(&stack.guardrails, &groups, estimate.rates(), ENDING, now)
}

pub(crate) fn judge(policies: &Policies, stack: Stack, by: &str) -> Judgement {
    let stack = policies.impose(stack);
    let (price, stack) = (price(&stack), &stack);
    policies.judge(&Subject { stack, price, by })
}

impl Case {
    pub(crate) fn assessment(&self) -> Judgement {
        judge(&policies(self.policies), stack(self.stack), CALLER)
    }

    fn check(&self, judgement: &Judgement) {
        let name = self.name;
        assert_eq!(judgement.standing, self.expect, "{name}: {judgement:#?}");
        let reported: Vec<(String, &str, &str)> = judgement.findings.iter().map(reported).collect();
        let reported: Vec<Expected> = reported
            .iter()
            .map(|(a, b, c)| (leak(a), leak(b), leak(c)))
            .collect();
        assert_eq!(reported, self.findings, "{name}");
        for finding in &judgement.findings {
            assert!(!finding.overridden, "{name}");
            self.check_place(finding);
            check_pass(name, finding);
        }
    }

    /// The place is the line of the policy's text on which the rule stands.
    fn check_place(&self, finding: &Finding) {
        let (file, line) = finding.place.rsplit_once(':').unwrap();
        let letter = finding.policy.as_str();
        assert_eq!(file, format!("policies/{letter}.yaml"), "{}", self.name);
        let number = usize::from(letter.as_bytes()[0] - b'a');
        let text = policy_text(number, self.policies[number]);
        let line = text
            .lines()
            .nth(line.parse::<usize>().unwrap() - 1)
            .unwrap();
        let wanted = match finding.rule.split_once('.').unwrap() {
            ("limits", key) => format!("{key}: "),
            ("rules", name) => format!("name: {name}"),
            ("budget", _) => "budget: ".to_owned(),
            (other, _) => panic!("{}: {other}", self.name),
        };
        let found = format!("{line} ").contains(&wanted);
        assert!(found, "{}: {} is `{line}`", self.name, finding.place);
    }
}

fn reported(finding: &Finding) -> (String, &str, &str) {
    (
        format!("{} {}", finding.policy, finding.rule),
        finding.figure.as_deref().unwrap_or_default(),
        finding.limit.as_deref().unwrap_or_default(),
    )
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// What would pass is something to write in the stack, or something to run.
pub(crate) fn check_pass(name: &str, finding: &Finding) {
    const KEYS: [&str; 8] = [
        "cluster.scaling.",
        "cluster.size",
        "cluster.release",
        "guardrails.",
        "region: ",
        "tags: {",
        "security_groups.",
        "`clusterup ",
    ];
    let pass = &finding.pass;
    let named = KEYS.iter().any(|key| pass.contains(key));
    assert!(named, "{name}: nothing to do is named in `{pass}`");
    assert!(!finding.message.trim().is_empty(), "{name}");
}

/// Evaluates all cases, and renders the findings for the snapshot.
pub(crate) fn shown(cases: &[Case]) -> String {
    let mut page = String::new();
    for case in cases {
        let judgement = case.assessment();
        case.check(&judgement);
        let _ = writeln!(page, "## {}", case.name);
        for (number, body) in case.policies.iter().enumerate() {
            let name = char::from(b'a' + number as u8);
            let _ = writeln!(page, "{name}: {}", body.replace('\n', "\n   "));
        }
        for set in case.stack {
            let _ = writeln!(page, "stack: {}", set.trim_end().replace('\n', "\n       "));
        }
        page.push_str(&answer(&judgement));
        page.push('\n');
    }
    page
}

/// A judgement as text.
pub(crate) fn answer(judgement: &Judgement) -> String {
    let names: Vec<&str> = judgement
        .policies
        .iter()
        .map(|name| name.as_str())
        .collect();
    let mut text = format!("=> {:?} by [{}]\n", judgement.standing, names.join(", "));
    for finding in &judgement.findings {
        text.push_str(&reason(finding));
    }
    for bound in &judgement.bounds {
        let (rule, of) = (&bound.rule, &bound.policy);
        let _ = writeln!(
            text,
            "   = {rule}: {} of {} ({of})",
            bound.figure, bound.limit
        );
    }
    text
}

pub(crate) fn reason(finding: &Finding) -> String {
    let Finding {
        effect,
        rule,
        place,
        at,
        message,
        pass,
        ..
    } = finding;
    let passed = if finding.overridden {
        ", overridden"
    } else {
        ""
    };
    format!(
        "   {effect:?}{passed} {rule} at {at} ({place})\n     {message}\n     to pass: {pass}\n"
    )
}
