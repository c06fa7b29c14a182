//! Each field of a stack with `--local`: it is done, noted or refused, in words and before anything
//! starts. The table has the fields of the schema, so that a new one cannot be forgotten.

use crate::room::Room;
use serde_json::Value;
use std::collections::BTreeSet;

/// What becomes of a field on this machine.
enum Here {
    /// It has its effect.
    Done,
    /// A plan notes that it has none: a stack with the field, and a part of the note.
    Noted(Part, &'static str),
    /// A plan is refused: a stack with the field, and a part of the message.
    Refused(Part, &'static str),
}

/// Where a stack has more than the smallest one.
#[derive(Clone, Copy)]
enum Part {
    /// Keys of `cluster`.
    Cluster(&'static str),
    /// The one step, without its name.
    Step(&'static str),
    /// The stack's own keys.
    Own(&'static str),
    /// The size, in place of `3 x m5.xlarge`.
    Size(&'static str),
}

use Here::{Done, Noted, Refused};
use Part::{Cluster, Own, Size, Step};

const NETWORK: &str = "cluster.network does not apply on this machine";
const BID: &str = "without effect on this machine: market, bid";
const MARKET: &str = "without effect on this machine: market";
const EBS: &str = "without effect on this machine: ebs";
const VOLUME: &str = "without effect on this machine: root_volume";
const ROLES: &str = "without effect on this machine: roles";

/// Fields by their paths in the schema: `[]` is an item of a list, `*` a name. A path that ends in `.`
/// is all fields below it.
const ROWS: &[(&str, Here)] = &[
    ("cluster", Done),
    ("cluster.key_pair", Done),
    ("cluster.key_pair.name", Done),
    ("cluster.release", Done),
    ("cluster.roles", Done),
    ("cluster.security_groups", Done),
    ("cluster.size", Done),
    ("cluster.size.core", Done),
    ("cluster.size.core.nodes", Done),
    ("cluster.size.primary", Done),
    ("cluster.size.primary.type", Done),
    ("cluster.size.task", Done),
    ("cluster.size.task.nodes", Done),
    ("data", Done),
    ("data.*.header", Done),
    ("data.*.path", Done),
    ("data.*.sampled", Done),
    ("data.*.member", Done),
    ("data.*.sha256", Done),
    ("data.*.url", Done),
    ("data.*.s3", Done),
    ("data.*.beside", Done),
    ("data.*.file", Done),
    ("guardrails", Done),
    ("guardrails.budget", Done),
    ("guardrails.ceiling", Done),
    ("guardrails.ceiling.budget", Done),
    ("guardrails.ceiling.max_lifetime", Done),
    ("guardrails.idle_timeout", Done),
    ("guardrails.lease", Done),
    ("guardrails.max_lifetime", Done),
    ("guardrails.off_hours", Done),
    ("guardrails.off_hours.terminate", Done),
    ("guardrails.off_hours.timezone", Done),
    ("guardrails.start_within", Done),
    ("guardrails.when_done", Done),
    ("job", Done),
    ("job.python", Done),
    ("job.python.requirements", Done),
    ("job.python.packages", Done),
    ("job.python_packages", Done),
    ("job.retry.", Done),
    ("job.results", Done),
    ("job.stuck", Done),
    ("job.steps", Done),
    ("job.steps[].args", Done),
    ("job.steps[].name", Done),
    ("job.steps[].on_failure", Done),
    ("job.steps[].script", Done),
    ("job.steps[].spark", Done),
    ("job.steps[].spark.archives", Done),
    ("job.steps[].spark.conf", Done),
    ("job.steps[].spark.driver_memory", Done),
    ("job.steps[].spark.env", Done),
    ("job.steps[].spark.executor_memory", Done),
    ("job.steps[].spark.files", Done),
    ("job.steps[].spark.jars", Done),
    ("job.steps[].spark.packages", Done),
    ("job.steps[].spark.py_files", Done),
    ("job.steps[].class", Done),
    ("job.steps[].jar", Done),
    ("job.steps[].sql", Done),
    ("job.steps[].command", Done),
    ("job.steps[].shell", Done),
    ("job.steps[].copy", Done),
    ("job.steps[].copy.from", Done),
    ("job.steps[].copy.to", Done),
    ("key_pairs", Done),
    ("key_pairs[].name", Done),
    ("key_pairs[].public_key", Done),
    ("region", Done),
    ("security_groups", Done),
    ("security_groups[].ingress", Done),
    ("security_groups[].ingress[].anywhere", Done),
    ("security_groups[].ingress[].from", Done),
    ("security_groups[].ingress[].port", Done),
    ("security_groups[].name", Done),
    ("stack", Done),
    ("tags", Done),
    ("team", Done),
    (
        "data.*.s3",
        Refused(
            Own("data: { in: { s3: \"s3://bucket/in.csv\" } }"),
            "data.in is s3://bucket/in.csv, which --local cannot read",
        ),
    ),
    (
        "cluster.size.primary.bid",
        Noted(
            Size("{ primary: { type: m5.xlarge, market: spot, bid: $0.10 } }"),
            BID,
        ),
    ),
    (
        "cluster.size.primary.market",
        Noted(
            Size("{ primary: { type: m5.xlarge, market: spot } }"),
            MARKET,
        ),
    ),
    (
        "cluster.size.primary.ebs.",
        Noted(
            Size("{ primary: { type: m5.xlarge, ebs: { type: gp3, size: 64g } } }"),
            EBS,
        ),
    ),
    (
        "cluster.size.primary.fleet.",
        Noted(
            Size("{ primary: { fleet: { types: [m5.xlarge, m5a.xlarge], on_demand: 1 } } }"),
            "there are no fleets on this machine: primary",
        ),
    ),
    (
        "cluster.size.core.fleet.",
        Noted(
            Size("{ primary: m5.xlarge, core: { fleet: { types: [m5.xlarge], spot: 1 } } }"),
            "there are no fleets on this machine: core",
        ),
    ),
    (
        "cluster.size.task.fleet.",
        Noted(
            Size(
                "{ primary: m5.xlarge, core: 1 x m5.xlarge, task: { fleet: { types: [m5.xlarge], spot: 1 } } }",
            ),
            "there are no fleets on this machine: task",
        ),
    ),
    (
        "cluster.scaling.",
        Noted(
            Cluster("scaling: { from: 2, to: 4 }"),
            "the number of workers is fixed here; EMR scales it: 2 to 4",
        ),
    ),
    (
        "cluster.size.core.bid",
        Noted(
            Size("{ primary: m5.xlarge, core: { nodes: 1 x m5.xlarge, market: spot, bid: $1 } }"),
            BID,
        ),
    ),
    (
        "cluster.size.core.market",
        Noted(
            Size("{ primary: m5.xlarge, core: { nodes: 1 x m5.xlarge, market: spot } }"),
            MARKET,
        ),
    ),
    (
        "cluster.size.core.ebs.",
        Noted(
            Size(
                "{ primary: m5.xlarge, core: { nodes: 1 x m5.xlarge, ebs: { type: gp3, size: 64g } } }",
            ),
            EBS,
        ),
    ),
    (
        "cluster.size.task.bid",
        Noted(
            Size(
                "{ primary: m5.xlarge, core: 1 x m5.xlarge, task: { nodes: 1 x m5.xlarge, \
                 market: spot, bid: $1 } }",
            ),
            BID,
        ),
    ),
    (
        "cluster.size.task.market",
        Noted(
            Size(
                "{ primary: m5.xlarge, core: 1 x m5.xlarge, task: { nodes: 1 x m5.xlarge, market: spot } }",
            ),
            MARKET,
        ),
    ),
    (
        "cluster.size.task.ebs.",
        Noted(
            Size(
                "{ primary: m5.xlarge, core: 1 x m5.xlarge, task: { nodes: 1 x m5.xlarge, ebs: { type: gp3, size: 64g } } }",
            ),
            EBS,
        ),
    ),
    (
        "cluster.key_pair.existing",
        Noted(
            Cluster("key_pair: { existing: team-key }"),
            "key pair team-key of EC2 is not used here",
        ),
    ),
    (
        "cluster.network.",
        Noted(
            Cluster("network: { subnet: subnet-0a1b2c3d4e5f60718 }"),
            NETWORK,
        ),
    ),
    (
        "cluster.network.subnet.",
        Noted(
            Cluster("network: { subnet: { tags: { Name: jobs } } }"),
            NETWORK,
        ),
    ),
    (
        "cluster.network.managed_groups.",
        Noted(
            Cluster(
                "network: { managed_groups: { primary: sg-0a1b2c3d4e5f60718, core: sg-0a1b2c3d4e5f60719 } }",
            ),
            NETWORK,
        ),
    ),
    (
        "cluster.network.access",
        Noted(Cluster("network: { access: none }"), NETWORK),
    ),
    (
        "cluster.security_configuration",
        Noted(
            Cluster("security_configuration: at-rest"),
            "without effect on this machine: security_configuration",
        ),
    ),
    (
        "cluster.log_encryption_key",
        Noted(
            Cluster(
                "log_encryption_key: \"arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab\"",
            ),
            "without effect on this machine: log_encryption_key",
        ),
    ),
    (
        "cluster.logs",
        Noted(
            Cluster("logs: \"s3://team-logs/emr\""),
            "logs stay on this machine",
        ),
    ),
    (
        "cluster.roles.service",
        Noted(Cluster("roles: { service: EmrRole }"), ROLES),
    ),
    (
        "cluster.roles.instance_profile",
        Noted(Cluster("roles: { instance_profile: EmrMachines }"), ROLES),
    ),
    (
        "cluster.roles.scaling",
        Noted(Cluster("roles: { scaling: Scaling }"), ROLES),
    ),
    (
        "cluster.image",
        Noted(
            Cluster("image: ami-0abcdef1234567890"),
            "without effect on this machine: image",
        ),
    ),
    (
        "cluster.root_volume.",
        Noted(Cluster("root_volume: 50g"), VOLUME),
    ),
    (
        "cluster.bootstrap.",
        Noted(
            Cluster("bootstrap: [{ name: tools, script: job.py }]"),
            "bootstrap actions do not run on this machine: tools",
        ),
    ),
    (
        "cluster.step_concurrency",
        Noted(
            Cluster("step_concurrency: 4"),
            "steps run one after the other here",
        ),
    ),
    (
        "cluster.termination_protection",
        Noted(
            Cluster("termination_protection: true"),
            "without effect on this machine: termination_protection",
        ),
    ),
    (
        "cluster.applications",
        Noted(
            Cluster("applications: [Livy]"),
            "applications that are not on this machine, which has Spark alone: Livy",
        ),
    ),
    (
        "cluster.configurations",
        Noted(
            Cluster("configurations: { yarn-site: { a.b: 1 } }"),
            "configurations that apply on EMR alone: yarn-site",
        ),
    ),
    (
        "cluster.catalog",
        Refused(
            Cluster("catalog: glue"),
            "this machine does not have the catalog glue",
        ),
    ),
    (
        "cluster.tables",
        Refused(
            Cluster("tables: [delta]"),
            "the Spark of this machine has no tables of delta",
        ),
    ),
    (
        "job.python.archive",
        Refused(
            Own(
                "job: { python: { archive: \"s3://bucket/venv.tar.gz\" }, steps: [{ name: s, script: job.py, spark: { deploy_mode: cluster } }] }",
            ),
            "python.archive is s3://bucket/venv.tar.gz, which --local cannot read",
        ),
    ),
    (
        "job.steps[].hive",
        Refused(Step("hive: job.py"), "step \"s\" runs Hive"),
    ),
    (
        "job.steps[].spark.deploy_mode",
        Noted(
            Step("script: job.py, spark: { deploy_mode: cluster }"),
            "deploy_mode: cluster does not apply here",
        ),
    ),
    (
        "job.steps[].spark.executors",
        Noted(
            Step("script: job.py, spark: { executors: 1 }"),
            "executors and executor_cores of s do not apply here",
        ),
    ),
    (
        "job.steps[].spark.executor_cores",
        Noted(
            Step("script: job.py, spark: { executor_cores: 1 }"),
            "executors and executor_cores of s do not apply here",
        ),
    ),
    ("job.steps[].spark.partitions", Done),
];

/// A stack with a part.
fn stack(part: Part) -> String {
    let (mut cluster, mut step, mut own) = ("", "script: job.py", "");
    let mut size = "3 x m5.xlarge";
    match part {
        Cluster(text) => cluster = text,
        Step(text) => step = text,
        Own(text) => own = text,
        Size(text) => size = text,
    }
    let job = format!("job: {{ steps: [{{ name: s, {step} }}] }}");
    let job = if own.starts_with("job:") { "" } else { &job };
    format!(
        "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: {size}, {cluster} }}\n\
         {job}\n{own}\n"
    )
}

/// The paths of all fields below a schema.
fn fields(schema: &Value, path: &str, all: &mut BTreeSet<String>) {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        all.insert(below(key));
        fields(value, &below(key), all);
    }
    for one in ["oneOf", "anyOf", "allOf"] {
        for value in schema[one].as_array().into_iter().flatten() {
            fields(value, path, all);
        }
    }
    for (key, mark) in [("items", "[]"), ("additionalProperties", ".*")] {
        if schema[key].is_object() {
            fields(&schema[key], &format!("{path}{mark}"), all);
        }
    }
}

#[test]
fn each_field_has_a_row() {
    let mut all = BTreeSet::new();
    fields(&clusterup::text::json_schema(), "", &mut all);
    assert!(all.len() > 130, "{all:#?}");
    let covers = |row: &str, field: &str| match row.strip_suffix('.') {
        Some(parent) => field
            .strip_prefix(parent)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])),
        None => row == field,
    };
    let is_in_a_row = |field: &&String| ROWS.iter().any(|(row, _)| covers(row, field));
    let missing: Vec<&String> = all.iter().filter(|field| !is_in_a_row(field)).collect();
    assert!(
        missing.is_empty(),
        "what does --local do with {missing:?}? Add each to the table, and a note or a refusal to the \
         plan if it has no effect (src/plan/not_here.rs)"
    );
    for (row, _) in ROWS {
        assert!(
            all.iter().any(|field| covers(row, field)),
            "there is no field {row}"
        );
    }
}

#[test]
fn what_has_no_effect_is_noted_or_refused_before_anything_starts() {
    let room = Room::new();
    room.write("job.py", "");
    for (field, here) in ROWS {
        let (part, words, code) = match *here {
            Done => continue,
            Noted(part, words) => (part, words, 0),
            Refused(part, words) => (part, words, 2),
        };
        let text = stack(part);
        room.write("t.yaml", &text);
        let done = room.run(&["plan", "t.yaml", "--local", "--output", "json"]);
        let all = format!("{}{}", done.out, done.err);
        assert_eq!(done.code, code, "{field}: {text}{all}");
        let says = serde_json::to_string(words).unwrap();
        assert!(
            all.contains(says.trim_matches('"')),
            "{field} is neither noted nor refused: {text}{all}"
        );
    }
    assert!(!room.at("state").join("clusterup").exists());
    assert!(!room.at("cache").exists());
    room.write("t.yaml", stack(Step("script: job.py")));
    let plain = room.json(&["plan", "t.yaml", "--local"]).to_string();
    for (field, here) in ROWS {
        if let Noted(_, words) | Refused(_, words) = here {
            assert!(!plain.contains(words), "{field}: {plain}");
        }
    }
}
