//! Amazon CloudWatch: what EMR's clusters tell of themselves, every five minutes (EMR Management
//! Guide, "Monitoring Amazon EMR metrics with CloudWatch"). A cluster that cannot be reached tells
//! nothing: a point that is missing is no zero.

use super::{Page, call};
use chrono::{DateTime, Utc};

/// EMR tells its metrics so often, in seconds.
pub const PERIOD: u32 = 300;

/// CloudWatch answers so many queries at once (CloudWatch API, GetMetricData).
pub const MOST_QUERIES: usize = 500;

/// It answers so many points in a page (CloudWatch API, GetMetricData, MaxDatapoints).
pub const MOST_POINTS: usize = 100_800;

/// Points of metrics, each the largest value of its five minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetMetricData {
    /// Up to [`MOST_QUERIES`].
    pub queries: Vec<Query>,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub next: Option<String>,
}
call!(
    GetMetricData,
    "cloudwatch:GetMetricData",
    reads,
    Page<Points>
);

/// Times and values, the oldest first, of the query that stands where they stand in the page. A
/// later page goes on where an earlier one ended.
pub type Points = Vec<(DateTime<Utc>, f64)>;

/// A metric of one cluster: namespace AWS/ElasticMapReduce, dimension JobFlowId.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// `j-…`.
    pub cluster: String,
    pub metric: Metric,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    AppsRunning,
    AppsPending,
    ContainerAllocated,
}

impl Metric {
    pub const ALL: [Self; 3] = [
        Self::AppsRunning,
        Self::AppsPending,
        Self::ContainerAllocated,
    ];

    /// As EMR names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppsRunning => "AppsRunning",
            Self::AppsPending => "AppsPending",
            Self::ContainerAllocated => "ContainerAllocated",
        }
    }
}
