//! `cluster`: its release, its machines, and what may connect to it.

use super::fleet::{self, FLEET};
use super::forms::{expand_group, expand_primary, expand_size};
use super::launch::{LAUNCH, Launch};
use super::network::{self, GroupRefs, KEY_FORMS, NETWORK};
use super::region_of;
use super::scaling::{self, SCALING};
use super::subnets;
use super::volumes::EBS;
use crate::model::emr_settings::{EmrSettings, KmsKey};
use crate::model::instance::{InstanceType, Nodes};
use crate::model::money::Usd;
use crate::model::stack::{Cluster, Ebs, InstanceGroup, Market};
use crate::text::collections::{Forms, Unique, list};
use crate::text::diag::{Code, Diagnostic};
use crate::text::field::{At, record};
use crate::text::format::{self, Format};
use crate::text::named::What;
use crate::text::source::Mark;
use crate::text::types::{Machines, Outside, Role, Words};

record! {
    /// The EMR cluster.
    pub(super) CLUSTER: Cluster = |at| {
        /// An EMR release such as emr-7.12.0; emr-7.x stands for the newest of that line.
        release: required = Outside(What::Release, format::RELEASE), "emr-7.x";
        /// How many machines of which type. With `3 x m5.xlarge`, one is the primary and two are
        /// core nodes.
        size: required = SIZE_FORMS, "3 x m5.xlarge";
        /// The key pair for SSH to its nodes: one that `key_pairs` declares, or
        /// `{ existing: team-key }` for one that EC2 has.
        key_pair: optional = KEY_FORMS, "spark";
        /// The security groups of its primary node, at most four: names that `security_groups`
        /// declares, or ids of groups that exist and stay as they are.
        security_groups: or_empty =
            list(GroupRefs, Unique::ByText, "the name or id of a security group", "spark-ssh"),
            "[spark-ssh]";
        /// Its subnet, the security groups that EMR manages, and how people log in.
        network: or_empty = NETWORK, "{ subnet: subnet-0a1b2c3d4e5f60718, access: ssm }";
        /// The limits within which EMR scales core and task nodes by their load. The guardrails and
        /// every price count the largest size.
        scaling: optional = SCALING, "{ from: 2, to: 10 }";
    } and (emr, launch) = EMR_SETTINGS check {
        network::check(at, &security_groups, &network);
        subnets::check(at, &network, &size);
        scaling::check(at, &scaling, &size);
    } => Cluster {
        release,
        primary: size.primary,
        core: size.core,
        task: size.task,
        key_pair,
        security_groups,
        network,
        emr,
        scaling,
        root_volume: launch.root_volume,
        bootstrap: launch.bootstrap,
        step_concurrency: launch.step_concurrency,
        termination_protection: launch.termination_protection,
    };
}

record! {
    /// Settings that are passed to EMR unchanged. They do not apply to a cluster on this machine.
    EMR_SETTINGS: (EmrSettings, Launch) = |at| {
        /// The name of an existing security configuration: encryption, IMDSv2, Kerberos.
        security_configuration: optional = format::SECURITY_CONFIGURATION, "at-rest";
        /// The KMS key, in the stack's region, that EMR encrypts logs with instead of S3's own key.
        /// The machines' role needs `kms:GenerateDataKey` on it, and you need `kms:Decrypt`.
        log_encryption_key: optional = Format::<KmsKey>::of(KmsKey::PATTERN),
            "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    } and launch = LAUNCH check {
        if let Some((Some(key), place)) = log_encryption_key.written() {
            key_elsewhere(at, key, place);
        }
    } => (EmrSettings { security_configuration, log_encryption_key, ..launch.emr() }, launch);
}

/// The machines can use a key of their own region alone.
fn key_elsewhere(at: &mut At<'_, '_>, key: &KmsKey, place: Mark) {
    let Some(region) = region_of(at) else { return };
    let wanted = KmsKey::place_in(&region);
    if key.place() != wanted {
        let message = format!("the key is not in {region}, the region of the stack");
        at.wrong(
            Diagnostic::new(Code::Conflict, place, message)
                .expected(format!("a key whose ARN begins with `{wanted}:`"))
                .help(format!(
                    "list the keys there: aws kms list-keys --region {region}"
                )),
        );
    }
}

const SIZE_FORMS: Forms<Nodes, Size> = Forms {
    short: format::NODES,
    long: SIZE,
    expand: expand_size,
};

pub(super) struct Size {
    primary: InstanceGroup,
    core: Option<InstanceGroup>,
    task: Option<InstanceGroup>,
}

impl Size {
    pub(super) const fn core(&self) -> Option<&InstanceGroup> {
        self.core.as_ref()
    }

    pub(super) const fn task(&self) -> Option<&InstanceGroup> {
        self.task.as_ref()
    }

    pub(super) fn has_fleet(&self) -> bool {
        let mut roles = std::iter::once(&self.primary)
            .chain(self.core())
            .chain(self.task());
        roles.any(|group| group.fleet.is_some())
    }
}

