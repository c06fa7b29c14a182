//! EventBridge Scheduler: calls that the account makes by itself, each once.

use super::refusal::Refusal;
use super::world::{Answer, State, span};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::{SetTerminationProtection, TerminateJobFlows};
use clusterup::cloud::api::scheduler::{
    CreateSchedule, DeleteSchedule, GetSchedule, ListSchedules, Schedule, TERMINATE, UNPROTECT,
    UpdateSchedule,
};
use clusterup::cloud::api::{Kind, Page};
use clusterup::cloud::rng::Rng;
use std::collections::BTreeMap;

/// AWS fires within this many seconds after the scheduled time.
const MINUTE: TimeDelta = TimeDelta::seconds(60);
/// For so long a call is tried that fails.
const TRIED: TimeDelta = TimeDelta::hours(1);
const LONGEST_NAME: usize = 64;
const PAGE: usize = 100;

pub(super) struct Scheduler {
    /// By their names.
    pub(super) schedules: BTreeMap<String, StoredSchedule>,
    /// Apart from the world's, so that a schedule changes no cluster before it fires.
    rng: Rng,
}

pub(super) struct StoredSchedule {
    pub(super) it: Schedule,
    /// When it fires next. None where its time was over when it was said: AWS's word on that is
    /// not known, so callers must not rely on it.
    due: Option<DateTime<Utc>>,
}

impl Scheduler {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            schedules: BTreeMap::new(),
            rng: Rng::new(seed.rotate_left(32)),
        }
    }

    pub(super) fn due(&self) -> Option<(DateTime<Utc>, &String)> {
        let held = self.schedules.iter();
        held.filter_map(|(name, held)| Some((held.due?, name)))
            .min()
    }
}

impl State {
    /// A schedule's call is made; the world's time is when.
    pub(super) fn fire(&mut self, name: &str) {
        let Some(mut held) = self.scheduler.schedules.remove(name) else {
            return;
        };
        let over = self.now - held.it.at >= TRIED;
        if !self.called(&held.it) && !over {
            held.due = Some(self.now + MINUTE);
            self.scheduler.schedules.insert(name.to_owned(), held);
        }
    }

    /// Whether the call is made and over, well or in vain for good.
    fn called(&mut self, it: &Schedule) -> bool {
        let Some(request) = request(it) else {
            return true;
        };
        let allowed = self.iam.has_arn(&it.role);
        let done = |state: &mut Self| match request {
            Request::Terminate(ids) => TerminateJobFlows { ids }.answer(state).is_ok(),
            Request::Protect(ids, protected) => {
                let call = SetTerminationProtection { ids, protected };
                call.answer(state).is_ok()
            }
        };
        !self.settings.dead.schedules && allowed && done(self)
    }

    fn hold(&mut self, it: Schedule) -> Result<(), Refusal> {
        check(&it)?;
        if !self.iam.has_arn(&it.role) {
            return Err(refused(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume \
                 the role.",
            ));
        }
        let within = span(&self.scheduler.rng, (0, 59));
        let due = (it.at + MINUTE > self.now).then(|| (it.at + within).max(self.now));
        let name = it.name.clone();
        self.scheduler
            .schedules
            .insert(name, StoredSchedule { it, due });
        Ok(())
    }
}

/// The call that a schedule makes, with the clusters that it names.
enum Request {
    Terminate(Vec<String>),
    Protect(Vec<String>, bool),
}

/// Empty if its target or input is invalid.
fn request(it: &Schedule) -> Option<Request> {
    let input: serde_json::Value = serde_json::from_str(&it.input).ok()?;
    let ids = input.get("JobFlowIds")?.as_array()?.iter();
    let ids: Option<Vec<_>> = ids.map(|id| id.as_str().map(str::to_owned)).collect();
    match it.target.as_str() {
        TERMINATE => Some(Request::Terminate(ids?)),
        UNPROTECT => {
            let protected = input.get("TerminationProtected")?.as_bool()?;
            Some(Request::Protect(ids?, protected))
        }
        _ => None,
    }
}

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Invalid, "ValidationException", message)
}

fn check(it: &Schedule) -> Result<(), Refusal> {
    let sign = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = |name: &str| (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(sign);
    if !good(&it.name) {
        return Err(refused(
            "Value failed to satisfy constraint: [0-9a-zA-Z-_.]+",
        ));
    }
    if it.at.timestamp_subsec_nanos() != 0 {
        return Err(refused("Invalid Schedule Expression."));
    }
    Ok(())
}

fn missing(name: &str) -> Refusal {
    let message = format!("Schedule {name} does not exist.");
    Refusal::new(Kind::NotFound, "ResourceNotFoundException", message)
}

fn exists(name: &str) -> Refusal {
    let message = format!("Schedule {name} already exists.");
    Refusal::new(Kind::Exists, "ConflictException", message)
}

impl Answer for CreateSchedule {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        if state.scheduler.schedules.contains_key(&self.0.name) {
            return Err(exists(&self.0.name));
        }
        state.hold(self.0)
    }
}

impl Answer for UpdateSchedule {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        if !state.scheduler.schedules.contains_key(&self.0.name) {
            return Err(missing(&self.0.name));
        }
        state.hold(self.0)
    }
}

impl Answer for GetSchedule {
    fn answer(self, state: &mut State) -> Result<Option<Schedule>, Refusal> {
        let held = state.scheduler.schedules.get(&self.name);
        Ok(held.map(|held| held.it.clone()))
    }
}

impl Answer for DeleteSchedule {
    fn answer(self, state: &mut State) -> Result<(), Refusal> {
        state.scheduler.schedules.remove(&self.name);
        Ok(())
    }
}

impl Answer for ListSchedules {
    fn answer(self, state: &mut State) -> Result<Page<String>, Refusal> {
        let marker = self.next.as_deref().unwrap_or_default();
        let names = state.scheduler.schedules.keys();
        let mut names = names
            .filter(|name| name.starts_with(&self.prefix) && name.as_str() > marker)
            .peekable();
        let items: Vec<String> = names.by_ref().take(PAGE).cloned().collect();
        let more = names.peek().is_some();
        let next = items.last().filter(|_| more).cloned();
        Ok(Page { items, next })
    }
}
