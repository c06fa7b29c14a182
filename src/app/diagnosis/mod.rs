//! Diagnoses failures: of a stack's cluster, of any cluster, of a folder of logs, or of one log.

mod diagnosed;
mod explain;
mod fixed;
mod given;
mod of_cluster;
mod of_files;
mod skew;

pub(crate) use diagnosed::Diagnosed;
pub(crate) use explain::{explain, keep};
pub(crate) use given::{Given, cluster_id};
pub(crate) use of_files::{has_logs, root};
pub(crate) use skew::skew;
