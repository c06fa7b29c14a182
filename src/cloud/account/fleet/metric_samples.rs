//! What ran on clusters, as they told CloudWatch.

use crate::cloud::CloudError;
use crate::cloud::account::Account;
use crate::cloud::account::errors::Doing;
use crate::cloud::api::Api;
use crate::cloud::api::cloudwatch::{
    GetMetricData, MOST_POINTS, MOST_QUERIES, Metric, PERIOD, Points, Query,
};
use crate::model::fleet::{ClusterSnapshot, MetricSample};
use crate::model::name::ClusterId;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Clusters whose metrics fit into one call, all of a cluster's in the same.
const AT_ONCE: usize = MOST_QUERIES / Metric::ALL.len();

/// As many clusters as are answered in one page: a page more may be charged for again.
fn at_once(past: TimeDelta) -> usize {
    let points = past.num_seconds() / i64::from(PERIOD) + 1;
    let points = usize::try_from(points).unwrap_or(1) * Metric::ALL.len();
    (MOST_POINTS / points.max(1)).clamp(1, AT_ONCE)
}

impl<A: Api> Account<A> {
    pub(super) async fn all_pulses(
        &self,
        snapshots: &[&ClusterSnapshot],
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<ClusterId, Vec<MetricSample>>, CloudError> {
        let until = self.settings.clock.now();
        // CloudWatch keeps points by their five minutes.
        let every = TimeDelta::seconds(PERIOD.into());
        let from = since.duration_trunc(every).unwrap_or(since);
        let mut metric_samples = BTreeMap::new();
        if from >= until {
            return Ok(metric_samples);
        }
        for some in snapshots.chunks(at_once(until - from)) {
            let of = |snapshot: &&ClusterSnapshot| {
                Metric::ALL.map(|metric| Query {
                    cluster: snapshot.id.to_string(),
                    metric,
                })
            };
            let queries = some.iter().flat_map(of).collect();
            let series = self.series(queries, from, until).await?;
            for (snapshot, series) in some.iter().zip(series.chunks(Metric::ALL.len())) {
                let mut told = beats(series);
                told.retain(|metric_sample| metric_sample.at >= since);
                metric_samples.insert(snapshot.id.clone(), told);
            }
        }
        Ok(metric_samples)
    }

    /// All points of each query.
    async fn series(
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
            let page = page.doing(|| "read what clusters do".to_owned())?;
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

/// Pulses of one cluster's series, in the order of [`Metric::ALL`]. Where one of them is silent, the
/// others still tell of work, but not of its absence.
fn beats(series: &[Points]) -> Vec<MetricSample> {
    let mut by_time: BTreeMap<DateTime<Utc>, [Option<u64>; 3]> = BTreeMap::new();
    for (index, points) in series.iter().enumerate() {
        for (at, value) in points.iter().filter(|(_, value)| *value >= 0.0) {
            if let Some(place) = by_time.entry(*at).or_default().get_mut(index) {
                // A little of a container is one.
                *place = Some(value.ceil() as u64);
            }
        }
    }
    let beat = |(at, values): (DateTime<Utc>, [Option<u64>; 3])| {
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
    by_time.into_iter().filter_map(beat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn half_a_point_tells_of_work_and_never_of_idleness() {
        let running = vec![(at(0), 1.0), (at(5), 0.0), (at(10), 0.0)];
        let pending = vec![(at(0), 2.0), (at(10), 0.0)];
        let containers = vec![(at(5), 0.0), (at(10), 0.0), (at(15), 3.0)];
        let beats = beats(&[running, pending, containers]);
        let told: Vec<_> = beats
            .iter()
            .map(|it| (it.at, it.apps, it.containers))
            .collect();
        assert_eq!(told, [(at(0), 3, 0), (at(10), 0, 0), (at(15), 0, 3)]);
    }

    #[test]
    fn an_answer_fits_a_page() {
        for (hours, clusters) in [(0, 166), (3, 166), (24, 116), (15 * 24, 7), (9_000, 1)] {
            assert_eq!(at_once(TimeDelta::hours(hours)), clusters, "{hours}");
        }
    }

    #[test]
    fn what_is_no_number_is_no_point() {
        let odd = vec![(at(0), f64::NAN), (at(5), -1.0)];
        assert_eq!(beats(&[odd.clone(), odd.clone(), odd]), []);
    }
}
