//! What a driver's log has said so far of executors, tasks, threads and waits.

use super::Seen;
use super::signs::Sign;
use crate::diagnose::log::{Header, Level};
use crate::diagnose::rules::{Holes, Rule};
use chrono::{NaiveDateTime, TimeDelta};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that are farther apart than this are of different waits. Spark repeats the slowest of
/// them every 15 seconds (`spark.starvation.timeout`).
pub(super) const GAP: TimeDelta = TimeDelta::seconds(45);

/// Executors that die within this time count once: a node takes all of its executors along.
const TOGETHER: TimeDelta = TimeDelta::seconds(5);

/// How many names of executors or sets of tasks are kept. The program may print any.
const MAX_NAMES: usize = 20_000;

/// How many deaths are kept, the latest ones.
const MAX_DEATHS: usize = 8;

/// A wait that goes on.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) rule: &'static Rule,
    pub(super) first: Seen,
    pub(super) last: Seen,
    /// The number of its messages.
    pub(super) count: u32,
}

/// A thread that died for lack of memory.
#[derive(Debug)]
pub(super) struct DeadThread {
    pub(super) name: String,
    pub(super) seen: Seen,
    /// When a task last ended, or when the thread died.
    pub(super) quiet_since: NaiveDateTime,
    /// Whether tasks were to run when it died, as far as the log shows them.
    pub(super) had_tasks: bool,
}

/// What was read so far of the application that runs.
#[derive(Debug, Default)]
pub(super) struct Progress {
    is_stopped: bool,
    pub(super) waits: BTreeMap<&'static str, Wait>,
    /// Whether lines are missing, so that executors may be alive that are not known.
    pub(super) is_partial: bool,
    /// The executors that registered and were not lost, and since when.
    pub(super) alive: BTreeMap<String, NaiveDateTime>,
    /// Sets of tasks of which some are to run, and since when.
    tasks: BTreeMap<String, NaiveDateTime>,
    /// The loss after which no executor was left.
    pub(super) all_lost: Option<Seen>,
    /// The executors that died since the last task ended.
    dead: BTreeSet<String>,
    /// When they died: the first of those that died together.
    pub(super) deaths: Vec<Seen>,
    /// The first death since the last task ended, of which `deaths` may have no more.
    pub(super) first_death: Option<Seen>,
    /// Whether Spark has logged INFO since the first of them: otherwise the end of a task would not
    /// be in the log.
    pub(super) shows_tasks: bool,
    pub(super) dead_thread: Option<DeadThread>,
    /// A record that may be a thread's death, with what its block needs.
    open: Option<(&'static Rule, String, Seen)>,
}

impl Progress {
    /// Reads a record before its signs.
    pub(super) fn record(&mut self, header: &Header<'_>, at: NaiveDateTime) {
        self.open = None;
        let is_spark = header.logger.ends_with("DAGScheduler")
            || header.logger.ends_with("TaskSetManager")
            || header.logger.ends_with("BlockManagerMaster");
        let after = self.deaths.first().is_some_and(|death| at >= death.at);
        self.shows_tasks |= after && is_spark && header.level == Level::Info;
    }

    /// Ends the waits that are over by a line of Spark.
    pub(super) fn end_waits(&mut self, text: &str) {
        self.waits.retain(|_, wait| !wait.rule.is_over(text));
    }

    /// Forgets what lines that are missing may have changed.
    pub(super) fn skip(&mut self) {
        *self = Self {
            is_stopped: self.is_stopped,
            is_partial: true,
            ..Self::default()
        };
    }

    /// Reads a line after its signs: it may be what an open record needs.
    pub(super) fn belongs(&mut self, text: &str) {
        let has = |rule: &Rule| rule.agrees(std::iter::once(text));
        if let Some((_, name, seen)) = self.open.take_if(|(rule, ..)| has(rule)) {
            self.thread_died(name, seen);
        }
    }

