//! Amazon EventBridge Scheduler: calls that AWS makes at a set time.

use super::{Page, call, service};
use chrono::{DateTime, Utc};

service! { CreateSchedule, UpdateSchedule, GetSchedule, DeleteSchedule, ListSchedules }

/// The target that ends clusters: EMR's TerminateJobFlows as a universal target. The service has
/// the SDK's name, and the call starts with a small letter (Scheduler User Guide, "Using universal
/// targets"). AWS checks neither target nor input before the schedule fires.
pub const TERMINATE: &str = "arn:aws:scheduler:::aws-sdk:emr:terminateJobFlows";

/// The target in a partition of AWS, such as `aws-us-gov`.
pub fn terminate(partition: &str) -> String {
    TERMINATE.replacen("arn:aws:", &format!("arn:{partition}:"), 1)
}

/// The target that changes the termination protection of clusters: EMR's SetTerminationProtection.
pub const UNPROTECT: &str = "arn:aws:scheduler:::aws-sdk:emr:setTerminationProtection";

/// The same in a partition of AWS.
pub fn unprotect(partition: &str) -> String {
    UNPROTECT.replacen("arn:aws:", &format!("arn:{partition}:"), 1)
}

/// A one-time schedule in the group `default`, which every account has. AWS retries the call for an
/// hour, then deletes the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Unique in its account and region: up to 64 letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// In whole seconds. It fires within the sixty seconds from this instant. AWS does not document
    /// what happens if the instant has passed.
    pub at: DateTime<Utc>,
    /// The call to make, such as [`TERMINATE`].
    pub target: String,
    /// ARN of the role that makes the call.
    pub role: String,
    /// The call's parameters in JSON, with the names of AWS's API: `{"JobFlowIds":["j-…"]}`.
    pub input: String,
}

/// Creates a schedule. [`super::Kind::Exists`] if the name is taken, so that it may be repeated
/// after an unknown outcome; [`super::Kind::Invalid`] if the scheduler cannot assume the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateSchedule(pub Schedule);
call!(CreateSchedule, "scheduler:CreateSchedule", changes, (), 0);

/// Replaces a schedule. [`super::Kind::NotFound`] if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateSchedule(pub Schedule);
call!(UpdateSchedule, "scheduler:UpdateSchedule", changes, (), 0);

/// Reads a schedule. `None` if it does not exist or has another form than clusterup's.
#[derive(Debug, Clone)]
pub struct GetSchedule {
    /// The schedule's name.
    pub name: String,
}
call!(
    GetSchedule,
    "scheduler:GetSchedule",
    reads,
    Option<Schedule>,
    name
);

/// Deletes a schedule. Succeeds if it does not exist.
#[derive(Debug, Clone)]
pub struct DeleteSchedule {
    /// The schedule's name.
    pub name: String,
}
call!(
    DeleteSchedule,
    "scheduler:DeleteSchedule",
    changes,
    (),
    name
);

/// Lists up to 100 names of schedules with a prefix, in no guaranteed order.
#[derive(Debug, Clone)]
pub struct ListSchedules {
    /// NamePrefix.
    pub prefix: String,
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call!(
    ListSchedules,
    "scheduler:ListSchedules",
    reads,
    Page<String>,
    prefix
);
