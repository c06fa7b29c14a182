//! Amazon EventBridge Scheduler: a call of AWS's that AWS itself makes at its time.

use super::{Page, call};
use chrono::{DateTime, Utc};

/// What ends clusters: EMR's TerminateJobFlows as a universal target. The service's name is that of
/// the SDK and the call's first letter is small (Scheduler User Guide, "Using universal targets").
/// Neither target nor input is looked at before the schedule fires.
pub const TERMINATE: &str = "arn:aws:scheduler:::aws-sdk:emr:terminateJobFlows";

/// The same in a partition of AWS, as ARNs begin: `aws-us-gov`.
pub fn terminate(partition: &str) -> String {
    TERMINATE.replacen("arn:aws:", &format!("arn:{partition}:"), 1)
}

/// A call to be made once. It is tried for an hour, and then the schedule is gone. It is in the
/// group that every account has, `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Unique in its account and region: up to 64 letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// In whole seconds. It fires within the sixty seconds that begin here; of a time that is over
    /// AWS does not say what becomes of it.
    pub at: DateTime<Utc>,
    /// What is called, such as [`TERMINATE`].
    pub target: String,
    /// ARN of the role in which it is called.
    pub role: String,
    /// The call's parameters in JSON, named as AWS's API has them: `{"JobFlowIds":["j-…"]}`.
    pub input: String,
}

/// [`super::Kind::Exists`] where the name is taken, so that after a doubt it may be made again;
/// Invalid where the role cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateSchedule(pub Schedule);
call!(CreateSchedule, "scheduler:CreateSchedule", changes, (), 0);

/// Replaces all of it. NotFound where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateSchedule(pub Schedule);
call!(UpdateSchedule, "scheduler:UpdateSchedule", changes, (), 0);

/// None where there is none, or it is none of ours: not a time and a call.
#[derive(Debug, Clone)]
pub struct GetSchedule {
    pub name: String,
}
call!(
    GetSchedule,
    "scheduler:GetSchedule",
    reads,
    Option<Schedule>,
    name
);

/// Success where it is gone.
#[derive(Debug, Clone)]
pub struct DeleteSchedule {
    pub name: String,
}
call!(
    DeleteSchedule,
    "scheduler:DeleteSchedule",
    changes,
    (),
    name
);

/// The names of schedules that begin so, up to 100, in no promised order.
#[derive(Debug, Clone)]
pub struct ListSchedules {
    pub prefix: String,
    pub next: Option<String>,
}
call!(
    ListSchedules,
    "scheduler:ListSchedules",
    reads,
    Page<String>,
    prefix
);
