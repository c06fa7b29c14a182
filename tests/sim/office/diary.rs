//! What people asked for, and whether what the account does follows from that: the bookkeeper of an
//! office. Its bounds come from the requests alone, never from what the program made of them.

use crate::bookkeeper::{self, ENDING, LATE, POLL, Prices, SOONEST};
use crate::request::StackRequest;
use crate::watched::{Observer, Watched};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::Role;
use clusterup_testkit::sim::{CensusCluster, Dead, IDLE_REASON, Ran, Sim};
use clusterup_testkit::tally::{margin, mark};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How far a machine's clock is off at most.
pub(super) const SKEW_SECONDS: i64 = 240;
const SKEW: TimeDelta = TimeDelta::seconds(SKEW_SECONDS);
/// A schedule fires in the whole minute before its deadline; the first one counts by its creator's clock.
const EARLY: TimeDelta = TimeDelta::minutes(2);
/// For how much longer the nodes could run when a budget ended them: EMR may take twenty minutes to end a
/// cluster, and a watchdog describes it every half hour.
const RESERVED: TimeDelta = TimeDelta::minutes(60);
/// Metrics come every five minutes, and a watchdog reads them as often.
const UNSEEN: TimeDelta = TimeDelta::minutes(12);
/// The policy for foreign clusters.
const FORGOTTEN: TimeDelta = TimeDelta::minutes(90);
/// In millionths of a cent an hour.
const RATE: i64 = 24_000_000;

/// The limits that were ever asked for a stack: the least and the most.
#[derive(Debug, Clone)]
struct Asked {
    hours: [u64; 2],
    dollars: [u64; 2],
    idle_minutes: u64,
    /// The core and task nodes of each request, and when it was made.
    nodes: Vec<(DateTime<Utc>, u16)>,
    /// Whether its cluster was ever to end with its work.
    terminates: bool,
}

#[derive(Default)]
struct Notes {
    asked: BTreeMap<&'static str, Asked>,
    /// When a process last changed something for a stack.
    touched: BTreeMap<&'static str, DateTime<Utc>>,
    /// The clusters whose ends were judged.
    judged: BTreeSet<String>,
    by_hand: BTreeSet<String>,
    /// Since when somebody works on a cluster by hand.
    busy_since: BTreeMap<String, DateTime<Utc>>,
    /// The clusters that were compared when they were over.
    over: BTreeSet<String>,
    /// When the account was last compared.
    looked_at: DateTime<Utc>,
}

/// The notes of all that was asked for.
#[derive(Clone)]
pub(super) struct Diary {
    sim: Sim,
    dead: Dead,
    notes: Rc<RefCell<Notes>>,
}

/// The part of a cluster's name that is its stack.
pub(super) fn stack_of(cluster: &CensusCluster) -> Option<&str> {
    let (stack, _) = cluster.name.strip_prefix("clusterup/")?.split_once('/')?;
    Some(stack)
}

fn hours(hours: u64) -> TimeDelta {
    TimeDelta::hours(i64::try_from(hours).unwrap())
}

impl Diary {
    pub(super) fn new(sim: Sim, dead: Dead) -> Self {
        Self {
            sim,
            dead,
            notes: Rc::default(),
        }
    }

    /// Somebody is about to apply a stack's file.
    pub(super) fn asks(&self, request: &StackRequest) {
        let (hours, dollars) = (request.life_hours, u64::from(request.budget));
        let now = self.sim.now();
        let mut notes = self.notes.borrow_mut();
        let asked = notes.asked.entry(request.name).or_insert(Asked {
            hours: [hours; 2],
            dollars: [dollars; 2],
            idle_minutes: request.idle_minutes,
            nodes: Vec::new(),
            terminates: !request.keep,
        });
        asked.widen((hours, dollars));
        asked.idle_minutes = asked.idle_minutes.min(request.idle_minutes);
        asked.nodes.push((now, request.core + request.task));
    }

    /// Somebody is about to move the deadline of a stack's cluster.
    pub(super) fn extends(&self, stack: &str, moved: (u64, u64)) {
        if let Some(asked) = self.notes.borrow_mut().asked.get_mut(stack) {
            asked.widen(moved);
        }
    }

    /// Somebody ends a cluster at the console.
    pub(super) fn ended_by_hand(&self, id: &str) {
        self.notes.borrow_mut().by_hand.insert(id.to_owned());
    }

