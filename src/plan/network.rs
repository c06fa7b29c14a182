//! The cluster's network in a plan: what EMR would refuse, what a person should know of the subnet,
//! and security groups that are in another VPC than the subnet.

use super::cluster::outlast;
use super::diff::Draft;
use super::refusal::Refusal;
use crate::model::action::Action;
use crate::model::desired::Desired;
use crate::model::facts::{Capacity, Facts};
use crate::model::name::GroupName;
use crate::model::network::{
    Access, ClusterKey, ClusterNetwork, GroupRef, ManagedGroups, Network, Subnet, SubnetChoice,
};
use crate::model::observed::Observed;
use crate::model::stack::{SecurityGroup, Stack};

/// The network of the cluster; none on this machine.
pub(super) fn of_cluster(stack: &Stack, facts: &Facts) -> ClusterNetwork {
    if facts.capacity != Capacity::AsTyped {
        return ClusterNetwork::default();
    }
    let network = &stack.cluster.network;
    let written = match &network.subnet {
        Some(SubnetChoice::Id(id)) => std::slice::from_ref(id),
        Some(SubnetChoice::AnyOf(ids)) => ids,
        Some(SubnetChoice::Tags(_)) | None => &[],
    };
    let subnet = facts.subnet.as_ref();
    ClusterNetwork {
        subnet: subnet.map(|it| &it.id).or(written.first()).cloned(),
        more_subnets: written.iter().skip(1).cloned().collect(),
        vpc: subnet.map(|subnet| subnet.vpc.clone()),
        private: facts.has_no_addresses(),
        managed_groups: network.managed_groups.clone(),
        core_security_groups: network.core_security_groups.clone(),
        zone: network.zone.clone(),
        access: network.access,
    }
}

/// The key pair of the cluster. On this machine, there is no other than the stack's.
pub(super) fn key_pair(stack: &Stack, facts: &Facts) -> Option<ClusterKey> {
    let key = stack.cluster.key_pair.clone();
    key.filter(|key| facts.capacity == Capacity::AsTyped || key.own().is_some())
}

/// The additional groups of the cluster. On this machine, there are no others than the stack's.
pub(super) fn groups_of_cluster(stack: &Stack, facts: &Facts) -> Vec<GroupRef> {
    let is_there = |group: &&GroupRef| facts.capacity == Capacity::AsTyped || group.own().is_some();
    let groups = stack.cluster.security_groups.iter();
    groups.filter(is_there).cloned().collect()
}

/// The security groups to have, in the subnet's VPC.
pub(super) fn groups(stack: &Stack, facts: &Facts) -> Vec<SecurityGroup> {
    let vpc = facts.subnet.as_ref().map(|subnet| &subnet.vpc);
    let placed = |group: &SecurityGroup| SecurityGroup {
        vpc: vpc.cloned(),
        ..group.clone()
    };
    stack.security_groups.iter().map(placed).collect()
}

/// What EMR refuses about service access: it needs the group in a private subnet whose managed
/// groups are named, and takes it nowhere else (EMR API, JobFlowInstancesConfig).
pub(super) fn refusal(stack: &Stack, facts: &Facts) -> Option<Refusal> {
    let named = stack.cluster.network.managed_groups.as_ref()?;
    facts.subnets().find_map(|subnet| refused(subnet, named))
}

fn refused(subnet: &Subnet, named: &ManagedGroups) -> Option<Refusal> {
    let id = &subnet.id;
    let is_known = subnet.routes.is_some();
    match &named.service_access {
        None if subnet.is_private() => Some(Refusal::new(
            format!(
                "subnet {id} is private, and EMR needs a group for service access beside the \
                 managed groups that the stack names"
            ),
            "name one under network.managed_groups: { service_access: … }, or leave \
             managed_groups out: EMR then creates all three",
        )),
        Some(group) if is_known && !subnet.has_no_addresses() => Some(Refusal::new(
            format!("subnet {id} is public, and EMR takes service_access in private subnets only"),
            format!("leave service_access: {group} out, or name a private subnet"),
        )),
        Some(_) | None => None,
    }
}

