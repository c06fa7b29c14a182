//! The calls that clusterup makes to AWS: one type for each call, with its reply. The SDK or a
//! simulated account serves them; wrappers count, pace, retry or break them.

pub mod budgets;
mod cause;
pub mod cloudwatch;
pub mod ec2;
pub mod emr;
mod error;
pub mod iam;
mod named;
pub mod pricing;
pub mod quotas;
pub mod s3;
pub mod scheduler;
pub mod sns;
pub mod sts;

pub use cause::{Cause, LogIn, Mfa};
pub use error::{ApiError, Kind};
pub use named::{Named, Names};

use std::collections::BTreeMap;
use std::future::Future;

/// A call of AWS's API.
pub trait Call: Clone + std::fmt::Debug + 'static {
    /// The permission that IAM checks, such as `elasticmapreduce:RunJobFlow`.
    const NAME: &'static str;
    /// Whether it changes something.
    const CHANGES: bool;
    /// Whether it may be repeated when the outcome is unknown.
    const REPEATABLE: bool = true;
    /// What a successful call returns.
    type Reply: std::fmt::Debug;

    /// Adds the names and ids among its parameters, for the log of calls.
    fn names(&self, _: &mut Names) {}
}

/// Serves a call.
pub trait Serve<C: Call> {
    /// Makes the call.
    ///
    /// # Errors
    /// Returns an error if AWS refuses the call or does not answer.
    fn serve(&self, call: C) -> impl Future<Output = Result<C::Reply, ApiError>>;
}

/// Tags, in order of their keys.
pub type Tags = BTreeMap<String, String>;

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The token of the next page; `None` on the last.
    pub next: Option<String>,
}

/// Declares a call: `Name, "service:Name", changes?, Reply`, and the fields that the log of calls may
/// show: names and ids alone.
macro_rules! call {
    ($call:ident, $name:literal, reads, $reply:ty $(, $field:tt)*) => {
        call!(@ $call, $name, false, true, $reply, $($field)*);
    };
    ($call:ident, $name:literal, changes, $reply:ty $(, $field:tt)*) => {
        call!(@ $call, $name, true, true, $reply, $($field)*);
    };
    ($call:ident, $name:literal, changes once, $reply:ty $(, $field:tt)*) => {
        call!(@ $call, $name, true, false, $reply, $($field)*);
    };
    (@ $call:ident, $name:literal, $changes:literal, $repeatable:literal, $reply:ty, $($field:tt)*) => {
        impl $crate::cloud::api::Call for $call {
            const NAME: &'static str = $name;
            const CHANGES: bool = $changes;
            const REPEATABLE: bool = $repeatable;
            type Reply = $reply;

            fn names(&self, _names: &mut $crate::cloud::api::Names) {
                $(_names.add(stringify!($field), &self.$field);)*
            }
        }
    };
}
use call;

/// Declares [`Api`]: everything that serves all of these calls.
macro_rules! api {
    ($($call:ty),* $(,)?) => {
        /// All calls to AWS that clusterup needs.
        pub trait Api: $(Serve<$call> +)* 'static {}
        impl<A: $(Serve<$call> +)* 'static> Api for A {}
    };
}

api!(
    budgets::DescribeBudgets,
    budgets::DescribeNotificationsForBudget,
    budgets::DescribeSubscribersForNotification,
    budgets::CreateBudget,
    budgets::UpdateBudget,
    budgets::DeleteBudget,
    budgets::CreateNotification,
    budgets::DeleteNotification,
    budgets::UpdateNotification,
    budgets::CreateSubscriber,
    budgets::UpdateSubscriber,
    budgets::DeleteSubscriber,
    cloudwatch::GetMetricData,
    quotas::GetServiceQuota,
    sts::GetCallerIdentity,
    ec2::DescribeKeyPairs,
    ec2::DefaultVpcs,
    ec2::ImportKeyPair,
    ec2::DeleteKeyPair,
    ec2::DescribeSecurityGroups,
    ec2::CreateSecurityGroup,
    ec2::AuthorizeIngress,
    ec2::RevokeIngress,
    ec2::DeleteSecurityGroup,
    iam::GetRole,
    iam::CreateRole,
    iam::AttachRolePolicy,
    iam::PutRolePolicy,
    iam::GetRolePolicy,
    iam::ListRolePolicies,
    iam::ListAttachedRolePolicies,
    iam::GetInstanceProfile,
    iam::CreateInstanceProfile,
    iam::AddRoleToInstanceProfile,
    s3::CreateBucket,
    s3::PutPublicAccessBlock,
    s3::PutBucketLifecycle,
    s3::GetBucketPolicy,
    s3::PutBucketPolicy,
    s3::DeleteBucket,
    s3::ListObjects,
    s3::GetObject,
    s3::Download,
    s3::HeadObject,
    s3::PutObject,
    s3::DeleteObject,
    s3::DeleteObjects,
    s3::CreateMultipartUpload,
    s3::UploadPart,
    s3::CompleteMultipartUpload,
    s3::AbortMultipartUpload,
    s3::ListMultipartUploads,
    emr::RunJobFlow,
    emr::DescribeCluster,
    emr::ListClusters,
    emr::ListSteps,
    emr::ListInstanceGroups,
    emr::ListInstances,
    emr::AddJobFlowSteps,
    emr::TerminateJobFlows,
    emr::SetTerminationProtection,
    emr::SetKeepAlive,
    emr::ModifyInstanceGroups,
    emr::ModifyCluster,
    emr::GetAutoTerminationPolicy,
    emr::PutAutoTerminationPolicy,
    emr::AddTags,
    emr::RemoveTags,
    emr::ListReleaseLabels,
    emr::GetBlockPublicAccess,
    scheduler::CreateSchedule,
    scheduler::UpdateSchedule,
    scheduler::GetSchedule,
    scheduler::DeleteSchedule,
    scheduler::ListSchedules,
);
