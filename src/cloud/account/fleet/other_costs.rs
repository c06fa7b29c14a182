//! What costs money in the region besides clusters. Each of a few calls may be refused alone.

use crate::cloud::account::Account;
use crate::cloud::account::errors::Context;
use crate::cloud::api::cloudwatch::GetBucketSizes;
use crate::cloud::api::ec2::{DescribeAddresses, DescribeVolumes, Filter, Volume};
use crate::cloud::api::emr::ListRunningNotebooks;
use crate::cloud::api::serverless::{GetApplication, HasActiveJob, ListStartedApplications};
use crate::cloud::api::{Api, Tags};
use crate::cloud::fleet::{FoundCosts, OtherCosts};
use crate::cloud::{Class, CloudError};
use crate::cost::other;
use crate::model::name::ClusterId;
use crate::model::other_cost::{
    IdleApplication, LogBucket, OtherCost, RunningNotebook, UnusedAddress, UnusedVolume,
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

/// The tag that EMR sets on what it creates in EC2 (EMR Management Guide, "Tag and categorize
/// cluster resources").
const CLUSTER: &str = "aws:elasticmapreduce:job-flow-id";

/// More pages of volumes, and of notebooks, are not read.
const MAX_PAGES: usize = 5;

/// A younger volume may belong to a cluster that is not listed yet.
const YOUNG: TimeDelta = TimeDelta::hours(1);

/// How long EMR Serverless may take, and how many of its applications are looked at.
const SERVERLESS: Duration = Duration::from_secs(10);
const MAX_APPLICATIONS: usize = 10;

/// How far back the sizes of buckets are read. S3 publishes them up to two days late.
const WINDOW: TimeDelta = TimeDelta::days(16);

#[async_trait(?Send)]
impl<A: Api> OtherCosts for Account<A> {
    async fn other_costs(&self, alive: &BTreeSet<ClusterId>) -> FoundCosts {
        let now = self.settings.clock.now();
        let (volumes, addresses, notebooks, applications, buckets) = tokio::join!(
            self.unused_volumes(alive, now),
            self.unused_addresses(alive),
            self.long_notebooks(now),
            timeout(SERVERLESS, self.idle_applications()),
            self.log_buckets(now),
        );
        let mut found = FoundCosts::default();
        // Not every region has EMR Serverless, and a name that does not exist is asked for again.
        let applications = applications.unwrap_or_else(|_| {
            let message = "EMR Serverless does not answer in this region";
            Err(CloudError::new(Class::Unreachable, message))
        });
        for part in [volumes, addresses, notebooks, applications, buckets] {
            match part {
                Ok(costs) => found.costs.extend(costs),
                Err(error) => found.unread.push(error),
            }
        }
        found
    }
}

/// The cluster of a resource, unless it is alive.
fn ended(tags: &Tags, alive: &BTreeSet<ClusterId>) -> Option<String> {
    let id = tags.get(CLUSTER)?;
    let is_alive = alive.iter().any(|alive| alive.as_str() == id);
    (!is_alive).then(|| id.clone())
}

/// What belongs to this cluster.
pub(in crate::cloud::account) fn of_cluster(id: &ClusterId) -> Filter {
    Filter {
        name: format!("tag:{CLUSTER}"),
        values: vec![id.to_string()],
    }
}

fn of_clusters() -> Filter {
    Filter {
        name: "tag-key".to_owned(),
        values: vec![CLUSTER.to_owned()],
    }
}

impl<A: Api> Account<A> {
    async fn unused_volumes(
        &self,
        alive: &BTreeSet<ClusterId>,
        now: DateTime<Utc>,
    ) -> Result<Vec<OtherCost>, CloudError> {
        let mut costs = Vec::new();
        for volume in self.free_volumes(of_clusters()).await? {
            let is_old = volume.created_at.is_some_and(|at| now - at > YOUNG);
            if let Some(cluster) = ended(&volume.tags, alive).filter(|_| is_old) {
                let unused = UnusedVolume {
                    id: volume.id,
                    kind: volume.kind,
                    gib: volume.gib,
                    iops: volume.iops,
                    throughput: volume.throughput,
                    cluster,
                };
                let settings = &self.settings;
                costs.push(other::volume(&unused, &settings.region, &settings.prices));
            }
        }
        Ok(costs)
    }

    /// The volumes with a tag that are attached to nothing.
    pub(in crate::cloud::account) async fn free_volumes(
        &self,
        tagged: Filter,
    ) -> Result<Vec<Volume>, CloudError> {
        let is_free = Filter {
            name: "status".to_owned(),
            values: vec!["available".to_owned()],
        };
        let mut volumes = Vec::new();
        let mut next = None;
        for _ in 0..MAX_PAGES {
            let filters = vec![is_free.clone(), tagged.clone()];
            let page = self.api.serve(DescribeVolumes { filters, next }).await;
            let page = page.with_context(|| "list the volumes of ended clusters".to_owned())?;
            volumes.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        Ok(volumes)
    }

    async fn unused_addresses(
        &self,
        alive: &BTreeSet<ClusterId>,
    ) -> Result<Vec<OtherCost>, CloudError> {
        let filters = vec![of_clusters()];
        let listed = self.api.serve(DescribeAddresses { filters }).await;
        let listed = listed.with_context(|| "list the addresses of ended clusters".to_owned())?;
        let mut costs = Vec::new();
        for address in listed.into_iter().filter(|address| !address.is_associated) {
            if let Some(cluster) = ended(&address.tags, alive) {
                let unused = UnusedAddress {
                    id: address.id,
                    address: address.address,
                    cluster,
                };
                let settings = &self.settings;
                costs.push(other::address(&unused, &settings.region, &settings.prices));
            }
        }
        Ok(costs)
    }

    async fn long_notebooks(&self, now: DateTime<Utc>) -> Result<Vec<OtherCost>, CloudError> {
        let mut costs = Vec::new();
        let mut next = None;
        for _ in 0..MAX_PAGES {
            let page = self.api.serve(ListRunningNotebooks { next }).await;
            let page = page.with_context(|| "list the notebooks that run".to_owned())?;
            costs.extend(page.items.into_iter().filter_map(|notebook| {
                let running = RunningNotebook {
                    started_at: notebook.started_at?,
                    id: notebook.id,
                    name: notebook.name,
                    cluster: notebook.cluster,
                };
                other::notebook(&running, now)
            }));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        Ok(costs)
    }

    /// Applications of EMR Serverless that are started and have no job.
    async fn idle_applications(&self) -> Result<Vec<OtherCost>, CloudError> {
        let doing = || "look at the applications of EMR Serverless".to_owned();
        let ids = self.api.serve(ListStartedApplications).await;
        let mut costs = Vec::new();
        for id in ids.with_context(doing)?.into_iter().take(MAX_APPLICATIONS) {
            let call = GetApplication { id: id.clone() };
            let found = self.api.serve(call).await.with_context(doing)?;
            let idle = IdleApplication {
                id: id.clone(),
                name: found.name,
                workers: found.workers,
                stops_after: found.stops_after,
            };
            // One call more, only for an application that would be reported.
            if let Some(cost) = other::application(&idle)
                && !self
                    .api
                    .serve(HasActiveJob { id })
                    .await
                    .with_context(doing)?
            {
                costs.push(cost);
            }
        }
        Ok(costs)
    }

    /// clusterup's own bucket, and those to which the clusters that were described upload their logs.
    async fn log_buckets(&self, now: DateTime<Utc>) -> Result<Vec<OtherCost>, CloudError> {
        let mut buckets = self.fleet.log_buckets.borrow().clone();
        buckets.insert(self.bucket().await?.name);
        let names: Vec<String> = buckets.into_iter().collect();
        let call = GetBucketSizes {
            buckets: names.clone(),
            from: now - WINDOW,
            until: now,
        };
        let sizes = self.api.serve(call).await;
        let sizes = sizes.with_context(|| "read the sizes of log buckets".to_owned())?;
        let bytes = |(at, size): (DateTime<Utc>, f64)| Some((at, whole(size)?));
        let costs = names.into_iter().zip(sizes).filter_map(|(name, points)| {
            let sizes = points.into_iter().filter_map(bytes).collect();
            let settings = &self.settings;
            other::log_bucket(
                &LogBucket { name, sizes },
                &settings.region,
                &settings.prices,
            )
        });
        Ok(costs.collect())
    }
}

/// A number of bytes, which CloudWatch sends as a fraction.
fn whole(size: f64) -> Option<u64> {
    Decimal::from_f64(size)?.trunc().to_u64()
}
