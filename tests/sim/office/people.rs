//! What people do to the stacks of an office, each on a machine of their own.

use super::{HOUR, HOURS, Office, STACKS, any_skew};
use crate::mishaps::{asleep, few, luck};
use crate::process::Process;
use crate::request::bucket;
use crate::seeds::any;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::rng::Rng;
use clusterup::cloud::{Acting, Leasing, Observing};
use clusterup::model::action::Action;
use clusterup::model::event::NoListener;
use clusterup::model::extension::Extension;
use clusterup::model::span::Span;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::{Fault, Moment};
use clusterup_testkit::sim::{CensusCluster, SimClock};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Work by hand that lasts less than the period of CloudWatch's metrics can lie between two of their points,
/// where nothing shows it.
const VISIBLE: Duration = Duration::from_secs(300);

pub(super) struct Person {
    name: &'static str,
    office: Rc<Office>,
    rng: Rng,
    clock: SimClock,
}

fn seconds(seconds: u64) -> TimeDelta {
    TimeDelta::seconds(i64::try_from(seconds).unwrap())
}

impl Person {
    pub(super) fn new(name: &'static str, office: Rc<Office>, rng: Rng) -> Self {
        let clock = office.sim.skewed_clock(any_skew(&rng));
        Self {
            name,
            office,
            rng,
            clock,
        }
    }

