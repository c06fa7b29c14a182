//! Diagnoses of damaged logs, of nothing but the evidence, and after a run that ended well.

use super::corpus::{Case, cases, kinds};
use clusterup::cloud::rng::Rng;
use clusterup::model::diagnosis::{Confidence, Diagnosis, EvidenceLine};
use clusterup::model::evidence::{Evidence, LogRole, LogText};
use clusterup_testkit::worlds;

/// What must not change.
fn told(found: &Diagnosis) -> String {
    let Diagnosis {
        rule,
        cause,
        class,
        owner,
        confidence,
        ..
    } = found;
    let kinds = kinds(found);
    format!("{rule:?} {cause} {class:?} {owner:?} {confidence:?} {kinds:?}")
}

#[test]
fn damaged_logs_do_no_harm() {
    let known = cases("known");
    let mut wrong = Vec::new();
    let played_all = worlds::each(env!("CARGO_CRATE_NAME"), 0..10_000, |seed| {
        let rng = Rng::new(seed);
        let case = &known[below(&rng, known.len())];
        let found = case.of(&damaged(&case.evidence, &rng));
        assert!(!found.cause.as_str().is_empty());
        assert!(found.evidence.len() <= 20);
        if found.confidence > Confidence::Low && found.class.as_str() != case.class {
            wrong.push(format!("{seed}: {}: {}", case.name, found.cause));
        }
    });
    // A name that is cut is another name; more than that is a mistake of ours.
    let few = wrong.len() <= 200;
    assert!(
        few || !played_all,
        "{} wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn below(rng: &Rng, end: usize) -> usize {
    usize::try_from(rng.below(end.max(1) as u64)).unwrap()
}

/// A part of each log, with damage.
fn damaged(evidence: &Evidence, rng: &Rng) -> Evidence {
    let mut evidence = evidence.clone();
    let lines = |log: &LogText| {
        let lines: Vec<String> = log.sections[0].text.lines().map(str::to_owned).collect();
        let first = below(rng, lines.len());
        lines.into_iter().skip(first).take(8).collect()
    };
    let mut logs: Vec<Vec<String>> = evidence.logs.iter().map(lines).collect();
    for _ in 0..=below(rng, 6) {
        let from = below(rng, logs.len());
        if logs[from].is_empty() {
            continue;
        }
        let at = below(rng, logs[from].len());
        match rng.below(8) {
            0 => _ = logs[from].remove(at),
            1 => {
                let line = logs[from][at].clone();
                logs[from].insert(at, line);
            }
            2 => {
                let line = logs[from].remove(at);
                let to = below(rng, logs.len());
                let place = below(rng, logs[to].len());
                logs[to].insert(place, line);
            }
            3 => {
                let line = &mut logs[from][at];
                line.truncate(line.floor_char_boundary(below(rng, line.len())));
            }
            4 => {
                let line = &logs[from][at];
                let start = line.floor_char_boundary(below(rng, line.len()));
                logs[from][at] = line[start..].to_owned();
            }
            5 => {
                let mut bytes = logs[from][at].clone().into_bytes();
                bytes.push(0xff);
                let place = below(rng, bytes.len());
                bytes[place] = 0xc3;
                logs[from][at] = String::from_utf8_lossy(&bytes).into_owned();
            }
            6 => logs[from][at] = logs[from][at].repeat(1 + below(rng, 8)),
            _ => {
                let other = below(rng, logs[from].len());
                logs[from].swap(at, other);
            }
        }
    }
    for (log, lines) in evidence.logs.iter_mut().zip(logs) {
        log.sections[0].text = lines.join("\n");
    }
    evidence
}

#[test]
fn huge_lines_do_no_harm() {
    const HUGE: usize = 10 << 20;
    let case = &cases("known")[0];
    let expected = told(&case.diagnosis());
    for huge in [
        "x".repeat(HUGE),
        "[Stage 1:>   (0 + 2) / 2]\r".repeat(HUGE / 26),
        format!("{{\"msg\":\"{}\"}}", "[".repeat(HUGE)),
        "\u{fffd}".repeat(HUGE / 3),
    ] {
        let mut evidence = case.evidence.clone();
        for log in &mut evidence.logs {
            log.sections[0].text.insert_str(0, &format!("{huge}\n"));
        }
        assert_eq!(told(&case.of(&evidence)), expected, "{}", &huge[..20]);
    }
}

#[test]
fn the_evidence_alone_tells_the_same() {
    let mut wrong = Vec::new();
    for case in cases("known") {
        let found = case.diagnosis();
        let alone = case.of(&only(&case.evidence, &found.evidence));
        if told(&alone) != told(&found) {
            wrong.push(format!(
                "{}\n  {}\n  {}",
                case.name,
                told(&found),
                told(&alone)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The logs without any other lines.
fn only(evidence: &Evidence, lines: &[EvidenceLine]) -> Evidence {
    let mut evidence = evidence.clone();
    for log in &mut evidence.logs {
        let is_shown = |number: usize| {
            let mut of_log = lines.iter().filter(|line| line.log == log.name.as_str());
            of_log.any(|line| line.number == Some(number as u64 + 1))
        };
        let section = &mut log.sections[0];
        let kept = section.text.lines().enumerate();
        let kept = kept.filter(|(number, _)| is_shown(*number));
        section.text = kept.map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    }
    evidence
}

#[test]
fn a_run_before_that_ended_well_changes_nothing() {
    // An exception that the run before handled looks as one that ended a run.
    let well = cases("ended_well").into_iter();
    let well: Vec<Case> = well.filter(|well| well.evidence.exit.is_none()).collect();
    let known = cases("known");
    for (index, case) in known.iter().enumerate() {
        // Runs in one file are of one mode.
        let is_cluster = |case: &&Case| case.setting.ends_with("cluster mode");
        let same = well
            .iter()
            .filter(|well| is_cluster(well) == is_cluster(&case));
        let same: Vec<&Case> = same.collect();
        let before = same[index % same.len()];
        let found = told(&case.of(&after(&case.evidence, before)));
        let name = &before.name;
        assert_eq!(found, told(&case.diagnosis()), "{} after {name}", case.name);
    }
}

/// The logs after those of another run, in the same files.
fn after(evidence: &Evidence, before: &Case) -> Evidence {
    let mut evidence = evidence.clone();
    for log in &mut evidence.logs {
        let of_role = |role: LogRole| before.evidence.logs.iter().find(|log| log.role == role);
        if let Some(before) = of_role(log.role) {
            let text = format!("{}\n", before.sections[0].text);
            log.sections[0].text.insert_str(0, &text);
        }
    }
    evidence
}

#[test]
fn the_order_of_logs_does_not_matter() {
    for case in cases("known") {
        let mut evidence = case.evidence.clone();
        let found = case.diagnosis();
        evidence.logs.reverse();
        assert_eq!(case.of(&evidence), found, "{}", case.name);
        let first = evidence.logs.remove(0);
        evidence.logs.push(first);
        assert_eq!(case.of(&evidence), found, "{}", case.name);
    }
}
