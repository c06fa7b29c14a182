//! A cluster of the fleet for the tests of this room, created at 04:00:00 UTC; times are seconds
//! after that. Its idle timeout is ten minutes, its lifetime two hours; it is ready after five
//! minutes, observed completely, and one step is done at ten minutes.

use super::{Assessment, QuietPeriod, WatchInput, judge};
use crate::guard::sample;
use crate::model::adoption::{Adopted, AdoptedLimits, Adoption, IdlePolicy};
use crate::model::application::Application;
use crate::model::fleet::{
    AnyCluster, ClusterSnapshot, ForeignCluster, MetricSample, Reading, Seen, WatchdogMark,
};
use crate::model::observed::{Cluster, ClusterState, EndReason, Step, StepState};
use crate::model::orders::{Exempt, Mildest, Orders, Unmanaged, UnmanagedAction};
use crate::model::place::Place;
use crate::model::span::Span;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    sample::at(seconds)
}

/// The input of an assessment, which tests change.
pub(super) struct World {
    pub(super) snapshot: ClusterSnapshot,
    pub(super) metric_samples: Option<Reading<Vec<MetricSample>>>,
    pub(super) metrics_read_at: Option<DateTime<Utc>>,
    pub(super) quiet_period: Option<QuietPeriod>,
    pub(super) orders: Orders,
    pub(super) unseen: Option<&'static str>,
    pub(super) asked_at: Option<DateTime<Utc>>,
    pub(super) unadoptable: bool,
}

impl World {
    pub(super) fn ours() -> Self {
        let mut cluster = sample::cluster(Some(300));
        cluster.spec.guardrails.idle_timeout = Span::from_secs(600);
        cluster.spec.guardrails.max_lifetime = Span::from_secs(7_200);
        cluster.steps = vec![sample::step(StepState::Completed, Some(310), Some(600))];
        let mut world = Self::others();
        world.orders.bound = Some(cluster.guardrails());
        cluster.state = ClusterState::Waiting;
        world.snapshot.cluster = AnyCluster::Ours(Box::new(cluster));
        world
    }

    pub(super) fn others() -> Self {
        let steps = vec![sample::step(StepState::Completed, Some(310), Some(600))];
        Self {
            snapshot: ClusterSnapshot {
                place: Place::Region("us-east-1".parse().unwrap()),
                looked_at: at(0),
                cluster: AnyCluster::Foreign(Box::new(ForeignCluster {
                    id: "j-1".parse().unwrap(),
                    state: ClusterState::Waiting,
                    created_at: at(0),
                    ready_at: Some(at(300)),
                    ended_at: None,
                    rates: None,
                    instance_spans: Vec::new(),
                    disputed: None,
                    adopted: None,
                })),
                name: "nightly".into(),
                owner: None,
                tags: BTreeMap::new(),
                protected: false,
                applications: ["Hadoop", "Spark"].map(Application::seen).to_vec(),
                seen: Seen::Described {
                    steps: Reading::Read(steps),
                },
                mark: None,
            },
            metric_samples: None,
            metrics_read_at: None,
            quiet_period: None,
            orders: orders(),
            unseen: None,
            asked_at: None,
            unadoptable: false,
        }
    }

    /// The cluster of others, adopted with the guardrails of [`Self::ours`].
    pub(super) fn adopted() -> Self {
        let mut world = Self::others();
        let AnyCluster::Ours(mut cluster) = Self::ours().snapshot.cluster else {
            panic!("it is not ours");
        };
        cluster.id = world.snapshot.id().clone();
        world.orders.bound = Some(cluster.guardrails());
        let AnyCluster::Foreign(foreign) = &mut world.snapshot.cluster else {
            panic!("it is ours");
        };
        foreign.adopted = Some(Box::new(Adopted {
            name: "nightly".into(),
            adoption: Adoption {
                at: at(400),
                by: "ann@desk".into(),
                owner: None,
                team: None,
                limits: AdoptedLimits::default(),
                rates: None,
                spent: None,
                idle_policy: IdlePolicy::None,
                idle_before: None,
                tags_before: BTreeMap::new(),
                extensions: Vec::new(),
                budgets: Vec::new(),
                releasing: false,
            },
            cluster: *cluster,
            protected: false,
            unscheduled: false,
        }));
        world
    }

