//! Spark's pages as EMR serves them. A URL that EMR returns is a credential.

use crate::cloud::api::call;
use crate::model::app_ui::OnClusterUi;
use crate::model::presigned_url::PresignedUrl;
use crate::model::shown::Untrusted;

/// Makes a history server for the applications of a cluster, which may have ended. AWS documents
/// neither an idempotency token nor what a second call returns. At worst that is a second server, which
/// costs nothing and counts among an account's 200.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePersistentAppUi {
    /// TargetResourceArn: the cluster's ARN.
    pub cluster: String,
}
call!(
    CreatePersistentAppUi,
    "elasticmapreduce:CreatePersistentAppUI",
    changes,
    NewPersistentAppUi,
    cluster
);

/// A history server that EMR makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPersistentAppUi {
    /// PersistentAppUIId, such as `p-2AB3CD4EF5GH6`.
    pub id: String,
    /// RuntimeRoleEnabledCluster: whether its steps have roles of their own, one of which its pages
    /// need.
    pub has_runtime_roles: bool,
}

/// Reads the state of a history server.
#[derive(Debug, Clone)]
pub struct DescribePersistentAppUi {
    /// PersistentAppUIId.
    pub ui: String,
}
call!(
    DescribePersistentAppUi,
    "elasticmapreduce:DescribePersistentAppUI",
    reads,
    PersistentAppUi,
    ui
);

/// The state of a history server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersistentAppUi {
    /// PersistentAppUIStatus. AWS does not list its values; `ATTACHED` is the one that the JupyterLab
    /// extension of Amazon SageMaker waits for.
    pub status: Untrusted,
    /// LastStateChangeReason.
    pub reason: Option<Untrusted>,
}

/// Requests the URL of a history server; `None` if it is not ready yet (PresignedURLReady).
#[derive(Debug, Clone)]
pub struct GetPersistentAppUiUrl {
    /// PersistentAppUIId.
    pub ui: String,
    /// ExecutionRoleArn, for a cluster with runtime roles.
    pub role: Option<String>,
}
call!(
    GetPersistentAppUiUrl,
    "elasticmapreduce:GetPersistentAppUIPresignedURL",
    reads,
    Option<PresignedUrl>,
    ui
);

/// Requests the URL of a page of a living cluster; `None` if it is not ready yet (PresignedURLReady).
#[derive(Debug, Clone)]
pub struct GetOnClusterAppUiUrl {
    /// The cluster's id, `j-…`.
    pub id: String,
    /// OnClusterAppUIType and ApplicationId.
    pub ui: OnClusterUi,
    /// ExecutionRoleArn, for a cluster with runtime roles.
    pub role: Option<String>,
}
call!(
    GetOnClusterAppUiUrl,
    "elasticmapreduce:GetOnClusterAppUIPresignedURL",
    reads,
    Option<PresignedUrl>,
    id
);
