//! Rules see every field of a stack: each, set to its example, changes a value.

use super::{Datum, values};
use crate::policy::subject::Subject;
use crate::text::field_table::field_examples;
use crate::text::{self, Setting};
use std::collections::BTreeMap;
use std::path::Path;

const FULL: &str = include_str!("specimen.yaml");
/// A stack whose values are not those of the examples.
const OTHER: &str = "\
stack: other
region: us-east-1
key_pairs: [{ name: first }, { name: spark }, { name: other }]
security_groups:
  - { name: first, ingress: [{ port: 80, from: 203.0.113.7/32 }] }
  - { name: spark-ssh, ingress: [] }
  - { name: other, ingress: [] }
data:
  ratings: { url: https://films.example/ratings.zip }
  users: { s3: s3://films/users.csv }
  movies: { beside: users, file: titles.dat }
cluster:
  release: emr-7.12.0
  size:
    primary: { type: r5.xlarge, ebs: { size: 500g, volumes: 3 } }
    core: { nodes: 1 x r5.xlarge, ebs: { size: 500g, volumes: 3 } }
    task: { nodes: 1 x r5.xlarge, ebs: { size: 500g, volumes: 3 } }
  key_pair: other
  security_groups: [other]
  network:
    subnet: subnet-00000001
    managed_groups: { primary: sg-00000001, core: sg-00000002, service_access: sg-00000003 }
  bootstrap: [{ name: first, script: s3://films/other.sh }]
  root_volume: { size: 90g }
job:
  steps: [{ name: first, copy: { from: \"s3://films/a\", to: \"s3://films/b\" } }]
guardrails:
  idle_timeout: 20m
  max_lifetime: 3h
  when_done: keep
  off_hours: { timezone: Europe/Berlin, terminate: Sat-Sun }
";

/// Says nothing by itself: it confirms a range that rules see in `from`.
const SILENT: [&str; 1] = ["security_groups.NAME.ingress.0.anywhere"];

fn seen(text: &str, set: Option<&str>) -> Option<BTreeMap<String, Datum>> {
    let sets: Vec<Setting> = set.map(|set| set.parse().unwrap()).into_iter().collect();
    let stack = text::parse("t.yaml", text, Path::new(""), &sets).ok()?;
    let (price, by) = (None, "");
    Some(values(&Subject {
        stack: &stack,
        price,
        by,
    }))
}

#[test]
fn rules_see_every_field_of_a_stack() {
    let copy = "copy: { from: \"s3://films/a\", to: \"s3://films/b\" }";
    assert!(OTHER.contains(copy));
    let jar =
        "jar: s3://films/a.jar, spark: { executor_memory: 5g, conf: { spark.ui.enabled: no } }";
    let another = OTHER
        .replace(copy, jar)
        // A bid is for Spot machines alone.
        .replace("ebs: {", "market: spot, ebs: { type: gp2,")
        .replace("key_pair: other", "key_pair: spark")
        .replace("security_groups: [other]", "security_groups: [spark-ssh]");
    let fewer = OTHER
        .replace("{ name: spark }, ", "")
        .replace("  - { name: spark-ssh, ingress: [] }\n", "");
    let (mut unseen, mut tried) = (Vec::new(), 0);
    for (path, example) in field_examples() {
        let mut reads = Vec::new();
        let own = path
            .replace("data.NAME.beside", "data.movies.beside")
            .replace("data.NAME.file", "data.movies.file")
            .replace("data.NAME", "data.ratings")
            .replace(".NAME", ".0");
        for text in [FULL, OTHER, &another, &fewer] {
            let set = format!("{own}={example}");
            if let Some(after) = seen(text, Some(&set)) {
                reads.push(Some(after) != seen(text, None));
            }
        }
        tried += usize::from(!reads.is_empty());
        if !reads.is_empty() && !reads.contains(&true) && !SILENT.contains(&path.as_str()) {
            unseen.push(path);
        }
    }
    assert_eq!(unseen, [""; 0]);
    assert!(tried > 120, "{tried}");
}
