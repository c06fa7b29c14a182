//! The instances of clusters whose types EMR chooses or whose number it changes: fleets and managed
//! scaling.

use super::Sim;
use super::cluster::Cluster;
use super::world::{State, ec2_id, emr_id, span};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::emr::{Role, RunJobFlow};
use clusterup::cloud::rng::Rng;
use clusterup::model::observed::ClusterState;
use clusterup::model::stack::Market;

/// Between two changes.
const PAUSE_SECONDS: (u64, u64) = (70, 2_400);
/// From a reading of the list until a change that follows it at once.
const AT_ONCE_SECONDS: (u64, u64) = (1, 20);
/// From a new policy until its effect.
const SOON_SECONDS: (u64, u64) = (5, 300);
/// The list lags so far behind.
const LAG_SECONDS: (u64, u64) = (0, 150);

/// An instance that is or was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// `i-…`.
    pub id: String,
    /// The id of its group or fleet.
    pub collection: String,
    /// Its role.
    pub role: Role,
    /// Its type, such as `m5.xlarge`.
    pub instance_type: String,
    /// How it was bought.
    pub market: Market,
    /// When it was launched, from which on it is charged.
    pub from: DateTime<Utc>,
    /// When it ended; `None` while it is there.
    pub until: Option<DateTime<Utc>>,
    weight: u16,
    lag: TimeDelta,
}

/// What a role may be bought as.
struct Collection {
    id: String,
    role: Role,
    /// Types with their weights.
    types: Vec<(String, u16)>,
    /// Capacity to buy on demand, and on Spot.
    targets: [u16; 2],
}

pub(super) struct Varying {
    collections: Vec<Collection>,
    pub(super) machines: Vec<Machine>,
    /// When it changes next; `None` if it stays as it is.
    next: Option<DateTime<Utc>>,
    rng: Rng,
}

const MARKETS: [Market; 2] = [Market::OnDemand, Market::Spot];

impl Varying {
    /// `None` for a cluster with groups of fixed sizes.
    pub(super) fn ordered(
        order: &RunJobFlow,
        groups: &[super::cluster::InstanceGroup],
        rng: &Rng,
    ) -> Option<Self> {
        if order.fleets.is_empty() && order.scaling.is_none() {
            return None;
        }
        let of_fleet = order.fleets.iter().map(|fleet| Collection {
            id: emr_id(rng, "if"),
            role: fleet.role,
            types: (fleet.types.iter())
                .map(|of| (of.instance_type.to_string(), of.weight))
                .collect(),
            targets: [fleet.on_demand, fleet.spot],
        });
        let of_group = groups.iter().map(|group| Collection {
            id: group.id.clone(),
            role: group.order.role,
            types: vec![(group.order.instance_type.clone(), 1)],
            targets: match group.order.market {
                Market::OnDemand => [group.requested, 0],
                Market::Spot => [0, group.requested],
            },
        });
        Some(Self {
            collections: of_fleet.chain(of_group).collect(),
            machines: Vec::new(),
            next: None,
            rng: Rng::new(rng.next()),
        })
    }

    fn capacity(&self, collection: usize, market: Market) -> u16 {
        let id = &self.collections[collection].id;
        let living = self.machines.iter().filter(|it| it.until.is_none());
        let bought = living.filter(|it| it.collection == *id && it.market == market);
        bought.map(|it| it.weight).sum()
    }

    /// Buys while a target is not filled, and ends what no target needs.
    pub(super) fn fill(&mut self, now: DateTime<Utc>) {
        for collection in 0..self.collections.len() {
            for (market, target) in MARKETS
                .into_iter()
                .zip(self.collections[collection].targets)
            {
                while self.capacity(collection, market) < target {
                    self.buy(collection, market, now);
                }
                self.shrink(collection, market, target, now);
            }
        }
    }

