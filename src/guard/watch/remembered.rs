//! What is remembered of a foreign cluster from one run of the program to the next. It saves calls,
//! and nothing is done because of it: tags are read again, and a cluster is described before anything
//! is said of it.

use super::QuietPeriod;
use crate::guard::idle;
use crate::model::application::Application;
use crate::model::fleet::{ClusterSnapshot, Seen};
use crate::model::name::ClusterId;
use crate::model::observed::{ClusterState, StepState};
use crate::model::place::Place;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long something is remembered.
pub const RETENTION: TimeDelta = TimeDelta::days(15);

/// A cluster as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedCluster {
    /// Where the cluster is.
    pub place: Place,
    /// The cluster's id.
    pub id: ClusterId,
    /// When it was created. One with the same id and another time is another cluster.
    pub created_at: DateTime<Utc>,
    /// When it was last seen.
    pub seen_at: DateTime<Utc>,
    /// When a step was last known to run.
    worked_at: Option<DateTime<Utc>>,
    /// Whether its termination protection was on.
    protected: bool,
    /// Its applications; empty if it was never described.
    applications: Vec<Application>,
    /// The longest quiet period that its metrics have shown.
    quiet_period: Option<QuietPeriod>,
}

impl RememberedCluster {
    /// What to remember of a snapshot; `None` if it is no cluster that a listing is enough for.
    pub fn of(
        snapshot: &ClusterSnapshot,
        quiet_period: Option<QuietPeriod>,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let living = snapshot.state().is_live() && snapshot.may_be_listed();
        living.then(|| Self {
            place: snapshot.place.clone(),
            id: snapshot.id().clone(),
            created_at: snapshot.created_at(),
            seen_at: now,
            worked_at: worked_at(snapshot, now),
            protected: snapshot.protected,
            applications: snapshot.applications.clone(),
            quiet_period,
        })
    }

    /// Completes a snapshot that was only listed. Returns the quiet period. A record with a time in
    /// the future, or from before the cluster was created, counts for nothing.
    pub fn complete(
        &self,
        snapshot: &mut ClusterSnapshot,
        now: DateTime<Utc>,
    ) -> Option<QuietPeriod> {
        let is_possible = |at: &DateTime<Utc>| (self.created_at..=now).contains(at);
        let quiet = self.quiet_period.as_ref();
        let mut times = [Some(&self.seen_at), self.worked_at.as_ref()]
            .into_iter()
            .chain([quiet.map(|it| &it.since), quiet.map(|it| &it.until)])
            .flatten();
        let is_same = self.place == snapshot.place && self.created_at == snapshot.created_at();
        let is_recent = now - self.seen_at <= RETENTION;
        if !is_same || !is_recent || !times.all(is_possible) {
            return None;
        }
        let Seen::Listed { worked_at } = &mut snapshot.seen else {
            return None;
        };
        *worked_at = (*worked_at).max(self.worked_at);
        snapshot.protected = self.protected;
        snapshot.applications.clone_from(&self.applications);
        self.quiet_period
    }
}

/// When a step was last known to run, as far as a snapshot tells.
fn worked_at(snapshot: &ClusterSnapshot, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match &snapshot.seen {
        Seen::Listed { .. } if snapshot.state() == ClusterState::Running => Some(now),
        Seen::Listed { worked_at } => *worked_at,
        Seen::Described { .. } => {
            let steps = snapshot.steps()?;
            let runs = steps.iter().any(|step| step.state == StepState::Running);
            let latest = snapshot.ready_at().map(|ready| idle::latest(ready, steps));
            if runs { Some(now) } else { latest }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{World, at};
    use super::*;
    use crate::guard::sample::step;
    use crate::model::fleet::Reading;

    fn quiet(since: i64, until: i64) -> Option<QuietPeriod> {
        Some(QuietPeriod {
            since: at(since),
            at_least: false,
            until: at(until),
        })
    }

    #[test]
    fn a_listed_cluster_is_completed_by_what_was_described() {
        let world = World::others();
        let period = quiet(700, 9_000);
        let known = RememberedCluster::of(&world.snapshot, period, at(9_100)).unwrap();
        let text = serde_json::to_string(&known).unwrap();
        let known: RememberedCluster = serde_json::from_str(&text).unwrap();
        let mut next = World::others();
        next.is_listed(ClusterState::Waiting);
        assert_eq!(known.complete(&mut next.snapshot, at(10_000)), period);
        let worked_at = Some(at(600));
        assert_eq!(next.snapshot.seen, Seen::Listed { worked_at });
        assert_eq!(next.snapshot.applications, world.snapshot.applications);
        // What a fresh description says is not replaced.
        let mut described = World::others();
        described.has(&["HBase"]);
        let before = described.snapshot.clone();
        assert_eq!(known.complete(&mut described.snapshot, at(10_000)), None);
        assert_eq!(described.snapshot, before);
    }

    #[test]
    fn impossible_and_old_records_count_for_nothing() {
        let world = World::others();
        let known = |period, now| RememberedCluster::of(&world.snapshot, period, at(now)).unwrap();
        let nothing = |known: &RememberedCluster, now: i64| {
            let mut next = World::others();
            next.is_listed(ClusterState::Waiting);
            let before = next.snapshot.clone();
            let period = known.complete(&mut next.snapshot, at(now));
            period.is_none() && next.snapshot == before
        };
        let fine = known(quiet(700, 9_000), 9_100);
        assert!(!nothing(&fine, 9_200));
        assert!(nothing(&fine, 9_000), "it was seen in the future");
        assert!(!nothing(&fine, 9_100 + 15 * 86_400));
        assert!(nothing(&fine, 9_101 + 15 * 86_400), "that is long ago");
        assert!(
            nothing(&known(quiet(-10, 9_000), 9_100), 9_200),
            "before it was created"
        );
        assert!(
            nothing(&known(quiet(700, 9_300), 9_100), 9_200),
            "in the future"
        );
        let mut other = fine.clone();
        other.created_at = at(1);
        assert!(nothing(&other, 9_200), "another cluster");
        let mut elsewhere = fine;
        elsewhere.place = "222222222222:us-east-1".parse().unwrap();
        assert!(nothing(&elsewhere, 9_200), "a cluster of another account");
    }

    #[test]
    fn a_cluster_worked_when_a_step_was_last_known_to_run() {
        let now = at(9_100);
        let worked = |world: &World| worked_at(&world.snapshot, now);
        let mut world = World::others();
        assert_eq!(worked(&world), Some(at(600)));
        let steps = [
            (StepState::Completed, Some(600)),
            (StepState::Running, None),
        ];
        let steps = steps.map(|(state, ended)| step(state, Some(310), ended));
        world.has_steps(Reading::Read(steps.to_vec()));
        assert_eq!(worked(&world), Some(now));
        world.is_listed(ClusterState::Running);
        assert_eq!(worked(&world), Some(now));
        world.is_listed(ClusterState::Waiting);
        assert_eq!(worked(&world), None);
    }

    #[test]
    fn clusters_of_clusterup_are_not_remembered() {
        let world = World::ours();
        assert_eq!(
            RememberedCluster::of(&world.snapshot, None, at(9_100)),
            None
        );
        let mut ended = World::others();
        ended.snapshot.set_state(ClusterState::Terminating);
        assert_eq!(
            RememberedCluster::of(&ended.snapshot, None, at(9_100)),
            None
        );
    }
}
