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
pub mod network;
pub mod organizations;
pub mod pricing;
pub mod quotas;
pub mod s3;
pub mod scheduler;
pub mod serverless;
pub mod sns;
pub mod sts;
pub mod tagging;

pub use cause::{Cause, LogIn, Mfa, RoleProblem};
pub use error::{ApiError, Kind};
pub use named::Names;

use std::collections::BTreeMap;
use std::future::Future;

/// A call of AWS's API.
pub trait Call: Clone + std::fmt::Debug + 'static {
    /// The permission that IAM checks, such as `elasticmapreduce:RunJobFlow`.
    const NAME: &'static str;
    /// Whether it changes something.
    #[cfg_attr(closed, expect(dead_code, reason = "the simulation has to know"))]
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

/// Declares the calls of a service: everything that serves all of them.
macro_rules! service {
    ($($call:ident),* $(,)?) => {
        /// All calls of the service that clusterup needs.
        pub trait Service: $($crate::cloud::api::Serve<$call> +)* {}
        impl<A: $($crate::cloud::api::Serve<$call> +)*> Service for A {}
    };
}
use service;

/// Declares [`Api`]: everything that serves all calls of these services.
macro_rules! api {
    ($($service:ident),* $(,)?) => {
        /// All calls to AWS that clusterup needs.
        pub trait Api: $($service::Service +)* 'static {}
        impl<A: $($service::Service +)* 'static> Api for A {}
    };
}

api!(
    budgets, cloudwatch, quotas, sts, tagging, ec2, iam, s3, emr, scheduler, serverless,
);
