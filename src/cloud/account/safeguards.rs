//! What ends a cluster even if all our processes are dead. It is armed with the cluster or right
//! after it, moved with the hard deadline, and removed when the cluster has ended.

use super::errors::{Context, gone};
use super::last_observation::Scheduled;
use super::later::{self, Rearm};
use super::layout;
use super::names::{self, DEADLINE, MAX_EXTENSIONS};
use super::note::{self, NoteCheck};
use super::roles::REAPER;
use super::{Account, protection, safeguard_state};
use crate::cloud::api::emr::{self, AddTags, BootstrapAction};
use crate::cloud::api::s3::{Body, Condition, PutObject};
use crate::cloud::api::scheduler::{
    CreateSchedule, DeleteSchedule, GetSchedule, Schedule, UpdateSchedule, terminate,
};
use crate::cloud::api::{Api, ApiError, Kind, Tags};
use crate::cloud::{Class, CloudError, Safeguarding};
use crate::model::bootstrap::POWER_OFF_ACTION;
use crate::model::event::{Event, Listener};
use crate::model::extension::Extension;
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::{Cluster, Observed};
use crate::model::partition::Partition;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

/// Powers the primary off at its deadline.
const POWER_OFF: &str = include_str!("power-off.sh");

#[async_trait(?Send)]
impl<A: Api> Safeguarding for Account<A> {
    async fn verify_safeguards(&self, observed: &mut Observed) {
        self.verify_schedules(&mut observed.clusters).await;
        self.verify_power_offs(&mut observed.clusters).await;
    }

    /// The note stays, empty, because a lease counts from it. A note that another apply has written since is kept.
    async fn stop_following(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        let own = self.following.borrow_mut().remove(id);
        let stale = {
            let now = self.settings.clock.now();
            let observed = self.observed.borrow().followed(id);
            observed.is_some_and(|at| now - at >= safeguard_state::FOLLOWER_TIMEOUT)
        };
        let condition = match own {
            Some(tag) => Condition::Unchanged(tag),
            None if stale => Condition::Always,
            None => Condition::Absent,
        };
        let call = PutObject {
            bucket: self.bucket().await?,
            key: layout::followed(stack, id),
            body: Body::Bytes(Vec::new()),
            condition,
        };
        match self.api.serve(call).await {
            Err(error) if [Kind::Precondition, Kind::NotFound].contains(&error.kind) => Ok(()),
            put => put
                .with_context(|| format!("record that nobody follows cluster {id}"))
                .map(|_| ()),
        }
    }
}

impl<A: Api> Account<A> {
    /// The bootstrap action that powers the primary off this many seconds after the cluster's
    /// creation, or at the time that an object in the bucket says, and reports which deadline it
    /// has read.
    pub(super) async fn power_off(
        &self,
        stack: &StackName,
        nonce: &str,
        seconds: u64,
    ) -> Result<BootstrapAction, CloudError> {
        let deadline = layout::deadline(stack, nonce);
        let bucket = self.bucket().await?.name;
        Ok(BootstrapAction {
            name: POWER_OFF_ACTION.to_owned(),
            script: self.script(stack, "power-off.sh", POWER_OFF).await?,
            args: vec![
                seconds.to_string(),
                format!("s3://{bucket}/{deadline}"),
                format!("s3://{bucket}/{}", names::reported_deadline(stack, nonce)),
            ],
        })
    }

    /// Puts a bootstrap action's script into the bucket and returns its address.
    pub(super) async fn script(
        &self,
        stack: &StackName,
        name: &str,
        text: &str,
    ) -> Result<String, CloudError> {
        let key = format!("{}bootstrap/{name}", names::prefix(stack));
        self.put(&key, text.into(), Condition::Always).await?;
        Ok(format!("s3://{}/{key}", self.bucket().await?.name))
    }

