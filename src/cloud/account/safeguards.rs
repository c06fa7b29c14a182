//! What ends a cluster with all of our processes dead: armed with the cluster or right after it,
//! moved with its hard deadline, removed when it is gone.

use super::convert::MOST_EXTENSIONS;
use super::errors::{Doing, gone};
use super::last_observation::Scheduled;
use super::names::{self, DEADLINE};
use super::note::{self, Word};
use super::place;
use super::roles::REAPER;
use super::{Account, safeguard_state};
use crate::cloud::api::emr::{AddTags, BootstrapAction};
use crate::cloud::api::s3::{Body, Condition, PutObject};
use crate::cloud::api::scheduler::{
    CreateSchedule, DeleteSchedule, GetSchedule, Schedule, UpdateSchedule, terminate,
};
use crate::cloud::api::{Api, ApiError, Kind, Tags};
use crate::cloud::{Class, CloudError};
use crate::model::event::{Event, Listener};
use crate::model::extension::Extension;
use crate::model::hint::Command;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::Cluster;
use crate::model::partition::Partition;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use chrono::{DateTime, Utc};
use serde_json::json;

/// Powers the primary off when its time is over.
const POWER_OFF: &str = include_str!("power-off.sh");

impl<A: Api> Account<A> {
    /// The bootstrap action that powers the primary off so many seconds after its creation, or
    /// after as many as an object in the bucket says, and writes back what it has read.
    pub(super) async fn power_off(
        &self,
        stack: &StackName,
        nonce: &str,
        seconds: u64,
    ) -> Result<BootstrapAction, CloudError> {
        let deadline = place::deadline(stack, nonce);
        let bucket = self.bucket().await?.name;
        Ok(BootstrapAction {
            name: "power off at the deadline".to_owned(),
            script: self.script(stack, "power-off.sh", POWER_OFF).await?,
            args: vec![
                seconds.to_string(),
                format!("s3://{bucket}/{deadline}"),
                format!("s3://{bucket}/{}", names::heard(stack, nonce)),
            ],
        })
    }

    /// Puts a bootstrap action's script into the bucket; gives its address.
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

    /// The schedule that ends a cluster, as it is.
    pub(super) async fn scheduled(&self, id: &str, is_live: bool) -> Scheduled {
        let call = GetSchedule {
            name: schedule_name(id),
        };
        match self.api.serve(call).await {
            Ok(Some(schedule)) => Scheduled::There(schedule),
            // Whether one can be made matters while there is something to end.
            Ok(None) if is_live && self.lacks_reaper().await.unwrap_or(false) => Scheduled::NoRole,
            // What was tried and refused is no drift that another try would mend.
            Ok(None) => match self.warned.borrow().of(id) {
                Some(why) => Scheduled::Unread(why),
                None => Scheduled::Missing,
            },
            Err(error) => Scheduled::Unread(error.to_string()),
        }
    }

    /// A schedule whose role is gone ends nothing.
    pub(super) async fn doubt_schedules(&self, clusters: &mut [Cluster]) {
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
        if !armed.is_empty() && self.lacks_reaper().await.unwrap_or(false) {
            for (stack, safeguard) in armed {
                *safeguard = safeguard_state::no_role(safeguard_state::create_roles(stack));
            }
        }
    }

    /// Sees that what ends a cluster does so at its hard deadline.
    pub(super) async fn arm(
        &self,
        cluster: &Cluster,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let id = cluster.id.as_str();
        let seen = self.seen.borrow().clusters.get(&cluster.id).cloned();
        let Some(seen) = seen else { return Ok(()) };
        let seconds = safeguard_state::seconds(cluster);
        let nonce = names::of_cluster(&seen.cluster.name).map(|(_, nonce)| nonce);
        if let (Some(nonce), Some(told)) = (nonce, safeguard_state::told(&seen.cluster.tags))
            && told != seconds
        {
            let key = place::deadline(&cluster.stack, nonce);
            let body = seconds.to_string().into_bytes();
            self.put(&key, body, Condition::Always).await?;
            // Noted after it is so, or it would not be tried again.
            let tags = Tags::from([(DEADLINE.to_owned(), seconds.to_string())]);
            self.tag(id, tags).await?;
        }
        let now = self.settings.clock.now();
        let (there, right) = match &seen.schedule {
            Scheduled::There(schedule) => (true, safeguard_state::ends(schedule, cluster, now)),
            Scheduled::Missing | Scheduled::NoRole | Scheduled::Unread(_) => (false, false),
        };
        if !right {
            self.schedule(cluster, there, listener).await?;
        }
        Ok(())
    }

