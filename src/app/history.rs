//! Histories for simulations: what a place and the ledger remember of clusters, and files of that.

use super::accounts::warn_of;
use super::failure::{Exit, Failure};
use super::new_file;
use super::recorded_costs;
use super::session::Session;
use super::target::Target;
use crate::cloud::ReadClusters;
use crate::cloud::account::ENDING;
use crate::cost::ledger::{Scope, Window};
use crate::disk;
use crate::model::event::Event;
use crate::model::hint::Command;
use crate::model::name::{ClusterId, Region};
use crate::model::shown::line;
use crate::simulate::{History, LARGEST_HISTORY, PastCluster};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::path::Path;

/// How much of a message about a file's content is shown, in characters.
const MAX_MESSAGE: usize = 300;

/// Reads the history of a place since an instant: the clusters that it remembers, no matter who created
/// them, those that live, and those that only the ledger still knows. Changes nothing.
pub(crate) async fn of_place(target: &Target<'_>, window: Window) -> Result<History, Failure> {
    let session = target.session;
    let found = target.cloud.history(window.from, &BTreeSet::new()).await?;
    let ReadClusters { read, unread } = found;
    warn_of(&unread, session);
    let mut clusters: Vec<PastCluster> = read.iter().map(PastCluster::of).collect();
    let mut known: BTreeSet<ClusterId> = clusters.iter().map(|it| it.id.clone()).collect();
    known.extend(unread.into_iter().map(|it| it.id));
    if let Some(region) = target.place.region() {
        let others = of_others(region, window, &known, session).await?;
        known.extend(others.iter().map(|it| it.id.clone()));
        clusters.extend(others);
    }
    let recorded = of_ledger(target, window)?;
    clusters.extend(recorded.into_iter().filter(|it| !known.contains(&it.id)));
    let place = target.place.clone();
    Ok(History::new(place, window.from, window.until, clusters))
}

/// The clusters of a region that are not known yet: those of others, and old ones that live.
async fn of_others(
    region: &Region,
    window: Window,
    known: &BTreeSet<ClusterId>,
    session: &Session,
) -> Result<Vec<PastCluster>, Failure> {
    let fleet = session.environment.fleet(region).await?;
    let mut listed = fleet.list().await?;
    listed.extend(fleet.list_since(window.from).await?);
    let ids: BTreeSet<ClusterId> = listed.into_iter().map(|it| it.id).collect();
    let ids: Vec<&ClusterId> = ids.difference(known).collect();
    let total = ids.len() as u64;
    let progress = session.reporter.progress();
    let mut clusters = Vec::new();
    for (done, id) in (0..).zip(ids) {
        let what = "reading clusters".to_owned();
        progress.on_event(&Event::Counted { what, done, total });
        if let Some(snapshot) = fleet.look(id).await? {
            let own = snapshot.ours().map(PastCluster::of);
            clusters.extend(own.or_else(|| PastCluster::of_foreign(&snapshot, ENDING)));
        }
    }
    progress.clear();
    Ok(clusters)
}

/// The records of a place. Does not create a ledger.
fn of_ledger(target: &Target<'_>, window: Window) -> Result<Vec<PastCluster>, Failure> {
    let session = target.session;
    if !session.environment.ledger()?.exists() {
        return Ok(Vec::new());
    }
    let scope = Scope {
        place: target.place.clone(),
        account: None,
    };
    let records = recorded_costs::open(session)?.records(&scope, window)?;
    // What was released from its adoption is foreign again.
    let counted = records.iter().filter(|record| !record.is_released());
    let last_seen = |record: &crate::cost::ledger::Record| {
        PastCluster::of_record(&record.clone().until_last_seen())
    };
    Ok(counted.map(last_seen).collect())
}

/// Reads a history from a file.
pub(crate) fn read(path: &Path) -> Result<History, Failure> {
    let name = path.display();
    let text = disk::text(path, LARGEST_HISTORY).map_err(|error| {
        Failure::input(format!("cannot read the history {name}"))
            .caused_by(&error)
            .hint(RECORD)
            .hint(Command::clusterup("simulate --save-history").arg(name.to_string()))
    })?;
    let flawed = |why: String| {
        let why = line(&why, MAX_MESSAGE);
        Failure::input(format!("{name} is not a history that can be played: {why}")).hint(RECORD)
    };
    let history: History = serde_json::from_str(&text).map_err(|it| flawed(it.to_string()))?;
    history.check().map_err(|flaw| flawed(flaw.to_string()))?;
    Ok(history)
}

const RECORD: &str = "record one with `clusterup simulate --save-history FILE`";

/// Writes a history to a new file.
pub(crate) fn save(history: &History, path: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string(history).map_err(|error| {
        Failure::new(Exit::Failed, "cannot write the history as JSON").caused_by(&error)
    })?;
    new_file::write(path, &format!("{text}\n"))
}

/// The period of the last days up to `now`.
pub(crate) fn last_days(days: u16, now: DateTime<Utc>) -> Window {
    Window {
        from: now - chrono::TimeDelta::days(days.into()),
        until: now,
    }
}
