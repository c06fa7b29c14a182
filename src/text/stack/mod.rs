//! A stack's file: every key with its documentation and default, and the `Stack` made from them.

mod cluster;
mod data;
mod data_rules;
mod failures;
mod fleet;
mod forms;
pub(crate) mod guardrails;
mod job;
mod launch;
mod network;
mod python;
mod retry;
mod scaling;
mod script;
mod software;
mod spark;
mod step;
mod subnets;
mod volumes;

use super::collections::{ByName, Unique, list};
use super::diag::{Code, Diagnostic};
use super::field::{At, record};
use super::format;
use super::named::What;
use super::texts::Texts;
use super::types::{LocalPath, Names, Outside, Switch, Whole};
use crate::model::name::{DataName, GroupName, KeyPairName, Region};
use crate::model::stack::{Ingress, IngressSource, KeyPair, SecurityGroup, Stack};
use cluster::CLUSTER;
use data::DATA;
use guardrails::GUARDRAILS;
use job::JOB;
use software::SOFTWARE;

pub(crate) const KEY_PAIRS: Names<KeyPairName> = Names {
    what: "key pair",
    root: STACK.key("key_pairs"),
    name: Some(KEY_PAIR.key("name")),
    format: format::KEY_PAIR,
};
pub(crate) const GROUPS: Names<GroupName> = Names {
    what: "security group",
    root: STACK.key("security_groups"),
    name: Some(GROUP.key("name")),
    format: format::GROUP,
};
pub(crate) const DATA_SETS: Names<DataName> = Names {
    what: "data set",
    root: STACK.key("data"),
    name: None,
    format: format::DATA,
};

const REGION: &str = STACK.key("region");

/// The region of the stack; `None` if it is invalid, which is reported at its own place.
fn region_of(at: &mut At<'_, '_>) -> Option<Region> {
    let region = at.reader()?.root.get(REGION)?.text()?;
    region.parse().ok()
}

/// The path of the cluster's configurations.
pub(crate) const CONFIGURATIONS: [&str; 2] = [STACK.key("cluster"), SOFTWARE.key("configurations")];

record! {
    /// A stack of clusterup: keys, firewall, data, cluster and job, with limits on their cost.
    pub(crate) STACK: Stack = |at| {
        /// The stack's name. It becomes part of the names of everything that is created for it.
        stack: required = format::STACK, "movie-similarities";
        /// The team that pays; its policies apply.
        team: optional = format::TEAM, "recsys";
        /// Tags of your own, on the cluster and its instances: at most ten.
        tags: or_empty = TAGS, "{ owner: ana, cost-center: cc-42 }";
        /// The AWS region in which everything is created.
        region: required = Outside(What::Region, format::REGION), "us-east-1";
        /// SSH keys for the cluster's nodes.
        key_pairs: or_empty =
            list(KEY_PAIR, Unique::By(KEY_PAIR.key("name")), "a key pair", "{ name: spark }"),
            "[{ name: spark }]";
        /// Firewall rules for the cluster's primary node.
        security_groups: or_empty =
            list(GROUP, Unique::By(GROUP.key("name")), "a security group",
                "{ name: spark-ssh, ingress: […] }"),
            "[{ name: spark-ssh, ingress: [{ port: 22, from: caller }] }]";
        /// Data sets by name. A step refers to the location of one as `${data.NAME}`.
        data: or_empty = ByName(format::DATA, DATA), "{ ratings: { path: ratings.dat } }";
        /// The EMR cluster.
        cluster: required = CLUSTER, "{ release: emr-7.x, size: 3 x m5.xlarge }";
        /// What the cluster runs. Without it, a cluster is created and nothing runs.
        job: optional = JOB, "{ steps: [{ name: main, script: job.py }] }";
        /// The limits at which the cluster ends.
        guardrails: or_empty = GUARDRAILS, "{ idle_timeout: 10m, max_lifetime: 2h, budget: $3 }";
    } check {
        if let Some(data) = data.node {
            data_rules::check(at, data);
        }
        if let (Some(cluster), Some(job)) = (cluster.node, job.node) {
            failures::check(at, cluster, job);
        }
    } => Stack {
        name: stack,
        team,
        tags,
        region,
        key_pairs,
        security_groups,
        data: data::placed(data)?,
        cluster,
        job,
        guardrails,
    };
}

const TAGS: Texts<String> = Texts {
    key: format::TAG_KEY,
    value: format::TAG_VALUE,
    most: 10,
    entry: "a tag",
    none: "write `\"\"` for a tag without a value",
};

record! {
    /// An SSH key pair. It is created on this machine, and its private half stays here.
    KEY_PAIR: KeyPair = |at| {
        /// The name that the cluster refers to.
        name: required = format::KEY_PAIR, "spark";
        /// The public half of an existing key; then none is created.
        public_key: optional = LocalPath(format::PATH, Some(What::PublicKey)),
            "~/.ssh/id_ed25519.pub";
    } => KeyPair { name, public_key };
}

record! {
    /// A security group: what may connect to the primary node. Everything else is closed.
    GROUP: SecurityGroup = |at| {
        /// The name that the cluster refers to.
        name: required = format::GROUP, "spark-ssh";
        /// The ingress rules.
        ingress: or_empty =
            list(INGRESS, Unique::No, "an opening", "{ port: 22, from: caller }"),
            "[{ port: 22, from: caller }]";
    } => SecurityGroup { name, ingress, vpc: None };
}

record! {
    /// One ingress rule: a TCP port, and who may connect to it.
    INGRESS: Ingress = |at| {
        /// The TCP port.
        port: required = Whole(1, 65_535, "a TCP port"), "22";
        /// `caller` is this machine's public address, which is updated when it changes; or a range
        /// of addresses.
        from: required = format::INGRESS, "caller";
        /// Must be true if `from` includes every address.
        anywhere: default("false") = Switch, "true";
    } check {
        // A port that is open to every address must be confirmed.
        if let Some((IngressSource::Range(range), place)) = from.written()
            && range.is_the_world()
            && anywhere.value != Some(true)
        {
            let port = port.value.map_or_else(|| "?".to_owned(), |port| port.to_string());
            let message = format!("port {port} would be open to the whole world");
            at.wrong(
                Diagnostic::new(Code::OpenToTheWorld, place, message)
                    .expected("`caller` or a narrower range")
                    .help("write `anywhere: true` beside it if that is intended"),
            );
        }
    } => Ingress { port, from };
}
