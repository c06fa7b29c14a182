//! What costs money besides clusters: it is reported, and neither ended nor deleted.

use super::money::Usd;
use super::shown::line;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// An EBS volume of a cluster that is attached to no instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedVolume {
    /// `vol-…`.
    pub id: String,
    /// The kind of volume, such as `gp3`.
    pub kind: String,
    /// Its size in GiB.
    pub gib: u32,
    /// Operations per second, if EC2 tells them.
    pub iops: Option<u32>,
    /// MiB per second, if EC2 tells them.
    pub throughput: Option<u32>,
    /// The cluster that it was created for, `j-…`.
    pub cluster: String,
}

/// An elastic address of a cluster that is associated with nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedAddress {
    /// `eipalloc-…`.
    pub id: String,
    /// The public IPv4 address.
    pub address: String,
    /// The cluster that it was allocated for, `j-…`.
    pub cluster: String,
}

/// A notebook that runs on a cluster (a notebook execution of EMR).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningNotebook {
    /// `ex-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The cluster that it runs on, `j-…`.
    pub cluster: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// An application of EMR Serverless that is started and has no job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdleApplication {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its pre-initialized workers: how many, and what each has, such as `4vCPU 16GB`.
    pub workers: Vec<(u64, String)>,
    /// After how many idle minutes it stops by itself; `None` if it does not.
    pub stops_after: Option<u64>,
}

/// The size of a bucket to which EMR uploads logs, day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBucket {
    /// Its name.
    pub name: String,
    /// Its bytes in the class S3 Standard, oldest first.
    pub sizes: Vec<(DateTime<Utc>, u64)>,
}

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtherCostKind {
    /// An EBS volume.
    Volume,
    /// An elastic address.
    Address,
    /// A notebook on a cluster.
    Notebook,
    /// An application of EMR Serverless.
    Application,
    /// A bucket with logs.
    LogBucket,
}

/// Something that costs money and is no cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct OtherCost {
    /// What it is.
    pub kind: OtherCostKind,
    /// Its id: `vol-…`, `eipalloc-…`, `ex-…`, an application's id, or the bucket's name.
    pub id: String,
    /// What it is and why it is reported, as a sentence without a full stop.
    pub says: String,
    /// Dollars for a month of 730 hours, in whole cents; `None` if it has no price of its own, or no known one.
    pub monthly: Option<Usd>,
}

impl OtherCost {
    /// The sentence with the price, on one line.
    pub fn text(&self) -> String {
        let says = line(&self.says, 300);
        match self.monthly {
            Some(usd) => format!("{says}: {usd} a month"),
            // The cluster is billed, and not the notebook.
            None if self.kind == OtherCostKind::Notebook => says,
            None => format!("{says}: its price is not known"),
        }
    }
}
