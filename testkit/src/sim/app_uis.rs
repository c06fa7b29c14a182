//! Spark's pages as EMR serves them.

use super::Sim;
use super::refusal::{Refusal, invalid};
use super::world::{Answer, State, emr_id};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::Kind;
use clusterup::cloud::api::emr::{
    CreatePersistentAppUi, DescribePersistentAppUi, GetOnClusterAppUiUrl, GetPersistentAppUiUrl,
    NewPersistentAppUi, PersistentAppUi,
};
use clusterup::model::observed::ClusterState;
use clusterup::model::presigned_url::PresignedUrl;
use clusterup::model::releases::{ON_CLUSTER_UI, PERSISTENT_UI};
use std::collections::BTreeMap;

/// How many history servers an account may have.
const MOST: usize = 200;

pub(super) struct AppUis {
    /// When each history server was made, by its id.
    made: BTreeMap<String, DateTime<Utc>>,
    /// When a page of a cluster was requested first, by the cluster's id.
    requested: BTreeMap<String, DateTime<Utc>>,
    /// How long each takes: a history server from its creation until it is attached, and then until
    /// it has a URL. `None` if it never does.
    takes: Option<TimeDelta>,
}

impl Default for AppUis {
    fn default() -> Self {
        Self {
            made: BTreeMap::new(),
            requested: BTreeMap::new(),
            takes: Some(TimeDelta::seconds(12)),
        }
    }
}

impl AppUis {
    fn are_ready(&self, since: DateTime<Utc>, now: DateTime<Utc>, times: i32) -> bool {
        self.takes.is_some_and(|takes| since + takes * times <= now)
    }
}

fn no_ui(id: &str) -> Refusal {
    invalid(format!("Persistent app UI '{id}' is not valid."))
}

fn url(host: &str) -> Option<PresignedUrl> {
    let host = host.to_ascii_lowercase();
    PresignedUrl::new(format!(
        "https://{host}.emrappui-prod.us-east-1.amazonaws.com/shs?authToken=sim"
    ))
}

impl Answer for CreatePersistentAppUi {
    fn answer(self, state: &mut State) -> Result<NewPersistentAppUi, Refusal> {
        let place = format!(
            "arn:aws:elasticmapreduce:us-east-1:{}:cluster/",
            super::ACCOUNT
        );
        let id = self.cluster.strip_prefix(&place);
        let id = id.ok_or_else(|| invalid("The target resource ARN is not valid."))?;
        let cluster = state.cluster(id)?;
        if !PERSISTENT_UI.include(&cluster.order.release) {
            return Err(invalid("The release has no persistent application UI."));
        }
        let has_runtime_roles = false;
        if state.app_uis.made.len() >= MOST {
            return Err(invalid(
                "The limit of persistent application UIs is reached.",
            ));
        }
        let id = emr_id(&state.rng, "p");
        state.app_uis.made.insert(id.clone(), state.now);
        Ok(NewPersistentAppUi {
            id,
            has_runtime_roles,
        })
    }
}

impl Answer for DescribePersistentAppUi {
    fn answer(self, state: &mut State) -> Result<PersistentAppUi, Refusal> {
        let made = state.app_uis.made.get(&self.ui);
        let made = *made.ok_or_else(|| no_ui(&self.ui))?;
        let is_attached = state.app_uis.are_ready(made, state.now, 1);
        let status = if is_attached { "ATTACHED" } else { "CREATING" };
        Ok(PersistentAppUi {
            status: status.into(),
            reason: None,
        })
    }
}

impl Answer for GetPersistentAppUiUrl {
    fn answer(self, state: &mut State) -> Result<Option<PresignedUrl>, Refusal> {
        let made = state.app_uis.made.get(&self.ui);
        let made = *made.ok_or_else(|| no_ui(&self.ui))?;
        if !state.app_uis.are_ready(made, state.now, 1) {
            return Err(invalid("The persistent application UI is not attached."));
        }
        let is_ready = state.app_uis.are_ready(made, state.now, 2);
        Ok(url(&self.ui).filter(|_| is_ready))
    }
}

impl Answer for GetOnClusterAppUiUrl {
    fn answer(self, state: &mut State) -> Result<Option<PresignedUrl>, Refusal> {
        let cluster = state.cluster(&self.id)?;
        if !matches!(cluster.state, ClusterState::Running | ClusterState::Waiting) {
            let code = "InvalidRequestException";
            return Err(Refusal::new(
                Kind::Invalid,
                code,
                "The cluster does not run.",
            ));
        }
        if !ON_CLUSTER_UI.include(&cluster.order.release) {
            return Err(invalid("The release has no on-cluster application UI."));
        }
        let now = state.now;
        let since = *state
            .app_uis
            .requested
            .entry(self.id.clone())
            .or_insert(now);
        let is_ready = state.app_uis.are_ready(since, now, 1);
        Ok(url(&self.id).filter(|_| is_ready))
    }
}

impl Sim {
    /// No page is ever prepared.
    pub fn never_prepare_app_uis(&self) {
        self.edit(|state| state.app_uis.takes = None);
    }
}