/// What a person should know of the network before it is used.
pub(super) fn notes(stack: &Stack, facts: &Facts) -> Vec<String> {
    let cluster = &stack.cluster;
    let network = &cluster.network;
    if facts.capacity != Capacity::AsTyped {
        let mut notes = Vec::new();
        if *network != Network::default() {
            notes.push("cluster.network does not apply on this machine".to_owned());
        }
        if let Some(existing) = cluster.key_pair.as_ref().and_then(ClusterKey::existing) {
            notes.push(format!("key pair {existing} of EC2 is not used here"));
        }
        let existing = cluster
            .security_groups
            .iter()
            .filter_map(GroupRef::existing);
        let existing: Vec<String> = existing.map(ToString::to_string).collect();
        if !existing.is_empty() {
            let existing = existing.join(", ");
            notes.push(format!(
                "security groups of EC2 are not used here: {existing}"
            ));
        }
        return notes;
    }
    let mut notes = Vec::new();
    if !facts.untagged.is_empty() {
        let ids = facts.untagged.join(", ");
        notes.push(format!(
            "EMR's service role has AmazonEMRServicePolicy_v2, which can use only what has the tag \
             for-use-with-amazon-emr-managed-policies=true: add it to {ids}, or EMR ends the cluster"
        ));
    }
    if network.access == Access::Ssm {
        notes.push(
            "access through Session Manager: the role of the machines needs the policy \
             AmazonSSMManagedInstanceCore"
                .to_owned(),
        );
    }
    notes.extend(
        facts
            .subnets()
            .flat_map(|subnet| of_subnet(subnet, network.access)),
    );
    notes
}

fn of_subnet(subnet: &Subnet, access: Access) -> Vec<String> {
    let Subnet { id, vpc, zone, .. } = subnet;
    let place = format!("subnet {id} ({zone}, {vpc})");
    let mut notes = Vec::new();
    if subnet.routes.is_none() {
        notes.push(format!(
            "the routes of {place} could not be read: whether it is private is not known"
        ));
    }
    if subnet.has_no_addresses() {
        let what = if subnet.is_private() {
            "is private"
        } else {
            "gives its machines no public addresses"
        };
        let reach = match access {
            Access::Ssh => "SSH reaches its machines from inside the VPC only",
            Access::Ssm => "Session Manager needs a NAT gateway or its endpoints there",
            Access::None => "the price has no public addresses",
        };
        notes.push(format!("{place} {what}: {reach}"));
    }
    if !subnet.reaches_s3() {
        notes.push(format!(
            "{place} has no way to S3, which EMR needs: give its route table a gateway endpoint \
             for S3 or a NAT gateway"
        ));
    }
    notes
}

/// Whether an observed group is in another VPC than a group of the stack.
pub(super) fn is_elsewhere(existing: &SecurityGroup, group: &SecurityGroup) -> bool {
    existing.vpc != group.vpc
}

/// Plans the groups that are in another VPC than the subnet: each is deleted there once its cluster
/// is over, and created here before the next one.
pub(super) fn move_groups(desired: &Desired, observed: &Observed, draft: &mut Draft) {
    for group in &desired.security_groups {
        let mut all = observed.security_groups.iter();
        let existing = all.find(|existing| existing.name == group.name);
        if existing.is_none_or(|existing| !is_elsewhere(existing, group)) {
            continue;
        }
        if is_kept_in_use(&group.name, observed, draft) {
            let what = format!("security group {}", group.name);
            draft.settle(what, "its cluster uses it in another VPC");
            continue;
        }
        outlast(observed, draft);
        let because = "it is in another VPC than the cluster's subnet";
        let is_new = |action: &Action| action.new_cluster().is_some();
        let mut planned = draft.actions.iter();
        let at = planned.position(|planned| is_new(&planned.action));
        let next = draft.actions.split_off(at.unwrap_or(draft.actions.len()));
        draft.ask(Action::DeleteGroup(group.name.clone()), because);
        draft.act(Action::CreateGroup(group.clone()), because);
        draft.actions.extend(next);
    }
}

