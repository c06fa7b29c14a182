//! The corpus: logs in our own words of the forms in which Spark, YARN, Python and AWS report
//! failures, with what a diagnosis should say.
//!
//! A file begins with what is known of the case: `row` of the table of failures, which Spark in which
//! mode, the expected `rule`, `cause`, `class`, `owner` and kinds of `remedies`, the `exit` code, `spot` if
//! the cluster has Spot instances, and the time at which the cluster's end `cut` the step off. Each log follows its line `=== ROLE NAME`.

use clusterup::diagnose::{Asked, diagnose};
use clusterup::model::diagnosis::{Diagnosis, Remedy};
use clusterup::model::evidence::{Evidence, LogRole, LogText};
use std::fs;
use std::path::Path;

/// A labelled case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) row: Option<u32>,
    /// Such as `spark 3.5, client mode`.
    pub(crate) setting: String,
    pub(crate) rule: String,
    pub(crate) class: String,
    /// The whole sentence; empty if it is not held.
    pub(crate) cause: String,
    pub(crate) owner: String,
    pub(crate) remedies: Vec<String>,
    pub(crate) has_spot: bool,
    pub(crate) evidence: Evidence,
}

/// The cases of a folder of the corpus, in the order of their names.
pub(crate) fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/diagnose/corpus")
        .join(folder);
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    let case = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        case(name, &fs::read_to_string(path).unwrap())
    };
    files.iter().map(case).collect()
}

fn case(name: String, text: &str) -> Case {
    let (head, logs) = text.split_once("\n=== ").unwrap();
    let mut case = Case {
        name,
        ..Case::default()
    };
    for line in head.lines() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "row" => case.row = Some(rest.parse().unwrap()),
            "spark" => line.clone_into(&mut case.setting),
            "rule" => rest.clone_into(&mut case.rule),
            "cause" => rest.clone_into(&mut case.cause),
            "class" => rest.clone_into(&mut case.class),
            "owner" => rest.clone_into(&mut case.owner),
            "remedies" => case.remedies = rest.split_whitespace().map(str::to_owned).collect(),
            "exit" => case.evidence.exit = Some(rest.parse().unwrap()),
            "spot" => case.has_spot = true,
            "cut" => case.evidence.cut_at = Some(rest.parse().unwrap()),
            _ => panic!("{}: {line}", case.name),
        }
    }
    case.evidence.logs = logs.split("\n=== ").map(log).collect();
    case
}

fn log(text: &str) -> LogText {
    let (title, text) = text.split_once('\n').unwrap_or((text, ""));
    let (role, name) = title.split_once(' ').unwrap();
    let role: LogRole = serde_json::from_value(role.into()).unwrap();
    LogText::whole(role, name, text)
}

impl Case {
    pub(crate) fn diagnosis(&self) -> Diagnosis {
        self.of(&self.evidence)
    }

    /// The diagnosis of other evidence under the same conditions.
    pub(crate) fn of(&self, evidence: &Evidence) -> Diagnosis {
        let asked = Asked {
            has_spot: self.has_spot,
            ..Asked::default()
        };
        diagnose(evidence, asked)
    }
}

/// The kinds of a diagnosis's remedies.
pub(crate) fn kinds(diagnosis: &Diagnosis) -> Vec<String> {
    let kind = |remedy: &Remedy| {
        let remedy = serde_json::to_value(remedy).unwrap();
        remedy["kind"].as_str().unwrap().to_owned()
    };
    diagnosis.remedies.iter().map(kind).collect()
}

/// The owner's word; empty if it is unknown.
pub(crate) fn owner(diagnosis: &Diagnosis) -> &'static str {
    diagnosis.owner.map_or("", |owner| owner.as_str())
}
