//! Tries out what AWS does, for `doctor --live`. The calls are those of stacks, and none is of use to one.

use super::errors::Context;
use super::fleet::of_cluster;
use super::names::{self, STACK};
use super::safeguards::schedule_name;
use super::{Account, CloudError};
use crate::cloud::api::cloudwatch::{Metric, Query};
use crate::cloud::api::emr::{AddJobFlowSteps, ListClusters, NewStep, OnFailure};
use crate::cloud::api::s3::{Body, Condition, GetObject, HeadObject, PutObject};
use crate::cloud::api::scheduler::GetSchedule;
use crate::cloud::api::tagging::GetResources;
use crate::cloud::api::{Api, Kind};
use crate::cloud::{ConditionalWrites, DescribedCluster, Trials};
use crate::model::desired::JobSpec;
use crate::model::name::{ClusterId, StackName};
use crate::model::step_command::StepCommand;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// The most that is read of a text of a job, in bytes.
const MAX_TEXT: u64 = 64 << 10;

/// How much EMR's clock and this machine's may differ.
const SKEW: TimeDelta = TimeDelta::minutes(10);

/// How far ahead of this machine's clock metrics are read.
const AHEAD: TimeDelta = TimeDelta::hours(3);

#[async_trait(?Send)]
impl<A: Api> Trials for Account<A> {
    async fn described(
        &self,
        stack: &StackName,
        id: &ClusterId,
    ) -> Result<Option<DescribedCluster>, CloudError> {
        let cluster = self.describe(id.as_str()).await?;
        Ok(cluster.map(|cluster| DescribedCluster {
            has_tags: cluster
                .tags
                .get(STACK)
                .is_some_and(|it| it == stack.as_str()),
            state: cluster.state,
            reason: cluster.reason,
            message: cluster.message,
            created_at: cluster.created_at,
            ready_at: cluster.ready_at,
            ended_at: cluster.ended_at,
        }))
    }

    async fn lists_tags(&self, stack: &StackName, id: &ClusterId) -> Result<bool, CloudError> {
        let arn = self.cluster_arn(id).await?;
        let arns = vec![arn.clone()];
        let reply = self.api.serve(GetResources { arns }).await;
        let tagged = reply.with_context(|| "read the tags of a cluster".to_owned())?;
        let mut ours = tagged.into_iter().filter(|tagged| tagged.arn == arn);
        Ok(ours.any(|it| {
            it.tags
                .get(STACK)
                .is_some_and(|name| name == stack.as_str())
        }))
    }

    async fn is_listed(&self, id: &ClusterId, since: DateTime<Utc>) -> Result<bool, CloudError> {
        let mut next = None;
        loop {
            let call = ListClusters {
                states: Vec::new(),
                created_after: Some(since - SKEW),
                next,
            };
            let page = self.api.serve(call).await;
            let page = page.with_context(|| "list the clusters".to_owned())?;
            if page.items.iter().any(|listed| listed.id == id.as_str()) {
                return Ok(true);
            }
            next = page.next;
            if next.is_none() {
                return Ok(false);
            }
        }
    }

    async fn newest_metric(
        &self,
        id: &ClusterId,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, CloudError> {
        let queries = Metric::ALL.map(|metric| Query {
            cluster: id.to_string(),
            metric,
        });
        // A metric that a clock ahead of ours has dated counts too.
        let until = self.settings.clock.now() + AHEAD;
        let series = self.series(queries.to_vec(), since, until).await?;
        Ok(series.iter().flatten().map(|(at, _)| *at).max())
    }

    async fn scratch_text(
        &self,
        stack: &StackName,
        job: &JobSpec,
        name: &str,
    ) -> Result<Option<String>, CloudError> {
        let folder = job.scratch_key.as_str();
        let key = format!("{}{folder}/{name}", names::work(stack));
        let bucket = self.bucket().await?;
        let max = MAX_TEXT;
        match self.api.serve(GetObject { bucket, key, max }).await {
            Ok(content) => Ok(Some(String::from_utf8_lossy(&content.body).into_owned())),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("read {name}")),
        }
    }

    async fn is_among_notes(&self, stack: &StackName, name: &str) -> Result<bool, CloudError> {
        let key = format!("{}{name}", names::prefix(stack));
        let bucket = self.bucket().await?;
        match self.api.serve(HeadObject { bucket, key }).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("look for {name}")),
        }
    }

    async fn write_conditionally(
        &self,
        stack: &StackName,
        name: &str,
    ) -> Result<ConditionalWrites, CloudError> {
        let key = format!("{}{name}", names::prefix(stack));
        let first = self.put(&key, b"1".to_vec(), Condition::Always).await?;
        let second = self.put(&key, b"2".to_vec(), Condition::Always).await?;
        Ok(ConditionalWrites {
            absent_refused: !self.writes(&key, Condition::Absent).await?,
            outdated_refused: !self.writes(&key, Condition::Unchanged(first)).await?,
            unchanged_written: self.writes(&key, Condition::Unchanged(second)).await?,
        })
    }

    async fn add_step_twice(&self, id: &ClusterId) -> Result<usize, CloudError> {
        let mut steps = BTreeSet::new();
        for _ in 0..2 {
            let step = NewStep {
                name: "clusterup: the same step twice".to_owned(),
                on_failure: OnFailure::Continue,
                command: StepCommand::program(vec!["true".to_owned()]),
            };
            let call = AddJobFlowSteps {
                id: id.to_string(),
                steps: vec![step],
            };
            let added = self.api.serve(call).await;
            steps.extend(added.with_context(|| format!("add a step to cluster {id}"))?);
        }
        Ok(steps.len())
    }

    async fn is_scheduled(&self, id: &ClusterId) -> Result<bool, CloudError> {
        let name = schedule_name(id.as_str());
        let schedule = self.api.serve(GetSchedule { name }).await;
        let schedule = schedule.with_context(|| format!("look for the schedule of {id}"))?;
        Ok(schedule.is_some())
    }

    async fn volumes_left(&self, id: &ClusterId) -> Result<Vec<String>, CloudError> {
        let volumes = self.free_volumes(of_cluster(id)).await?;
        Ok(volumes.into_iter().map(|volume| volume.id).collect())
    }
}

impl<A: Api> Account<A> {
    /// Whether S3 accepts a write under a condition.
    async fn writes(&self, key: &str, condition: Condition) -> Result<bool, CloudError> {
        let call = PutObject {
            bucket: self.bucket().await?,
            key: key.to_owned(),
            body: Body::Bytes(b"3".to_vec()),
            condition,
        };
        match self.api.serve(call).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Kind::Precondition => Ok(false),
            Err(error) => Err(error).with_context(|| format!("write {key}")),
        }
    }
}
