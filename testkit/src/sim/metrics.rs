//! CloudWatch: the metrics that running clusters report every five minutes.

use super::Sim;
use super::cluster::Cluster;
use super::refusal::Refusal;
use super::world::{Answer, State};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use clusterup::cloud::api::cloudwatch::{
    GetMetricData, MAX_QUERIES, Metric, PERIOD, Points, Query,
};
use clusterup::cloud::api::emr::{NewGroup, Role, RunJobFlow};
use clusterup::cloud::api::{Kind, Page, Tags};
use clusterup::model::stack::Market;

const EVERY: TimeDelta = TimeDelta::seconds(PERIOD as i64);

/// A cluster's work outside its steps.
#[derive(Debug, Default)]
pub(super) struct Habits {
    /// Since when its steps get no containers.
    stuck: Option<DateTime<Utc>>,
    /// When somebody worked on it by hand: from, and until where that is over.
    busy: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// Since when it cannot be reached, and tells nothing.
    mute_since: Option<DateTime<Utc>>,
    /// Whether its steps run on the primary alone: YARN knows nothing of them.
    outside_yarn: bool,
}

impl Habits {
    pub(super) fn is_busy(&self) -> bool {
        self.busy.last().is_some_and(|(_, until)| until.is_none())
    }

    fn busy_at(&self, at: DateTime<Utc>) -> bool {
        let within = |(from, until): &(DateTime<Utc>, Option<DateTime<Utc>>)| {
            *from <= at && until.is_none_or(|until| at < until)
        };
        self.busy.iter().any(within)
    }
}

impl Cluster {
    /// When it last worked, at the earliest when it was ready; `None` before that. Of work that goes on in a
    /// living cluster, when it began.
    pub(super) fn worked_at(&self) -> Option<DateTime<Utc>> {
        let end = |(from, until): (DateTime<Utc>, Option<DateTime<Utc>>)| {
            until.or(self.down_at).unwrap_or(from)
        };
        let steps = self.steps.iter();
        let steps = steps.filter_map(|step| Some((step.started_at?, step.ended_at)));
        let busy = self.habits.busy.iter().copied();
        let worked = steps.chain(busy).map(end);
        worked.chain(self.ready_at).max()
    }

    /// Nothing before it was ready, nor when it was on its way out.
    fn tells(&self, at: DateTime<Utc>) -> bool {
        let up = self.ready_at.is_some_and(|ready| ready <= at);
        let muted = self.habits.mute_since.is_some_and(|since| since <= at);
        up && self.down_at.is_none_or(|down| at < down) && !muted
    }

    fn value(&self, metric: Metric, at: DateTime<Utc>) -> u32 {
        let mut steps = self.steps.iter().filter(|_| !self.habits.outside_yarn);
        let running = steps.any(|step| {
            step.started_at.is_some_and(|began| began <= at)
                && step.ended_at.is_none_or(|ended| at < ended)
        });
        let busy = self.habits.busy_at(at);
        let stuck = self.habits.stuck.is_some_and(|since| since <= at);
        match metric {
            Metric::AppsRunning => u32::from(running) + u32::from(busy),
            Metric::AppsPending => 0,
            Metric::ContainerAllocated if busy || running && !stuck => self.workers(),
            Metric::ContainerAllocated => 0,
        }
    }

    /// A primary alone works, too.
    fn workers(&self) -> u32 {
        let workers = self.groups.iter();
        let workers = workers.filter(|group| group.order.role != Role::Primary);
        workers
            .map(|group| u32::from(group.requested))
            .sum::<u32>()
            .max(1)
    }
}

impl State {
    fn points(&self, query: &Query, from: DateTime<Utc>, until: DateTime<Utc>) -> Points {
        let mut points = Points::new();
        let Some(cluster) = self.clusters.get(&query.cluster) else {
            return points;
        };
        let mut at = from.duration_trunc(EVERY).unwrap_or(from);
        while at < until && at <= self.now {
            if at >= from && cluster.tells(at) {
                points.push((at, f64::from(cluster.value(query.metric, at))));
            }
            at += EVERY;
        }
        points
    }
}

