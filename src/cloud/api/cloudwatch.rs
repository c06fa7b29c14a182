//! Amazon CloudWatch: the metrics that EMR publishes for its clusters every five minutes (EMR
//! Management Guide, "Monitoring Amazon EMR metrics with CloudWatch"). A cluster that cannot be
//! reached publishes nothing: a missing point is not zero.

use super::{Page, call, service};
use chrono::{DateTime, Utc};

service! { GetMetricData, GetBucketSizes }

/// EMR publishes its metrics at this interval, in seconds.
pub const PERIOD: u32 = 300;

/// The most queries of one call (CloudWatch API, GetMetricData).
pub const MAX_QUERIES: usize = 500;

/// The most points of one page (CloudWatch API, GetMetricData, MaxDatapoints).
pub const MAX_POINTS: usize = 100_800;

/// Reads points of metrics, each the maximum of its five minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetMetricData {
    /// Up to [`MAX_QUERIES`].
    pub queries: Vec<Query>,
    /// StartTime.
    pub from: DateTime<Utc>,
    /// EndTime.
    pub until: DateTime<Utc>,
    /// The token of the page to read; `None` for the first.
    pub next: Option<String>,
}
call!(
    GetMetricData,
    "cloudwatch:GetMetricData",
    reads,
    Page<Points>
);

/// How often S3 publishes the size of a bucket, in seconds (S3 User Guide, "Metrics and dimensions").
pub const DAY: u32 = 86_400;

/// Reads the bytes that buckets have in the class S3 Standard, once for each day: namespace AWS/S3,
/// metric BucketSizeBytes. Returns the points of each bucket, oldest first; none of one that S3 has not
/// measured in this region. A new bucket is measured after a day or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBucketSizes {
    /// The buckets' names, up to [`MAX_QUERIES`].
    pub buckets: Vec<String>,
    /// StartTime.
    pub from: DateTime<Utc>,
    /// EndTime.
    pub until: DateTime<Utc>,
}
call!(
    GetBucketSizes,
    "cloudwatch:GetMetricData",
    reads,
    Vec<Points>,
    buckets
);

/// Times and values, oldest first, of the query at the same index. Later pages continue the same
/// series.
pub type Points = Vec<(DateTime<Utc>, f64)>;

/// A metric of one cluster: namespace AWS/ElasticMapReduce, dimension JobFlowId.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// `j-…`.
    pub cluster: String,
    /// The metric.
    pub metric: Metric,
}

/// The metrics that show work on a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// YARN applications that run.
    AppsRunning,
    /// YARN applications that wait for resources.
    AppsPending,
    /// YARN containers in use.
    ContainerAllocated,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 3] = [
        Self::AppsRunning,
        Self::AppsPending,
        Self::ContainerAllocated,
    ];

    /// EMR's name of the metric.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppsRunning => "AppsRunning",
            Self::AppsPending => "AppsPending",
            Self::ContainerAllocated => "ContainerAllocated",
        }
    }
}
