//! A cluster as EMR stores it, and its representation in replies.

use super::metrics::Habits;
use super::power_off::PowerOff;
use super::subnets::DEFAULT_SUBNET;
use super::varying::Varying;
use super::world::{State, emr_id, span};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::{self, Failure, NewGroup, NewStep, RunJobFlow};
use clusterup::cloud::api::network::Network;
use clusterup::cloud::rng::Rng;
use clusterup::model::name::SecurityGroupId;
use clusterup::model::network::ManagedGroups;
use clusterup::model::observed::{ClusterState, StepState};
use clusterup::model::span::Span;
use clusterup::model::stack::Market;

const STARTING_SECONDS: (u64, u64) = (60, 240);
const UNLISTED_SECONDS: u64 = 20;
const UNDESCRIBED_SECONDS: u64 = 6;
const DRAIN_SECONDS: (u64, u64) = (0, 60);
const RESIZE_SECONDS: (u64, u64) = (50, 70);

pub(super) struct Cluster {
    pub(super) id: String,
    /// What was ordered, with what later calls changed of it.
    pub(super) order: RunJobFlow,
    pub(super) state: ClusterState,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) ready_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    /// When its machines started. `None` while EMR validates the order, and if EMR refuses it.
    pub(super) launched_at: Option<DateTime<Utc>>,
    /// When its end was requested, or when it ended by itself.
    pub(super) down_at: Option<DateTime<Utc>>,
    pub(super) protected: bool,
    pub(super) groups: Vec<InstanceGroup>,
    /// Its instances, if EMR chooses their types or their number.
    pub(super) varying: Option<Varying>,
    pub(super) steps: Vec<Step>,
    /// The policy and since when it counts at the earliest.
    pub(super) idle: Option<(Span, DateTime<Utc>)>,
    pub(super) power_off: Option<PowerOff>,
    pub(super) waiting_since: DateTime<Utc>,
    /// When the current start, step or end is over.
    pub(super) phase_ends: DateTime<Utc>,
    /// Work outside its steps.
    pub(super) habits: Habits,
    /// With which code it is to fail while it starts.
    pub(super) failure_code: Option<String>,
    pub(super) listed_from: DateTime<Utc>,
    /// From when on a description by id finds the cluster.
    pub(super) reported_from: DateTime<Utc>,
    /// How long its network stays behind when it has ended.
    drain: TimeDelta,
    /// Its own, so that what becomes of it does not hang on other clusters.
    pub(super) rng: Rng,
}

pub(super) struct InstanceGroup {
    pub(super) id: String,
    pub(super) order: NewGroup,
    pub(super) requested: u16,
    pub(super) running: u16,
    /// When `running` becomes `requested`.
    follows: Option<DateTime<Utc>>,
    /// The instances that it has had, those that came first first.
    pub(super) ran: Vec<Ran>,
}

/// Instances of a group that came together and went together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How many.
    pub count: u16,
    /// When they were launched.
    pub from: DateTime<Utc>,
    /// When they went; `None` while the group has them.
    pub until: Option<DateTime<Utc>>,
}

impl InstanceGroup {
    /// Launches what is missing, or lets those go that came last.
    pub(super) fn follow(&mut self, now: DateTime<Utc>) {
        let open = |ran: &&mut Ran| ran.until.is_none();
        let have: u16 = self.ran.iter_mut().filter(open).map(|ran| ran.count).sum();
        let mut surplus = have.saturating_sub(self.requested);
        let mut stay = Vec::new();
        for ran in self.ran.iter_mut().filter(open).rev() {
            let leave = ran.count.min(surplus);
            if leave == 0 {
                break;
            }
            surplus -= leave;
            if ran.count > leave {
                let count = ran.count - leave;
                stay.push(Ran {
                    count,
                    ..ran.clone()
                });
            }
            (ran.count, ran.until) = (leave, Some(now));
        }
        self.ran.extend(stay);
        if self.requested > have {
            let count = self.requested - have;
            let (from, until) = (now, None);
            self.ran.push(Ran { count, from, until });
        }
    }
}

pub(super) struct Step {
    pub(super) id: String,
    pub(super) order: NewStep,
    pub(super) state: StepState,
    pub(super) created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) failure: Option<Failure>,
}