record! {
    /// The cluster's machines by role.
    pub(super) SIZE: Size = |at| {
        /// The machine that coordinates the cluster. If it is the only one, it runs the work as
        /// well.
        primary: required = PRIMARY_FORMS, "m5.xlarge";
        /// The machines that run the work and store HDFS.
        core: optional = Role(What::Core, GROUP_FORMS), "2 x m5.xlarge";
        /// Machines that run work and store no data, so losing one loses no data.
        task: optional = Role(What::Task, GROUP_FORMS), "2 x m5.xlarge";
    } check {
        // EMR requires core nodes for task nodes.
        if let (Some(task), None) = (task.place, core.place) {
            let message = "`task` nodes need `core` nodes";
            at.wrong(
                Diagnostic::new(Code::Conflict, task.key, message)
                    .help("write these as `core`, or add a `core` of at least one node"),
            );
        }
        no_bids(at);
    } => Size { primary, core, task };
}

/// EMR buys all roles as fleets if one role has a fleet, and a stack sets no bids for the types of
/// a fleet: EMR then pays at most the on-demand price.
fn no_bids(at: &mut At<'_, '_>) {
    let roles = || {
        [PRIMARY_KEY, CORE, TASK]
            .into_iter()
            .filter_map(|key| at.beside(key))
    };
    if !roles().any(|role| role.get(FLEET_KEY).is_some()) {
        return;
    }
    let bids: Vec<_> = roles()
        .filter_map(|role| Some(role.get(BID)?.mark))
        .collect();
    for bid in bids {
        let message = "`bid` is not for clusters with a `fleet`";
        at.wrong(Diagnostic::new(Code::Conflict, bid, message).help("leave it out"));
    }
}

pub(super) const MARKET: &str = BOUGHT.key("market");
const BID: &str = BOUGHT.key("bid");
const PRIMARY_KEY: &str = SIZE.key("primary");
const CORE: &str = SIZE.key("core");
const TASK: &str = SIZE.key("task");
const FLEET_KEY: &str = INSTANCES.key("fleet");

/// How the machines of a role are bought.
pub(super) struct Bought {
    pub(super) market: Market,
    pub(super) bid: Option<Usd>,
    pub(super) ebs: Option<Ebs>,
}

const PRIMARY_FORMS: Forms<InstanceType, InstanceGroup> = Forms {
    short: format::INSTANCE_TYPE,
    long: PRIMARY,
    expand: expand_primary,
};

const GROUP_FORMS: Forms<Nodes, InstanceGroup> = Forms {
    short: format::NODES,
    long: INSTANCES,
    expand: expand_group,
};

record! {
    /// The primary node.
    pub(super) PRIMARY: InstanceGroup [without: "does not say which machine"] = |at| {
        /// Its instance type.
        r#type: either = Outside(What::Primary, format::INSTANCE_TYPE), "m5.xlarge";
        /// Several types, of which EMR buys one machine.
        fleet: either = Role(What::Primary, FLEET),
            "{ types: [m5.xlarge, m5a.xlarge], on_demand: 1 }";
    } and bought = BOUGHT check {
        fleet::check_primary(at, &fleet);
        fleet::check_market(at, &fleet);
    } => {
        let one = |instance_type| Nodes { count: 1, instance_type };
        fleet::machines(r#type.map(one), fleet, bought)?
    };
}

record! {
    /// Machines of one role.
    pub(super) INSTANCES: InstanceGroup [without: "does not say which machines"] = |at| {
        /// How many, and their instance type.
        nodes: either = Machines(format::NODES), "2 x m5.xlarge";
        /// Several types, of which EMR buys as many machines as fill the targets.
        fleet: either = FLEET,
            "{ types: [m5.xlarge, m5a.xlarge], spot: 8 }";
    } and bought = BOUGHT check {
        fleet::check_market(at, &fleet);
    } => fleet::machines(nodes, fleet, bought)?;
}

record! {
    /// The options of machines of every role.
    BOUGHT: Bought = |at| {
        /// How the machines are bought; not with a `fleet`, whose targets say it.
        market: default("on-demand") = Words([
            ("on-demand", Market::OnDemand, "At the full price; AWS does not reclaim the \
                machines."),
            ("spot", Market::Spot, "Cheaper, but AWS may reclaim the machines at any time."),
        ]), "spot";
        /// The most that EMR pays for one Spot machine, in dollars per hour, instead of the
        /// on-demand price. Every price of clusterup stays that of on demand.
        bid: optional = format::USD, "$0.10";
        /// Disks of each machine, instead of EMR's own choice.
        ebs: optional = EBS, "{ type: gp3, size: 64g }";
    } check {
        if let (Some(place), Some(Market::OnDemand)) = (bid.place, market.value) {
            let message = "`bid` is for Spot machines";
            let help = "write `market: spot` beside it, or leave it out";
            at.wrong(Diagnostic::new(Code::Conflict, place.key, message).help(help));
        }
    } => Bought { market, bid, ebs };
}
