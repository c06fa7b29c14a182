//! A stack's file: every key, what it is for, what it is when nothing is said, and the `Stack`
//! that is made of them.

mod cluster;
mod data;
pub(crate) mod guardrails;
mod job;

use super::collections::{ByName, Unique, list};
use super::diag::{Code, Diagnostic};
use super::field::record;
use super::format;
use super::named::What;
use super::texts::Texts;
use super::types::{LocalPath, Names, Outside, Switch, Whole};
use crate::model::name::{DataName, GroupName, KeyPairName};
use crate::model::stack::{Ingress, IngressSource, KeyPair, SecurityGroup, Stack};
use cluster::CLUSTER;
use data::DATA;
use guardrails::GUARDRAILS;
use job::JOB;

pub(crate) const KEY_PAIRS: Names<KeyPairName> = Names {
    what: "key pair",
    root: "key_pairs",
    format: format::KEY_PAIR,
};
pub(crate) const GROUPS: Names<GroupName> = Names {
    what: "security group",
    root: "security_groups",
    format: format::GROUP,
};
pub(crate) const DATA_SETS: Names<DataName> = Names {
    what: "data set",
    root: "data",
    format: format::DATA,
};

record! {
    /// A stack of clusterup: keys, firewall, data, cluster and job, with the limits of their cost.
    pub(crate) STACK: Stack = |at| {
        /// The stack's name. It becomes part of the names of what is made for it.
        stack: required = format::STACK, "movie-similarities";
        /// The team that pays; its policies apply.
        team: optional = format::TEAM, "recsys";
        /// Tags of your own, on the cluster and its instances: at most ten.
        tags: or_empty = TAGS, "{ owner: ana, cost-center: cc-42 }";
        /// The AWS region that everything is made in.
        region: required = Outside(What::Region, format::REGION), "us-east-1";
        /// SSH keys for the cluster's nodes.
        key_pairs: or_empty = list(KEY_PAIR, Unique::ByName, "a key pair", "{ name: spark }"),
            "[{ name: spark }]";
        /// Firewall rules for the cluster's primary node.
        security_groups: or_empty =
            list(GROUP, Unique::ByName, "a security group", "{ name: spark-ssh, ingress: […] }"),
            "[{ name: spark-ssh, ingress: [{ port: 22, from: caller }] }]";
        /// Data sets by name. A step is told where one lies by `${data.NAME}`.
        data: or_empty = ByName(format::DATA, DATA), "{ ratings: { path: ratings.dat } }";
        /// The EMR cluster.
        cluster: required = CLUSTER, "{ release: emr-7.x, size: 3 x m5.xlarge }";
        /// What the cluster runs. Without it a cluster is made and nothing runs.
        job: optional = JOB, "{ steps: [{ name: main, script: job.py }] }";
        /// What ends the cluster, whatever else happens.
        guardrails: or_empty = GUARDRAILS, "{ idle_timeout: 10m, max_lifetime: 2h, budget: $3 }";
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
    none: "write `\"\"` for a tag that says nothing",
};

record! {
    /// An SSH key pair. It is made on this machine, and its private half never leaves it.
    KEY_PAIR: KeyPair = |at| {
        /// What the cluster calls it by.
        name: required = format::KEY_PAIR, "spark";
        /// The public half of a key that you have already; none is made then.
        public_key: optional = LocalPath(format::PATH, Some(What::PublicKey)),
            "~/.ssh/id_ed25519.pub";
    } => KeyPair { name, public_key };
}

record! {
    /// A security group: what may reach the primary node. All else is closed.
    GROUP: SecurityGroup = |at| {
        /// What the cluster calls it by.
        name: required = format::GROUP, "spark-ssh";
        /// The openings.
        ingress: or_empty =
            list(INGRESS, Unique::No, "an opening", "{ port: 22, from: caller }"),
            "[{ port: 22, from: caller }]";
    } => SecurityGroup { name, ingress };
}

record! {
    /// One opening: a TCP port and who may reach it.
    INGRESS: Ingress = |at| {
        /// The TCP port.
        port: required = Whole(1, 65_535, "a TCP port"), "22";
        /// `caller` is this machine's public address, followed when it changes; or a range of
        /// addresses.
        from: required = format::INGRESS, "caller";
        /// Has to be true where `from` is as wide as the world.
        anywhere: default("false") = Switch, "true";
    } check {
        // A port that is open to everybody has to be meant.
        if let Some((IngressSource::Range(range), place)) = from.written()
            && range.is_the_world()
            && anywhere.value != Some(true)
        {
            let port = port.value.map_or_else(|| "?".to_owned(), |port| port.to_string());
            let message = format!("port {port} would be open to the whole world");
            at.wrong(
                Diagnostic::new(Code::OpenToTheWorld, place, message)
                    .expected("`caller` or a narrower range")
                    .help("write `anywhere: true` beside it if that is meant"),
            );
        }
    } => Ingress { port, from };
}
