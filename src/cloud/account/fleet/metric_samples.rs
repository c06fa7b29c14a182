//! Metric samples of clusters, from CloudWatch.

use crate::cloud::CloudError;
use crate::cloud::account::Account;
use crate::cloud::account::errors::Context;
use crate::cloud::api::Api;
use crate::cloud::api::cloudwatch::{
    GetMetricData, MAX_POINTS, MAX_QUERIES, Metric, PERIOD, Points, Query,
};
use crate::cloud::fleet::FleetMetrics;
use crate::model::fleet::{ClusterSnapshot, MetricSample};
use crate::model::name::ClusterId;
use async_trait::async_trait;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How many clusters' metrics fit into one call, without splitting a cluster's.
const MAX_CLUSTERS: usize = MAX_QUERIES / Metric::ALL.len();

/// How many clusters' points fit into one page: more pages may be charged again.
fn clusters_at_once(past: TimeDelta) -> usize {
    let points = past.num_seconds() / i64::from(PERIOD) + 1;
    let points = usize::try_from(points).unwrap_or(1) * Metric::ALL.len();
    (MAX_POINTS / points.max(1)).clamp(1, MAX_CLUSTERS)
}

#[async_trait(?Send)]
impl<A: Api> FleetMetrics for Account<A> {
    async fn metric_samples(
        &self,
        snapshots: &[&ClusterSnapshot],
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<ClusterId, Vec<MetricSample>>, CloudError> {
        let until = self.settings.clock.now();
        // CloudWatch aligns points to the period.
        let every = TimeDelta::seconds(PERIOD.into());
        let from = since.duration_trunc(every).unwrap_or(since);
        let mut metric_samples = BTreeMap::new();
        if from >= until {
            return Ok(metric_samples);
        }
        for some in snapshots.chunks(clusters_at_once(until - from)) {
            let of = |snapshot: &&ClusterSnapshot| {
                Metric::ALL.map(|metric| Query {
                    cluster: snapshot.id().to_string(),
                    metric,
                })
            };
            let queries = some.iter().flat_map(of).collect();
            let series = self.series(queries, from, until).await?;
            for (snapshot, series) in some.iter().zip(series.chunks(Metric::ALL.len())) {
                let mut samples = samples(series);
                samples.retain(|sample| sample.at >= since);
                metric_samples.insert(snapshot.id().clone(), samples);
            }
        }
        Ok(metric_samples)
    }

    fn at_once(&self, past: TimeDelta) -> usize {
        // The first point may be older than that, as CloudWatch aligns points to the period.
        clusters_at_once(past + TimeDelta::seconds(PERIOD.into()))
    }
}

impl<A: Api> Account<A> {
    /// All points of each query.
    pub(in crate::cloud::account) async fn series(
        &self,
        queries: Vec<Query>,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<Points>, CloudError> {
        let mut series = vec![Points::new(); queries.len()];
        let mut next = None;
        loop {
            let queries = queries.clone();
            let call = GetMetricData {
                queries,
                from,
                until,
                next,
            };
            let page = self.api.serve(call).await;
            let page = page.with_context(|| "read the metrics of clusters".to_owned())?;
            for (all, more) in series.iter_mut().zip(page.items) {
                all.extend(more);
            }
            next = page.next;
            if next.is_none() {
                return Ok(series);
            }
        }
    }
}

/// Samples of one cluster's series, in the order of [`Metric::ALL`]. If one series has no point,
/// the others still prove work, but not its absence.
fn samples(series: &[Points]) -> Vec<MetricSample> {
    let mut by_time: BTreeMap<DateTime<Utc>, [Option<u64>; 3]> = BTreeMap::new();
    for (index, points) in series.iter().enumerate() {
        for (at, value) in points.iter().filter(|(_, value)| *value >= 0.0) {
            if let Some(place) = by_time.entry(*at).or_default().get_mut(index) {
                // A fraction of a container is a container.
                *place = Some(value.ceil() as u64);
            }
        }
    }
    let sample = |(at, values): (DateTime<Utc>, [Option<u64>; 3])| {
        let works = values.iter().flatten().any(|value| *value > 0);
        let whole = values.iter().all(Option::is_some);
        let [running, pending, containers] = values.map(Option::unwrap_or_default);
        (works || whole).then(|| MetricSample {
            at,
            apps: running.saturating_add(pending),
            containers,
            done: None,
        })
    };
    by_time.into_iter().filter_map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn a_partial_point_proves_work_and_never_idleness() {
        let running = vec![(at(0), 1.0), (at(5), 0.0), (at(10), 0.0)];
        let pending = vec![(at(0), 2.0), (at(10), 0.0)];
        let containers = vec![(at(5), 0.0), (at(10), 0.0), (at(15), 3.0)];
        let samples: Vec<_> = samples(&[running, pending, containers])
            .iter()
            .map(|it| (it.at, it.apps, it.containers))
            .collect();
        assert_eq!(samples, [(at(0), 3, 0), (at(10), 0, 0), (at(15), 0, 3)]);
    }

    #[test]
    fn a_reply_fits_a_page() {
        for (hours, clusters) in [(0, 166), (3, 166), (24, 116), (15 * 24, 7), (9_000, 1)] {
            assert_eq!(
                clusters_at_once(TimeDelta::hours(hours)),
                clusters,
                "{hours}"
            );
        }
    }

    #[test]
    fn values_that_are_not_numbers_are_ignored() {
        let odd = vec![(at(0), f64::NAN), (at(5), -1.0)];
        assert_eq!(samples(&[odd.clone(), odd.clone(), odd]), []);
    }
}