    /// The cluster, if it is one of clusterup.
    pub(super) fn cluster(&mut self) -> &mut Cluster {
        match &mut self.snapshot.cluster {
            AnyCluster::Ours(cluster) => cluster,
            AnyCluster::Foreign(_) => panic!("it is not ours"),
        }
    }

    /// Sets a cluster that is not ready yet, in this state.
    pub(super) fn is_unready(&mut self, state: ClusterState) {
        match &mut self.snapshot.cluster {
            AnyCluster::Ours(cluster) => cluster.ready_at = None,
            AnyCluster::Foreign(cluster) => cluster.ready_at = None,
        }
        self.snapshot.set_state(state);
    }

    pub(super) fn has_steps(&mut self, steps: Reading<Vec<Step>>) {
        self.snapshot.seen = Seen::Described { steps };
    }

    /// Sets that it was only listed.
    pub(super) fn is_listed(&mut self, state: ClusterState) {
        self.snapshot.set_state(state);
        self.snapshot.applications.clear();
        self.snapshot.seen = Seen::Listed { worked_at: None };
    }

    /// Sets one step that runs since then.
    pub(super) fn runs_since(&mut self, seconds: i64) {
        let steps = vec![sample::step(StepState::Running, Some(seconds), None)];
        self.has_steps(Reading::Read(steps));
        self.snapshot.set_state(ClusterState::Running);
    }

    /// Sets metrics every five minutes up to an instant: nothing runs but the given containers.
    pub(super) fn quiet_until(&mut self, seconds: i64) {
        let metric_sample = |n: i64| MetricSample {
            at: at(n * 300),
            apps: 0,
            containers: 0,
            done: None,
        };
        let metric_samples = (1..=seconds / 300).map(metric_sample).collect();
        self.metric_samples = Some(Reading::Read(metric_samples));
    }

    pub(super) fn works_at(&mut self, seconds: i64, apps: u64) {
        let Some(Reading::Read(metric_samples)) = &mut self.metric_samples else {
            panic!("there are no metrics");
        };
        let metric_sample = metric_samples
            .iter_mut()
            .find(|metric_sample| metric_sample.at == at(seconds))
            .unwrap();
        (metric_sample.apps, metric_sample.containers) = (apps, apps);
    }

    pub(super) fn has(&mut self, names: &[&str]) {
        self.snapshot.applications = names.iter().map(|name| Application::seen(name)).collect();
    }

    pub(super) fn marked(&mut self, seconds: i64, reason: EndReason) {
        let ends_at = at(seconds);
        self.snapshot.mark = Some(WatchdogMark { ends_at, reason });
    }

    pub(super) fn exempt(&mut self, value: &str, max_lifetime: Option<u64>) {
        self.snapshot
            .tags
            .insert("keep".to_owned(), value.to_owned());
        self.orders.exempt.insert(Exempt {
            tag: "keep".to_owned(),
            max_lifetime: max_lifetime.map(Span::from_secs),
        });
    }

    pub(super) fn watched(&self) -> WatchInput<'_> {
        WatchInput {
            snapshot: &self.snapshot,
            metric_samples: self.metric_samples.as_ref(),
            metrics_read_at: self.metrics_read_at,
            quiet_period: self.quiet_period,
            orders: &self.orders,
            unseen: self.unseen,
            asked_at: self.asked_at,
            unadoptable: self.unadoptable,
        }
    }

    pub(super) fn judge(&self, seconds: i64) -> Assessment {
        judge(at(seconds), &self.watched())
    }

    /// The stage as a word, and the reason, if there is one.
    pub(super) fn says(&self, seconds: i64) -> (&'static str, Option<EndReason>) {
        let assessment = self.judge(seconds);
        let acts = assessment.stage.is_suspect() && assessment.stage.word() != "clear";
        (assessment.stage.word(), assessment.reason.filter(|_| acts))
    }
}

fn orders() -> Orders {
    Orders {
        bound: None,
        unmanaged: Unmanaged {
            action: UnmanagedAction::Terminate,
            idle_timeout: Span::from_secs(3_600),
            max_lifetime: None,
            budget: None,
            grace: Span::from_secs(3_600),
            idle_by_yarn: BTreeSet::new(),
        },
        mildest: Mildest::default(),
        exempt: Default::default(),
        warn_before: Span::from_secs(300),
        lift_protection: false,
        start_within: Span::from_secs(3_600),
        stuck_after: Span::from_secs(1_800),
    }
}
