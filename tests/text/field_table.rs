//! The table of fields in README.md: made from the declarations, with examples that are valid.

use super::{at, written};
use clusterup::text::field_table::{FIELD_TABLE, field_examples, field_table};
use clusterup::text::{Code, Setting, parse};
use std::path::Path;

#[test]
fn the_readme_has_every_field_with_an_example() {
    let [start, end] = FIELD_TABLE;
    let readme = std::fs::read_to_string(at("README.md")).unwrap();
    let (before, rest) = readme.split_once(start).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let code = format!("{before}{start}\n{}\n{end}{after}", field_table());
    written("README.md", &code);
}

/// A stack in which every path of the table leads somewhere.
const WHOLE: &str = "\
stack: whole
region: us-east-1
key_pairs: [{ name: spark }]
security_groups: [{ name: spark-ssh, ingress: [{ port: 22, from: caller }] }]
data: { ratings: { path: ratings.dat } }
cluster:
  release: emr-7.x
  size:
    primary: { fleet: { types: [{ type: m5.xlarge }], on_demand: 1 } }
    core: { fleet: { types: [{ type: m5.xlarge }], spot: 2 } }
    task: { fleet: { types: [{ type: m5.xlarge }], spot: 2 } }
  bootstrap: [{ name: tools, script: s3://bucket/tools.sh }]
job:
  steps: [{ name: main, script: job.py }]
";

#[test]
fn every_example_is_a_value_of_its_field() {
    let examples = field_examples();
    assert!(examples.len() > 100, "{}", examples.len());
    let names = [
        ("key_pairs.NAME", "key_pairs.spark"),
        ("security_groups.NAME", "security_groups.spark-ssh"),
        ("data.NAME", "data.ratings"),
        ("bootstrap.NAME", "bootstrap.tools"),
        ("steps.NAME", "steps.main"),
    ];
    for (path, example) in examples {
        let own = names
            .iter()
            .fold(path.clone(), |path, (of, name)| path.replace(of, name));
        assert!(!own.contains("NAME"), "{own}");
        let set: Setting = format!("{own}={example}").parse().unwrap();
        let Err(wrong) = parse("x.yaml", WHOLE, Path::new(""), &[set]) else {
            continue;
        };
        for found in wrong.iter() {
            // What the rest of the stack would have to fit to is no mistake of the example.
            let of_others = [Code::Conflict, Code::MissingKey, Code::DanglingReference];
            assert!(
                of_others.contains(&found.code),
                "{own}={example}: {}",
                found.message
            );
        }
    }
}
