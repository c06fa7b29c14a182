//! The report of a sweep, as text and as JSON.

use super::words::{count, wrap};
use crate::guard::watch::{Assessment, Stage};
use crate::model::audit::Entry;
use crate::model::fleet_status::{PlacedCost, SweepSummary};
use crate::model::observed::EndReason;
use crate::model::place::Place;
use crate::model::shown::Untrusted;
use crate::model::watched_account::RefusedAccount;
use crate::run::watchdog::{Report, SweptCluster, Trip};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fmt::Write;

/// The clusters, most urgent first, each with the reason; then what could not be read.
pub(in crate::cli) fn report(report: &Report, dry: bool) -> String {
    let mut seen: Vec<&SweptCluster> = report.verdicts.iter().collect();
    seen.sort_by_key(|seen| {
        (
            urgency(&seen.assessment.stage),
            seen.place.clone(),
            seen.id.clone(),
        )
    });
    let mut out = String::new();
    for seen in seen {
        cluster(&mut out, seen, dry);
    }
    let summary = &report.summary;
    for Trip { account, tripped } in &report.trips {
        let place = account.as_ref();
        let place = place.map_or_else(String::new, |account| format!(" of account {account}"));
        let says = format!(
            "! circuit breaker: {} of {} clusters{place} would end for idleness, {} may: none is \
             ended",
            tripped.requested, tripped.fleet, tripped.allowed
        );
        line(&mut out, &wrap(&says, 2));
    }
    for RefusedAccount { account, why } in &summary.refused {
        let says = format!("! account {account} is not watched: {why}");
        line(&mut out, &wrap(&says, 2));
    }
    for gap in &summary.unseen {
        line(&mut out, &wrap(&format!("! not read: {gap}"), 2));
    }
    if let Some(says) = &report.mildest {
        line(&mut out, &wrap(says, 2));
    }
    let removed = if dry { "would be removed" } else { "left over" };
    for leftover in &report.leftovers {
        line(&mut out, &wrap(&format!("{removed}: {leftover}"), 2));
    }
    other_costs(&mut out, report);
    line(&mut out, &coverage(summary));
    let took = (summary.ended_at - summary.began_at).num_seconds();
    line(
        &mut out,
        &format!(
            "{}, {} examined closely, {}, {took} s",
            count(
                u64::try_from(summary.fleet).unwrap_or(u64::MAX),
                "running cluster"
            ),
            summary.looked,
            count(summary.calls, "call"),
        ),
    );
    out
}

/// The most things that are listed; JSON has all.
const MAX_OTHER_COSTS: usize = 20;

/// What costs money besides clusters. It is only reported.
fn other_costs(out: &mut String, report: &Report) {
    let costs = &report.other_costs;
    for placed in costs.iter().take(MAX_OTHER_COSTS) {
        line(out, &wrap(&format!("also costs: {}", placed.text()), 2));
    }
    if let Some(more) = costs
        .len()
        .checked_sub(MAX_OTHER_COSTS)
        .filter(|more| *more > 0)
    {
        line(
            out,
            &format!("also costs: {more} more, which --output json lists"),
        );
    }
    for gap in &report.unread_costs {
        line(out, &wrap(&format!("! not read: {gap}"), 2));
    }
}

/// How many of the fleet's clusters were looked at.
fn coverage(summary: &SweepSummary) -> String {
    let fleet = summary.fleet;
    let not = summary.unlooked;
    let mut text = format!("looked at {} of {fleet}", fleet.saturating_sub(not));
    if not > 0 {
        // Writing to a String does not fail.
        let _ = write!(text, "; {not} not looked at yet");
    }
    for place in summary.blind_places() {
        let _ = write!(text, "; {place} cannot be listed");
    }
    text
}

fn line(out: &mut String, text: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(out, "{text}");
}

/// The sort key: stages that act come first.
const fn urgency(stage: &Stage) -> u8 {
    match stage {
        Stage::End(..) => 0,
        Stage::Late => 1,
        Stage::Adopt | Stage::Warn(_) | Stage::Grace(_) | Stage::Clear => 2,
        Stage::Protected | Stage::Forgotten | Stage::Stuck => 3,
        Stage::Unseen => 4,
        Stage::Exempt => 5,
        Stage::Keep | Stage::Ending | Stage::Over => 6,
    }
}

fn cluster(out: &mut String, seen: &SweptCluster, dry: bool) {
    let owner = seen.owner.as_ref();
    let owner = owner.map_or_else(String::new, |owner| format!(", {owner}"));
    let effect = effect(&seen.assessment, dry);
    line(out, &format!("{} {}  {}", seen.place, seen.id, effect));
    line(out, &format!("  {}{owner}", seen.name));
    if !seen.assessment.evidence.is_empty() {
        line(out, &format!("  {}", wrap(&seen.assessment.evidence, 2)));
    }
}

