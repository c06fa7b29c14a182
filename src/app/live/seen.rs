//! What was seen of the clusters that try out beliefs. Pure.

use super::clusters::Kind;
use crate::cloud::{ConditionalWrites, DescribedCluster};
use crate::model::money::Usd;
use crate::model::name::ClusterId;
use crate::model::observed::StepState;
use crate::model::shown::Untrusted;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// How many looks go by after a cluster has ended before what is missing counts as not coming. EMR
/// uploads the last logs within minutes of the end.
const LAST_LOOKS: u32 = 10;

/// All that was seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When it was seen.
    pub(super) now: DateTime<Utc>,
    /// The clusters.
    pub(super) lives: BTreeMap<Kind, Life>,
    /// The report of the step that has arguments; `None` until the step is over.
    pub(super) report: Option<Report>,
    pub(super) writes: Option<ConditionalWrites>,
    /// How long after the answer to its request EMR listed the first cluster, or still did not.
    pub(super) listed: Option<(bool, TimeDelta)>,
    /// How many steps came of adding the same one twice.
    pub(super) repeated: Option<usize>,
    /// How long after its creation the Tagging API listed the first cluster's tags.
    pub(super) tagged_after: Option<TimeDelta>,
    /// When the deadline was moved.
    pub(super) moved_at: Option<DateTime<Utc>>,
    /// How long after that its primary had read it.
    pub(super) read_after: Option<TimeDelta>,
    /// The step without YARN, and when it ended.
    pub(super) busy: Option<(StepState, Option<DateTime<Utc>>)>,
    /// How long after the cluster was ready it had a metric.
    pub(super) measured_after: Option<TimeDelta>,
    /// How long after the end of its step a log was uploaded.
    pub(super) logged_after: Option<TimeDelta>,
    /// Whether the schedule was there in the last look after its cluster had ended.
    pub(super) is_fired_left: Option<bool>,
    /// What is left in the end; `None` until everything is deleted.
    pub(super) left: Option<Left>,
}

/// What is left after everything was deleted.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Kinds of resources.
    pub(super) kinds: BTreeSet<&'static str>,
    /// The ids of EBS volumes, `vol-…`, which no stack deletes.
    pub(super) volumes: Vec<Untrusted>,
}

/// What the first step has shown.
#[derive(Debug)]
pub(super) struct Report {
    /// What it wrote; `None` if it wrote nothing.
    pub(super) text: Option<String>,
    /// Whether it also wrote where it must not.
    pub(super) is_outside: bool,
}

/// What was seen of one cluster.
#[derive(Debug, Default)]
pub(super) struct Life {
    pub(super) id: Option<ClusterId>,
    /// When its request began and was answered.
    pub(super) requested: (DateTime<Utc>, DateTime<Utc>),
    /// How EMR described it last.
    pub(super) described: Option<DescribedCluster>,
    /// What it has cost up to the last look.
    pub(super) cost: Option<Usd>,
    /// Its hard deadline.
    pub(super) deadline: Option<DateTime<Utc>>,
    /// How often it was looked at since it ended.
    pub(super) looks_after: u32,
}

impl Life {
    pub(super) fn is_over(&self) -> bool {
        self.described.as_ref().is_some_and(|it| it.state.is_over())
    }

    /// How long it existed, if it has ended and EMR says when.
    pub(super) fn length(&self) -> Option<TimeDelta> {
        let created = self.described.as_ref()?.created_at;
        Some(self.ended_at()? - created)
    }

    /// When it had ended, if EMR says so.
    pub(super) fn ended_at(&self) -> Option<DateTime<Utc>> {
        let described = self.described.as_ref().filter(|it| it.state.is_over())?;
        described.ended_at
    }

    /// Whether what did not come until now will not come.
    pub(super) fn is_too_late(&self) -> bool {
        self.looks_after >= LAST_LOOKS
    }
}

impl Seen {
    pub(super) fn life(&self, kind: Kind) -> Option<&Life> {
        self.lives.get(&kind)
    }

    /// Whether the cluster was made and has ended.
    pub(super) fn is_over(&self, kind: Kind) -> bool {
        self.life(kind).is_some_and(Life::is_over)
    }

    pub(super) fn is_too_late(&self, kind: Kind) -> bool {
        self.life(kind).is_some_and(Life::is_too_late)
    }

    /// Whether nothing more is to be seen.
    pub(super) fn is_complete(&self) -> bool {
        let late = |kind| self.is_too_late(kind);
        Kind::ALL.into_iter().all(|kind| self.is_over(kind))
            && (self.logged_after.is_some() || late(Kind::Job))
            && (self.is_fired_left == Some(false) || late(Kind::Schedule))
    }
}
