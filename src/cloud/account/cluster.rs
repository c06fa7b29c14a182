//! Creates and ends clusters.

use super::Account;
use super::bucket::key;
use super::errors::Context;
use super::intent::Intent;
use super::names::{self, DEADLINE, END, JOB, NONCE, SIZES};
use super::roles::{INSTANCE_PROFILE, SERVICE_ROLE};
use super::{ended, note, requested_machines as machines, safeguard_state, spec};
use crate::cloud::Cloud;
use crate::cloud::api::emr::{
    self, AddTags, BootstrapAction, ClusterRef, NewStep, RunJobFlow, SetTerminationProtection,
    TerminateJobFlows,
};
use crate::cloud::api::network::Network;
use crate::cloud::api::{Api, Kind, Tags};
use crate::cloud::error::{Class, CloudError};
use crate::model::bootstrap::PACKAGES_ACTION;
use crate::model::desired::{ClusterSpec, JobSpec};
use crate::model::event::Listener;
use crate::model::hint::Command;
use crate::model::known_applications::ALWAYS;
use crate::model::name::{ClusterId, StackName};
use crate::model::network::{ClusterKey, GroupRef};
use crate::model::observed::{Cluster, End, EndReason};
use crate::model::release::Release;
use crate::model::sizes::Sizes;
use crate::model::software;
use crate::model::stack::WhenDone;
use crate::model::unarmed::Unarmed;

/// Runs on every node before anything is installed, as a user who may use sudo.
const PACKAGES: &str = include_str!("python-packages.sh");

impl<A: Api> Account<A> {
    pub(super) async fn create_cluster(
        &self,
        stack: &StackName,
        spec: &ClusterSpec,
        job: Option<&JobSpec>,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        self.check_namesakes(stack)?;
        if let Some(job) = job {
            self.clear(stack, job).await?;
        }
        let nonce = self.nonce();
        let begun = self.settings.clock.now();
        let call = self.request(stack, spec, job, &nonce).await?;
        let terms = note::terms(&call.tags);
        self.write_intent(stack, &nonce, &Intent::NewCluster(terms.clone()))
            .await?;
        let id = match self.call_once((stack, &nonce), call).await? {
            Ok(ClusterRef(id)) => Some(id),
            Err(error) if error.kind == Kind::OutcomeUnknown => {
                self.find_cluster(&nonce, begun, listener).await?
            }
            Err(error) => {
                self.delete_intent(stack, &nonce).await?;
                return Err(error).with_context(|| "create the cluster".to_owned());
            }
        };
        let Some(id) = id else {
            self.delete_intent(stack, &nonce).await?;
            let message = "AWS did not answer the request for a cluster, and created none";
            return Err(CloudError::new(Class::Unreachable, message).hint("apply again"));
        };
        // The observation is incomplete from now on.
        {
            let mut observed = self.observed.borrow_mut();
            observed.clusters.clear();
            observed.created_cluster = Some(id.clone());
        }
        let created = self.record_cluster(stack, &nonce, &id, &[terms]).await;
        if let Ok(id) = id.parse() {
            let cluster = Cluster::new(id, stack.clone(), spec.clone(), begun);
            self.schedule(&cluster, false, listener).await?;
        }
        created
    }

    /// Refuses a second cluster beside one whose note is lost. Tags alone do not make it the stack's: anybody
    /// may have written them.
    fn check_namesakes(&self, stack: &StackName) -> Result<(), CloudError> {
        let observed = self.observed.borrow();
        let Some(id) = observed.namesakes.first() else {
            return Ok(());
        };
        let message = format!(
            "cluster {id} has the name of stack {stack} and has not ended, and the bucket has no note of it: \
             a second one is not created"
        );
        Err(CloudError::new(Class::Input, message).hint(format!(
            "if it may end: aws emr terminate-clusters --cluster-ids {id}"
        )))
    }

