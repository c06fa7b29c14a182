//! How often a diagnosis is right.

use super::corpus::{Case, cases, kinds, owner};
use clusterup::model::diagnosis::{Confidence, Diagnosis};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What follows from every failure, and is never its cause.
const NEVER_THE_CAUSE: [&str; 9] = [
    "aborting job",
    "Job aborted due to stage failure",
    "ShutdownHookManager",
    "already stopped",
    "Asked to remove non-existent executor",
    "Connection reset by peer",
    "Exception while deleting Spark temp dir",
    "NativeCodeLoader",
    "Py4JError",
];

#[derive(Default)]
struct Score {
    cases: usize,
    causes: usize,
    owners: usize,
    with_remedy: usize,
    remedies: usize,
    /// Wrong, and said with more than a low confidence.
    overstated: Vec<String>,
    wrong: Vec<String>,
}

impl Score {
    fn count(&mut self, case: &Case, found: &Diagnosis) {
        let rule = found.rule.as_deref().unwrap_or_default();
        let is_told = case.cause.is_empty() || found.cause == case.cause.as_str();
        let is_cause = rule == case.rule && found.class.as_str() == case.class && is_told;
        let is_owner = owner(found) == case.owner;
        let kinds = kinds(found);
        self.cases += 1;
        self.causes += usize::from(is_cause);
        self.owners += usize::from(is_owner);
        if !case.remedies.is_empty() {
            self.with_remedy += 1;
            self.remedies += usize::from(kinds == case.remedies);
        }
        if !is_cause && found.confidence > Confidence::Low {
            self.overstated.push(case.name.clone());
        }
        if !is_cause || !is_owner || kinds != case.remedies {
            let class = found.class.as_str();
            let (owner, kinds) = (owner(found), kinds.join(" "));
            let wrong = format!("{}: {rule} {class} {owner} [{kinds}]", case.name);
            self.wrong.push(format!("{wrong}: {}", found.cause));
        }
    }
}

fn percent(part: usize, whole: usize) -> usize {
    100 * part / whole.max(1)
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "shows how often it is right, and where it is not"
)]
fn causes_owners_and_remedies_are_right() {
    let known = cases("known");
    let mut score = Score::default();
    for case in &known {
        score.count(case, &case.diagnosis());
    }
    let (causes, owners) = (
        percent(score.causes, score.cases),
        percent(score.owners, score.cases),
    );
    let remedies = percent(score.remedies, score.with_remedy);
    let wrong = score.wrong.join("\n");
    println!(
        "{} cases: {causes}% causes, {owners}% owners, {remedies}% remedies\n{wrong}",
        score.cases
    );
    assert!(known.len() >= 90, "{} cases", known.len());
    assert!(
        causes >= 95 && owners >= 95 && remedies >= 90,
        "{causes} {owners} {remedies}\n{wrong}"
    );
    assert!(
        score.overstated.is_empty(),
        "{:?}\n{wrong}",
        score.overstated
    );
}

#[test]
fn every_row_and_every_setting_is_there() {
    let known = cases("known");
    let rows: BTreeSet<u32> = known.iter().filter_map(|case| case.row).collect();
    let missing: Vec<u32> = (1..=59).filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "no case has the rows {missing:?}");
    for part in [
        "spark 2.4",
        "spark 3.1",
        "spark 3.5",
        "spark 4",
        "client mode",
        "cluster mode",
    ] {
        let has = |case: &&Case| case.setting.contains(part);
        assert!(known.iter().filter(has).count() >= 4, "{part}");
    }
}

#[test]
fn every_rule_has_a_case() {
    let known = cases("known");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnose/rules");
    let files = fs::read_dir(rules)
        .unwrap()
        .map(|file| file.unwrap().path());
    let of_rules = files.filter(|path| path.extension().is_some_and(|end| end == "rules"));
    let mut count = 0;
    for path in of_rules {
        let text = fs::read_to_string(path).unwrap();
        let heads = text.lines().filter_map(|line| line.strip_prefix("rule "));
        // A rule that only marks an end is never a cause.
        for head in heads.filter(|head| !head.ends_with(" end")) {
            let id = head.split(' ').next().unwrap();
            assert!(known.iter().any(|case| case.rule == id), "no case has {id}");
            count += 1;
        }
    }
    assert!(count > 80, "{count} rules");
}

#[test]
fn what_no_rule_knows_is_unknown() {
    let unknown = cases("unknown");
    assert!(unknown.len() >= 20, "{} cases", unknown.len());
    for case in unknown {
        let found = case.diagnosis();
        let name = &case.name;
        assert!(found.rule.is_none(), "{name}: {found:#?}");
        assert_eq!(found.confidence, Confidence::Unknown, "{name}");
        assert!(
            found.remedies.is_empty() && found.evidence.len() <= 5,
            "{name}"
        );
    }
}

#[test]
fn jobs_that_ended_well_have_no_cause() {
    let well = cases("ended_well");
    assert!(well.len() >= 20, "{} cases", well.len());
    for case in well {
        let found = case.diagnosis();
        assert!(found.rule.is_none(), "{}: {found:#?}", case.name);
    }
}

#[test]
fn what_follows_is_never_the_cause() {
    for case in cases("known").into_iter().chain(cases("unknown")) {
        let found = case.diagnosis();
        for text in NEVER_THE_CAUSE {
            assert!(
                !found.cause.as_str().contains(text),
                "{}: {}",
                case.name,
                found.cause
            );
        }
        let of_cause = found.evidence.first();
        let is_shown =
            |text: &&&str| of_cause.is_some_and(|line| line.text.as_str().contains(**text));
        let shown: Vec<_> = NEVER_THE_CAUSE.iter().filter(is_shown).collect();
        // The reason of an aborted job is on the same line.
        let has_reason =
            of_cause.is_some_and(|line| line.text.as_str().contains("stage failure: "));
        assert!(shown.is_empty() || has_reason, "{}: {shown:?}", case.name);
    }
}
