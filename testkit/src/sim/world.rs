//! The state of the account, the passing of time, and random choices.

use super::app_uis::AppUis;
use super::budgets::Budgets;
use super::cluster::Cluster;
use super::ec2::Ec2;
use super::iam::Iam;
use super::refusal::Refusal;
use super::s3::S3;
use super::scheduler::Scheduler;
use super::{Settings, SimClock, epoch};
use crate::tally;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::{Call, Kind};
use clusterup::cloud::rng::Rng;
use clusterup::model::clock::Clock;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) struct World {
    pub(super) clock: SimClock,
    /// Apart from the state's dice, so that a call that only looks changes no history.
    pub(super) latency: Rng,
    pub(super) millis: (u64, u64),
    pub(super) state: RefCell<State>,
}

impl World {
    pub(super) fn latency(&self) -> Duration {
        Duration::from_millis(between(&self.latency, self.millis))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let (now, state) = (self.clock.now(), self.state.borrow());
        let lived = |cluster: &Cluster| cluster.ended_at.unwrap_or(now) - cluster.created_at;
        tally::change(|tally| {
            tally.accounts += 1;
            tally.events += state.events;
            tally.passed += now - epoch();
            tally.lived += state.clusters.values().map(lived).sum::<TimeDelta>();
        });
    }
}

pub(super) const fn latency_dice(seed: u64) -> Rng {
    Rng::new(!seed)
}

/// How a call is answered, once it has arrived.
pub(super) trait Answer: Call {
    fn answer(self, state: &mut State) -> Result<Self::Reply, Refusal>;
}

pub(super) struct State {
    pub(super) now: DateTime<Utc>,
    pub(super) settings: Settings,
    pub(super) rng: Rng,
    pub(super) ec2: Ec2,
    pub(super) iam: Iam,
    pub(super) s3: S3,
    pub(super) scheduler: Scheduler,
    pub(super) budgets: Budgets,
    pub(super) app_uis: AppUis,
    pub(super) clusters: BTreeMap<String, Cluster>,
    pub(super) script: Script,
    /// Whether CloudWatch refuses every call.
    pub(super) metrics_fail: bool,
    pub(super) journal: Vec<(DateTime<Utc>, &'static str)>,
    /// Calls that were answered, and changes of clusters and schedules that were due.
    pub(super) events: u64,
}

/// Events that a test has scripted. Each happens once.
#[derive(Default)]
pub(super) struct Script {
    /// Parts of the names of steps that are to fail.
    pub(super) failing_steps: Vec<String>,
    /// Parts of the names of steps, and how long they are to take.
    pub(super) step_times: Vec<(String, TimeDelta)>,
    /// Codes with which the next clusters fail to start.
    pub(super) failing_clusters: Vec<String>,
}

/// What something happens to by itself.
#[derive(Debug)]
enum Due {
    Cluster(String),
    Schedule(String),
}

impl State {
    pub(super) fn new(seed: u64, settings: Settings, now: DateTime<Utc>) -> Self {
        Self {
            now,
            settings,
            rng: Rng::new(seed),
            ec2: Ec2::default(),
            iam: Iam::new(&settings),
            s3: S3::default(),
            scheduler: Scheduler::new(seed),
            budgets: Budgets::default(),
            app_uis: AppUis::default(),
            clusters: BTreeMap::new(),
            script: Script::default(),
            metrics_fail: false,
            journal: Vec::new(),
            events: 0,
        }
    }

    /// Lets everything happen that was due until `now`, in its order.
    pub(super) fn tick(&mut self, now: DateTime<Utc>) {
        self.look_at_deadlines(now);
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) {
            // What was moved into the past happens now.
            self.now = self.now.max(at);
            self.events += 1;
            tally::trace(|| format!("{at} {due:?}"));
            match due {
                Due::Cluster(id) => {
                    if let Some(mut cluster) = self.clusters.remove(&id) {
                        cluster.happen(self);
                        self.clusters.insert(id, cluster);
                    }
                }
                Due::Schedule(name) => self.fire(&name),
            }
        }
        self.now = now;
    }

    fn next_due(&self) -> Option<(DateTime<Utc>, Due)> {
        let dead = &self.settings.dead;
        let cluster = self
            .clusters
            .iter()
            .filter_map(|(id, cluster)| Some((cluster.due(dead)?, id)))
            .min()
            .map(|(at, id)| (at, Due::Cluster(id.clone())));
        let schedule = self.scheduler.due();
        let schedule = schedule.map(|(at, name)| (at, Due::Schedule(name.clone())));
        cluster
            .into_iter()
            .chain(schedule)
            .min_by_key(|(at, _)| *at)
    }

    /// A cluster to change, and the rest of the world.
    pub(super) fn with_cluster<R>(
        &mut self,
        id: &str,
        work: impl FnOnce(&mut Cluster, &mut Self) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let mut cluster = self.clusters.remove(id).ok_or_else(|| no_cluster(id))?;
        let done = work(&mut cluster, self);
        self.clusters.insert(id.to_owned(), cluster);
        done
    }

    pub(super) fn cluster(&self, id: &str) -> Result<&Cluster, Refusal> {
        self.clusters.get(id).ok_or_else(|| no_cluster(id))
    }

    /// When something made now is seen by those who list.
    pub(super) fn seen_from(&self, most_seconds: u64) -> DateTime<Utc> {
        let wait = span(&self.rng, (0, most_seconds));
        if self.settings.eventual {
            self.now + wait
        } else {
            self.now
        }
    }
}

pub(super) fn no_cluster(id: &str) -> Refusal {
    Refusal::new(
        Kind::NotFound,
        "InvalidRequestException",
        format!("Cluster id '{id}' is not valid."),
    )
}

/// A number from the least to the most.
pub(super) fn between(rng: &Rng, (least, most): (u64, u64)) -> u64 {
    least + rng.below(most.saturating_sub(least) + 1)
}

/// A length of time between two numbers of seconds.
pub(super) fn span(rng: &Rng, (least, most): (u64, u64)) -> TimeDelta {
    let millis = between(rng, (least * 1_000, most * 1_000));
    TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// An id such as EC2 gives: seventeen hexadecimal digits.
pub(super) fn ec2_id(rng: &Rng, prefix: &str) -> String {
    format!("{prefix}-0{:016x}", rng.next())
}

/// An id such as EMR gives: thirteen capital letters and digits.
pub(super) fn emr_id(rng: &Rng, prefix: &str) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let sign = |_| char::from(SIGNS[usize::try_from(rng.below(36)).unwrap_or(0)]);
    format!("{prefix}-{}", (0..13).map(sign).collect::<String>())
}