    /// Makes or moves the schedule. An account in which that cannot be done is told so: the other
    /// rungs stand.
    pub(super) async fn schedule(
        &self,
        cluster: &Cluster,
        there: bool,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let at = safeguard_state::fires_at(cluster, self.settings.clock.now());
        let wanted = self.ending(cluster.id.as_str(), at).await?;
        let made = match set(&*self.api, wanted.clone(), there).await {
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
                    | Kind::Doubt => safeguard_state::apply_again(&cluster.stack).into(),
                };
                let next = Some(next);
                // Whoever follows a cluster tries again every few minutes.
                if self.warned.borrow_mut().insert(&cluster.id, &what) {
                    listener.on_event(&Event::Warning { what, next });
                }
                Scheduled::Missing
            }
        };
        if let Some(seen) = self.seen.borrow_mut().clusters.get_mut(&cluster.id) {
            seen.schedule = made;
        }
        Ok(())
    }

    /// The schedule that ends a cluster at an instant.
    pub(super) async fn ending(&self, id: &str, at: DateTime<Utc>) -> Result<Schedule, CloudError> {
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

    /// Removes the schedule of a cluster that is gone.
    pub(super) async fn disarm(&self, id: &ClusterId) -> Result<(), CloudError> {
        let call = DeleteSchedule {
            name: schedule_name(id.as_str()),
        };
        let removed = gone(self.api.serve(call).await);
        removed.doing(|| format!("remove the schedule of cluster {id}"))?;
        if let Some(seen) = self.seen.borrow_mut().clusters.get_mut(id) {
            seen.schedule = Scheduled::Missing;
        }
        Ok(())
    }

    /// Moves a deadline: noted with the cluster first, then on every rung.
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
                let message = format!("{id} was extended {MOST_EXTENSIONS} times already");
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

    /// Notes a moved deadline before its tag is written, and it alone after that.
    async fn note_extension(
        &self,
        cluster: &Cluster,
        key: String,
        value: String,
    ) -> Result<(), CloudError> {
        let id = cluster.id.as_str();
        let seen = {
            let seen = self.seen.borrow();
            let seen = seen.clusters.get(&cluster.id);
            seen.map_or(Tags::new(), |seen| seen.cluster.tags.clone())
        };
        let word = self.word_on(&cluster.stack, id, &seen).await?;
        if let Word::Disagrees | Word::Missing = word {
            let why = word.why().unwrap_or_default();
            let message = format!("cluster {id} is not extended: {why}");
            return Err(CloudError::new(Class::Input, message)
                .hint("apply its stack, which writes both anew"));
        }
        let mut after = seen.clone();
        after.insert(key.clone(), value.clone());
        let terms = note::terms(&after);
        let both = [terms.clone(), note::terms(&seen)];
        self.note(&cluster.stack, id, &both).await?;
        self.tag(id, Tags::from([(key, value)])).await?;
        self.note(&cluster.stack, id, &[terms]).await
    }

    /// The first tag for a moved deadline that a cluster does not have, if there is room for one.
    fn free_extension(&self, id: &ClusterId) -> Option<String> {
        let seen = self.seen.borrow();
        let tags = &seen.clusters.get(id)?.cluster.tags;
        let mut keys = (0..MOST_EXTENSIONS).map(names::extended);
        keys.find(|key| !tags.contains_key(key))
    }

    /// Notes that somebody follows a cluster, and moves what ends it, where it has a lease.
    pub(super) async fn renew(
        &self,
        stack: &StackName,
        id: &ClusterId,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        self.follow(stack, id).await?;
        let told = self.told_again(id);
        let Some(cluster) = told.filter(|cluster| cluster.state.is_live()) else {
            return Ok(());
        };
        self.arm(&cluster, listener).await
    }

    /// Notes that we follow a cluster now.
    pub(super) async fn follow(&self, stack: &StackName, id: &ClusterId) -> Result<(), CloudError> {
        // We do, whether or not others can be told: our own guard must not end it for want of us.
        let now = self.settings.clock.now();
        self.seen.borrow_mut().followed.insert(id.clone(), now);
        // No two notes are the same, so that what others wrote since is seen to be theirs.
        let who = format!("{} {}\n", self.settings.who, self.nonce()).into_bytes();
        let key = place::followed(stack, id);
        let tag = self.put(&key, who, Condition::Always).await?;
        self.following.borrow_mut().insert(id.clone(), tag);
        Ok(())
    }

    /// Notes that we follow a cluster no longer, and that this is no accident: the note stays, empty,
    /// because a lease counts from it. One that another apply has written since stands.
    pub(super) async fn leave_cluster(
        &self,
        stack: &StackName,
        id: &ClusterId,
    ) -> Result<(), CloudError> {
        let own = self.following.borrow_mut().remove(id);
        let stale = {
            let now = self.settings.clock.now();
            let seen = self.seen.borrow().followed(id);
            seen.is_some_and(|at| now - at >= safeguard_state::FOLLOWED)
        };
        let condition = match own {
            Some(tag) => Condition::Unchanged(tag),
            None if stale => Condition::Always,
            None => Condition::Absent,
        };
        let call = PutObject {
            bucket: self.bucket().await?,
            key: place::followed(stack, id),
            body: Body::Bytes(Vec::new()),
            condition,
        };
        match self.api.serve(call).await {
            Err(error) if [Kind::Precondition, Kind::NotFound].contains(&error.kind) => Ok(()),
            put => put
                .doing(|| format!("note that cluster {id} is left"))
                .map(|_| ()),
        }
    }

    pub(super) async fn tag(&self, id: &str, tags: Tags) -> Result<(), CloudError> {
        let call = AddTags {
            id: id.to_owned(),
            tags,
        };
        self.api
            .serve(call)
            .await
            .doing(|| format!("tag cluster {id}"))
    }
}

/// Makes a schedule, or moves one that is there.
pub(super) async fn set<A: Api>(api: &A, wanted: Schedule, there: bool) -> Result<(), ApiError> {
    let create = || api.serve(CreateSchedule(wanted.clone()));
    let update = || api.serve(UpdateSchedule(wanted.clone()));
    if there {
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

fn schedule_name(id: &str) -> String {
    format!("clusterup-{id}")
}