impl Answer for GetMetricData {
    fn answer(self, state: &mut State) -> Result<Page<Points>, Refusal> {
        if state.metrics_fail {
            let code = "InternalServiceFault";
            return Err(Refusal::new(
                Kind::OutcomeUnknown,
                code,
                "Unable to process the request",
            ));
        }
        if self.queries.is_empty() || self.queries.len() > MAX_QUERIES {
            let message = "The collection MetricDataQueries must have 1 to 500 members";
            return Err(Refusal::new(Kind::Invalid, "ValidationError", message));
        }
        let points = |query| state.points(query, self.from, self.until);
        Ok(Page {
            items: self.queries.iter().map(points).collect(),
            next: None,
        })
    }
}

impl Sim {
    /// Makes CloudWatch refuse every call from now on, or answer again.
    pub fn fail_metrics(&self, fail: bool) {
        self.edit(|state| state.metrics_fail = fail);
    }

    /// A cluster that somebody makes without clusterup, with a primary and two workers, that stays
    /// until it is ended; its id.
    pub fn foreign_cluster(&self, name: &str, tags: Tags) -> String {
        let group = |role, count| NewGroup {
            role,
            instance_type: "m5.xlarge".to_owned(),
            count,
            market: Market::OnDemand,
            bid: None,
            ebs: None,
        };
        let order = RunJobFlow {
            name: name.to_owned(),
            release: "emr-7.9.0".to_owned(),
            applications: vec!["Spark".to_owned()],
            log_uri: "s3://elsewhere/logs/".to_owned(),
            service_role: "EMR_DefaultRole".to_owned(),
            instance_profile: "EMR_EC2_DefaultRole".to_owned(),
            groups: vec![group(Role::Primary, 1), group(Role::Core, 2)],
            fleets: Vec::new(),
            scaling: None,
            key_pair: None,
            network: Default::default(),
            root_volume: None,
            protected: false,
            idle_timeout: None,
            keep_alive: true,
            step_concurrency: 1,
            settings: Default::default(),
            configurations: Default::default(),
            bootstrap: Vec::new(),
            steps: Vec::new(),
            tags,
        };
        self.edit(|state| {
            let cluster = Cluster::new(order, state);
            let id = cluster.id.clone();
            state.clusters.insert(id.clone(), cluster);
            id
        })
    }

    /// From now on the steps of a cluster get no containers.
    pub fn stick(&self, id: &str) -> bool {
        self.habit(id, |habits, now| habits.stuck = Some(now))
    }

    /// Nothing is known of a cluster's metrics, of any time, or they are there again.
    pub fn mute(&self, id: &str, mute: bool) -> bool {
        let since = mute.then_some(DateTime::<Utc>::MIN_UTC);
        self.habit(id, |habits, _| habits.mute_since = since)
    }

    /// A cluster sends no metrics from now on; those that it has sent stay.
    pub fn silence(&self, id: &str) -> bool {
        self.habit(id, |habits, now| habits.mute_since = Some(now))
    }

    /// The steps of a cluster run on its primary alone, so that YARN's metrics do not show them.
    pub fn run_outside_yarn(&self, id: &str) -> bool {
        self.habit(id, |habits, _| habits.outside_yarn = true)
    }

    /// Somebody works on a cluster by hand from now on, or no longer does.
    pub fn occupy(&self, id: &str, busy: bool) -> bool {
        self.edit(|state| {
            let (now, cluster) = (state.now, state.clusters.get_mut(id));
            let Some(cluster) = cluster else {
                return false;
            };
            match cluster.habits.busy.last_mut() {
                Some((_, until @ None)) if !busy => *until = Some(now),
                Some((_, Some(_))) | None if busy => cluster.habits.busy.push((now, None)),
                Some(_) | None => {}
            }
            // At once: its idle time must not seem to have begun before this.
            cluster.waiting_since = now;
            true
        })
    }

    fn habit(&self, id: &str, change: impl FnOnce(&mut Habits, DateTime<Utc>)) -> bool {
        self.edit(|state| {
            let now = state.now;
            let cluster = state.clusters.get_mut(id);
            cluster.map(|it| change(&mut it.habits, now)).is_some()
        })
    }
}
