//! Access to a cluster from this machine: how to log in to its primary, and its ports.

use super::Account;
use crate::cloud::api::Api;
use crate::cloud::api::ec2::{Group, Rule};
use crate::cloud::api::emr;
use crate::cloud::error::{Class, CloudError};
use crate::cloud::keypair::PRIVATE;
use crate::cloud::{Access, Login, Observing, Shell};
use crate::model::cidr::Cidr;
use crate::model::hint::Command;
use crate::model::name::{KeyPairName, StackName};
use crate::model::network::{self, ClusterKey};
use crate::model::observed::{Cluster, Observed};
use async_trait::async_trait;
use std::path::PathBuf;

/// The user for SSH on EMR's instances (EMR API, Ec2KeyName).
const USER: &str = "hadoop";

#[async_trait(?Send)]
impl<A: Api> Access for Account<A> {
    async fn log_in(&self, stack: &StackName) -> Result<Login, CloudError> {
        let observed = self.observe(stack, None).await?;
        let Some(cluster) = observed.live() else {
            let message = format!("stack {stack} has no live cluster");
            return Err(CloudError::new(Class::Input, message)
                .hint("see why the last one ended")
                .hint(Command::clusterup("status").stack(stack)));
        };
        match cluster.spec.network.access {
            network::Access::Ssh => {}
            network::Access::Ssm => return self.session(cluster).await,
            network::Access::None => {
                let message = format!(
                    "cluster {} has access: none, so nobody logs in to its nodes",
                    cluster.id
                );
                return Err(CloudError::new(Class::Input, message)
                    .hint("set cluster.network: { access: ssm } in the stack, and apply"));
            }
        }
        let host = self.primary_dns(cluster).ok_or_else(|| {
            let message = format!("cluster {} has no address yet", cluster.id);
            CloudError::new(Class::Failed, message).hint("try again in a minute")
        })?;
        let key = self.private_key(stack, &observed, cluster).await?;
        // The rule may be right nevertheless; SSH itself will tell.
        let moved = self.follow_caller().await;
        let warning = moved.err().map(|error| error.to_string());
        let from_outside = || {
            let is_private = cluster.spec.network.private;
            is_private.then(|| "its subnet gives no public addresses".to_owned())
        };
        let warning = warning.or_else(from_outside);
        Ok(Login::Ssh(Shell {
            cluster: cluster.id.clone(),
            warning,
            host,
            user: USER.to_owned(),
            key,
        }))
    }

    async fn follow_caller(&self) -> Result<Vec<u16>, CloudError> {
        let groups: Vec<Group> = self.observed.borrow().groups.values().cloned().collect();
        let mut moved = Vec::new();
        for group in groups {
            let own: Vec<&Rule> = group
                .ingress
                .iter()
                .filter(|rule| self.is_own(rule))
                .collect();
            if own.is_empty() {
                continue;
            }
            let now = self.caller()?;
            if own.iter().all(|rule| now.contains(&rule.from)) {
                continue;
            }
            moved.extend(own.iter().filter_map(|rule| Some(rule.ports?.0)));
            let at = |rule: &Rule, from: Cidr| Rule {
                from,
                ..rule.clone()
            };
            let mut wanted: Vec<Rule> = group
                .ingress
                .iter()
                .filter(|r| !self.is_own(r))
                .cloned()
                .collect();
            wanted.extend(
                own.iter()
                    .flat_map(|rule| now.iter().map(|from| at(rule, *from))),
            );
            self.open(&group, wanted).await?;
        }
        moved.sort_unstable();
        moved.dedup();
        Ok(moved)
    }
}

impl<A: Api> Account<A> {
    /// The DNS name of the primary, once it has one.
    fn primary_dns(&self, cluster: &Cluster) -> Option<String> {
        let observed = self.observed.borrow();
        let described = observed.clusters.get(&cluster.id)?;
        described.cluster.primary_dns.clone()
    }

    /// The instance of the primary, which Session Manager connects to.
    async fn session(&self, cluster: &Cluster) -> Result<Login, CloudError> {
        let id = &cluster.id;
        let group = {
            let observed = self.observed.borrow();
            let groups = observed.clusters.get(id).map(|replies| &replies.groups);
            let mut groups = groups.into_iter().flatten();
            let primary = groups.find(|group| group.role == emr::Role::Primary);
            primary.map(|group| group.id.clone())
        };
        let listed = self.list_instances(id.as_str()).await?;
        let mut present = listed.into_iter().filter(|it| it.ended_at.is_none());
        let primary = present.find(|it| Some(&it.group) == group.as_ref());
        let machine = primary.and_then(|it| it.machine);
        let machine = machine.filter(|id| id.starts_with("i-"));
        let instance = machine.ok_or_else(|| {
            let message = format!("the primary of cluster {id} has no machine yet");
            CloudError::new(Class::Failed, message).hint("try again in a minute")
        })?;
        Ok(Login::Session {
            cluster: id.clone(),
            instance,
            host: self.primary_dns(cluster),
            region: self.settings.region.clone(),
        })
    }

    /// The private key of a pair that clusterup created; `None` for the user's own, which SSH finds
    /// itself.
    async fn private_key(
        &self,
        stack: &StackName,
        observed: &Observed,
        cluster: &Cluster,
    ) -> Result<Option<PathBuf>, CloudError> {
        let Some(key) = &cluster.spec.key_pair else {
            let message = format!(
                "cluster {} has no key pair, so nobody can log in by SSH",
                cluster.id
            );
            return Err(CloudError::new(Class::Input, message)
                .hint("name one in the stack (key_pairs, cluster.key_pair) and apply"));
        };
        let ClusterKey::Own(name) = key else {
            return Ok(None);
        };
        let made = |name: &KeyPairName| {
            let mut pairs = observed.key_pairs.iter();
            pairs.any(|pair| pair.name == *name && pair.ours)
        };
        if !made(name) {
            return Ok(None);
        }
        let key = self.key_folder(stack, name).await?.join(PRIVATE);
        if key.exists() {
            return Ok(Some(key));
        }
        let message = format!("the private key of key pair {name} is on another machine");
        Err(CloudError::new(Class::Input, message)
            .hint(format!("copy it from there to {}", key.display())))
    }
}
