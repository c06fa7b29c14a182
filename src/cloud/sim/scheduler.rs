//! EventBridge Scheduler: calls that the account makes by itself, each once.

use super::no::No;
use super::world::{Answer, State, span};
use crate::cloud::api::emr::TerminateJobFlows;
use crate::cloud::api::scheduler::{
    CreateSchedule, CreateScheduleGroup, DeleteSchedule, GetSchedule, ListSchedules, Schedule,
    TERMINATE, UpdateSchedule,
};
use crate::cloud::api::{Kind, Page, Tags};
use crate::cloud::dice::Dice;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// AWS fires within so many seconds of the time that was said.
const MINUTE: TimeDelta = TimeDelta::seconds(60);
/// For so long a call is tried that fails.
const TRIED: TimeDelta = TimeDelta::hours(1);
const LONGEST_NAME: usize = 64;
const PAGE: usize = 100;

/// Group and name.
pub(super) type Key = (String, String);

pub(super) struct Scheduler {
    pub(super) groups: BTreeMap<String, Tags>,
    pub(super) schedules: BTreeMap<Key, Held>,
    /// Apart from the world's, so that a schedule changes no cluster before it fires.
    dice: Dice,
}

pub(super) struct Held {
    pub(super) it: Schedule,
    /// When it fires next. None where its time was over when it was said: AWS's word on that is
    /// not known, and nobody should count on it.
    due: Option<DateTime<Utc>>,
}

impl Scheduler {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            groups: BTreeMap::new(),
            schedules: BTreeMap::new(),
            dice: Dice::new(seed.rotate_left(32)),
        }
    }

    pub(super) fn due(&self) -> Option<(DateTime<Utc>, &Key)> {
        let held = self.schedules.iter();
        held.filter_map(|(key, held)| Some((held.due?, key))).min()
    }
}

impl State {
    /// A schedule's call is made; the world's time is when.
    pub(super) fn fire(&mut self, key: &Key) {
        let Some(mut held) = self.scheduler.schedules.remove(key) else {
            return;
        };
        let over = self.now - held.it.at >= TRIED;
        if !self.called(&held.it) && !over {
            held.due = Some(self.now + MINUTE);
            self.scheduler.schedules.insert(key.clone(), held);
        }
    }

    /// Whether the call is made and over, well or in vain for good.
    fn called(&mut self, it: &Schedule) -> bool {
        let Some(ids) = ids(it) else {
            return true;
        };
        let allowed = self.iam.has_arn(&it.role);
        !self.settings.dead.schedules && allowed && TerminateJobFlows { ids }.answer(self).is_ok()
    }

    fn hold(&mut self, it: Schedule) -> Result<(), No> {
        check(&it)?;
        if !self.iam.has_arn(&it.role) {
            return Err(refused(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume \
                 the role.",
            ));
        }
        let key = (it.group.clone(), it.name.clone());
        let within = span(&self.scheduler.dice, (0, 59));
        let due = (it.at + MINUTE > self.now).then(|| (it.at + within).max(self.now));
        self.scheduler.schedules.insert(key, Held { it, due });
        Ok(())
    }
}

/// The clusters that a schedule ends; none of one whose target or input AWS makes nothing of.
fn ids(it: &Schedule) -> Option<Vec<String>> {
    let input: serde_json::Value = serde_json::from_str(&it.input).ok()?;
    let ids = input.get("JobFlowIds")?.as_array()?.iter();
    let ids: Option<Vec<_>> = ids.map(|id| id.as_str().map(str::to_owned)).collect();
    ids.filter(|_| it.target == TERMINATE)
}

fn refused(message: impl Into<String>) -> No {
    No::new(Kind::Invalid, "ValidationException", message)
}

fn check(it: &Schedule) -> Result<(), No> {
    let sign = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = |name: &str| (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(sign);
    if !good(&it.name) || !good(&it.group) {
        return Err(refused(
            "Value failed to satisfy constraint: [0-9a-zA-Z-_.]+",
        ));
    }
    if it.at.timestamp_subsec_nanos() != 0 {
        return Err(refused("Invalid Schedule Expression."));
    }
    Ok(())
}

fn missing(what: &str, name: &str) -> No {
    let message = format!("{what} {name} does not exist.");
    No::new(Kind::NotFound, "ResourceNotFoundException", message)
}

fn exists(what: &str, name: &str) -> No {
    let message = format!("{what} {name} already exists.");
    No::new(Kind::Exists, "ConflictException", message)
}

impl Answer for CreateSchedule {
    fn answer(self, state: &mut State) -> Result<(), No> {
        let (group, name) = (self.0.group.clone(), self.0.name.clone());
        if !state.scheduler.groups.contains_key(&group) {
            return Err(missing("Schedule group", &group));
        }
        if state
            .scheduler
            .schedules
            .contains_key(&(group, name.clone()))
        {
            return Err(exists("Schedule", &name));
        }
        state.hold(self.0)
    }
}

impl Answer for UpdateSchedule {
    fn answer(self, state: &mut State) -> Result<(), No> {
        let key = (self.0.group.clone(), self.0.name.clone());
        if !state.scheduler.schedules.contains_key(&key) {
            return Err(missing("Schedule", &key.1));
        }
        state.hold(self.0)
    }
}

impl Answer for GetSchedule {
    fn answer(self, state: &mut State) -> Result<Option<Schedule>, No> {
        let held = state.scheduler.schedules.get(&(self.group, self.name));
        Ok(held.map(|held| held.it.clone()))
    }
}

impl Answer for DeleteSchedule {
    fn answer(self, state: &mut State) -> Result<(), No> {
        state.scheduler.schedules.remove(&(self.group, self.name));
        Ok(())
    }
}

impl Answer for ListSchedules {
    fn answer(self, state: &mut State) -> Result<Page<String>, No> {
        let after = self.next.unwrap_or_default();
        let keys = state.scheduler.schedules.keys();
        let wanted = keys.filter(|(group, name)| {
            *group == self.group && name.starts_with(&self.prefix) && *name > after
        });
        let mut items: Vec<_> = wanted
            .map(|(_, name)| name.clone())
            .take(PAGE + 1)
            .collect();
        let more = items.len() > PAGE;
        items.truncate(PAGE);
        let next = items.last().filter(|_| more).cloned();
        Ok(Page { items, next })
    }
}

impl Answer for CreateScheduleGroup {
    fn answer(self, state: &mut State) -> Result<(), No> {
        if state.scheduler.groups.contains_key(&self.name) {
            return Err(exists("Schedule group", &self.name));
        }
        state.scheduler.groups.insert(self.name, self.tags);
        Ok(())
    }
}