    /// The account, which is looked at after each call of a process that works on a stack; of the watchdog, if
    /// none.
    pub(super) fn watched(&self, stack: Option<&'static str>) -> Watched {
        let diary = self.clone();
        let observer: Observer = Box::new(move |changes| {
            let now = diary.sim.now();
            let is_due = now - diary.notes.borrow().looked_at >= POLL;
            if changes {
                if let Some(stack) = stack {
                    diary.notes.borrow_mut().touched.insert(stack, now);
                }
                diary.by_caller(stack, now);
            }
            if changes || is_due {
                diary.look();
            }
        });
        Watched {
            sim: self.sim.clone(),
            observer: Some(observer),
        }
    }

    /// The clusters that a call ended just now: a person's are of the person's stack.
    fn by_caller(&self, stack: Option<&'static str>, now: DateTime<Utc>) {
        for cluster in self.sim.clusters() {
            let asked = cluster.reason.as_deref() == Some("USER_REQUEST");
            if cluster.down_at != Some(now) || !asked || self.is_judged(&cluster) {
                continue;
            }
            match stack {
                Some(stack) if stack_of(&cluster) == Some(stack) => mark("a person ended it"),
                // The schedule fired at the same instant as another's call.
                _ if self.is_due(&cluster, now) => mark("its deadline ended it"),
                Some(stack) => panic!("the process of {stack} ended {cluster:#?}"),
                None => self.by_watchdog(&cluster, now),
            }
            self.notes.borrow_mut().judged.insert(cluster.id);
        }
    }

    /// Somebody begins to work on a cluster by hand.
    pub(super) fn is_used(&self, id: &str) {
        let now = self.sim.now();
        self.notes
            .borrow_mut()
            .busy_since
            .insert(id.to_owned(), now);
    }

    fn by_watchdog(&self, cluster: &CensusCluster, now: DateTime<Utc>) {
        let since = self.notes.borrow().busy_since.get(&cluster.id).copied();
        if since.is_some_and(|since| now - since < UNSEEN) {
            return mark("the watchdog could not see the work of the last minutes");
        }
        let worked = cluster.worked_at;
        let idle = worked.map_or(TimeDelta::zero(), |worked| now - worked);
        let Some(stack) = stack_of(cluster) else {
            assert!(
                !cluster.tags.contains_key("keep"),
                "it is exempt: {cluster:#?}"
            );
            assert!(
                idle + SKEW >= FORGOTTEN,
                "it worked {idle} ago: {cluster:#?}"
            );
            return mark("the watchdog ended a foreign cluster");
        };
        let timeout = self.notes.borrow().asked[stack].idle_minutes;
        let timeout = TimeDelta::minutes(i64::try_from(timeout).unwrap());
        assert!(idle + SKEW >= timeout, "it worked {idle} ago: {cluster:#?}");
        mark("the watchdog ended an idle cluster");
    }

    fn is_judged(&self, cluster: &CensusCluster) -> bool {
        self.notes.borrow().judged.contains(&cluster.id)
    }

    /// Whether a deadline or a budget that was asked for can have ended a cluster at this instant.
    fn is_due(&self, cluster: &CensusCluster, at: DateTime<Utc>) -> bool {
        let notes = self.notes.borrow();
        let Some(asked) = stack_of(cluster).and_then(|stack| notes.asked.get(stack)) else {
            return false;
        };
        let cost = asked.most_cost(cluster, at + RESERVED);
        at + SKEW + EARLY >= cluster.created_at + hours(asked.hours[0])
            || cost >= Decimal::from(asked.dollars[0])
    }

    /// Compares all clusters with what was asked for.
    pub(super) fn look(&self) {
        let now = self.sim.now();
        self.notes.borrow_mut().looked_at = now;
        for cluster in self.sim.clusters() {
            if self.notes.borrow().over.contains(&cluster.id) {
                continue;
            }
            if cluster.ended_at.is_some() {
                self.notes.borrow_mut().over.insert(cluster.id.clone());
            }
            if let Some(stack) = stack_of(&cluster) {
                self.is_in_time(&cluster, stack, now);
                self.is_within_budget(&cluster, stack, now);
            }
            if cluster.down_at.is_some() && !self.is_judged(&cluster) {
                self.ended_by_itself(&cluster);
                self.notes.borrow_mut().judged.insert(cluster.id);
            }
        }
    }

    fn is_in_time(&self, cluster: &CensusCluster, stack: &str, now: DateTime<Utc>) {
        let notes = self.notes.borrow();
        let due = cluster.created_at + hours(notes.asked[stack].hours[1]);
        let soonest = notes.touched[stack].max(cluster.created_at) + SOONEST;
        let late = if self.dead.schedules {
            LATE
        } else {
            TimeDelta::zero()
        };
        let most = due.max(soonest) + late + POLL + ENDING + SKEW;
        let left = (most - cluster.ended_at.unwrap_or(now)).num_seconds();
        assert!(left >= 0, "past {due}: {cluster:#?}");
        margin("P2: seconds before the bound, in offices", left as f64);
    }

