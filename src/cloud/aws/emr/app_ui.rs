//! Spark's pages as EMR serves them.

use crate::cloud::api::emr::{
    CreatePersistentAppUi, DescribePersistentAppUi, GetOnClusterAppUiUrl, GetPersistentAppUiUrl,
    NewPersistentAppUi, PersistentAppUi,
};
use crate::cloud::api::{ApiError, Call, Serve};
use crate::cloud::aws::Sdk;
use crate::cloud::aws::error::{from_sdk, incomplete};
use crate::model::app_ui::OnClusterUi;
use crate::model::presigned_url::PresignedUrl;
use aws_sdk_emr::types::{OnClusterAppUiType, PersistentAppUiType, ProfilerType};

impl Serve<CreatePersistentAppUi> for Sdk {
    async fn serve(&self, call: CreatePersistentAppUi) -> Result<NewPersistentAppUi, ApiError> {
        let reply = self
            .emr
            .create_persistent_app_ui()
            .target_resource_arn(call.cluster)
            .profiler_type(ProfilerType::Shs)
            .send()
            .await
            .map_err(from_sdk::<CreatePersistentAppUi, _>)?;
        let id = reply.persistent_app_ui_id.filter(|id| !id.is_empty());
        Ok(NewPersistentAppUi {
            id: id.ok_or_else(|| incomplete::<CreatePersistentAppUi>("the page's id"))?,
            has_runtime_roles: reply.runtime_role_enabled_cluster.unwrap_or_default(),
        })
    }
}

impl Serve<DescribePersistentAppUi> for Sdk {
    async fn serve(&self, call: DescribePersistentAppUi) -> Result<PersistentAppUi, ApiError> {
        let request = self.emr.describe_persistent_app_ui();
        let reply = request.persistent_app_ui_id(call.ui).send().await;
        let reply = reply.map_err(from_sdk::<DescribePersistentAppUi, _>)?;
        let missing = || incomplete::<DescribePersistentAppUi>("the page's state");
        let ui = reply.persistent_app_ui.ok_or_else(missing)?;
        let reason = ui.last_state_change_reason;
        Ok(PersistentAppUi {
            status: ui.persistent_app_ui_status.unwrap_or_default().into(),
            reason: reason.filter(|it| !it.is_empty()).map(Into::into),
        })
    }
}

impl Serve<GetPersistentAppUiUrl> for Sdk {
    async fn serve(&self, call: GetPersistentAppUiUrl) -> Result<Option<PresignedUrl>, ApiError> {
        let reply = self
            .emr
            .get_persistent_app_ui_presigned_url()
            .persistent_app_ui_id(call.ui)
            .persistent_app_ui_type(PersistentAppUiType::Shs)
            .set_execution_role_arn(call.role)
            .send()
            .await
            .map_err(from_sdk::<GetPersistentAppUiUrl, _>)?;
        url::<GetPersistentAppUiUrl>(reply.presigned_url_ready, reply.presigned_url)
    }
}

impl Serve<GetOnClusterAppUiUrl> for Sdk {
    async fn serve(&self, call: GetOnClusterAppUiUrl) -> Result<Option<PresignedUrl>, ApiError> {
        let (kind, application) = match call.ui {
            OnClusterUi::History => (OnClusterAppUiType::SparkHistoryServer, None),
            OnClusterUi::Manager => (OnClusterAppUiType::ResourceManager, None),
            OnClusterUi::Application(id) => {
                (OnClusterAppUiType::ApplicationMaster, Some(id.to_string()))
            }
        };
        let reply = self
            .emr
            .get_on_cluster_app_ui_presigned_url()
            .cluster_id(call.id)
            .on_cluster_app_ui_type(kind)
            .set_application_id(application)
            .set_execution_role_arn(call.role)
            .send()
            .await
            .map_err(from_sdk::<GetOnClusterAppUiUrl, _>)?;
        url::<GetOnClusterAppUiUrl>(reply.presigned_url_ready, reply.presigned_url)
    }
}

/// The URL, once EMR says that it is ready. An error does not repeat it.
fn url<C: Call>(
    ready: Option<bool>,
    url: Option<String>,
) -> Result<Option<PresignedUrl>, ApiError> {
    if ready != Some(true) {
        return Ok(None);
    }
    let url = url.and_then(PresignedUrl::new);
    url.map(Some)
        .ok_or_else(|| incomplete::<C>("a URL that can be opened"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_counts_once_it_is_ready() {
        let read =
            |ready, text: Option<&str>| url::<GetOnClusterAppUiUrl>(ready, text.map(str::to_owned));
        let good = "https://j-1.emrappui-prod.us-east-1.amazonaws.com/shs?token=secret";
        assert_eq!(read(Some(false), Some(good)), Ok(None));
        assert_eq!(read(None, Some(good)), Ok(None));
        let found = read(Some(true), Some(good)).unwrap().unwrap();
        assert_eq!(found.reveal(), good);
        for bad in [
            None,
            Some("http://a/?token=secret"),
            Some("https://a/\n?token=secret"),
        ] {
            let error = read(Some(true), bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }
}
