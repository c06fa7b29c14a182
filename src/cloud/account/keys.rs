//! Key pairs of a stack: created on this machine, or the user's own. EC2 gets the public key.

use super::Account;
use super::errors::{Context, gone};
use super::last_observation::LastObservation;
use super::names::{self, MADE, NAME};
use crate::cloud::api::ec2::{DeleteKeyPair, DescribeKeyPairs, Filter, ImportKeyPair, KeyPair};
use crate::cloud::api::{Api, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::keypair;
use crate::model::desired::KeyPairSpec;
use crate::model::name::{KeyPairName, StackName};
use crate::model::observed::ObservedKeyPair;
use std::path::PathBuf;

impl<A: Api> Account<A> {
    pub(super) fn observed_keys(&self, observed: &LastObservation) -> Vec<ObservedKeyPair> {
        let pair = |(name, pair): (&KeyPairName, &KeyPair)| ObservedKeyPair {
            name: name.clone(),
            public_key: keypair::without_comment(&pair.public_key),
            ours: pair.tags.contains_key(MADE),
        };
        observed.keys.iter().map(pair).collect()
    }

    /// The folder of a key pair's private key on this machine.
    pub(super) async fn key_folder(
        &self,
        stack: &StackName,
        name: &KeyPairName,
    ) -> Result<PathBuf, CloudError> {
        let account = self.identity().await?.account;
        let region = self.settings.region.as_str();
        let folder = self.settings.keys.join(account.as_str()).join(region);
        Ok(folder.join(stack.as_str()).join(name.as_str()))
    }

    pub(super) async fn create_key(
        &self,
        stack: &StackName,
        spec: &KeyPairSpec,
    ) -> Result<(), CloudError> {
        let mut tags = self.tags(stack);
        tags.insert(NAME.to_owned(), spec.name.to_string());
        let public_key = match &spec.public_key {
            Some(own) => own.clone(),
            None => {
                let folder = self.key_folder(stack, &spec.name).await?;
                keypair::make(&folder, stack, spec)?;
                tags.insert(MADE.to_owned(), "true".to_owned());
                keypair::public(&folder)
            }
        };
        let name = names::ec2(stack, spec.name.as_str());
        let (call, key) = (
            ImportKeyPair {
                name: name.clone(),
                public_key: public_key.clone(),
                tags,
            },
            public_key,
        );
        match self.api.serve(call).await {
            Err(error) if error.kind == Kind::Exists => self.is_this_key(&name, &key).await,
            reply => reply.with_context(|| format!("import key pair {name}")),
        }
    }

    /// Checks whether an existing key pair is the one we were about to import.
    async fn is_this_key(&self, name: &str, public_key: &str) -> Result<(), CloudError> {
        let filters = vec![Filter {
            name: "key-name".to_owned(),
            values: vec![name.to_owned()],
        }];
        let found = self.api.serve(DescribeKeyPairs { filters }).await;
        let found = found.with_context(|| format!("describe key pair {name}"))?;
        let same = |pair: &KeyPair| keypair::without_comment(&pair.public_key) == public_key;
        // If it is not visible yet, it was just created by the call whose response was lost.
        if found.is_empty() || found.iter().any(same) {
            return Ok(());
        }
        let message = format!("a key pair {name} with another public key exists already");
        Err(CloudError::new(Class::Input, message)
            .hint("give the key pair another name in the stack, or delete the existing one"))
    }

    pub(super) async fn delete_key(
        &self,
        stack: &StackName,
        name: &KeyPairName,
    ) -> Result<(), CloudError> {
        // The private key goes first: if this run dies, the next one still finds the pair in EC2.
        let folder = self.key_folder(stack, name).await?;
        keypair::remove(&folder)?;
        // Remove the folders above it that are empty now.
        folder
            .ancestors()
            .skip(1)
            .take(3)
            .take_while(|f| std::fs::remove_dir(f).is_ok())
            .count();
        let id = self
            .observed
            .borrow()
            .keys
            .get(name)
            .map(|pair| pair.id.clone());
        if let Some(id) = id {
            let deleted = self.api.serve(DeleteKeyPair { id }).await;
            gone(deleted).with_context(|| format!("delete key pair {name}"))?;
            self.observed.borrow_mut().keys.remove(name);
        }
        Ok(())
    }
}