    /// Reads the schedule that ends a cluster, and the one that lifts its protection first.
    pub(super) async fn scheduled(&self, cluster: &emr::Cluster) -> Scheduled {
        let id = cluster.id.as_str();
        let is_live = cluster.state.is_live();
        let call = GetSchedule {
            name: schedule_name(id),
        };
        match self.api.serve(call).await {
            Ok(Some(schedule)) if is_live && cluster.protected && protection::is_own(cluster) => {
                self.with_lifting(id, schedule).await
            }
            Ok(Some(schedule)) => Scheduled::There(schedule),
            // The role matters only while there is a cluster to end.
            Ok(None) if is_live && self.is_reaper_missing().await.unwrap_or(false) => {
                Scheduled::NoRole
            }
            // If arming it was tried and refused, it is no drift that another try would fix.
            Ok(None) => match self.shown_warnings.borrow().of(id) {
                Some(why) => Scheduled::Unread(why),
                None => Scheduled::Missing,
            },
            Err(error) => Scheduled::Unread(error.to_string()),
        }
    }

    /// Marks schedules as disarmed whose role is missing.
    async fn verify_schedules(&self, clusters: &mut [Cluster]) {
        let living = clusters.iter_mut().filter(|c| c.state.is_live());
        let safeguards = living.flat_map(|cluster| {
            let stack = &cluster.stack;
            cluster
                .safeguards
                .iter_mut()
                .map(move |safeguard| (stack, safeguard))
        });
        let armed = safeguards.filter(|(_, safeguard)| {
            safeguard.kind == SafeguardKind::Schedule && safeguard.is_armed()
        });
        let armed: Vec<(&StackName, &mut Safeguard)> = armed.collect();
        if !armed.is_empty() && self.is_reaper_missing().await.unwrap_or(false) {
            for (stack, safeguard) in armed {
                *safeguard = safeguard_state::no_role(safeguard_state::apply_again(stack));
            }
        }
    }

    /// Makes sure that the safeguards fire at the cluster's hard deadline.
    pub(super) async fn arm(
        &self,
        cluster: &Cluster,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let id = cluster.id.as_str();
        let observed = self.observed.borrow().clusters.get(&cluster.id).cloned();
        let Some(observed) = observed else {
            return Ok(());
        };
        let seconds = safeguard_state::power_off_seconds(cluster);
        let nonce = names::of_cluster(&observed.cluster.name).map(|(_, nonce)| nonce);
        if let (Some(nonce), Some(noted)) = (
            nonce,
            safeguard_state::requested_power_off(&observed.cluster.tags),
        ) && noted != seconds
        {
            let key = layout::deadline(&cluster.stack, nonce);
            let body = seconds.to_string().into_bytes();
            self.put(&key, body, Condition::Always).await?;
            // The tag comes last: it records that the object was written.
            let tags = Tags::from([(DEADLINE.to_owned(), seconds.to_string())]);
            self.tag(id, tags).await?;
        }
        let now = self.settings.clock.now();
        let (exists, right) = match &observed.schedule {
            Scheduled::There(schedule) => {
                // Of a cluster that is not protected yet, the schedule that lifts it was not read.
                let lifted = !protection::is_due(cluster, now)
                    || observed.cluster.protected && protection::is_own(&observed.cluster);
                let in_time = safeguard_state::ends_in_time(schedule, cluster, now);
                let early = safeguard_state::fires_early(schedule, cluster);
                (true, lifted && in_time && !early)
            }
            Scheduled::NotLifted => (true, false),
            Scheduled::Missing | Scheduled::NoRole | Scheduled::Unread(_) => (false, false),
        };
        if !right {
            self.schedule(cluster, exists, listener).await?;
        }
        Ok(())
    }

