//! Reads a cluster that clusterup created: its spec is in its tags, and what EMR reports takes
//! precedence over the spec.

use super::step::step;
use super::{ENDING, Reader, fleets, instance_group};
use crate::cloud::account::last_observation::{LastObservation, Replies, Scheduled};
use crate::cloud::account::names::{self, MAX_EXTENSIONS, OWNER, SIZES};
use crate::cloud::account::{ended, machines, safeguard_state, spec};
use crate::cloud::api::emr::{self, Role};
use crate::model::application::Application;
use crate::model::desired::{ClusterSpec, InstanceGroups, Worker};
use crate::model::emr_settings::EmrSettings;
use crate::model::instance_span::InstanceSpan;
use crate::model::known_applications::ALWAYS;
use crate::model::memory::Memory;
use crate::model::name::{ClusterId, StackName};
use crate::model::network::{ClusterKey, ClusterNetwork, GroupRef};
use crate::model::observed::Cluster;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::sizes::Sizes;
use crate::model::software::{self, Software};
use crate::model::span::Span;
use crate::model::stack::{Guardrails, InstanceGroup, WhenDone};
use crate::model::unarmed::Unarmed;

impl Reader<'_> {
    pub(super) fn ours(
        &self,
        stack: &StackName,
        observed: &Replies,
        steps: Vec<emr::Step>,
    ) -> Option<Cluster> {
        let all = self.known;
        let now = self.now;
        let emr::Cluster { id, state, .. } = &observed.cluster;
        let state = *state;
        let cluster = &observed.cluster;
        let mut drift = Vec::new();
        let mut spec = spec::read(&cluster.tags);
        if spec.is_none() {
            drift.push("its tags were changed by somebody else".to_owned());
            spec = bare(stack, observed, all);
        }
        let mut spec = spec?;
        spec.label = Some(cluster.release.clone());
        spec.emr.software.configurations = software::configured(cluster.configurations.clone());
        count(&mut spec, observed);
        locate(&mut spec, cluster);
        if state.is_live() {
            drift.extend(drifted(&mut spec, observed));
        }
        let tag = |key: &str| cluster.tags.get(key);
        let sizes = tag(SIZES).and_then(|text| text.parse::<Sizes>().ok());
        let sizes = sizes.unwrap_or_else(|| Sizes::of(&spec.groups));
        let by_sizes = || sizes.spans_of(&spec, cluster.created_at, cluster.ended_at);
        let counted = observed.machines.as_ref();
        let counted = counted.filter(|it| !state.is_live() || are_known(&spec, &it.spans));
        if state.is_live() && counted.is_none() && observed.machines.is_some() {
            drift.push("it has instances of a type that its stack does not name".to_owned());
        }
        let counted_at = counted.filter(|_| state.is_live()).map(|it| it.read_at);
        let uncounted = counted.is_none() && machines::must_list_machines(cluster, now);
        let armed = safeguard_state::armed_until(cluster);
        let id: ClusterId = id.parse().ok()?;
        let mut converted = Cluster {
            instance_spans: counted.map_or_else(by_sizes, |it| it.spans.clone()),
            counted_at,
            allowed_until: armed.filter(|_| uncounted && state.is_live()),
            estimated: uncounted && !state.is_live(),
            state,
            ready_at: cluster.ready_at,
            ended_at: cluster.ended_at,
            steps: steps.into_iter().filter_map(step).collect(),
            owner: tag(OWNER).map(|owner| owner.as_str().into()),
            extensions: (0..MAX_EXTENSIONS)
                .filter_map(|number| tag(&names::extended(number))?.parse().ok())
                .collect(),
            renewed_at: all.followed(&id),
            drift,
            ..Cluster::new(id, stack.clone(), spec, cluster.created_at)
        };
        converted.end = ended::end(cluster, &converted, &sizes, now);
        if state.is_live() {
            self.guarded(&mut converted, observed);
        } else if let Scheduled::There(schedule) = &observed.schedule {
            let left = "its cluster has ended";
            converted.safeguards = vec![Safeguard::armed(
                SafeguardKind::Schedule,
                Some(schedule.at),
                left,
            )];
        }
        Some(converted)
    }

    /// Adds the safeguards of a living cluster, and what somebody else changed about them.
    fn guarded(&self, cluster: &mut Cluster, observed: &Replies) {
        let all = self.known;
        let flaw = all.flaw(&cluster.stack, cluster.id.as_str(), &observed.cluster.name);
        cluster.drift.extend(flaw.map(str::to_owned));
        let changed = safeguard_state::drift(cluster, observed, self.now);
        cluster.drift.extend(changed);
        let left_at = all.left(&cluster.id);
        cluster.safeguards = safeguard_state::assess(cluster, observed, left_at, self.now);
    }
}

