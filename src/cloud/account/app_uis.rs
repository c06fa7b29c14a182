//! Spark's pages as EMR serves them: requests them and waits until they are prepared.

use super::errors::{Context, explain};
use super::{Account, names};
use crate::cloud::api::emr::{
    CreatePersistentAppUi, DescribePersistentAppUi, GetOnClusterAppUiUrl, GetPersistentAppUiUrl,
    PersistentAppUi,
};
use crate::cloud::api::{Api, ApiError, Kind};
use crate::cloud::error::{Class, CloudError};
use crate::cloud::event_log;
use crate::cloud::roles::AppUis;
use crate::model::app_ui::{AppUi, AppUiCluster, EventLogPlace, OnClusterUi};
use crate::model::event::Listener;
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use crate::model::observed::{Cluster, Run, StepState};
use crate::model::partition::Partition;
use crate::model::presigned_url::PresignedUrl;
use async_trait::async_trait;
use std::time::Duration;

/// The longest pause between two polls.
const POLL: Duration = Duration::from_secs(5);

/// The number of polls: five minutes of them. AWS documents no time.
const MAX_POLLS: u32 = 60;

/// The status of a history server that has pages: see [`PersistentAppUi::status`].
const ATTACHED: &str = "ATTACHED";

const WAITING: &str = "waiting until EMR has prepared the page";

/// What EMR requires of the clusters (EMR Management Guide, "View persistent application user
/// interfaces", "Diagnose applications and jobs with EMR Studio").
const OF_PERSISTENT: &str = "EMR has this page for clusters with one primary node and without Lake \
                             Formation, and 200 of them for an account at most";
const OF_ON_CLUSTER: &str = "EMR has this page for clusters that run, with one primary node, and \
                             with a way from their network to Amazon API Gateway";

/// EMR has no call that ends such a page.
const EACH_TRY: &str = "each try makes another page, of which an account has 200 at most";

#[async_trait(?Send)]
impl<A: Api> AppUis for Account<A> {
    async fn app_ui_cluster(&self, id: &ClusterId) -> Result<Option<AppUiCluster>, CloudError> {
        let Some(cluster) = self.known_or_described(id).await? else {
            return Ok(None);
        };
        let mut applications = cluster.applications.iter();
        Ok(Some(AppUiCluster {
            id: id.clone(),
            stack: names::of_cluster(&cluster.name).map(|(stack, _)| stack),
            state: cluster.state,
            has_spark: applications.any(|name| name.eq_ignore_ascii_case("Spark")),
            release: cluster.release,
            ended_at: cluster.ended_at,
        }))
    }

    async fn event_log_place(
        &self,
        cluster: &Cluster,
        run: &Run,
    ) -> Result<EventLogPlace, CloudError> {
        let Some(events) = self.event_objects(cluster, run).await? else {
            return Ok(EventLogPlace::Elsewhere);
        };
        let steps = cluster.steps.iter();
        let steps = steps.filter(|step| step.state == StepState::Running);
        let since = steps.filter_map(|step| step.started_at).min();
        let running = event_log::running(events.written(), since);
        let running: Vec<_> = running.into_iter().collect();
        let mut names = events.below().map(|(name, _)| name);
        if running.is_empty() && event_log::applications(&mut names).is_empty() {
            return Ok(EventLogPlace::Elsewhere);
        }
        Ok(EventLogPlace::Bucket { running })
    }

