//! Invariants of every plan: no action twice, no action on something outside its stack, and each
//! action after those it depends on. Every plan is checked when it is created, unless debug
//! assertions are off; a violation is a bug in the planner.

use crate::model::action::Action;
use crate::model::desired::ClusterSpec;
use crate::model::name::{ClusterId, GroupName, KeyPairName};
use crate::model::network::{ClusterKey, GroupRef};
use crate::model::observed::{Cluster, Observed};
use crate::model::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// A violation by one action of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The action.
    pub action: Action,
    /// The invariant that it violates.
    pub kind: FlawKind,
}

/// The invariants of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlawKind {
    /// The plan already has this action.
    Twice,
    /// It acts on something that was not observed as the stack's.
    NotOfStack,
    /// What it depends on does not exist yet, or no longer.
    OutOfOrder(Need),
}

/// What an action requires when it is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A bucket to read or write.
    Bucket,
    /// The key pair of the new cluster.
    KeyPair,
    /// The security groups of the new cluster.
    Group,
    /// The roles that the plan creates.
    Roles,
    /// The files that the plan stages.
    Files,
    /// The name must be free.
    FreeName,
    /// No other cluster that lives or is ending.
    NoOther,
    /// No cluster that lives or is ending and uses it.
    NoUser,
    /// The cluster must be alive.
    Alive,
    /// The cluster must have been started, if it was only recorded.
    Begun,
    /// The cluster must be over.
    Over,
    /// The cluster must not be over yet.
    NotOver,
    /// The cluster must not be deleted yet.
    NotForgotten,
    /// The cluster's guardrails must not be changed yet: one that ends with its work needs the work
    /// first.
    NotMoved,
}

/// Returns every violation in a plan for an observed state.
pub fn flaws(plan: &Plan, observed: &Observed) -> Vec<Flaw> {
    let mut world = World::new(plan, observed);
    let mut flaws = Vec::new();
    for (at, planned) in plan.actions.iter().enumerate() {
        let action = &planned.action;
        let earlier = plan.actions.iter().take(at).map(|it| &it.action);
        let twice = earlier
            .filter(|it| same(it, action))
            .map(|_| FlawKind::Twice);
        let foreign = (!world.owns(action)).then_some(FlawKind::NotOfStack);
        let needs = world.missing(action).into_iter().map(FlawKind::OutOfOrder);
        let kinds = twice
            .take(1)
            .chain(foreign.into_iter().chain(needs).take(1));
        flaws.extend(kinds.map(|kind| Flaw {
            action: action.clone(),
            kind,
        }));
        world.after(action);
    }
    flaws
}

/// Whether two actions do the same to the same thing, regardless of reasons and figures.
fn same(one: &Action, other: &Action) -> bool {
    use Action as A;
    match (one, other) {
        (A::CreateKeyPair(a), A::CreateKeyPair(b)) => a.name == b.name,
        (A::CreateGroup(a), A::CreateGroup(b)) | (A::UpdateGroup(a), A::UpdateGroup(b)) => {
            a.name == b.name
        }
        (A::Stage(a), A::Stage(b)) => a.iter().any(|it| b.iter().any(|other| it.key == other.key)),
        (A::CreateCluster(..), A::CreateCluster(..)) => true,
        (A::AddSteps(a, _), A::AddSteps(b, _))
        | (A::UpdateCluster(a, _), A::UpdateCluster(b, _))
        | (A::TerminateCluster(a, _), A::TerminateCluster(b, _)) => a == b,
        (A::BringHome(a), A::BringHome(b)) => a.to == b.to,
        (one, other) => one == other,
    }
}

/// The state of a cluster before an action.
#[derive(Debug)]
struct PlannedCluster<'a> {
    cluster: &'a Cluster,
    over: bool,
    ending: bool,
    begun: bool,
    moved: bool,
}

