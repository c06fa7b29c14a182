//! A cluster of the fleet for the tests of this room, made at 04:00:00 UTC; times are seconds after
//! that. Idle timeout ten minutes, lifetime two hours, ready after five minutes, watched without
//! holes, one step done at ten minutes.

use super::{Judged, Quiet, Watched, judge};
use crate::guard::sample;
use crate::model::application::Application;
use crate::model::fleet::{Made, Mark, Place, Pulse, Sight, Signal};
use crate::model::observed::{Cluster, ClusterState, EndReason, StepState};
use crate::model::orders::{Exempt, Mildest, Orders, Unmanaged, UnmanagedAction};
use crate::model::span::Span;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    sample::at(seconds)
}

/// What a verdict rests on, to be changed by a test.
pub(super) struct World {
    pub(super) sight: Sight,
    pub(super) pulses: Option<Signal<Vec<Pulse>>>,
    pub(super) pulses_at: Option<DateTime<Utc>>,
    pub(super) quiet: Option<Quiet>,
    pub(super) orders: Orders,
    pub(super) unseen: Option<&'static str>,
    pub(super) asked_at: Option<DateTime<Utc>>,
}

impl World {
    pub(super) fn ours() -> Self {
        let mut cluster = sample::cluster(Some(300));
        cluster.spec.guardrails.idle_timeout = Span::from_secs(600);
        cluster.spec.guardrails.max_lifetime = Span::from_secs(7_200);
        cluster.steps = vec![sample::step(StepState::Completed, Some(310), Some(600))];
        let mut world = Self::others();
        world.orders.bound = Some(cluster.guardrails());
        world.sight.rates = cluster.spec.rates;
        world.sight.lives = cluster.lives.clone();
        world.sight.made = Made::Here(Box::new(cluster));
        world
    }

    pub(super) fn others() -> Self {
        let steps = vec![sample::step(StepState::Completed, Some(310), Some(600))];
        Self {
            sight: Sight {
                place: Place::Region("us-east-1".parse().unwrap()),
                id: "j-1".parse().unwrap(),
                name: "nightly".into(),
                state: ClusterState::Waiting,
                created_at: at(0),
                ready_at: Some(at(300)),
                looked_at: at(0),
                made: Made::Elsewhere,
                owner: None,
                tags: BTreeMap::new(),
                protected: false,
                applications: ["Hadoop", "Spark"].map(Application::seen).to_vec(),
                steps: Signal::Read(steps),
                rates: None,
                lives: Vec::new(),
                mark: None,
            },
            pulses: None,
            pulses_at: None,
            quiet: None,
            orders: orders(),
            unseen: None,
            asked_at: None,
        }
    }

    /// The cluster, where it is ours.
    pub(super) fn cluster(&mut self) -> &mut Cluster {
        match &mut self.sight.made {
            Made::Here(cluster) => cluster,
            Made::Elsewhere | Made::Disputed(_) => panic!("it is not ours"),
        }
    }

    /// One step that runs since then.
    pub(super) fn runs_since(&mut self, seconds: i64) {
        let steps = vec![sample::step(StepState::Running, Some(seconds), None)];
        self.sight.steps = Signal::Read(steps);
        self.sight.state = ClusterState::Running;
    }

    /// Metrics every five minutes up to an instant: nothing runs but for the containers given.
    pub(super) fn quiet_until(&mut self, seconds: i64) {
        let pulse = |n: i64| Pulse {
            at: at(n * 300),
            apps: 0,
            containers: 0,
            done: None,
        };
        let pulses = (1..=seconds / 300).map(pulse).collect();
        self.pulses = Some(Signal::Read(pulses));
    }

    pub(super) fn works_at(&mut self, seconds: i64, apps: u64) {
        let Some(Signal::Read(pulses)) = &mut self.pulses else {
            panic!("there are no metrics");
        };
        let pulse = pulses
            .iter_mut()
            .find(|pulse| pulse.at == at(seconds))
            .unwrap();
        (pulse.apps, pulse.containers) = (apps, apps);
    }

    pub(super) fn has(&mut self, names: &[&str]) {
        self.sight.applications = names.iter().map(|name| Application::seen(name)).collect();
    }

    pub(super) fn marked(&mut self, seconds: i64, reason: EndReason) {
        let ends_at = at(seconds);
        self.sight.mark = Some(Mark { ends_at, reason });
    }

    pub(super) fn exempt(&mut self, value: &str, max_lifetime: Option<u64>) {
        self.sight.tags.insert("keep".to_owned(), value.to_owned());
        self.orders.exempt.insert(Exempt {
            tag: "keep".to_owned(),
            max_lifetime: max_lifetime.map(Span::from_secs),
        });
    }

    pub(super) fn watched(&self) -> Watched<'_> {
        Watched {
            sight: &self.sight,
            pulses: self.pulses.as_ref(),
            pulses_at: self.pulses_at,
            quiet: self.quiet,
            orders: &self.orders,
            unseen: self.unseen,
            asked_at: self.asked_at,
        }
    }

    pub(super) fn judge(&self, seconds: i64) -> Judged {
        judge(at(seconds), &self.watched())
    }

    /// The stage in a word, and the reason where there is one.
    pub(super) fn says(&self, seconds: i64) -> (&'static str, Option<EndReason>) {
        let judged = self.judge(seconds);
        let acts = judged.stage.is_suspect() && judged.stage.word() != "clear";
        (judged.stage.word(), judged.reason.filter(|_| acts))
    }
}

fn orders() -> Orders {
    Orders {
        bound: None,
        unmanaged: Unmanaged {
            action: UnmanagedAction::Terminate,
            idle_timeout: Span::from_secs(3_600),
            max_lifetime: None,
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