    async fn app_ui(
        &self,
        id: &ClusterId,
        ui: &AppUi,
        role: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<PresignedUrl, CloudError> {
        match ui {
            AppUi::Persistent => self.persistent(id, role, listener).await,
            AppUi::OnCluster(ui) => self.on_cluster(id, ui, role, listener).await,
        }
    }
}

impl<A: Api> Account<A> {
    async fn persistent(
        &self,
        id: &ClusterId,
        role: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<PresignedUrl, CloudError> {
        let refused = |error| no_page(error, id, OF_PERSISTENT);
        listener.on_wait("requesting a page from EMR".to_owned());
        let cluster = self.cluster_arn(id).await?;
        let made = self.api.serve(CreatePersistentAppUi { cluster }).await;
        let made = made.map_err(refused)?;
        if made.has_runtime_roles && role.is_none() {
            return Err(needs_role(id));
        }
        let mut polls = Polls::default();
        loop {
            let ui = made.id.clone();
            let state = self.api.serve(DescribePersistentAppUi { ui }).await;
            let state = state.with_context(|| format!("read the state of page {}", made.id))?;
            if state.status == ATTACHED {
                break;
            }
            let waited = self.wait(&mut polls, Some(&state), listener).await;
            waited.map_err(|error| error.hint(EACH_TRY))?;
        }
        loop {
            let call = GetPersistentAppUiUrl {
                ui: made.id.clone(),
                role: role.map(str::to_owned),
            };
            if let Some(url) = self.api.serve(call).await.map_err(refused)? {
                return Ok(url);
            }
            let waited = self.wait(&mut polls, None, listener).await;
            waited.map_err(|error| error.hint(EACH_TRY))?;
        }
    }

    async fn on_cluster(
        &self,
        id: &ClusterId,
        ui: &OnClusterUi,
        role: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<PresignedUrl, CloudError> {
        listener.on_wait("requesting a page from EMR".to_owned());
        let mut polls = Polls::default();
        loop {
            let call = GetOnClusterAppUiUrl {
                id: id.to_string(),
                ui: ui.clone(),
                role: role.map(str::to_owned),
            };
            let url = self.api.serve(call).await;
            if let Some(url) = url.map_err(|error| no_page(error, id, OF_ON_CLUSTER))? {
                return Ok(url);
            }
            self.wait(&mut polls, None, listener).await?;
        }
    }

    /// The ARN of a cluster of this account and region (Service Authorization Reference, Amazon EMR).
    pub(super) async fn cluster_arn(&self, id: &ClusterId) -> Result<String, CloudError> {
        let region = &self.settings.region;
        let partition = Partition::of(region).as_str();
        let account = self.identity().await?.account;
        Ok(format!(
            "arn:{partition}:elasticmapreduce:{region}:{account}:cluster/{id}"
        ))
    }

    /// Waits for the next poll; an error if there were enough.
    async fn wait(
        &self,
        polls: &mut Polls,
        state: Option<&PersistentAppUi>,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        polls.0 += 1;
        if polls.0 > MAX_POLLS {
            let says = state.map(|state| {
                let reason = state.reason.as_ref();
                let reason = reason.map_or_else(String::new, |it| format!(", because: {it}"));
                format!(": its state is {}{reason}", state.status)
            });
            let message = format!(
                "EMR has not prepared the page in time{}",
                says.unwrap_or_default()
            );
            return Err(CloudError::new(Class::Unreachable, message)
                .hint("try again in a few minutes")
                .hint(Command::again()));
        }
        listener.on_wait(WAITING.to_owned());
        tokio::time::sleep(POLL.min(self.settings.poll)).await;
        Ok(())
    }
}

/// How often EMR was asked.
#[derive(Default)]
struct Polls(u32);

fn needs_role(id: &ClusterId) -> CloudError {
    let message = format!("cluster {id} has runtime roles, and its pages need one of them");
    CloudError::new(Class::Input, message)
        .hint("name a role that its steps have: add --execution-role and the role's ARN")
}

/// The error of a page that EMR does not give.
fn no_page(error: ApiError, id: &ClusterId, requires: &str) -> CloudError {
    let is_refused = matches!(error.kind, Kind::Invalid | Kind::NotFound);
    let error = explain(error, format!("get a page of cluster {id} from EMR"));
    if is_refused {
        return error.hint(requires);
    }
    error
}