    fn is_within_budget(&self, cluster: &CensusCluster, stack: &str, now: DateTime<Utc>) {
        let most = Decimal::from(self.notes.borrow().asked[stack].dollars[1]);
        let gone = cluster.ended_at.unwrap_or(now);
        let bill = bookkeeper::bill(cluster, &Prices::of_each(RATE), gone);
        assert!(bill < most, "it has cost {bill} of {most}: {cluster:#?}");
        let left = (most - bill).to_f64().unwrap();
        margin("P3: dollars below the budget, in offices", left);
    }

    /// The reason of an end that no call of a process asked for.
    fn ended_by_itself(&self, cluster: &CensusCluster) {
        let at = cluster.down_at.unwrap();
        if self.notes.borrow().by_hand.contains(&cluster.id) {
            return mark("it was ended by hand");
        }
        let stack = stack_of(cluster).unwrap_or_else(|| panic!("nobody ended {cluster:#?}"));
        let asked = self.notes.borrow().asked[stack].clone();
        match (cluster.reason.as_deref(), cluster.message.as_deref()) {
            (Some(IDLE_REASON), None) => {
                let idle = at - cluster.worked_at.unwrap();
                let minutes = i64::try_from(asked.idle_minutes).unwrap();
                assert!(
                    idle >= TimeDelta::minutes(minutes),
                    "idle for {idle}: {cluster:#?}"
                );
                mark("its idle policy ended it");
            }
            (Some("ALL_STEPS_COMPLETED" | "STEP_FAILURE"), _) => {
                assert!(asked.terminates, "it is to be kept: {cluster:#?}");
                mark("it ended with its work");
            }
            (Some("INSTANCE_FAILURE"), Some(message)) if message.contains("master node") => {
                assert!(
                    self.is_due(cluster, at),
                    "it powered off early: {cluster:#?}"
                );
                mark("its power-off ended it");
            }
            (Some("USER_REQUEST"), _) => {
                let journal = self.sim.journal();
                let last = &journal[journal.len().saturating_sub(6)..];
                assert!(
                    self.is_due(cluster, at),
                    "its schedule came early: {cluster:#?} {last:#?}"
                );
                mark("its schedule ended it");
            }
            (Some("BOOTSTRAP_FAILURE" | "INSTANCE_FAILURE"), _) => mark("it never started"),
            why => panic!("{why:?}: {cluster:#?}"),
        }
    }

    /// Nothing of clusterup lives.
    pub(super) fn all_have_ended(&self) {
        let clusters = self.sim.clusters();
        let mut ours = clusters.iter().filter(|it| stack_of(it).is_some());
        let alive = ours.find(|cluster| cluster.ended_at.is_none());
        assert!(alive.is_none(), "it lives on: {alive:#?}");
    }
}

impl Asked {
    fn widen(&mut self, (hours, dollars): (u64, u64)) {
        let widen = |[least, most]: [u64; 2], by: u64| [least.min(by), most.max(by)];
        (self.hours, self.dollars) = (widen(self.hours, hours), widen(self.dollars, dollars));
    }

    /// What a cluster can have been expected to cost by then. One that a resize made cheaper, or whose nodes
    /// never came, may still end when the budget would have been spent: the deadline of more nodes holds
    /// before they are added.
    fn most_cost(&self, cluster: &CensusCluster, until: DateTime<Utc>) -> Decimal {
        let requests = self.nodes.iter();
        let requests = requests.filter(|(at, _)| *at >= cluster.created_at);
        let costs = requests.map(|(at, nodes)| with_all(cluster, *at, *nodes, until));
        let first = with_all(cluster, cluster.created_at, 0, until);
        costs.fold(first, Decimal::max)
    }
}

/// The cost of a cluster if the nodes that it had at an instant had stayed, and it had got from then on what it
/// lacked of so many core and task nodes.
fn with_all(
    cluster: &CensusCluster,
    at: DateTime<Utc>,
    nodes: u16,
    until: DateTime<Utc>,
) -> Decimal {
    let mut whole = cluster.clone();
    whole.down_at = None;
    let mut present = 0;
    for (_, ran) in &mut whole.ran {
        if ran.until.is_none_or(|left| left > at) {
            (ran.until, present) = (None, present + ran.count);
        }
    }
    if !whole.ran.is_empty() {
        let (count, from, until) = ((nodes + 1).saturating_sub(present), at, None);
        whole.ran.push((Role::Core, Ran { count, from, until }));
    }
    bookkeeper::bill(&whole, &Prices::of_each(RATE), until)
}
