//! Facts of the account for planning: this machine's files, the bucket's address, and the newest
//! release of a line.

use super::Account;
use super::errors::Context;
use super::names;
use super::reader::ENDING;
use super::safeguard_state;
use crate::cloud::api::Api;
use crate::cloud::api::emr::ListReleaseLabels;
use crate::cloud::files::write_whole;
use crate::cloud::gather::Gather;
use crate::cloud::{CloudError, Planning};
use crate::disk;
use crate::guard::Terms;
use crate::model::action::Action;
use crate::model::event::Listener;
use crate::model::facts::Facts;
use crate::model::plan::Plan;
use crate::model::rates::Rates;
use crate::model::release::Release;
use crate::model::safeguard::Safeguard;
use crate::model::sample::Sample;
use crate::model::stack::Stack;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

#[async_trait(?Send)]
impl<A: Api> Planning for Account<A> {
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        listener: &dyn Listener,
    ) -> Result<Facts, CloudError> {
        // Check the credentials first: without them there is no need to read files.
        let bucket = self.bucket().await?.name;
        let records = self.records();
        let gather = Gather {
            records: Some(&records),
            store: &self.settings.store,
            home: self.settings.home.as_deref(),
            reads_s3: true,
            prices: &self.settings.prices,
            listener,
        };
        let work = names::work(&stack.name);
        let mut subnets = self.subnets_of(&stack.cluster.network).await?.into_iter();
        let (subnet, more_subnets) = (subnets.next(), subnets.collect::<Vec<_>>());
        let gathered = gather.facts(stack, sample).await?;
        let untagged = {
            let all: Vec<_> = subnet.iter().chain(&more_subnets).collect();
            self.untagged(&stack.cluster, &all).await
        };
        let mut facts = Facts {
            untagged,
            subnet,
            more_subnets,
            work: format!("s3://{bucket}/{}", work.trim_end_matches('/')),
            bucket: format!(
                "s3://{bucket}/{}",
                names::prefix(&stack.name).trim_end_matches('/')
            ),
            label: self.label(&stack.cluster.release).await?,
            ending: ENDING,
            ..gathered
        };
        if facts.has_no_addresses() {
            facts.prices = facts.prices.map(Rates::without_addresses);
        }
        Ok(facts)
    }

    async fn check(&self, plan: &Plan) -> Result<Vec<Safeguard>, CloudError> {
        self.check_network(plan).await?;
        let made = plan.actions.iter().find_map(|p| p.action.new_cluster());
        let Some(spec) = made else {
            return Ok(Vec::new());
        };
        let now = self.settings.clock.now();
        let guardrails = &spec.guardrails;
        let groups = &spec.groups;
        let terms = Terms::ahead(guardrails, groups, spec.rates.clone(), spec.ending, now);
        safeguard_state::check_budget(&terms, &spec.size, now)?;
        let creates = plan.actions.iter().any(|p| p.action == Action::CreateRoles);
        if self.is_role_missing.get().is_none() {
            self.check_roles(&spec.emr, creates).await?;
            if !creates {
                self.is_role_missing
                    .set(Some(self.is_reaper_missing().await?));
            }
        }
        let role_missing = !creates && self.is_role_missing.get().unwrap_or(false);
        Ok(safeguard_state::planned(spec, role_missing))
    }
}

impl<A: Api> Account<A> {
    /// The label that a release resolves to; `None` if AWS offers none.
    async fn label(&self, release: &Release) -> Result<Option<String>, CloudError> {
        if let Release::Label(label) = release {
            return Ok(Some(label.clone()));
        }
        let prefix = release.prefix();
        let labels = match self.known_labels(&prefix) {
            Some(labels) => labels,
            None => self.ask_labels(&prefix).await?,
        };
        let newest = release.newest(labels.iter().map(String::as_str));
        Ok(newest.map(str::to_owned))
    }

    async fn ask_labels(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        let mut labels = Vec::new();
        let mut next = None;
        loop {
            let call = ListReleaseLabels {
                prefix: prefix.to_owned(),
                next,
            };
            let page = self.api.serve(call).await;
            let page = page.with_context(|| "list the releases of EMR".to_owned())?;
            labels.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        let listed = Listed {
            at: self.settings.clock.now(),
            labels,
        };
        // If the cache cannot be written, the next run lists the labels again.
        let file = self.labels_file(prefix);
        let _ = serde_json::to_vec(&listed).map(|text| write_whole(&file, &text));
        Ok(listed.labels)
    }

    /// Cached labels that are less than a day old: EMR adds one every few weeks.
    fn known_labels(&self, prefix: &str) -> Option<Vec<String>> {
        let text = disk::bytes(&self.labels_file(prefix), disk::RECORD).ok()?;
        let listed: Listed = serde_json::from_slice(&text).ok()?;
        let age = self.settings.clock.now() - listed.at;
        (TimeDelta::zero() <= age && age < A_DAY).then_some(listed.labels)
    }

    fn labels_file(&self, prefix: &str) -> PathBuf {
        let name = format!("{}-{prefix}json", self.settings.region);
        self.settings.labels.join(name)
    }
}

/// Labels as AWS listed them.
#[derive(Serialize, Deserialize)]
struct Listed {
    at: DateTime<Utc>,
    labels: Vec<String>,
}

const A_DAY: TimeDelta = TimeDelta::days(1);