/// The simulated state before an action.
#[derive(Debug)]
struct World<'a> {
    key_pairs: BTreeSet<&'a KeyPairName>,
    groups: BTreeSet<&'a GroupName>,
    bucket: bool,
    clusters: BTreeMap<&'a ClusterId, PlannedCluster<'a>>,
    forgotten: BTreeSet<&'a ClusterId>,
    created: Option<&'a ClusterSpec>,
    /// The actions of these kinds that are still to come.
    roles: usize,
    stages: usize,
}

impl<'a> World<'a> {
    fn new(plan: &'a Plan, observed: &'a Observed) -> Self {
        let count = |is: fn(&Action) -> bool| {
            let actions = plan.actions.iter();
            actions.filter(|planned| is(&planned.action)).count()
        };
        let of_stack = observed.clusters.iter().filter(|it| it.stack == plan.stack);
        let tracked = |cluster: &'a Cluster| PlannedCluster {
            cluster,
            over: cluster.state.is_over(),
            ending: !cluster.state.is_live(),
            begun: cluster.attended,
            moved: false,
        };
        Self {
            key_pairs: observed.key_pairs.iter().map(|pair| &pair.name).collect(),
            groups: observed.security_groups.iter().map(|it| &it.name).collect(),
            bucket: observed.bucket.is_some(),
            clusters: of_stack.map(|it| (&it.id, tracked(it))).collect(),
            forgotten: BTreeSet::new(),
            created: None,
            roles: count(|it| matches!(it, Action::CreateRoles)),
            stages: count(|it| matches!(it, Action::Stage(_))),
        }
    }

    /// Whether the thing that an action acts on belongs to the stack.
    fn owns(&self, action: &Action) -> bool {
        match action {
            Action::DeleteKeyPair(name) => self.key_pairs.contains(name),
            Action::DeleteGroup(name) => self.groups.contains(name),
            Action::UpdateGroup(group) => self.groups.contains(&group.name),
            Action::DeleteBucket => self.bucket,
            Action::StartCluster(id)
            | Action::AddSteps(id, _)
            | Action::UpdateCluster(id, _)
            | Action::ExtendCluster(id, _)
            | Action::RenewLease(id)
            | Action::Disarm(id)
            | Action::TerminateCluster(id, _)
            | Action::DeleteCluster(id) => self.clusters.contains_key(id),
            Action::CreateRoles
            | Action::CreateKeyPair(_)
            | Action::CreateGroup(_)
            | Action::CreateBucket
            | Action::Stage(_)
            | Action::CreateCluster(..)
            | Action::Remember(_)
            | Action::BringHome(_) => true,
        }
    }

    /// The requirement of an action that is not met.
    fn missing(&self, action: &Action) -> Option<Need> {
        let missing = |checks: &[(bool, Need)]| {
            let unmet = checks.iter().find(|(met, _)| !met);
            unmet.map(|(_, need)| *need)
        };
        match action {
            Action::CreateRoles | Action::UpdateGroup(_) | Action::DeleteKeyPair(_) => None,
            Action::CreateKeyPair(spec) => {
                missing(&[(!self.key_pairs.contains(&spec.name), Need::FreeName)])
            }
            Action::CreateGroup(group) => {
                missing(&[(!self.groups.contains(&group.name), Need::FreeName)])
            }
            Action::DeleteGroup(name) => missing(&[(!self.is_used(name), Need::NoUser)]),
            Action::CreateBucket => missing(&[(!self.bucket, Need::FreeName)]),
            Action::Stage(_) | Action::BringHome(_) => missing(&[(self.bucket, Need::Bucket)]),
            Action::DeleteBucket => missing(&[(self.is_quiet(), Need::NoUser)]),
            Action::CreateCluster(spec, _) => missing(&[
                (self.is_quiet(), Need::NoOther),
                (self.roles == 0, Need::Roles),
                (self.bucket, Need::Bucket),
                (self.stages == 0, Need::Files),
                (self.has_key_pair(spec), Need::KeyPair),
                (self.has_groups(spec), Need::Group),
            ]),
            Action::StartCluster(id) | Action::ExtendCluster(id, _) | Action::RenewLease(id) => {
                missing(&[(self.is(id, |it| !it.ending), Need::Alive)])
            }
            Action::AddSteps(id, _) => missing(&[
                (self.is(id, |it| !it.ending), Need::Alive),
                (self.is(id, |it| it.begun), Need::Begun),
                (self.is(id, |it| !it.moved), Need::NotMoved),
                (self.stages == 0, Need::Files),
            ]),
            Action::UpdateCluster(id, spec) => missing(&[
                (self.is(id, |it| !it.ending), Need::Alive),
                (self.is(id, |it| it.begun), Need::Begun),
                (self.has_groups(spec), Need::Group),
            ]),
            Action::TerminateCluster(id, _) => {
                missing(&[(self.is(id, |it| !it.over), Need::NotOver)])
            }
            Action::Disarm(id) | Action::DeleteCluster(id) => {
                missing(&[(self.is(id, |it| it.over), Need::Over)])
            }
            Action::Remember(run) => {
                missing(&[(!self.forgotten.contains(&run.cluster), Need::NotForgotten)])
            }
        }
    }

    fn after(&mut self, action: &'a Action) {
        match action {
            Action::CreateRoles => self.roles -= 1,
            Action::Stage(_) => self.stages -= 1,
            Action::CreateKeyPair(spec) => {
                self.key_pairs.insert(&spec.name);
            }
            Action::DeleteKeyPair(name) => {
                self.key_pairs.remove(name);
            }
            Action::CreateGroup(group) => {
                self.groups.insert(&group.name);
            }
            Action::DeleteGroup(name) => {
                self.groups.remove(name);
            }
            Action::CreateBucket => self.bucket = true,
            Action::DeleteBucket => self.bucket = false,
            Action::CreateCluster(spec, _) => self.created = Some(spec),
            Action::StartCluster(id) => self.change(id, |it| it.begun = true),
            Action::UpdateCluster(id, _) => self.change(id, |it| it.moved = true),
            Action::TerminateCluster(id, _) => self.change(id, |it| {
                it.over = true;
                it.ending = true;
            }),
            Action::DeleteCluster(id) => {
                self.clusters.remove(id);
                self.forgotten.insert(id);
            }
            Action::UpdateGroup(_)
            | Action::AddSteps(..)
            | Action::ExtendCluster(..)
            | Action::RenewLease(_)
            | Action::Disarm(_)
            | Action::Remember(_)
            | Action::BringHome(_) => {}
        }
    }

    fn change(&mut self, id: &ClusterId, change: impl FnOnce(&mut PlannedCluster<'a>)) {
        if let Some(tracked) = self.clusters.get_mut(id) {
            change(tracked);
        }
    }

    fn is(&self, id: &ClusterId, state: impl FnOnce(&PlannedCluster<'a>) -> bool) -> bool {
        self.clusters.get(id).is_some_and(state)
    }

    /// Whether no cluster lives or is ending.
    fn is_quiet(&self) -> bool {
        self.created.is_none() && self.clusters.values().all(|it| it.over)
    }

    fn is_used(&self, group: &GroupName) -> bool {
        let living = self.clusters.values().filter(|it| !it.over);
        let specs = living.map(|it| &it.cluster.spec).chain(self.created);
        let mut used = specs.flat_map(|spec| &spec.security_groups);
        used.any(|it| it.own() == Some(group))
    }

    fn has_key_pair(&self, spec: &ClusterSpec) -> bool {
        let pair = spec.key_pair.as_ref().and_then(ClusterKey::own);
        pair.is_none_or(|name| self.key_pairs.contains(name))
    }

    fn has_groups(&self, spec: &ClusterSpec) -> bool {
        spec.security_groups
            .iter()
            .filter_map(GroupRef::own)
            .all(|name| self.groups.contains(name))
    }
}