impl Cluster {
    pub(super) fn new(order: RunJobFlow, world: &mut State) -> Self {
        let mut id = emr_id(&world.rng, "j");
        while world.clusters.contains_key(&id) {
            id = emr_id(&world.rng, "j");
        }
        let rng = Rng::new(world.rng.next());
        let now = world.now;
        let failing = &mut world.script.failing_clusters;
        let failure_code = (!failing.is_empty()).then(|| failing.remove(0));
        let groups = order.groups.iter().map(|group| InstanceGroup {
            id: emr_id(&rng, "ig"),
            requested: group.count,
            running: 0,
            follows: None,
            ran: Vec::new(),
            order: group.clone(),
        });
        let groups: Vec<InstanceGroup> = groups.collect();
        let mut cluster = Self {
            id,
            varying: Varying::ordered(&order, &groups, &rng),
            state: ClusterState::Starting,
            reason: None,
            message: None,
            created_at: now,
            ready_at: None,
            ended_at: None,
            launched_at: None,
            down_at: None,
            protected: order.protected,
            groups,
            steps: Vec::new(),
            idle: order.idle_timeout.map(|timeout| (timeout, now)),
            power_off: PowerOff::ordered(&order),
            waiting_since: now,
            phase_ends: now + span(&rng, STARTING_SECONDS),
            habits: Habits::default(),
            failure_code,
            listed_from: world.seen_from(UNLISTED_SECONDS),
            reported_from: world.seen_from(UNDESCRIBED_SECONDS),
            drain: span(&rng, DRAIN_SECONDS),
            rng,
            order,
        };
        cluster.take_steps(cluster.order.steps.clone(), now);
        cluster
    }

    /// The new steps' ids.
    pub(super) fn take_steps(&mut self, steps: Vec<NewStep>, now: DateTime<Utc>) -> Vec<String> {
        let known = self.steps.len();
        for order in steps {
            self.steps.push(Step {
                id: emr_id(&self.rng, "s"),
                order,
                state: StepState::Pending,
                created_at: now,
                started_at: None,
                ended_at: None,
                failure: None,
            });
        }
        let new = self.steps[known..].iter();
        new.map(|step| step.id.clone()).collect()
    }

    /// Whether its machines still hold on to a security group.
    pub(super) fn holds(&self, group: &str, now: DateTime<Utc>) -> bool {
        let gone = self.ended_at.is_some_and(|ended| ended + self.drain <= now);
        !gone && {
            let network = &self.order.network;
            let managed = network.managed.iter().flat_map(ManagedGroups::iter);
            let mut held = managed.map(SecurityGroupId::as_str);
            held.any(|id| id == group) || network.groups.iter().any(|id| id == group)
        }
    }

    pub(super) fn resize(&mut self, group: usize, count: u16, now: DateTime<Utc>) {
        let follows = now + span(&self.rng, RESIZE_SECONDS);
        let group = &mut self.groups[group];
        group.running = group.running_at(now);
        group.requested = count;
        group.follows = Some(follows);
        if self.launched_at.is_some() {
            group.follow(now);
        }
        if let Some(varying) = &mut self.varying {
            let targets = match group.order.market {
                Market::OnDemand => [count, 0],
                Market::Spot => [0, count],
            };
            varying.set_targets(&group.id, targets, now);
        }
    }

    pub(super) fn seen(&self) -> emr::Cluster {
        emr::Cluster {
            id: self.id.clone(),
            name: self.order.name.clone(),
            state: self.state,
            reason: self.reason.clone(),
            message: self.message.clone(),
            details: Vec::new(),
            created_at: self.created_at,
            ready_at: self.ready_at,
            ended_at: self.ended_at,
            release: self.order.release.clone(),
            applications: self.order.applications.clone(),
            configurations: self.order.configurations.clone(),
            keep_alive: self.order.keep_alive,
            protected: self.protected,
            step_concurrency: self.order.step_concurrency,
            settings: self.order.settings.clone(),
            root_volume: self.order.root_volume,
            key_pair: self.order.key_pair.clone(),
            network: self.network(),
            has_fleets: !self.order.fleets.is_empty(),
            primary_dns: self.primary_dns(),
            log_uri: Some(self.order.log_uri.clone()),
            tags: self.order.tags.clone(),
        }
    }

    /// As EMR shows it: with the subnet and the groups that it has chosen.
    fn network(&self) -> Network {
        let asked = self.order.network.clone();
        let id = |text: &str| text.parse().ok();
        let own = || {
            Some(ManagedGroups {
                primary: id("sg-0000000a")?,
                core: id("sg-0000000b")?,
                service_access: None,
            })
        };
        Network {
            subnet: (asked.subnet)
                .or_else(|| asked.one_of.last().cloned())
                .or_else(|| Some(DEFAULT_SUBNET.to_owned())),
            one_of: asked.one_of,
            managed: asked.managed.or_else(own),
            groups: asked.groups,
            core_groups: asked.core_groups,
            zone: asked.zone.or_else(|| Some("us-east-1a".to_owned())),
        }
    }

    /// Known once there is a machine.
    fn primary_dns(&self) -> Option<String> {
        let name = self.id.trim_start_matches("j-").to_lowercase();
        let there = self.state != ClusterState::Starting;
        there.then(|| format!("ec2-{name}.compute.amazonaws.com"))
    }
}

impl InstanceGroup {
    pub(super) fn running_at(&self, now: DateTime<Utc>) -> u16 {
        if self.follows.is_some_and(|at| at <= now) {
            self.requested
        } else {
            self.running
        }
    }

    pub(super) fn settle(&mut self, running: u16) {
        self.running = running;
        self.follows = None;
    }
}