    fn buy(&mut self, collection: usize, market: Market, now: DateTime<Utc>) {
        let of = &self.collections[collection];
        let (instance_type, weight) = of.types[self.one_of(of.types.len())].clone();
        self.machines.push(Machine {
            id: ec2_id(&self.rng, "i"),
            collection: of.id.clone(),
            role: of.role,
            instance_type,
            market,
            from: now,
            until: None,
            weight,
            lag: span(&self.rng, LAG_SECONDS),
        });
    }

    fn shrink(&mut self, collection: usize, market: Market, target: u16, now: DateTime<Utc>) {
        let mut surplus = self.capacity(collection, market).saturating_sub(target);
        let id = &self.collections[collection].id;
        for machine in self.machines.iter_mut().rev() {
            let is_of = machine.collection == *id && machine.market == market;
            if is_of && machine.until.is_none() && machine.weight <= surplus {
                surplus -= machine.weight;
                machine.until = Some(now);
            }
        }
    }

    fn one_of(&self, count: usize) -> usize {
        let below = self.rng.below(u64::try_from(count).unwrap_or(1));
        usize::try_from(below).unwrap_or(0)
    }

    fn number(&self, least: u16, most: u16) -> u16 {
        least
            + u16::try_from(self.rng.below(u64::from(most.saturating_sub(least)) + 1)).unwrap_or(0)
    }

    /// Ends a Spot instance and buys another.
    fn replace(&mut self, now: DateTime<Utc>) {
        let is_lost = |it: &&mut Machine| {
            it.until.is_none() && it.market == Market::Spot && it.role != Role::Primary
        };
        let count = self.machines.iter_mut().filter(is_lost).count();
        if count == 0 {
            return;
        }
        let chosen = self.one_of(count);
        if let Some(machine) = self.machines.iter_mut().filter(is_lost).nth(chosen) {
            machine.until = Some(now);
        }
        self.fill(now);
    }

    /// EMR chooses another size within the limits.
    fn scale(&mut self, order: &RunJobFlow, size: Option<u16>, now: DateTime<Utc>) {
        let Some(limits) = order.scaling.map(|policy| policy.limits) else {
            return;
        };
        let size = size.unwrap_or_else(|| {
            // The largest and the least size are as likely as all others together.
            match self.rng.below(4) {
                0 => limits.to,
                1 => limits.from,
                _ => self.number(limits.from, limits.to),
            }
        });
        let find = |role| self.collections.iter().position(|it| it.role == role);
        let (core, task) = (find(Role::Core), find(Role::Task));
        let most_core = limits.core_at_most.unwrap_or(limits.to).min(size);
        let of_core = if task.is_some() {
            self.number(1.min(most_core), most_core)
        } else {
            size
        };
        let mut on_demand = limits.on_demand_at_most.unwrap_or(limits.to);
        for (index, units) in [(core, of_core), (task, size - of_core)] {
            let Some(index) = index else { continue };
            let bought = if order.fleets.is_empty() {
                // A group keeps its market.
                if self.collections[index].targets[1] > 0
                    || order_is_spot(order, self.collections[index].role)
                {
                    0
                } else {
                    units
                }
            } else {
                self.number(0, units.min(on_demand))
            };
            on_demand -= bought.min(on_demand);
            self.collections[index].targets = [bought, units - bought];
        }
        self.fill(now);
    }

    fn pause(&mut self, now: DateTime<Utc>) {
        self.next = Some(now + span(&self.rng, PAUSE_SECONDS));
    }

    pub(super) fn targets(&self, role: Role) -> Option<[u16; 2]> {
        let found = self.collections.iter().find(|it| it.role == role);
        found.map(|it| it.targets)
    }

    pub(super) fn id(&self, role: Role) -> Option<String> {
        let found = self.collections.iter().find(|it| it.role == role);
        found.map(|it| it.id.clone())
    }

