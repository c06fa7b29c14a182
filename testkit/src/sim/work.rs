//! What a cluster's start and its steps read from the rest of the account, and write to it.

use super::cluster::Step;
use super::world::State;
use clusterup::cloud::api::emr::{Failure, RunJobFlow};
use std::collections::BTreeMap;

impl State {
    /// Why a cluster cannot come up; EMR finds out when it makes the machines.
    pub(super) fn launch_fault(&self, order: &RunJobFlow) -> Option<String> {
        // A role may be named by its ARN.
        let role = last_name(&order.service_role);
        if !self.iam.roles.contains_key(role) {
            return Some(format!("Service role {role} is invalid"));
        }
        if self.iam.roles.get(role).is_some_and(BTreeMap::is_empty) {
            return Some(format!(
                "Service role {role} has insufficient EC2 permissions"
            ));
        }
        let profile = last_name(&order.instance_profile);
        if !matches!(self.iam.profiles.get(profile), Some(Some(_))) {
            return Some(format!(
                "Failed to provision ec2 instances because 'The requested instance profile \
                 {profile} is invalid'"
            ));
        }
        let key = order.key_pair.as_ref();
        if let Some(key) = key.filter(|key| !self.ec2.key_pairs.contains_key(*key)) {
            return Some(format!("Invalid EC2 key pair name: {key}"));
        }
        let Some(vpc) = self.vpc_of(order) else {
            let subnet = order.network.subnet.as_deref().unwrap_or_default();
            return Some(format!("The subnet {subnet} does not exist"));
        };
        if let Some(fault) = self.service_access_fault(order) {
            return Some(fault);
        }
        order.network.groups.iter().find_map(|id| {
            let Some(group) = self.ec2.groups.get(id) else {
                return Some(format!("The security group '{id}' does not exist"));
            };
            let is_elsewhere = group.it.vpc != vpc;
            is_elsewhere
                .then(|| format!("The security group '{id}' does not belong to VPC '{vpc}'"))
        })
    }

    pub(super) fn lacks_bootstrap(&self, order: &RunJobFlow) -> bool {
        let mut actions = order.bootstrap.iter();
        self.settings.checks_scripts && actions.any(|action| self.is_missing(&action.script))
    }

    /// True of an object that ought to be in a bucket of ours and is not.
    fn is_missing(&self, uri: &str) -> bool {
        let Some((bucket, key)) = place(uri) else {
            return false;
        };
        // EMR's own scripts are in EMR's own buckets.
        let ours = self.s3.buckets.get(bucket);
        !bucket.ends_with("elasticmapreduce")
            && ours.is_none_or(|bucket| !bucket.objects.contains_key(key))
    }

    /// Why a completed step fails. Writes the step's results if it succeeds.
    pub(super) fn step_outcome(
        &mut self,
        log_uri: &str,
        cluster: &str,
        step: &Step,
    ) -> Option<Failure> {
        let message = self.step_fault(step)?;
        let log_uri = log_uri.trim_end_matches('/');
        Some(Failure {
            reason: Some("Unknown Error".to_owned()),
            message: Some(message),
            log_file: Some(format!("{log_uri}/{cluster}/steps/{}/stderr.gz", step.id)),
        })
    }

    fn step_fault(&mut self, step: &Step) -> Option<String> {
        let name = &step.order.name;
        let failing = &mut self.script.failing_steps;
        if let Some(index) = failing.iter().position(|part| name.contains(part.as_str())) {
            failing.remove(index);
            return Some(
                "Exception in thread \"main\": Application finished with failed status".to_owned(),
            );
        }
        let command = &step.order.command.words;
        let files = command.iter().flat_map(|word| word.split(','));
        let mut scripts = files.filter(|word| word.ends_with(".py"));
        let missing = scripts.find(|word| self.is_missing(word));
        if let Some(script) = missing.filter(|_| self.settings.checks_scripts) {
            return Some(format!("File does not exist: {script}"));
        }
        command
            .iter()
            .find_map(|word| self.write_results(word, name))
    }

    /// What a step leaves in a folder below `results` that it was given; why it could not.
    fn write_results(&mut self, word: &str, step: &str) -> Option<String> {
        let (bucket, key) = place(word)?;
        let folder = key.trim_end_matches('/');
        format!("/{folder}/").find("/results/")?;
        let answer = format!("the answer of {step}\n");
        let written = self.machines_put(bucket, &format!("{folder}/answer.txt"), &answer);
        written.err().map(|no| no.message().to_owned())
    }
}

/// The bucket and key that a word names, perhaps after an option's name.
pub(super) fn place(word: &str) -> Option<(&str, &str)> {
    let (_, place) = word.split_once("s3://")?;
    place.split_once('/')
}

fn last_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
