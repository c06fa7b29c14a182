//! How to log in to a cluster's primary node.

use super::Account;
use crate::cloud::Shell;
use crate::cloud::api::Api;
use crate::cloud::error::{Class, CloudError};
use crate::cloud::keypair::PRIVATE;
use crate::model::hint::Command;
use crate::model::name::{KeyPairName, StackName};
use crate::model::observed::{Cluster, Observed};
use std::path::PathBuf;

/// The user for SSH on EMR's instances (EMR API, Ec2KeyName).
const USER: &str = "hadoop";

impl<A: Api> Account<A> {
    pub(super) async fn ssh_target(&self, stack: &StackName) -> Result<Shell, CloudError> {
        let observed = self.observe_stack(stack, None).await?;
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
        let moved = self.move_rules().await;
        let warning = moved.err().map(|error| error.to_string());
        Ok(Shell {
            cluster: cluster.id.clone(),
            warning,
            host,
            user: USER.to_owned(),
            key,
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
        let Some(name) = &cluster.spec.key_pair else {
            let message = format!(
                "cluster {} has no key pair, so SSH lets nobody in",
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