    /// Somebody sets the targets of a fleet.
    pub(super) fn set_targets(&mut self, id: &str, targets: [u16; 2], now: DateTime<Utc>) -> bool {
        let Some(found) = self.collections.iter_mut().find(|it| it.id == id) else {
            return false;
        };
        found.targets = targets;
        self.fill(now);
        true
    }

    /// As the list shows them, some of which it shows late.
    pub(super) fn listed(&self, now: DateTime<Utc>, eventual: bool) -> Vec<Machine> {
        let lag = |it: &Machine| if eventual { it.lag } else { TimeDelta::zero() };
        let there = self.machines.iter().filter(|it| it.from + lag(it) <= now);
        let as_shown = |it: &Machine| Machine {
            until: it.until.filter(|until| *until + lag(it) <= now),
            ..it.clone()
        };
        there.map(as_shown).collect()
    }

    /// Whether its size is within the limits of the policy, which may be new.
    fn is_within(&self, order: &RunJobFlow) -> bool {
        let workers = self
            .collections
            .iter()
            .filter(|it| it.role != Role::Primary);
        let units: u16 = workers.map(|it| it.targets[0] + it.targets[1]).sum();
        let mut policies = order.scaling.iter();
        policies.all(|policy| (policy.limits.from..=policy.limits.to).contains(&units))
    }

    /// A new policy takes effect soon.
    pub(super) fn has_new_policy(&mut self, now: DateTime<Utc>) {
        self.next = Some(now + span(&self.rng, SOON_SECONDS));
    }

    /// Now and then something changes right after a reading.
    pub(super) fn has_been_read(&mut self, now: DateTime<Utc>) {
        if self.next.is_some() && self.rng.below(4) == 0 {
            self.next = Some(now + span(&self.rng, AT_ONCE_SECONDS));
        }
    }
}

fn order_is_spot(order: &RunJobFlow, role: Role) -> bool {
    let mut groups = order.groups.iter();
    groups.any(|group| group.role == role && group.market == Market::Spot)
}

impl Cluster {
    /// When its instances change next by themselves.
    pub(super) fn varies_at(&self) -> Option<DateTime<Utc>> {
        let is_up = matches!(self.state, ClusterState::Running | ClusterState::Waiting);
        self.varying.as_ref().filter(|_| is_up)?.next
    }

    pub(super) fn vary(&mut self, now: DateTime<Utc>) {
        if let Some(varying) = &mut self.varying {
            let is_within = varying.is_within(&self.order);
            if is_within && varying.rng.below(3) == 0 {
                varying.replace(now);
            } else {
                varying.scale(&self.order, None, now);
            }
            varying.pause(now);
        }
        self.count_groups();
    }

    /// Its first machines are launched.
    pub(super) fn launch(&mut self, now: DateTime<Utc>) {
        if let Some(varying) = &mut self.varying {
            varying.fill(now);
            varying.pause(now);
        }
    }

    /// Its last machines are gone.
    pub(super) fn all_gone(&mut self, now: DateTime<Utc>) {
        let machines = self.varying.iter_mut().flat_map(|it| &mut it.machines);
        for machine in machines.filter(|it| it.until.is_none()) {
            machine.until = Some(now);
        }
    }

    /// What EMR shows of scaled groups.
    fn count_groups(&mut self) {
        let Some(varying) = &self.varying else { return };
        for group in &mut self.groups {
            if let Some([on_demand, spot]) = varying.targets(group.order.role) {
                group.requested = on_demand + spot;
                group.settle(on_demand + spot);
            }
        }
    }
}

impl Sim {
    /// Scales all clusters within their limits to a size, at which they stay.
    pub fn scale(&self, size: u16) {
        self.edit(|state: &mut State| {
            let now = state.now;
            for cluster in state.clusters.values_mut() {
                if let Some(varying) = &mut cluster.varying {
                    varying.scale(&cluster.order, Some(size), now);
                    varying.next = None;
                }
                cluster.count_groups();
            }
        });
    }
}