/// What is done about a cluster, in words.
fn effect(assessment: &Assessment, dry: bool) -> String {
    let would = if dry { "would " } else { "" };
    let at = assessment
        .ends_at
        .map(|at| at.format("%F %H:%M:%S UTC").to_string())
        .unwrap_or_default();
    let reason = assessment.reason.map_or("", |reason| reason.as_str());
    match &assessment.stage {
        Stage::End(..) if dry => format!("would end: {reason}"),
        Stage::End(..) => format!("ends: {reason}"),
        Stage::Warn(_) => format!("{would}warn: {reason} at {at}"),
        Stage::Grace(_) => format!("warned: {reason} at {at}"),
        Stage::Clear => format!("{would}remove its mark"),
        Stage::Adopt => format!("{would}adopt"),
        Stage::Keep => keep(assessment, reason),
        stage @ (Stage::Exempt
        | Stage::Unseen
        | Stage::Stuck
        | Stage::Forgotten
        | Stage::Protected
        | Stage::Ending
        | Stage::Late
        | Stage::Over) => stage.word().to_owned(),
    }
}

fn keep(assessment: &Assessment, reason: &str) -> String {
    let time = |at: DateTime<Utc>| at.format("%F %H:%M:%S UTC").to_string();
    match (assessment.warns_at.map(time), assessment.ends_at.map(time)) {
        (Some(notice), None) => format!("keep; reported at {notice} ({reason})"),
        (Some(warned), Some(ends)) if assessment.at_earliest => {
            format!("keep; warned at {warned}, ends {ends} at the earliest ({reason})")
        }
        (_, Some(ends)) => format!("keep until {ends} ({reason})"),
        (None, None) => "keep".to_owned(),
    }
}

/// The report as JSON.
pub(in crate::cli) fn document(report: Report) -> ReportDocument {
    ReportDocument {
        sweep: report.summary,
        verdicts: report.verdicts.into_iter().map(verdict).collect(),
        done: report.done,
        leftovers: report.leftovers,
        other_costs: report.other_costs,
        unread_costs: report.unread_costs,
        unmanaged: report.mildest,
    }
}

fn verdict(seen: SweptCluster) -> VerdictDocument {
    let assessment = seen.assessment;
    VerdictDocument {
        place: seen.place,
        id: seen.id,
        name: seen.name,
        owner: seen.owner,
        stage: assessment.stage.word().to_owned(),
        reason: assessment.reason,
        evidence: assessment.evidence,
        ends_at: assessment.ends_at,
        at_earliest: assessment.at_earliest,
        warns_at: assessment.warns_at,
        idle_since: assessment.idle_since,
        idle_at_least: assessment.idle_at_least,
    }
}

/// What a sweep found and did.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct ReportDocument {
    /// Counts of calls and clusters, and what could not be read.
    sweep: SweepSummary,
    /// All clusters, by place and id.
    verdicts: Vec<VerdictDocument>,
    /// What was done; nothing in a dry run.
    done: Vec<Entry>,
    /// Leftovers of ended clusters that are due for removal.
    leftovers: Vec<String>,
    /// What costs money besides clusters.
    other_costs: Vec<PlacedCost>,
    /// What of that could not be looked for.
    unread_costs: Vec<String>,
    /// Which policy applies to foreign clusters, if several do.
    unmanaged: Option<String>,
}

/// The verdict on a cluster.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct VerdictDocument {
    /// Where it runs.
    place: Place,
    /// Its id.
    id: String,
    /// Its name, as its creator chose it.
    name: Untrusted,
    /// Who owns it, from its tags.
    owner: Option<Untrusted>,
    /// What is to be done: keep, warn, warned, end and others.
    stage: String,
    /// The reason of the end that is coming.
    reason: Option<EndReason>,
    /// What the verdict is based on.
    evidence: String,
    /// When it ends as things stand.
    ends_at: Option<DateTime<Utc>>,
    /// Whether that is the earliest time.
    at_earliest: bool,
    /// When people are warned.
    warns_at: Option<DateTime<Utc>>,
    /// Since when it is idle.
    idle_since: Option<DateTime<Utc>>,
    /// Whether it may have been idle for longer.
    idle_at_least: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::place::Place;
    use crate::model::shown::lines;

    #[test]
    fn cluster_text_cannot_forge_lines_of_the_report() {
        for wrote in [
            "a\nus-east-1 j-PRODUCTION00  would end: idle_timeout",
            "a\u{2028}us-east-1 j-PRODUCTION00  would end\u{202e}gnihton",
            "a\r\x1b[2Kus-east-1 j-PRODUCTION00  ends",
            "a\u{85}us-east-1 j-PRODUCTION00\u{b} ends",
        ] {
            let assessment = Assessment {
                stage: Stage::Unseen,
                reason: None,
                evidence: wrote.to_owned(),
                ends_at: None,
                warns_at: None,
                at_earliest: false,
                idle_since: None,
                idle_at_least: false,
                quiet_period: None,
            };
            let seen = SweptCluster {
                place: Place::Local,
                id: "j-1".to_owned(),
                name: wrote.into(),
                owner: Some(wrote.into()),
                assessment,
            };
            let mut out = String::new();
            cluster(&mut out, &seen, false);
            let begin = |line: &str| line.starts_with("local j-1  ") || line.starts_with("  ");
            let shown = lines(&out);
            assert!(
                shown
                    .split(['\n', '\r', '\u{85}', '\u{2028}'])
                    .all(|line| line.is_empty() || begin(line)),
                "{shown:?}"
            );
            assert!(!shown.contains(['\u{202e}', '\x1b']), "{shown:?}");
        }
    }
}
