//! What another run would take, if nothing else changes.

use super::FLOOR_MS;
use super::figures::{Application, Stage};
use super::run::Run;
use crate::cost::meter::accrued;
use crate::model::instance_span::{InstanceSpan, Role};
use crate::model::money::Usd;
use crate::model::observed::{Cluster, StepState};
use chrono::{TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Fewer core nodes, with which the run takes at most a tenth longer and costs at least a tenth less.
/// It assumes the same tasks, spread over fewer slots, and enough memory for what they cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cheaper {
    /// How many core nodes would do.
    pub core_nodes: u16,
    /// How many there were.
    pub instead_of: u16,
    /// Their type.
    pub instance_type: String,
    /// What the run would cost.
    pub cost: Usd,
    /// How much longer it would take.
    pub longer_ms: u64,
}

/// A stage in which one task takes most of the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Faster {
    /// The stage.
    pub stage: u32,
    /// How much sooner it would end if its tasks were of one size.
    pub saved_ms: u64,
}

/// How much longer than the median the longest task of a skewed stage is: ten times, or three times
/// if it also reads ten times as much.
pub(super) const SKEWED: u64 = 10;
pub(super) const SKEWED_RUN: u64 = 3;

impl Stage {
    /// Whether one task does much more than the others, and takes a minute longer for it.
    pub fn is_skewed(&self) -> bool {
        let Self {
            run_ms,
            shuffle_read,
            ..
        } = self;
        let by_time = run_ms.max >= SKEWED.saturating_mul(run_ms.median);
        let by_size = shuffle_read.max >= SKEWED.saturating_mul(shuffle_read.median)
            && shuffle_read.max > 0
            && run_ms.max >= SKEWED_RUN.saturating_mul(run_ms.median);
        let excess = run_ms.max.saturating_sub(run_ms.median);
        self.tasks > 2 && excess >= FLOOR_MS && (by_time || by_size)
    }

    /// The least time that its tasks take in this many slots.
    fn least_ms(&self, slots: u64) -> u64 {
        self.run_ms.max.max(self.run_ms.sum / slots.max(1))
    }
}

impl Faster {
    pub(super) fn of(app: &Application) -> Option<Self> {
        let slots = u64::from(app.executors.slots);
        let saved = |stage: &Stage| {
            let even = stage.run_ms.median.max(stage.run_ms.sum / slots.max(1));
            stage.wall_ms.unwrap_or(0).saturating_sub(even)
        };
        let skewed = app.stages.iter().filter(|stage| stage.is_skewed());
        let (stage, saved_ms) = skewed
            .map(|stage| (stage.id, saved(stage)))
            .max_by_key(|(_, saved)| *saved)?;
        (saved_ms >= FLOOR_MS).then_some(Self { stage, saved_ms })
    }
}

impl Cheaper {
    pub(super) fn of(run: &Run, cluster: &Cluster) -> Option<Self> {
        let app = run.application.as_ref()?;
        let core = cluster.spec.groups.core.as_ref()?;
        let have = core.nodes.count;
        // What is not known of other steps, nodes that come and go, and spilled data cannot be
        // promised to fit.
        let simple = run.state == StepState::Completed
            && app.complete
            && cluster.steps.len() == 1
            && run.applications == 1
            && !cluster.spec.groups.varies()
            && cluster.spec.groups.task.is_none()
            && !app.settings.is_local()
            && app.totals.disk_spilled.is_none_or(|spilled| spilled == 0);
        if !simple {
            return None;
        }
        let now = cost(cluster, have, 0)?;
        let wall = app.wall_ms()?;
        (1..have).find_map(|nodes| {
            let slots = u64::from(app.executors.slots);
            let fewer = (slots * u64::from(nodes) / u64::from(have)).max(1);
            let longer = |stage: &Stage| stage.least_ms(fewer) - stage.least_ms(slots);
            let longer_ms: u64 = (app.stages.iter().map(longer)).fold(0, u64::saturating_add);
            let cost = cost(cluster, nodes, longer_ms)?;
            let saves = cost <= now.times(Decimal::new(9, 1));
            (saves && longer_ms <= wall / 10).then(|| Self {
                core_nodes: nodes,
                instead_of: have,
                instance_type: core.nodes.instance_type.to_string(),
                cost,
                longer_ms,
            })
        })
    }
}

/// What the cluster would have cost with so many core nodes, if it had run so much longer.
fn cost(cluster: &Cluster, core_nodes: u16, longer_ms: u64) -> Option<Usd> {
    let rates = cluster.spec.rates.as_ref()?;
    let from = cluster.created_at;
    let longer = TimeDelta::milliseconds(i64::try_from(longer_ms).ok()?);
    let until = cluster.ended_at?.max(from).checked_add_signed(longer)?;
    let span = |role, count| InstanceSpan {
        role,
        from,
        until: Some(until),
        count,
        instance_type: None,
    };
    let spans = [span(Role::Primary, 1), span(Role::Core, core_nodes)];
    Some(accrued(rates, &spans, until.with_timezone(&Utc)).total)
}