/// Whether a cluster that lives on uses a group.
fn is_kept_in_use(name: &GroupName, observed: &Observed, draft: &Draft) -> bool {
    let is_ended = |id| {
        let mut planned = draft.actions.iter();
        planned.any(|it| matches!(&it.action, Action::TerminateCluster(of, _) if of == id))
    };
    let alive = observed.clusters.iter().filter(|c| c.state.is_live());
    alive
        .filter(|cluster| !is_ended(&cluster.id))
        .flat_map(|cluster| &cluster.spec.security_groups)
        .any(|group| group.own() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::Routes;
    use crate::model::observed::{Cluster, ClusterState};
    use crate::plan::{self, Options};
    use chrono::DateTime;
    use std::path::Path;

    fn stack(network: &str, more: &str) -> Stack {
        let text = format!(
            "stack: t\nregion: us-east-1\n\
             security_groups: [{{ name: ssh, ingress: [] }}]\n\
             cluster:\n  release: emr-7.x\n  size: 1 x m5.xlarge\n  network: {network}\n{more}\
             guardrails: {{ when_done: keep }}\n"
        );
        crate::text::parse("t.yaml", &text, Path::new(""), &[]).unwrap_or_else(|e| panic!("{e}"))
    }

    fn facts(subnet: Option<Subnet>) -> Facts {
        Facts {
            subnet,
            ..Facts::of_aws("primary=0.2+0.05+0+0")
        }
    }

    fn subnet(vpc: &str, public_addresses: bool, routes: Option<Routes>) -> Subnet {
        Subnet {
            id: "subnet-0a1b2c3d".parse().unwrap(),
            vpc: vpc.parse().unwrap(),
            zone: "us-east-1a".to_owned(),
            public_addresses,
            routes,
        }
    }

    const PUBLIC: Routes = Routes {
        internet_gateway: true,
        other_way_out: false,
        endpoint: false,
    };
    const NAT: Routes = Routes {
        internet_gateway: false,
        other_way_out: true,
        endpoint: false,
    };

    fn observed(group: SecurityGroup, clusters: Vec<Cluster>) -> Observed {
        Observed {
            at: DateTime::UNIX_EPOCH,
            key_pairs: Vec::new(),
            security_groups: vec![group],
            bucket: Some(Default::default()),
            clusters,
            remembered: Vec::new(),
            results_home: None,
        }
    }

    fn planned(stack: &Stack, facts: &Facts, observed: &Observed) -> Vec<String> {
        let (plan, _) = plan::plan(stack, facts, observed, Options::default()).unwrap();
        let word = |action: &Action| {
            let json = serde_json::to_value(action).unwrap();
            json["kind"].as_str().unwrap().to_owned()
        };
        plan.actions.iter().map(|it| word(&it.action)).collect()
    }

    const END: &str = "terminate_cluster";
    const START: &str = "create_cluster";
    const HERE: &str = "{ subnet: subnet-0a1b2c3d }";
    const USES: &str = "  security_groups: [ssh]\n";

    /// A cluster of a stack, as it is created.
    fn cluster(stack: &Stack, facts: &Facts) -> (SecurityGroup, Cluster) {
        let (desired, _) = plan::expand::expand(stack, facts).unwrap();
        let id = "j-1".parse().unwrap();
        let cluster = Cluster {
            state: ClusterState::Waiting,
            ..Cluster::new(
                id,
                stack.name.clone(),
                desired.cluster,
                DateTime::UNIX_EPOCH,
            )
        };
        (desired.security_groups[0].clone(), cluster)
    }

    #[test]
    fn another_subnet_replaces_the_cluster_and_moves_its_groups_to_the_vpc() {
        let one = facts(Some(subnet("vpc-00000001", true, Some(PUBLIC))));
        let two = facts(Some(subnet("vpc-00000002", true, Some(PUBLIC))));
        let named = stack(HERE, USES);
        let plain = stack("{}", USES);
        let (group, living) = cluster(&named, &one);
        assert_eq!(group.vpc, Some("vpc-00000001".parse().unwrap()));
        let there = observed(group.clone(), vec![living]);
        assert_eq!(planned(&named, &one, &there), [""; 0]);
        let moved = [END, "delete_group", "create_group", START];
        assert_eq!(planned(&plain, &facts(None), &there), moved);
        // The subnet's id is the same here, so the cluster stays, and its group with it.
        assert_eq!(planned(&named, &two, &there), [""; 0]);
        let mut other = two.clone();
        other.subnet.as_mut().unwrap().id = "subnet-00000002".parse().unwrap();
        assert_eq!(planned(&named, &other, &there), moved);
        let mut same = other.clone();
        same.subnet.as_mut().unwrap().vpc = "vpc-00000001".parse().unwrap();
        assert_eq!(planned(&named, &same, &there), [END, START]);
        // Without a cluster, and with one that ends.
        let none = observed(group.clone(), Vec::new());
        let made = &moved[1..];
        assert_eq!(planned(&named, &two, &none), made);
        let (_, mut ending) = cluster(&named, &one);
        ending.state = ClusterState::Terminating;
        let ends = observed(group, vec![ending]);
        assert_eq!(planned(&named, &two, &ends), moved);
    }

    #[test]
    fn other_managed_groups_replace_the_cluster_and_other_access_does_not() {
        let managed = "{ subnet: subnet-0a1b2c3d, managed_groups: { primary: sg-00000001, \
                       core: sg-00000002 } }";
        let facts = facts(Some(subnet("vpc-00000001", true, Some(PUBLIC))));
        let (group, living) = cluster(&stack(HERE, ""), &facts);
        let there = observed(group, vec![living]);
        assert_eq!(planned(&stack(managed, ""), &facts, &there), [END, START]);
        let ssm = "{ subnet: subnet-0a1b2c3d, access: ssm }";
        assert_eq!(planned(&stack(ssm, ""), &facts, &there), ["update_cluster"]);
    }

    #[test]
    fn service_access_is_for_private_subnets() {
        let managed = |more: &str| {
            format!(
                "{{ subnet: subnet-0a1b2c3d, managed_groups: {{ primary: sg-00000001, \
                 core: sg-00000002{more} }} }}"
            )
        };
        let service = ", service_access: sg-00000003";
        let vpc = "vpc-00000001";
        for (more, subnet, refused) in [
            ("", subnet(vpc, true, Some(PUBLIC)), None),
            ("", subnet(vpc, false, Some(PUBLIC)), None),
            ("", subnet(vpc, false, Some(NAT)), Some("is private")),
            ("", subnet(vpc, false, None), None),
            (service, subnet(vpc, true, Some(PUBLIC)), Some("is public")),
            (service, subnet(vpc, false, Some(PUBLIC)), None),
            (service, subnet(vpc, true, Some(NAT)), None),
            (service, subnet(vpc, true, None), None),
        ] {
            let stack = stack(&managed(more), "");
            let refusal = refusal(&stack, &facts(Some(subnet.clone())));
            let message = refusal.map(|refusal| refusal.message);
            let same = match (&message, refused) {
                (Some(message), Some(part)) => message.contains(part),
                (None, None) => true,
                _ => false,
            };
            assert!(same, "{more} {subnet:?}: {message:?}");
        }
    }

    #[test]
    fn notes_report_what_a_subnet_does_not_have() {
        let said = |network: &str, subnet: Subnet| {
            notes(&stack(network, ""), &facts(Some(subnet))).join("; ")
        };
        let vpc = "vpc-00000001";
        assert_eq!(said(HERE, subnet(vpc, true, Some(PUBLIC))), "");
        let private = said(HERE, subnet(vpc, false, Some(NAT)));
        assert_eq!(
            private,
            "subnet subnet-0a1b2c3d (us-east-1a, vpc-00000001) is private: SSH reaches its \
             machines from inside the VPC only"
        );
        let none = said(HERE, subnet(vpc, false, Some(Routes::default())));
        assert!(none.contains("has no way to S3"), "{none}");
        let silent = said(HERE, subnet(vpc, false, Some(PUBLIC)));
        assert!(
            silent.contains("gives its machines no public addresses"),
            "{silent}"
        );
        assert!(silent.contains("has no way to S3"), "{silent}");
        let unread = said(HERE, subnet(vpc, true, None));
        assert!(unread.contains("could not be read"), "{unread}");
        let ssm = "{ subnet: subnet-0a1b2c3d, access: ssm }";
        let ssm = said(ssm, subnet(vpc, true, Some(PUBLIC)));
        assert!(ssm.contains("AmazonSSMManagedInstanceCore"), "{ssm}");
    }

    #[test]
    fn what_this_machine_does_not_have_is_noted() {
        let here = || Facts {
            capacity: Capacity::Machine {
                memory: crate::model::memory::Memory::from_mib(16_384),
                cores: 4,
            },
            ..facts(None)
        };
        let text = "  key_pair: { existing: team-key }\n  security_groups: [ssh, sg-00000001]\n";
        let full = stack("{ subnet: { tags: { Name: emr } } }", text);
        let notes = notes(&full, &here()).join("; ");
        for part in ["cluster.network", "key pair team-key", "sg-00000001"] {
            assert!(notes.contains(part), "{part}: {notes}");
        }
        let (desired, _) = plan::expand::expand(&full, &here()).unwrap();
        let spec = desired.cluster;
        assert_eq!(spec.key_pair, None);
        assert_eq!(spec.security_groups, ["ssh".parse().unwrap()]);
        assert!(spec.network.is_default());
        let plain = stack("{}", USES);
        assert_eq!(super::notes(&plain, &here()), [""; 0]);
    }
}