    /// Creates or moves the schedule. If the account does not allow that, warns: the other
    /// safeguards still work.
    pub(super) async fn schedule(
        &self,
        cluster: &Cluster,
        exists: bool,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let at = safeguard_state::fires_at(cluster, self.settings.clock.now());
        let wanted = self.ending_schedule(cluster.id.as_str(), at).await?;
        let made = match self.write_schedules(cluster, &wanted, exists).await {
            Ok(()) => Scheduled::There(wanted),
            Err(error) => {
                let what = format!(
                    "the schedule that ends {} is not armed: {error}",
                    cluster.id
                );
                let next = match error.kind {
                    Kind::Invalid => safeguard_state::create_roles(&cluster.stack).into(),
                    Kind::Denied => format!("ask for the permission {}", error.call).into(),
                    Kind::Throttled
                    | Kind::Unauthenticated
                    | Kind::NotFound
                    | Kind::Exists
                    | Kind::Precondition
                    | Kind::InUse
                    | Kind::OutcomeUnknown => safeguard_state::apply_again(&cluster.stack).into(),
                };
                let next = Some(next);
                // Followers try again every few minutes: warn once.
                if self.shown_warnings.borrow_mut().insert(&cluster.id, &what) {
                    listener.on_event(&Event::Warning { what, next });
                }
                Scheduled::Missing
            }
        };
        if let Some(observed) = self.observed.borrow_mut().clusters.get_mut(&cluster.id) {
            observed.schedule = made;
        }
        Ok(())
    }

    /// Creates or moves the schedule that lifts the cluster's protection, if the stack asks for that,
    /// and then the one that ends the cluster.
    async fn write_schedules(
        &self,
        cluster: &Cluster,
        ending: &Schedule,
        exists: bool,
    ) -> Result<(), ApiError> {
        if cluster.spec.termination_protection {
            let soonest = safeguard_state::soonest(self.settings.clock.now());
            let lifting = protection::lifting(ending, cluster.id.as_str(), soonest);
            write_schedule(&*self.api, lifting, exists).await?;
        }
        write_schedule(&*self.api, ending.clone(), exists).await
    }