    /// A process that works on one stack.
    pub(super) fn process(
        office: &Office,
        (stack, who): (&'static str, &str),
        (clock, seed): (SimClock, u64),
        choose: impl FnMut(Moment) -> Option<Fault> + 'static,
    ) -> Process {
        let watched = office.diary.watched(Some(stack));
        Process::skewed(watched, (who, clock), seed, choose)
    }

    fn start(&self, stack: &'static str) -> Process {
        let seed = self.rng.next();
        let (who, clock) = ((stack, self.name), (self.clock, seed));
        // With the power-off broken, a process that dies may leave a cluster without a safeguard.
        if self.office.fragile {
            return Self::process(&self.office, who, clock, |_| None);
        }
        if self.rng.percent(20) {
            let from = self.office.sim.now() + seconds(self.rng.below(2));
            let until = from + seconds(60 + self.rng.below(1_800));
            let sleeps = asleep(self.office.sim.clock(), (from, until));
            return Self::process(&self.office, who, clock, sleeps);
        }
        Self::process(&self.office, who, clock, luck(&self.rng))
    }

    pub(super) async fn work(self) {
        let ends = self.office.sim.now() + TimeDelta::hours(HOURS.into());
        while self.office.sim.now() < ends {
            sleep(self.rng.up_to(HOUR * 2)).await;
            self.act().await;
        }
    }

    async fn act(&self) {
        let stack = any(&self.rng, &STACKS);
        if self.rng.percent(60) {
            self.edit(stack);
        }
        let process = self.start(stack);
        let case = self.office.files.borrow()[stack].case();
        self.office.diary.asks(&self.office.files.borrow()[stack]);
        // What fails or is refused is tried again another time, by somebody.
        match self.rng.below(10) {
            0 => {
                let name = stack.parse().unwrap();
                drop(process.until_death(process.destroyed(&name)).await);
            }
            1 | 2 => self.extend(&process, stack).await,
            3..=5 => drop(process.until_death(process.detached(&case)).await),
            _ if self.office.fragile => {
                drop(process.detached(&case).await);
            }
            _ => {
                // The laptop is closed while it follows the job.
                let most = self.rng.up_to(HOUR);
                let applied = timeout(most, process.applied(&case));
                drop(process.until_death(applied).await);
            }
        }
    }

    /// Changes the stack's file.
    fn edit(&self, stack: &str) {
        let mut files = self.office.files.borrow_mut();
        let request = files.get_mut(stack).unwrap();
        match self.rng.below(6) {
            0 => request.core = 1 + few(&self.rng, 6),
            1 => request.task = few(&self.rng, 3),
            2 => request.life_hours = 1 + self.rng.below(6),
            3 => request.budget = 1 + u32::from(few(&self.rng, 8)),
            4 => request.idle_minutes = 20 + self.rng.below(4) * 10,
            _ => request.scripts = vec![few(&self.rng, crate::request::VERSIONS)],
        }
    }

    async fn extend(&self, process: &Process, stack: &'static str) {
        let name = stack.parse().unwrap();
        let (hours, dollars) = (1 + self.rng.below(9), 1 + self.rng.below(9));
        self.office.diary.extends(stack, (hours, dollars));
        let work = async {
            let observed = process.account.observe(&name, None).await.ok()?;
            let live = observed.live()?;
            let extension = Extension {
                at: clusterup::model::clock::Clock::now(&self.clock),
                max_lifetime: Some(Span::from_secs(hours * 3_600)),
                budget: Some(format!("${dollars}").parse().unwrap()),
                by: self.name.into(),
                why: "it is slow".into(),
            };
            let lease = process.account.lease(&name, &NoListener).await.ok()?;
            let action = Action::ExtendCluster(live.id.clone(), extension);
            let done = process.account.apply(&name, &action, &NoListener).await;
            lease.release().await.ok()?;
            done.ok()
        };
        process.until_death(work).await;
    }
}

/// Somebody at the console changes what is there.
pub(super) async fn meddle(office: Rc<Office>, rng: Rng) {
    let ends: DateTime<Utc> = office.sim.now() + TimeDelta::hours(HOURS.into());
    while office.sim.now() < ends {
        sleep(rng.up_to(HOUR)).await;
        let clusters = office.sim.clusters();
        let live: Vec<_> = clusters.iter().filter(|it| it.down_at.is_none()).collect();
        let Some(cluster) = (!live.is_empty()).then(|| any(&rng, &live)) else {
            continue;
        };
        let (sim, id) = (&office.sim, cluster.id.as_str());
        match rng.below(6) {
            0 | 1 => tag(&office, &rng, cluster),
            2 => drop(sim.remove_idle_policy(id)),
            3 => {
                office.diary.is_used(id);
                sim.occupy(id, true);
                sleep(VISIBLE + rng.up_to(Duration::from_secs(5_400))).await;
                sim.occupy(id, false);
            }
            4 => {
                office.diary.ended_by_hand(id);
                sim.end_cluster(id, "USER_REQUEST", "");
            }
            _ => sim.fail_next_cluster(any(&rng, &["BOOTSTRAP_FAILURE", "INSTANCE_FAILURE"])),
        }
    }
}

/// Somebody writes tags: they say that the cluster may live for days or for a minute, or is smaller.
fn tag(office: &Office, rng: &Rng, cluster: &CensusCluster) {
    let id = &cluster.id;
    let (seconds, dollars) = any(rng, &[(90 * 3_600, "$900"), (60, "$0.10")]);
    let moved = Extension {
        at: office.sim.now(),
        max_lifetime: Some(Span::from_secs(seconds)),
        budget: Some(dollars.parse().unwrap()),
        by: "eve@elsewhere".into(),
        why: "copied".into(),
    };
    let tags = [
        ("clusterup-extended-0", moved.to_string()),
        ("clusterup-extended-0", moved.to_string()),
        ("clusterup-deadline", (rng.below(3) * 3_600).to_string()),
        (
            "clusterup-sizes",
            any(rng, &["0:1+0", "0:900+0"]).to_owned(),
        ),
        ("owner", "by hand".to_owned()),
    ];
    let (key, value) = &tags[usize::try_from(rng.below(5)).unwrap()];
    office.sim.tag_by_hand(id, key, Some(value));
    // Or its note is deleted.
    let stack = super::diary::stack_of(cluster).unwrap_or_default();
    if rng.percent(30) {
        let note = format!("stacks/{stack}/clusters/{id}");
        let is_lost = office.sim.delete_object(&bucket(), &note);
        office
            .has_lost_notes
            .set(is_lost || office.has_lost_notes.get());
    }
}
