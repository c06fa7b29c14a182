//! Amazon EMR Serverless: applications, whose pre-initialized workers are billed as long as they are
//! started (EMR Serverless User Guide, "Pre-initialized capacity"). Only read.

use super::{call, service};

service! { ListStartedApplications, GetApplication, HasActiveJob }

/// Lists the ids of the first 50 applications that are started.
#[derive(Debug, Clone)]
pub struct ListStartedApplications;
call!(
    ListStartedApplications,
    "emr-serverless:ListApplications",
    reads,
    Vec<String>
);

/// Describes an application.
#[derive(Debug, Clone)]
pub struct GetApplication {
    /// applicationId.
    pub id: String,
}
call!(
    GetApplication,
    "emr-serverless:GetApplication",
    reads,
    Application,
    id
);

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// name.
    pub name: String,
    /// initialCapacity: how many workers, and what each has, such as `4vCPU` and `16GB`.
    pub workers: Vec<(u64, String)>,
    /// idleTimeoutMinutes of autoStopConfiguration; `None` if it does not stop by itself.
    pub stops_after: Option<u64>,
}

/// Whether an application has a job that waits or runs.
#[derive(Debug, Clone)]
pub struct HasActiveJob {
    /// applicationId.
    pub id: String,
}
call!(HasActiveJob, "emr-serverless:ListJobRuns", reads, bool, id);
