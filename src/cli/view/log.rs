//! Entries of the audit log: when, what and which cluster; below it why, and the outcome.

use super::words::wrap;
use crate::ledger::Logged;
use crate::model::audit::Entry;
use crate::model::shown;

/// The column where the details of an entry begin, below its action.
const INDENT: usize = 21;

/// One entry of several lines, with the final line end.
pub(in crate::cli) fn entry(Logged { entry, .. }: &Logged) -> String {
    let Entry { at, act, .. } = entry;
    let at = at.format("%F %T");
    let head = format!("{:<9}  {}", act.as_str(), target(entry));
    let head = format!("{at}  {}", wrap(&head, INDENT));
    let why = [entry.verdict.as_deref(), entry.evidence.as_deref()];
    let why: Vec<String> = why.into_iter().flatten().map(line).collect();
    let why = why.join(": ");
    let outcome = format!("{}, by {}", line(&entry.outcome), line(&entry.actor));
    let mut text = format!("{head}\n");
    for detail in [why, outcome].iter().filter(|detail| !detail.is_empty()) {
        text.push_str(&" ".repeat(INDENT));
        text.push_str(&wrap(detail, INDENT));
        text.push('\n');
    }
    text
}

/// `j-2AXXXXXXGAPLF  nightly, eu-west-1`.
fn target(entry: &Entry) -> String {
    let place = entry.place.as_ref().map(ToString::to_string);
    let Some(target) = &entry.target else {
        return place.unwrap_or_else(|| "the watchdog".to_owned());
    };
    let name = target.name.as_ref().map(ToString::to_string);
    let more: Vec<String> = name.into_iter().chain(place).collect();
    format!("{:<15}  {}", line(&target.id), more.join(", "))
}

fn line(text: &str) -> String {
    shown::line(text, 500)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit::{Act, Target};

    fn logged(act: Act, name: &str) -> Logged {
        let entry = Entry {
            at: "2026-11-21T19:10:00Z".parse().unwrap(),
            actor: "watchdog@build-1".to_owned(),
            place: Some("eu-west-1".parse().unwrap()),
            target: Some(Target {
                id: "j-2AXXXXXXGAPLF".to_owned(),
                name: Some(name.into()),
            }),
            act,
            verdict: Some("idle_timeout".to_owned()),
            evidence: Some(
                "no step since 18:20:00 UTC, no application and no container in 10 samples"
                    .to_owned(),
            ),
            outcome: "done".to_owned(),
        };
        Logged { id: 7, entry }
    }

    #[test]
    fn entries_fit_eighty_columns() {
        let itself = Entry {
            place: None,
            target: None,
            verdict: None,
            evidence: None,
            ..logged(Act::Begin, "").entry
        };
        let itself = Logged {
            id: 1,
            entry: itself,
        };
        let forged = "x\n2026-11-21 19:11:00  extend     j-1";
        let text = entry(&itself)
            + &entry(&logged(Act::Terminate, "nightly"))
            + &entry(&logged(Act::CleanUp, forged));
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        insta::assert_snapshot!(text, @r"
        2026-11-21 19:10:00  begin      the watchdog
                             done, by watchdog@build-1
        2026-11-21 19:10:00  terminate  j-2AXXXXXXGAPLF  nightly, eu-west-1
                             idle_timeout: no step since 18:20:00 UTC, no application
                             and no container in 10 samples
                             done, by watchdog@build-1
        2026-11-21 19:10:00  clean_up   j-2AXXXXXXGAPLF  x 2026-11-21 19:11:00 extend
                             j-1, eu-west-1
                             idle_timeout: no step since 18:20:00 UTC, no application
                             and no container in 10 samples
                             done, by watchdog@build-1
        ");
    }
}
