//! Access to a cluster from this machine: how to log in to its primary, and its ports.

use super::Account;
use crate::cloud::api::Api;
use crate::cloud::api::ec2::{Group, Rule};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::keypair::PRIVATE;
use crate::cloud::{Access, Observing, Shell};
use crate::model::cidr::Cidr;
use crate::model::hint::Command;
use crate::model::name::{KeyPairName, StackName};
use crate::model::observed::{Cluster, Observed};
use async_trait::async_trait;
use std::path::PathBuf;

/// The user for SSH on EMR's instances (EMR API, Ec2KeyName).
const USER: &str = "hadoop";

#[async_trait(?Send)]
impl<A: Api> Access for Account<A> {
    async fn shell(&self, stack: &StackName) -> Result<Shell, CloudError> {
        let observed = self.observe(stack, None).await?;
        let Some(cluster) = observed.live() else {
            let message = format!("stack {stack} has no live cluster");
            return Err(CloudError::new(Class::Input, message)
                .hint("see why the last one ended")
                .hint(Command::clusterup("status").stack(stack)));
        };
        let host = {
            let observed = self.observed.borrow();
            let described = observed.clusters.get(&cluster.id);
            described.and_then(|described| described.cluster.primary_dns.clone())
        };
        let host = host.ok_or_else(|| {
            let message = format!("cluster {} has no address yet", cluster.id);
            CloudError::new(Class::Failed, message).hint("try again in a minute")
        })?;
        let key = self.private_key(stack, &observed, cluster).await?;
        // The rule may be right nevertheless; SSH itself will tell.
        let moved = self.follow_caller().await;
        let warning = moved.err().map(|error| error.to_string());
        Ok(Shell {
            cluster: cluster.id.clone(),
            warning,
            host,
            user: USER.to_owned(),
            key,
        })
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
    /// The private key of a pair that clusterup created; `None` for the user's own, which SSH finds
    /// itself.
    async fn private_key(
        &self,
        stack: &StackName,
        observed: &Observed,
        cluster: &Cluster,
    ) -> Result<Option<PathBuf>, CloudError> {
        let Some(name) = &cluster.spec.key_pair else {
            let message = format!(
                "cluster {} has no key pair, so nobody can log in by SSH",
                cluster.id
            );
            return Err(CloudError::new(Class::Input, message)
                .hint("name one in the stack (key_pairs, cluster.key_pair) and apply"));
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
