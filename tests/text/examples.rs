//! Files of examples: how valid ones are read, and the reports of invalid ones.

use super::{pretty, within_the_text};
use clusterup::text::examples;
use std::path::Path;

const GOOD: &str = "\
examples:
  - name: a small cluster passes
    stack: ../../stacks/quickstart.yaml
    expect: allow
  - name: a dozen nodes do not
    stack: ../../stacks/quickstart.yaml
    set: [cluster.size=12 x m5.xlarge, \"tags={ owner: ana }\"]
    month: { spent: $150.25, promised: $0 }
    expect: deny
    because: [limits.nodes, big-clusters-are-spot]
";

const BAD: &str = "\
examples:
  - name: one
    stak: x.yaml
    expect: denied
    month: { spend: $3, promised: 20 }
  - name: one
    stack: x.yaml
    set: [cluster.size, region=us-east-1]
    expect: allow
    because: limits.nodes
  - stack: x.yaml
    set: cluster.size=3 x m5.xlarge
    because: [Limits.Nodes]
";

#[test]
fn examples_are_read() {
    let read = examples("policies/tests/x.yaml", GOOD, Path::new("policies/tests")).unwrap();
    insta::assert_snapshot!("examples__good", pretty(&read));
}

#[test]
fn every_mistake_in_examples_is_reported_in_one_run() {
    let wrong = examples("x.yaml", BAD, Path::new("")).unwrap_err();
    within_the_text(&wrong, BAD);
    insta::assert_snapshot!("examples__bad", wrong);
    for (text, reported) in [
        ("policy: x", "this is a policy, not a file of examples"),
        ("examples: []", "`examples` is empty"),
        ("", "the file is empty"),
        ("- a", "a file of examples is a mapping, not a list"),
    ] {
        let wrong = examples("x.yaml", text, Path::new("")).unwrap_err();
        let found: Vec<_> = wrong.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(found, [reported], "{text}");
    }
}
