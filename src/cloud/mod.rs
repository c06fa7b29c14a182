//! The edge: everything that touches a cloud goes through one trait.

pub mod api;
#[cfg(feature = "aws")]
pub mod aws;
pub mod dice;
pub mod error;
pub mod flaky;
pub mod local;
pub mod meter;
pub mod retry;

pub use error::{Class, CloudError};

use crate::model::action::Action;
use crate::model::event::{Listener, SparkProgress};
use crate::model::facts::Facts;
use crate::model::name::StackName;
use crate::model::observed::Observed;
use crate::model::sample::Sample;
use crate::model::stack::Stack;
use async_trait::async_trait;
use std::path::Path;

/// Holds a stack for one process; dropping it lets go.
pub type Lease = Box<dyn std::any::Any>;

/// A place where stacks run.
#[async_trait(?Send)]
pub trait Cloud {
    /// What planning has to know of the world; downloads data that the stack names by URL.
    async fn facts(
        &self,
        stack: &Stack,
        sample: Option<Sample>,
        hear: &dyn Listener,
    ) -> Result<Facts, CloudError>;

    /// What exists of a stack, its results in the folder `home` included. Changes nothing.
    async fn observe(&self, stack: &StackName, home: Option<&Path>)
    -> Result<Observed, CloudError>;

    /// The stacks of which anything exists, in order of their names.
    async fn stacks(&self) -> Result<Vec<StackName>, CloudError>;

    /// Takes the stack for oneself until the lease is dropped or its process dies; waits a while
    /// for another who has it, then says who.
    async fn lease(&self, stack: &StackName, hear: &dyn Listener) -> Result<Lease, CloudError>;

    /// Makes one action true. Making it again is harmless; deleting what is gone is success.
    async fn apply(
        &self,
        stack: &StackName,
        action: &Action,
        hear: &dyn Listener,
    ) -> Result<(), CloudError>;

    /// The names of the logs of a stack's newest cluster that has any, such as
    /// `steps/01-load/stderr`, in order.
    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError>;

    /// One of those logs, as it is now.
    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError>;

    /// How far the Spark application behind `ui` has come; none while it cannot be told.
    async fn progress(&self, ui: &str) -> Option<SparkProgress>;
}