/// Whether the price of each living instance was recorded.
fn are_known(spec: &ClusterSpec, spans: &[InstanceSpan]) -> bool {
    let known = |span: &InstanceSpan| {
        let Some(of) = &span.instance_type else {
            return true;
        };
        let rates = spec.rates.as_ref();
        let priced = rates.is_some_and(|it| it.types.contains_key(&(span.role, of.clone())));
        let own = spec.groups.of_role(span.role);
        priced || own.is_some_and(|group| group.instance_type() == of)
    };
    spans.iter().filter(|span| span.until.is_none()).all(known)
}

/// What EMR itself reports of a cluster whose spec cannot be read from its tags.
pub(super) fn bare(
    stack: &StackName,
    observed: &Replies,
    groups: &LastObservation,
) -> Option<ClusterSpec> {
    let prefix = names::ec2(stack, "");
    let named = |name: &String| match name.strip_prefix(&prefix) {
        Some(own) => own.parse().ok().map(ClusterKey::Own),
        None => name
            .parse()
            .ok()
            .map(|existing| ClusterKey::Existing { existing }),
    };
    let of_id = |id: &String| {
        let mut all = groups.groups.iter();
        let own = all.find(|(_, group)| group.id == *id);
        match own {
            Some((name, _)) => Some(GroupRef::Own(name.clone())),
            None => id.parse().ok().map(GroupRef::Existing),
        }
    };
    let cluster = &observed.cluster;
    let mut guardrails = Guardrails::default();
    if let Some(converted) = safeguard_state::requested_power_off(&cluster.tags) {
        // The limit was computed from all guardrails, including the budget, and stays in force.
        let late = u64::try_from(safeguard_state::POWER_OFF_DELAY.num_seconds()).unwrap_or(0);
        guardrails.max_lifetime = Span::from_secs(converted.saturating_sub(late));
    }
    let groups = bare_groups(observed)?;
    Some(ClusterSpec {
        release: cluster.release.parse().ok()?,
        label: None,
        team: None,
        // The user's tags cannot be distinguished from others now.
        tags: Default::default(),
        size: groups.size(),
        groups,
        workers: 1,
        worker: Worker {
            memory: Memory::from_mib(0),
            cores: 0,
        },
        key_pair: cluster.key_pair.as_ref().and_then(named),
        security_groups: cluster.network.groups.iter().filter_map(of_id).collect(),
        // EMR does not show whether it was asked for them.
        network: ClusterNetwork::default(),
        emr: EmrSettings {
            software: installed(&cluster.applications),
            ..cluster.settings.clone()
        },
        bootstrap: Vec::new(),
        step_concurrency: cluster.step_concurrency,
        // Who switched it on is not known.
        termination_protection: false,
        python_packages: Vec::new(),
        guardrails,
        rates: None,
        ending: ENDING,
        overridden: None,
        budgets: Vec::new(),
    })
}

