//! What followed from a cause, in short sentences.

use super::cause::Cause;
use super::ending::Ending;
use super::finding::Finding;
use super::log::Log;
use super::raised::{Raised, raised};
use crate::model::shown::Untrusted;
use std::collections::{BTreeMap, BTreeSet};

/// At most so many exceptions are reported after the first.
const MAX_EXCEPTIONS: usize = 2;

/// The findings of one rule.
struct Group<'a> {
    first: &'a Finding,
    /// What distinguishes its occurrences.
    counted: BTreeSet<&'a str>,
}

/// What followed, in the order of time.
pub(super) fn consequences(
    logs: &[Log<'_>],
    findings: &[Finding],
    cause: &Cause<'_>,
    ending: Option<&Ending>,
) -> Vec<Untrusted> {
    let at = cause.at();
    let cause_time = logs[at.log].block(at.line).time;
    let of_cause = match cause {
        Cause::Rule(finding) => finding.rule.id.as_str(),
        Cause::Raised(..) | Cause::Thrown(..) => "",
    };
    let in_ending = |finding: &Finding| ending.is_some_and(|end| end.has(finding));
    let follows = |finding: &&Finding| {
        let after = match (finding.time, cause_time) {
            (Some(time), Some(cause)) => time >= cause,
            _ => false,
        };
        let before_stop = finding.at.line < logs[finding.at.log].stopping;
        finding.rule.id != of_cause && (after && before_stop || in_ending(finding))
    };
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for finding in findings.iter().filter(follows) {
        let group = groups.entry(&finding.rule.id).or_insert(Group {
            first: finding,
            counted: BTreeSet::new(),
        });
        let counted = finding.holes.get(&finding.rule.counted);
        group.counted.extend(counted.map(String::as_str));
        let key = |finding: &Finding| (finding.time.is_none(), finding.time, finding.at);
        let names = |finding: &Finding| finding.holes.contains_key(&finding.rule.counted);
        let is_better = names(finding) && !names(group.first);
        if is_better || key(finding) < key(group.first) {
            group.first = finding;
        }
    }
    let mut groups: Vec<Group<'_>> = groups.into_values().collect();
    groups.sort_by_key(|group| {
        let Finding { time, at, .. } = group.first;
        (time.is_none(), *time, *at)
    });
    let mut said: Vec<Untrusted> = Vec::new();
    let exceptions = later_exceptions(logs, cause).into_iter();
    for sentence in exceptions.chain(groups.iter().filter_map(Group::sentence)) {
        let sentence = Untrusted::from(sentence);
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    said
}

/// The exceptions that Python raised while it handled the cause.
fn later_exceptions(logs: &[Log<'_>], cause: &Cause<'_>) -> Vec<String> {
    let Cause::Raised(index, first) = cause else {
        return Vec::new();
    };
    let log = &logs[*index];
    let later = raised(log, log.lines[first.line].block).into_iter();
    let later = later.filter(|later| later.line > first.line && later.owner == first.owner);
    // Spark repeats a worker's exception below the one that carries it.
    let own = later.filter(|later| !later.is_wrapper(log) && later.text(log) != first.text(log));
    let text = |later: Raised| format!("it was followed by {}", later.text(log));
    own.map(text).take(MAX_EXCEPTIONS).collect()
}

impl Group<'_> {
    /// `None` if the rule is none of a consequence, or what its sentence names is not known.
    fn sentence(&self) -> Option<String> {
        let (one, several) = self.first.rule.consequence.as_ref()?;
        let mut holes = self.first.holes.clone();
        holes.insert("count".to_owned(), self.counted.len().to_string());
        let sentence = if self.counted.len() > 1 { several } else { one };
        sentence.known(&holes)
    }
}
