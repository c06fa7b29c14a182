//! Steps in plans: what identifies a job, and steps that EMR would refuse.

use super::{facts, stack};
use clusterup::model::desired::JobSpec;
use clusterup::model::facts::{Capacity, Neighbour};
use clusterup::model::observed::StepState;
use clusterup::plan::expand::expand;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// A stack with this step.
fn with(step: &str) -> String {
    format!(
        "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n\
         job: {{ steps: [{step}] }}\n"
    )
}

fn job(text: &str) -> JobSpec {
    let stack = stack(text);
    let mut facts = facts(&stack);
    facts.capacity = Capacity::AsTyped;
    expand(&stack, &facts).unwrap().0.job.unwrap()
}

fn refusals(text: &str) -> Vec<String> {
    let stack = stack(text);
    let mut facts = facts(&stack);
    facts.capacity = Capacity::AsTyped;
    let refused = expand(&stack, &facts).map(|_| ()).err().unwrap_or_default();
    refused.into_iter().map(|one| one.message).collect()
}

/// The digest as clusterup 0.1.0 computed it.
#[test]
fn a_script_alone_is_the_job_that_it_was() {
    let text = with(
        "{ name: one, script: one.py, args: [a, \"${results}\"], \
         spark: { executor_memory: 1g, conf: { spark.x: 1 } } }",
    );
    let stack = stack(&text);
    let file = facts(&stack).step_files.files[&PathBuf::from("/s/one.py")].clone();
    let script = format!("\u{1}bucket\u{1}/scripts/{}/one.py", &file.sha256[..16]);
    let results = "\u{1}bucket\u{1}/results/\u{1}job\u{1}";
    let mut digest = Sha256::new();
    for text in [
        "job 1", "step", "one", &script, "a", results, "conf", "spark.x", "1",
    ] {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    }
    let hex: String = digest.finalize()[..8]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(job(&text).hash.as_str(), hex);
}