/// The instance groups as EMR reports them.
fn bare_groups(observed: &Replies) -> Option<InstanceGroups> {
    let group = |role: Role| {
        let fleet = observed.fleets.iter().find(|fleet| fleet.role == role);
        let group = observed.groups.iter().find(|group| group.role == role);
        fleet.map_or_else(|| instance_group(group?), fleets::as_group)
    };
    Some(InstanceGroups {
        // Only ended clusters have no groups here, and theirs are not compared.
        primary: match group(Role::Primary) {
            Some(primary) => primary,
            None => InstanceGroups::single("m5.xlarge".parse().ok()?).primary,
        },
        core: group(Role::Core),
        task: group(Role::Task),
        root_volume: observed.cluster.root_volume,
        scaling: None,
    })
}

/// What is installed, by the applications that EMR lists.
fn installed(names: &[String]) -> Software {
    let more = names.iter().filter_map(|name| name.parse().ok());
    let is_more = |one: &Application| {
        let mut always = ALWAYS.into_iter();
        !always.any(|name| one.as_str().eq_ignore_ascii_case(name))
    };
    let mut applications: Vec<_> = more.filter(is_more).collect();
    applications.sort();
    Software {
        applications,
        ..Software::default()
    }
}

/// Replaces the counts by EMR's present ones.
fn count(spec: &mut ClusterSpec, observed: &Replies) {
    let set = |of: &mut Option<InstanceGroup>, role: Role| {
        let Some(of) = of else { return };
        if let Some(group) = observed.groups.iter().find(|group| group.role == role) {
            of.nodes.count = group.requested;
        }
        if let Some(fleet) = observed.fleets.iter().find(|fleet| fleet.role == role) {
            fleets::target(of, fleet);
        }
    };
    set(&mut spec.groups.core, Role::Core);
    set(&mut spec.groups.task, Role::Task);
    spec.size = spec.groups.size();
}

/// Replaces the subnet and the groups that the stack named by those that EMR reports.
fn locate(spec: &mut ClusterSpec, cluster: &emr::Cluster) {
    let network = &mut spec.network;
    if let (Some(named), Some(id)) = (&mut network.subnet, &cluster.network.subnet)
        && let Ok(reported) = id.parse()
        && !network.more_subnets.contains(&reported)
    {
        *named = reported;
    }
    if let (Some(named), Some(reported)) = (&mut network.managed_groups, &cluster.network.managed) {
        named.clone_from(reported);
    }
    let groups = cluster.network.core_groups.iter();
    let groups: Vec<_> = groups.filter_map(|id| id.parse().ok()).collect();
    // EMR may report no attributes yet while a cluster is starting.
    if !groups.is_empty() {
        network.core_security_groups = groups;
    }
    if let (Some(named), Some(zone)) = (&mut network.zone, &cluster.network.zone)
        && let Ok(reported) = zone.parse()
    {
        *named = reported;
    }
}

/// Changes of a live cluster's guardrails that somebody else made.
fn drifted(spec: &mut ClusterSpec, observed: &Replies) -> Vec<String> {
    let mut drift = Vec::new();
    let software = &spec.emr.software;
    let has_policy = Unarmed::idle_policy(&observed.cluster.release, software).is_none();
    match observed.idle {
        Some(None) if has_policy => {
            drift.push("its idle policy was removed".to_owned());
        }
        Some(Some(idle)) => spec.guardrails.idle_timeout = idle,
        Some(None) | None => {}
    }
    match observed.scaling {
        Some(None) => drift.push("its managed scaling was removed".to_owned()),
        Some(Some(policy)) => spec.groups.scaling = Some(policy.limits),
        None => {}
    }
    let keeps = spec.guardrails.when_done == WhenDone::Keep;
    if observed.cluster.keep_alive != keeps {
        let now = if observed.cluster.keep_alive {
            "stays"
        } else {
            "ends"
        };
        drift.push(format!("it {now} when its steps have ended"));
    }
    if observed.cluster.protected && !spec.termination_protection {
        drift.push("its termination protection is on".to_owned());
    }
    if observed.cluster.step_concurrency != spec.step_concurrency {
        let concurrency = observed.cluster.step_concurrency;
        drift.push(format!("it runs {concurrency} steps at once"));
    }
    drift
}