    pub(super) fn sign(&mut self, sign: Sign, rule: &'static Rule, holes: &Holes, seen: Seen) {
        if self.is_stopped && sign != Sign::Started {
            return;
        }
        let held = |name: &str| holes.get(name).cloned();
        match sign {
            Sign::Started => *self = Self::default(),
            Sign::Stopped => {
                *self = Self::default();
                self.is_stopped = true;
            }
            Sign::Waits => self.waits(rule, seen),
            Sign::Registered => {
                self.all_lost = None;
                insert(&mut self.alive, held("executor"), seen.at);
            }
            Sign::Removed => remove(&mut self.alive, held("executor")),
            Sign::Lost => self.lost(held("executor"), rule, seen),
            Sign::TasksAdded => insert(&mut self.tasks, held("set"), seen.at),
            Sign::TasksRemoved => remove(&mut self.tasks, held("set")),
            Sign::TaskStarted => self.all_lost = None,
            Sign::TaskEnded => self.task_ended(seen.at),
            Sign::JobEnded => self.job_ended(),
            Sign::ThreadDied => {
                let name = held("thread").unwrap_or_default();
                self.open = Some((rule, name, seen));
            }
        }
    }

    /// Whether tasks are to run, as far as the log shows them.
    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Since when tasks are to run, as far as the log shows them.
    pub(super) fn pending_since(&self) -> Option<NaiveDateTime> {
        self.tasks.values().min().copied()
    }

    fn waits(&mut self, rule: &'static Rule, seen: Seen) {
        match self.waits.get_mut(rule.id.as_str()) {
            Some(wait) if seen.at - wait.last.at <= GAP => {
                wait.count += 1;
                wait.last = seen;
            }
            Some(_) | None => {
                let wait = Wait {
                    rule,
                    first: seen.clone(),
                    last: seen,
                    count: 1,
                };
                self.waits.insert(&rule.id, wait);
            }
        }
    }

    fn lost(&mut self, executor: Option<String>, rule: &Rule, seen: Seen) {
        let Some(executor) = executor else { return };
        let was_alive = self.alive.remove(&executor).is_some();
        if !rule.agrees(std::iter::once(seen.text.as_str())) {
            return;
        }
        if was_alive && self.alive.is_empty() {
            self.all_lost = Some(seen.clone());
        }
        if self.dead.len() >= MAX_NAMES || !self.dead.insert(executor) {
            return;
        }
        let together = |last: &Seen| seen.at - last.at <= TOGETHER;
        if self.deaths.last().is_some_and(together) {
            return;
        }
        self.first_death.get_or_insert_with(|| seen.clone());
        if self.deaths.len() >= MAX_DEATHS {
            self.deaths.remove(0);
        }
        self.deaths.push(seen);
    }

    fn task_ended(&mut self, at: NaiveDateTime) {
        self.all_lost = None;
        self.dead.clear();
        self.deaths.clear();
        self.first_death = None;
        self.shows_tasks = false;
        if let Some(thread) = &mut self.dead_thread {
            thread.quiet_since = at;
        }
    }

    fn job_ended(&mut self) {
        self.tasks.clear();
        self.all_lost = None;
        self.dead_thread = None;
    }

    fn thread_died(&mut self, name: String, seen: Seen) {
        let had_tasks = self.has_tasks();
        let thread = DeadThread {
            name,
            quiet_since: seen.at,
            seen,
            had_tasks,
        };
        self.dead_thread.get_or_insert(thread);
    }
}

fn insert(names: &mut BTreeMap<String, NaiveDateTime>, name: Option<String>, at: NaiveDateTime) {
    if names.len() < MAX_NAMES
        && let Some(name) = name
    {
        names.entry(name).or_insert(at);
    }
}

fn remove(names: &mut BTreeMap<String, NaiveDateTime>, name: Option<String>) {
    if let Some(name) = name {
        names.remove(&name);
    }
}