    async fn request(
        &self,
        stack: &StackName,
        spec: &ClusterSpec,
        job: Option<&JobSpec>,
        nonce: &str,
    ) -> Result<RunJobFlow, CloudError> {
        let bucket = self.bucket().await?.name;
        let keep = spec.guardrails.when_done == WhenDone::Keep;
        let deadline = safeguard_state::power_off_seconds_ahead(spec, self.settings.clock.now());
        // The first action: a later one may hang.
        let mut bootstrap = vec![self.power_off(stack, nonce, deadline).await?];
        bootstrap.extend(self.packages(stack, spec).await?);
        bootstrap.extend(spec.bootstrap.iter().map(|action| BootstrapAction {
            name: action.name.to_string(),
            script: action.script.clone(),
            args: action.args.clone(),
        }));
        let release = label(spec)?;
        let has_policy = Unarmed::idle_policy(&release, &spec.emr.software).is_none();
        let idle_timeout = has_policy.then_some(spec.guardrails.idle_timeout);
        let name = names::cluster(stack, nonce);
        let steps = match job {
            Some(job) => self.first_steps(stack, spec, job, &name, &release).await?,
            None => Vec::new(),
        };
        let subnets = spec.network.subnets().map(ToString::to_string);
        let has_fleets = spec.groups.has_fleets();
        let (one_of, subnet): (Vec<_>, Vec<_>) = subnets.partition(|_| has_fleets);
        Ok(RunJobFlow {
            name,
            release,
            applications: applications(spec),
            log_uri: match &spec.emr.logs {
                Some(folder) => format!("{folder}/"),
                None => format!("s3://{bucket}/{}logs/", names::work(stack)),
            },
            service_role: or_default(spec.emr.service_role.as_ref(), SERVICE_ROLE),
            instance_profile: or_default(spec.emr.instance_profile.as_ref(), INSTANCE_PROFILE),
            groups: machines::groups(&spec.groups),
            fleets: machines::fleets(&spec.groups),
            scaling: machines::scaling(&spec.groups),
            key_pair: spec.key_pair.as_ref().map(|key| match key {
                ClusterKey::Own(name) => names::ec2(stack, name.as_str()),
                ClusterKey::Existing { existing } => existing.to_string(),
            }),
            network: Network {
                subnet: subnet.into_iter().next(),
                one_of,
                managed: spec.network.managed_groups.clone(),
                groups: self.group_ids(spec)?,
                core_groups: texts(&spec.network.core_security_groups),
                zone: spec.network.zone.as_ref().map(ToString::to_string),
            },
            root_volume: spec.groups.root_volume,
            protected: spec.termination_protection,
            idle_timeout,
            keep_alive: keep,
            step_concurrency: spec.step_concurrency,
            settings: spec.emr.clone(),
            configurations: software::requested(spec.emr.software.configurations.clone()),
            bootstrap,
            steps,
            tags: self.cluster_tags(stack, spec, job, nonce, deadline)?,
        })
    }

    /// The steps of a new cluster of this name and release.
    async fn first_steps(
        &self,
        stack: &StackName,
        spec: &ClusterSpec,
        job: &JobSpec,
        name: &str,
        release: &str,
    ) -> Result<Vec<NewStep>, CloudError> {
        let own = spec.emr.software.configurations.clone();
        let events = self.event_folder((job, 1), name, release, own).await?;
        let when_done = spec.guardrails.when_done;
        self.new_steps(stack, job, 1, when_done, events.as_ref())
            .await
    }

    fn cluster_tags(
        &self,
        stack: &StackName,
        spec: &ClusterSpec,
        job: Option<&JobSpec>,
        nonce: &str,
        deadline: u64,
    ) -> Result<Tags, CloudError> {
        let mut tags = self.spec_tags(stack, spec)?;
        tags.insert(SIZES.to_owned(), Sizes::of(&spec.groups).to_string());
        tags.insert(DEADLINE.to_owned(), deadline.to_string());
        tags.insert(NONCE.to_owned(), nonce.to_owned());
        if let Some(job) = job {
            tags.insert(JOB.to_owned(), job.hash.to_string());
        }
        tags.extend(spec.tags.clone());
        Ok(tags)
    }

    pub(super) fn spec_tags(
        &self,
        stack: &StackName,
        spec: &ClusterSpec,
    ) -> Result<Tags, CloudError> {
        let mut tags = self.tags(stack);
        names::team(&mut tags, spec.team.as_ref());
        spec::write(spec, &mut tags).ok_or_else(|| {
            CloudError::new(
                Class::Input,
                "the cluster's description is too long for its tags",
            )
            .hint(
                "use fewer or shorter job.python_packages, cluster.bootstrap, tags or types of \
                 fleets",
            )
        })?;
        Ok(tags)
    }

    fn group_ids(&self, spec: &ClusterSpec) -> Result<Vec<String>, CloudError> {
        let observed = self.observed.borrow();
        let id = |group: &GroupRef| {
            let name = match group {
                GroupRef::Own(name) => name,
                GroupRef::Existing(id) => return Ok(id.to_string()),
            };
            let group = observed.groups.get(name).map(|group| group.id.clone());
            group.ok_or_else(|| {
                CloudError::new(
                    Class::Failed,
                    format!("security group {name} does not exist"),
                )
                .hint("apply again")
            })
        };
        spec.security_groups.iter().map(id).collect()
    }

    async fn packages(
        &self,
        stack: &StackName,
        spec: &ClusterSpec,
    ) -> Result<Option<BootstrapAction>, CloudError> {
        if spec.python_packages.is_empty() {
            return Ok(None);
        }
        Ok(Some(BootstrapAction {
            name: PACKAGES_ACTION.to_owned(),
            script: self.script(stack, "python-packages.sh", PACKAGES).await?,
            args: spec.python_packages.clone(),
        }))
    }

