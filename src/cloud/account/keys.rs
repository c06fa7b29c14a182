//! Key pairs of a stack: made on this machine, or the user's own; EC2 gets the public half.

use super::Account;
use super::errors::{Doing, gone};
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
    pub(super) fn seen_keys(&self, seen: &LastObservation) -> Vec<ObservedKeyPair> {
        let pair = |(name, pair): (&KeyPairName, &KeyPair)| ObservedKeyPair {
            name: name.clone(),
            public_key: keypair::without_comment(&pair.public_key),
            ours: pair.tags.contains_key(MADE),
        };
        seen.keys.iter().map(pair).collect()
    }

    /// Where this machine keeps its half of a key pair.
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
            reply => reply.doing(|| format!("import key pair {name}")),
        }
    }

    /// A pair that is there already is the one that we were about to import, or in the way.
    async fn is_this_key(&self, name: &str, public_key: &str) -> Result<(), CloudError> {
        let filters = vec![Filter {
            name: "key-name".to_owned(),
            values: vec![name.to_owned()],
        }];
        let found = self.api.serve(DescribeKeyPairs { filters }).await;
        let found = found.doing(|| format!("look at key pair {name}"))?;
        let same = |pair: &KeyPair| keypair::without_comment(&pair.public_key) == public_key;
        // One that cannot be seen yet was made a moment ago, by the call whose answer was lost.
        if found.is_empty() || found.iter().any(same) {
            return Ok(());
        }
        let message = format!("a key pair {name} is there, with another key");
        Err(CloudError::new(Class::Input, message)
            .hint("give the key pair another name in the stack, or delete that one"))
    }

    pub(super) async fn delete_key(
        &self,
        stack: &StackName,
        name: &KeyPairName,
    ) -> Result<(), CloudError> {
        // This half first: the pair in EC2 is what the next run, should this one die, still sees.
        let folder = self.key_folder(stack, name).await?;
        keypair::remove(&folder)?;
        // Folders above it go as they empty.
        folder
            .ancestors()
            .skip(1)
            .take(3)
            .take_while(|f| std::fs::remove_dir(f).is_ok())
            .count();
        let id = self
            .seen
            .borrow()
            .keys
            .get(name)
            .map(|pair| pair.id.clone());
        if let Some(id) = id {
            let deleted = self.api.serve(DeleteKeyPair { id }).await;
            gone(deleted).doing(|| format!("delete key pair {name}"))?;
            self.seen.borrow_mut().keys.remove(name);
        }
        Ok(())
    }
}