    /// The schedule that ends a cluster at an instant.
    pub(super) async fn ending_schedule(
        &self,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Schedule, CloudError> {
        let account = self.identity().await?.account;
        let partition = Partition::of(&self.settings.region).as_str();
        Ok(Schedule {
            name: schedule_name(id),
            at,
            target: terminate(partition),
            role: format!("arn:{partition}:iam::{account}:role/{REAPER}"),
            input: json!({ "JobFlowIds": [id] }).to_string(),
        })
    }

    /// Deletes the schedule of a cluster that has ended.
    pub(super) async fn disarm(&self, id: &ClusterId) -> Result<(), CloudError> {
        let call = DeleteSchedule {
            name: schedule_name(id.as_str()),
        };
        let context = || format!("delete the schedule of cluster {id}");
        gone(self.api.serve(call).await).with_context(context)?;
        gone(self.forget_lifting(id).await).with_context(context)?;
        if let Some(observed) = self.observed.borrow_mut().clusters.get_mut(id) {
            observed.schedule = Scheduled::Missing;
        }
        Ok(())
    }

    /// Moves a deadline: recorded with the cluster first, then on every safeguard.
    pub(super) async fn extend(
        &self,
        id: &ClusterId,
        extension: &Extension,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let cluster = self.step_states(id).await?;
        let Some(mut cluster) = cluster.filter(|cluster| cluster.state.is_live()) else {
            let message = format!("cluster {id} has ended meanwhile");
            return Err(CloudError::new(Class::Input, message)
                .hint("see what ended it")
                .hint(Command::clusterup("status").this_stack()));
        };
        if !cluster.extensions.contains(extension) {
            let Some(key) = self.free_extension(id) else {
                let message = format!("{id} was extended {MAX_EXTENSIONS} times already");
                return Err(CloudError::new(Class::Input, message)
                    .hint("change the stack's guardrails, then apply it")
                    .hint(safeguard_state::apply_again(&cluster.stack)));
            };
            let value = names::value(&extension.to_string());
            self.note_extension(&cluster, key, value).await?;
            cluster.extensions.push(extension.clone());
        }
        self.arm(&cluster, listener).await
    }

    /// Adds the extension to the note before its tag is written, and confirms it alone after that.
    async fn note_extension(
        &self,
        cluster: &Cluster,
        key: String,
        value: String,
    ) -> Result<(), CloudError> {
        let id = cluster.id.as_str();
        let observed = {
            let observed = self.observed.borrow();
            let observed = observed.clusters.get(&cluster.id);
            observed.map_or(Tags::new(), |observed| observed.cluster.tags.clone())
        };
        let note = self.check_note(&cluster.stack, id, &observed).await?;
        if let NoteCheck::Different | NoteCheck::Missing = note {
            let why = note.problem().unwrap_or_default();
            let message = format!("cluster {id} is not extended: {why}");
            return Err(CloudError::new(Class::Input, message)
                .hint("apply its stack, which writes its tags and its note again"));
        }
        let mut after = observed.clone();
        after.insert(key.clone(), value.clone());
        let terms = note::terms(&after);
        let both = [terms.clone(), note::terms(&observed)];
        self.note(&cluster.stack, id, &both).await?;
        self.tag(id, Tags::from([(key, value)])).await?;
        self.note(&cluster.stack, id, &[terms]).await
    }

    /// The first unused tag for an extension; `None` if all are used.
    fn free_extension(&self, id: &ClusterId) -> Option<String> {
        let observed = self.observed.borrow();
        let tags = &observed.clusters.get(id)?.cluster.tags;
        let mut keys = (0..MAX_EXTENSIONS).map(names::extended);
        keys.find(|key| !tags.contains_key(key))
    }

    /// Records that somebody follows a cluster, and moves its safeguards if it has a lease, or later if
    /// it turned out cheaper than it could have been.
    pub(super) async fn renew(
        &self,
        stack: &StackName,
        id: &ClusterId,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        self.follow(stack, id).await?;
        self.count_again(id).await;
        let noted = self.last_observed(id);
        let Some(cluster) = noted.filter(|cluster| cluster.state.is_live()) else {
            return Ok(());
        };
        let now = self.settings.clock.now();
        let rearm = {
            let all = self.observed.borrow();
            let observed = all.clusters.get(id);
            let moved = all.moved.get(id).copied();
            observed.map(|observed| later::rearm(&cluster, observed, moved, now))
        };
        if matches!(rearm, None | Some(Rearm::Stay)) {
            return Ok(());
        }
        // Anybody may have written tags; `apply` restores what the note confirms.
        if !self.are_confirmed(stack, id).await {
            return Ok(());
        }
        if rearm == Some(Rearm::Later) {
            self.observed.borrow_mut().moved.insert(id.clone(), now);
        }
        self.arm(&cluster, listener).await
    }

    /// Records that this process follows a cluster.
    pub(super) async fn follow(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        // Remembered even if the note cannot be written: our own guard must not end the cluster for
        // lack of a follower.
        let now = self.settings.clock.now();
        self.observed.borrow_mut().followed.insert(id.clone(), now);
        // Each note is unique, so that a note of another follower is recognized.
        let who = format!("{} {}\n", self.settings.who, self.nonce()).into_bytes();
        let key = layout::followed(stack, id);
        let tag = self.put(&key, who, Condition::Always).await?;
        self.following.borrow_mut().insert(id.clone(), tag);
        Ok(())
    }

    pub(super) async fn tag(&self, id: &str, tags: Tags) -> Result<(), CloudError> {
        let call = AddTags {
            id: id.to_owned(),
            tags,
        };
        self.api
            .serve(call)
            .await
            .with_context(|| format!("tag cluster {id}"))
    }
}

/// Creates a schedule, or moves an existing one.
pub(super) async fn write_schedule<A: Api>(
    api: &A,
    wanted: Schedule,
    exists: bool,
) -> Result<(), ApiError> {
    let create = || api.serve(CreateSchedule(wanted.clone()));
    let update = || api.serve(UpdateSchedule(wanted.clone()));
    if exists {
        return match update().await {
            Err(error) if error.kind == Kind::NotFound => create().await,
            set => set,
        };
    }
    match create().await {
        Err(error) if error.kind == Kind::Exists => update().await,
        set => set,
    }
}

pub(super) fn schedule_name(id: &str) -> String {
    format!("clusterup-{id}")
}