    /// Removes what an earlier run of a job left, because a run starts with empty folders. What a
    /// retry needs of it stays.
    pub(super) async fn clear(&self, stack: &StackName, job: &JobSpec) -> Result<(), CloudError> {
        // The record that the run ended well comes first.
        let below = [
            format!("runs/{}/", job.hash),
            format!("{}/", job.results_key.as_str()),
            format!("{}/", job.scratch_key.as_str()),
        ];
        let prefix = names::prefix(stack);
        let (mut keys, ran): (Vec<String>, bool) = {
            let observed = self.observed.borrow();
            let keys = below.iter().flat_map(|below| observed.keys_below(below));
            let keys = keys.map(|key| format!("{prefix}{key}")).collect();
            (keys, observed.keys_below("clusters/").next().is_some())
        };
        // A stack without clusters has no work.
        if ran {
            let bucket = self.bucket().await?;
            let work = names::work(stack);
            for below in &below[1..] {
                let listed = self.list(&bucket, &format!("{work}{below}"), None).await?;
                keys.extend(listed.unwrap_or_default().into_iter().filter_map(key));
            }
        }
        let scratch = format!("{}{}", names::work(stack), job.scratch_key.as_str());
        let kept = job
            .kept
            .iter()
            .map(|name| format!("{scratch}/{}/", name.as_str()));
        let kept: Vec<String> = kept.collect();
        keys.retain(|key| !kept.iter().any(|below| key.starts_with(below)));
        self.delete_all(keys).await
    }

    /// Refuses to end a cluster by a deadline that only its tags contain.
    async fn check_deadline(&self, cluster: &emr::Cluster, end: &End) -> Result<(), CloudError> {
        use EndReason::{Budget, Lease, MaxLifetime, OffHours};
        let by_tags = matches!(end.reason, MaxLifetime | Budget | Lease | OffHours);
        let Some((stack, _)) = names::of_cluster(&cluster.name).filter(|_| by_tags) else {
            return Ok(());
        };
        let note = self.check_note(&stack, &cluster.id, &cluster.tags).await?;
        let Some(why) = note.problem() else {
            return Ok(());
        };
        let message = format!("the tags of cluster {} cannot end it: {why}", cluster.id);
        Err(CloudError::new(Class::Input, message)
            .hint("apply its stack, which writes its tags and its note again"))
    }

    /// Ends a cluster and waits until EMR reports that it has ended.
    pub(super) async fn terminate(
        &self,
        id: &ClusterId,
        end: &End,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let Some(cluster) = self.describe(id.as_str()).await? else {
            return Ok(());
        };
        if cluster.state.is_live() {
            self.check_deadline(&cluster, end).await?;
            // A missing tombstone must not keep the cluster from ending.
            let tags = Tags::from([(END.to_owned(), ended::write(end))]);
            let _ = self
                .api
                .serve(AddTags {
                    id: id.to_string(),
                    tags,
                })
                .await;
            let ids = vec![id.to_string()];
            if cluster.protected {
                listener.on_wait(format!(
                    "lifting the termination protection of cluster {id}"
                ));
                let call = SetTerminationProtection {
                    ids: ids.clone(),
                    protected: false,
                };
                self.api.serve(call).await.with_context(|| {
                    format!("remove the termination protection of cluster {id}")
                })?;
            }
            let ended = self.api.serve(TerminateJobFlows { ids }).await;
            ended.with_context(|| format!("end cluster {id}"))?;
        }
        self.wait_for_end(id, cluster, listener).await?;
        // The cluster has ended. A schedule that is left ends nothing, and AWS deletes it.
        let _ = self.disarm(id).await;
        Ok(())
    }

    /// Polls a cluster that is ending until it has ended.
    async fn wait_for_end(
        &self,
        id: &ClusterId,
        mut cluster: emr::Cluster,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        for looks in 0.. {
            if cluster.state.is_over() {
                self.store_description(id, cluster);
                return Ok(());
            }
            listener.on_wait(format!("cluster {id} is terminating"));
            tokio::time::sleep(self.pause(looks)).await;
            cluster = match self.describe(id.as_str()).await? {
                Some(cluster) => cluster,
                None => return Ok(()),
            };
        }
        Ok(())
    }

    pub(super) fn tags(&self, stack: &StackName) -> Tags {
        names::tags(stack, &self.settings.who)
    }
}

fn label(spec: &ClusterSpec) -> Result<String, CloudError> {
    match (&spec.label, &spec.release) {
        (Some(label), _) | (None, Release::Label(label)) => Ok(label.clone()),
        (None, Release::Line { .. }) => Err(CloudError::new(
            Class::Input,
            format!("AWS has no EMR release that matches {}", spec.release),
        )
        .hint("list the available releases")
        .hint(Command::other("aws emr list-release-labels"))),
    }
}

fn applications(spec: &ClusterSpec) -> Vec<String> {
    let more = spec.emr.software.applications.iter();
    let always = ALWAYS.into_iter().map(str::to_owned);
    always.chain(more.map(ToString::to_string)).collect()
}

fn texts(all: &[impl ToString]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

fn or_default(named: Option<&impl ToString>, default: &str) -> String {
    named.map_or_else(|| default.to_owned(), ToString::to_string)
}
