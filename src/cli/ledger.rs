//! The ledger as verbs keep it: what they have seen is written down, and where that cannot be, they
//! say so and go on.

use super::context::Context;
use super::failure::Failure;
use super::screen::Screen;
use super::target::Target;
use crate::cost::{
    self,
    ledger::{Record, Scope, Window},
};
use crate::ledger::Ledger;
use crate::model::clock::Clock;
use crate::model::name::{Region, StackName};
use crate::model::observed::Cluster;
use crate::model::span::Span;
use crate::run::{self, clock::SystemClock};
use chrono::DateTime;

/// Opens the ledger; says where one lies that was spoilt.
pub(super) fn open(context: &Context, screen: &Screen) -> Result<Ledger, Failure> {
    let opened = Ledger::open(&context.ledger()?, SystemClock.now())?;
    if let Some(spoilt) = &opened.spoilt {
        screen.say(&format!(
            "warning: the ledger could not be read and was moved to {}; it is made anew from what \
             is remembered elsewhere",
            spoilt.display()
        ));
    }
    Ok(opened.ledger)
}

/// How long the last runs of a stack took in a region, where the ledger can tell. Makes no ledger.
pub(super) fn expected(
    stack: &StackName,
    region: &Region,
    context: &Context,
    screen: &Screen,
) -> Option<Span> {
    context.ledger().ok().filter(|path| path.exists())?;
    let now = SystemClock.now();
    let ledger = open(context, screen).ok()?;
    let scope = Scope {
        target: region.to_string(),
        account: None,
    };
    let window = Window {
        from: DateTime::UNIX_EPOCH,
        until: now,
    };
    let records = ledger.records(&scope, window).ok()?;
    cost::ledger::expected(&records, stack)
}

/// Whether a cluster of a stack was ever written down for a target. Makes no ledger.
pub(super) fn remembers(
    stack: &StackName,
    target: &str,
    context: &Context,
    screen: &Screen,
) -> bool {
    let there = context.ledger().is_ok_and(|path| path.exists());
    let Some(ledger) = there.then(|| open(context, screen).ok()).flatten() else {
        return false;
    };
    let scope = Scope {
        target: target.to_owned(),
        account: None,
    };
    let window = Window {
        from: DateTime::UNIX_EPOCH,
        until: SystemClock.now(),
    };
    let records = ledger.records(&scope, window);
    records.is_ok_and(|all| all.iter().any(|record| record.stack == *stack))
}

/// Writes down what was seen of clusters.
pub(super) async fn note(
    clusters: &[Cluster],
    target: &Target,
    context: &Context,
    screen: &Screen,
) {
    if clusters.is_empty() {
        return;
    }
    if let Err(failure) = write(clusters, target, context, screen).await {
        let Failure { message, hints, .. } = failure;
        screen.say(&format!("warning: what this costs is not noted: {message}"));
        screen.hints(&hints, 2);
    }
}

async fn write(
    clusters: &[Cluster],
    target: &Target,
    context: &Context,
    screen: &Screen,
) -> Result<(), Failure> {
    let scope = Scope {
        target: target.name(),
        account: target.cloud.account().await?,
    };
    let now = SystemClock.now();
    let of = |cluster| run::ledger::record(&scope, cluster, now);
    let records: Vec<Record> = clusters.iter().map(of).collect();
    Ok(open(context, screen)?.record(&records)?)
}