#[test]
fn what_a_step_computes_is_its_jobs_identity_and_sizes_are_not() {
    let of = |more: &str| job(&with(&format!("{{ name: one, script: one.py{more} }}"))).hash;
    let plain = of("");
    for same in [
        ", on_failure: stop",
        ", spark: { deploy_mode: client }",
        ", spark: { executors: 4, executor_cores: 2, driver_memory: 2g }",
    ] {
        assert_eq!(of(same), plain, "{same}");
    }
    let mut all = vec![plain];
    for other in [
        ", on_failure: continue",
        ", spark: { deploy_mode: cluster }",
        ", spark: { py_files: [a.py] }",
        ", spark: { files: [a.py] }",
        ", spark: { files: [\"a.py#b\"] }",
        ", spark: { archives: [a.py] }",
        ", spark: { jars: [a.jar] }",
        ", spark: { packages: [\"a:b:1\"] }",
        ", spark: { packages: [\"a:b:2\"] }",
        ", spark: { env: { A: \"1\" } }",
    ] {
        all.push(of(other));
    }
    for kind in [
        "{ name: one, script: \"s3://bucket/one.py\" }",
        "{ name: one, jar: one.py }",
        "{ name: one, jar: one.py, class: A }",
        "{ name: one, sql: one.py }",
        "{ name: one, shell: one.py }",
        "{ name: one, command: [one.py] }",
        "{ name: one, command: [one.py, \"\"] }",
        "{ name: one, copy: { from: a, to: b } }",
        "{ name: one, copy: { from: b, to: a } }",
    ] {
        all.push(job(&with(kind)).hash);
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn imported_modules_are_sent_once_and_named() {
    let text = with("{ name: one, script: one.py, spark: { py_files: [a.py] } }");
    let stack = stack(&text);
    let mut facts = facts(&stack);
    let path = |name: &str| PathBuf::from(format!("/s/{name}"));
    let listed = facts.step_files.files[&path("a.py")].clone();
    let other = clusterup::model::facts::File {
        path: path("lib.zip"),
        bytes: 3,
        sha256: "ab".repeat(32),
        crc32: 0,
    };
    let neighbours = [("a.py", listed), ("lib", other)];
    let neighbours = neighbours.map(|(name, file)| Neighbour {
        name: name.to_owned(),
        file,
    });
    facts
        .step_files
        .neighbours
        .insert(path("one.py"), neighbours.into());
    let (desired, notes) = expand(&stack, &facts).unwrap();
    let sent = &desired.job.unwrap().steps[0].submission.py_files;
    let names: Vec<&str> = sent
        .iter()
        .map(|it| it.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["a.py", "lib.zip"]);
    assert_eq!(desired.objects.len(), 3);
    let named = "one.py imports a.py, lib, sent with it".to_owned();
    assert!(notes.contains(&named), "{notes:?}");
}

#[test]
fn a_step_that_is_too_long_for_emr_is_refused() {
    // 18 characters are the runner's, four the program's.
    let command = |chars: usize| {
        with(&format!(
            "{{ name: one, command: [true, {}] }}",
            "x".repeat(chars)
        ))
    };
    assert_eq!(refusals(&command(10_218)), Vec::<String>::new());
    let long = "step \"one\" passes 10241 characters, and EMR takes 10240 of a step";
    assert_eq!(refusals(&command(10_219)), [long]);
    // What is encoded is longer.
    let umlauts = with(&format!(
        "{{ name: one, command: [true, {}] }}",
        "ü".repeat(4_000)
    ));
    assert!(
        refusals(&umlauts)[0].starts_with("step \"one\" passes 10"),
        "{:?}",
        refusals(&umlauts)
    );
    // A location makes it too long.
    let results = with(&format!(
        "{{ name: one, shell: one.py, args: [\"${{results}}\", {}] }}",
        "x".repeat(10_150)
    ));
    assert_eq!(refusals(&results).len(), 1);
}

#[test]
fn programs_of_emr_and_copies_from_afar_are_refused_here() {
    let here = |step: &str| {
        let stack = stack(&with(step));
        let refused = expand(&stack, &facts(&stack)).map(|_| ()).err();
        let refused = refused.unwrap_or_default().into_iter();
        refused.map(|one| one.message).collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    let program = "step \"one\" runs s3-dist-cp, which is a program of EMR's machines";
    assert_eq!(
        here("{ name: one, command: [s3-dist-cp, --help] }"),
        [program]
    );
    assert_eq!(here("{ name: one, command: [ls, -l] }"), none);
    let near = "{ name: one, copy: { from: \"${scratch}/a\", to: \"${scratch}/b\" } }";
    assert_eq!(here(near), none);
    let options = near.replace("one, copy", "one, args: [--deleteOnSuccess], copy");
    let lacking = "step \"one\" has options of s3-dist-cp, which this machine does not have";
    assert_eq!(here(&options), [lacking]);
    let far = near.replace("${scratch}/a", "s3://bucket/a");
    let copies = "step \"one\" copies s3://bucket/a, which --local cannot reach";
    assert_eq!(here(&far), [copies]);
}

#[test]
fn a_job_whose_failed_step_may_fail_has_succeeded() {
    for (on_failure, done) in [("continue", true), ("stop", false)] {
        let text = with(&format!(
            "{{ name: one, script: one.py, on_failure: {on_failure} }}"
        ));
        let stack = stack(&text);
        let mut world = super::World::new();
        world.pass(&stack);
        world.work(StepState::Failed);
        let actions = world.plan(&stack).actions;
        let again = actions.iter().any(|it| it.action.new_cluster().is_some());
        assert_eq!(again, !done, "{on_failure}");
    }
}

#[test]
fn packages_come_from_a_file_or_an_environment() {
    let of = |python: &str, requirements: &[&str]| {
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n\
             job:\n  {python}\n  steps:\n    - {{ name: one, script: one.py, \
             spark: {{ deploy_mode: cluster }} }}\n"
        );
        let stack = stack(&text);
        let mut facts = facts(&stack);
        facts.capacity = Capacity::AsTyped;
        facts.step_files.requirements = requirements.iter().map(|&it| it.to_owned()).collect();
        expand(&stack, &facts).unwrap().0
    };
    let listed = of("python_packages: [numpy]", &[]);
    for same in [
        of("python: { packages: [numpy] }", &[]),
        of("python: { requirements: r.txt }", &["numpy"]),
    ] {
        assert_eq!(same.cluster.python_packages, ["numpy"]);
        assert_eq!(same.job, listed.job);
    }
    let other = of("python: { requirements: r.txt }", &["numpy==1.26.4"]);
    assert_ne!(other.job.unwrap().hash, listed.job.unwrap().hash);
    let archived = of("python: { archive: \"s3://bucket/venv.tar.gz\" }", &[]);
    assert!(archived.cluster.python_packages.is_empty());
    let step = &archived.job.unwrap().steps[0];
    let archives: Vec<String> = step
        .submission
        .archives
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(archives, ["s3://bucket/venv.tar.gz#environment"]);
    assert_eq!(
        step.conf["spark.pyspark.python"],
        "./environment/bin/python"
    );
}

#[test]
fn a_hive_step_needs_the_application() {
    let text = with("{ name: one, hive: q.hql }");
    assert_eq!(
        refusals(&text),
        ["step \"one\" runs Hive, which the cluster does not have"]
    );
    for hive in ["Hive", "hive"] {
        let applications = format!("size: 3 x m5.xlarge, applications: [{hive}]");
        let text = text.replace("size: 3 x m5.xlarge", &applications);
        assert_eq!(refusals(&text), Vec::<String>::new(), "{hive}");
    }
}
