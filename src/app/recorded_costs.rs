//! Records clusters in the ledger. If the ledger cannot be written, a command warns and continues.

use super::failure::Failure;
use super::session::Session;
use super::target::Target;
use crate::cloud::payer;
use crate::cost::attempts::JobAttempt;
use crate::cost::{
    self,
    ledger::{Attempted, Record, Scope, SlotTime, Window},
};
use crate::ledger::Ledger;
use crate::model::clock::Clock;
use crate::model::name::{ClusterId, Region, StackName, StepName};
use crate::model::observed::Cluster;
use crate::model::pace::StepPace;
use crate::model::place::Place;
use crate::model::span::Span;
use crate::progress::Earlier;
use crate::run::{self, clock::SystemClock};
use chrono::DateTime;
use std::collections::BTreeMap;

/// Opens the ledger; warns if a damaged one was moved aside.
pub(crate) fn open(session: &Session) -> Result<Ledger, Failure> {
    let opened = Ledger::open(&session.environment.ledger()?, SystemClock.now())?;
    if let Some(damaged) = &opened.spoilt {
        session.reporter.say(&format!(
            "warning: the ledger was damaged and was moved to {}; a new one is filled from the \
              clusters that still exist",
            damaged.display()
        ));
    }
    Ok(opened.ledger)
}

/// How long a stack's last runs took in a region, if the ledger knows. Does not create a ledger.
pub(crate) fn expected(stack: &StackName, region: &Region, session: &Session) -> Option<Span> {
    session
        .environment
        .ledger()
        .ok()
        .filter(|path| path.exists())?;
    let now = SystemClock.now();
    let ledger = open(session).ok()?;
    let scope = Scope {
        place: Place::Region(region.clone()),
        account: None,
    };
    let window = Window {
        from: DateTime::UNIX_EPOCH,
        until: now,
    };
    let records = ledger.records(&scope, window).ok()?;
    cost::ledger::expected(&records, stack)
}

/// Whether the ledger has a cluster of a stack on a target. Does not create a ledger.
pub(crate) fn has_recorded(stack: &StackName, target: &Target<'_>) -> bool {
    recorded(target).iter().any(|record| record.stack == *stack)
}

/// All records of a target, oldest first; none if there is no ledger.
fn recorded(target: &Target<'_>) -> Vec<Record> {
    let session = target.session;
    let exists = session.environment.ledger().is_ok_and(|path| path.exists());
    let Some(ledger) = exists.then(|| open(session).ok()).flatten() else {
        return Vec::new();
    };
    let scope = Scope {
        place: target.place.clone(),
        account: None,
    };
    let window = Window {
        from: DateTime::UNIX_EPOCH,
        until: SystemClock.now(),
    };
    ledger.records(&scope, window).unwrap_or_default()
}

/// Records clusters as observed; warns if that fails.
pub(crate) async fn note(clusters: &[Cluster], target: &Target<'_>) {
    if !clusters.is_empty() {
        warn(write(clusters, target, |record| record).await, target);
    }
}

/// Records that the adoption of a living cluster was released; warns if that fails.
pub(crate) async fn note_release(cluster: &Cluster, target: &Target<'_>) {
    let clusters = std::slice::from_ref(cluster);
    warn(write(clusters, target, Record::released).await, target);
}

fn warn(written: Result<(), Failure>, target: &Target<'_>) {
    if let Err(failure) = written {
        let Failure { message, hints, .. } = failure;
        let reporter = &target.session.reporter;
        reporter.say(&format!(
            "warning: could not record what this costs: {message}"
        ));
        reporter.hints(&hints, 2);
    }
}

/// Adds how busy the slots of a cluster were in a run; warns if that fails.
pub(crate) fn note_slots(cluster: &Cluster, slots: SlotTime, target: &Target<'_>) {
    let added = open(target.session).and_then(|mut ledger| {
        let added = ledger.add_slots(&target.place, &cluster.id, slots);
        added.map_err(Failure::from)
    });
    if let Err(failure) = added {
        let why = failure.in_a_line();
        let reporter = &target.session.reporter;
        reporter.say(&format!("warning: could not record how busy it was: {why}"));
    }
}

/// The attempts at the jobs of a stack that the ledger knows, oldest first. Does not create a ledger.
pub(crate) fn attempts(stack: &StackName, target: &Target<'_>) -> Vec<Attempted> {
    let mut records = recorded(target);
    records.retain(|record| record.stack == *stack);
    records.iter().flat_map(Attempted::all).collect()
}

/// What the ledger knows of a stack's earlier runs on a target. Does not create a ledger.
pub(crate) fn earlier(stack: &StackName, target: &Target<'_>) -> Earlier {
    let records = recorded(target);
    Earlier {
        steps: cost::ledger::paces(&records, stack),
        start: cost::ledger::start(&records, stack).filter(|_| target.costs()),
    }
}

/// Adds how fast the steps of a cluster went to its record; warns if that fails.
pub(crate) fn note_paces(
    id: &ClusterId,
    paces: &BTreeMap<StepName, StepPace>,
    target: &Target<'_>,
) {
    if paces.is_empty() {
        return;
    }
    let added = open(target.session).and_then(|mut ledger| {
        let added = ledger.add_paces(&target.place, id, paces);
        added.map_err(Failure::from)
    });
    if let Err(failure) = added {
        let why = failure.in_a_line();
        let reporter = &target.session.reporter;
        reporter.say(&format!(
            "warning: could not record how long it took: {why}"
        ));
    }
}

/// Adds an attempt at the job of a cluster to its record; warns if that fails.
pub(crate) fn note_attempt(cluster: &Cluster, attempt: &JobAttempt, target: &Target<'_>) {
    let added = open(target.session).and_then(|mut ledger| {
        let added = ledger.add_attempt(&target.place, &cluster.id, attempt);
        added.map_err(Failure::from)
    });
    if let Err(failure) = added {
        let why = failure.in_a_line();
        let reporter = &target.session.reporter;
        reporter.say(&format!("warning: could not record the attempt: {why}"));
    }
}

async fn write(
    clusters: &[Cluster],
    target: &Target<'_>,
    change: impl Fn(Record) -> Record,
) -> Result<(), Failure> {
    let scope = Scope {
        place: target.place.clone(),
        account: payer(&*target.cloud).await?,
    };
    let now = SystemClock.now();
    let of = |cluster| change(run::ledger::record(&scope, cluster, now));
    let records: Vec<Record> = clusters.iter().map(of).collect();
    Ok(open(target.session)?.record(&records)?)
}
