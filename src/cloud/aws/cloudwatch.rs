//! Amazon CloudWatch through the SDK.

use super::Sdk;
use super::error::{from_sdk, incomplete, refused};
use super::translate::{their_time, time};
use crate::cloud::api::cloudwatch::{DAY, GetBucketSizes, GetMetricData, PERIOD, Points, Query};
use crate::cloud::api::{ApiError, Call, Page, Serve};
use aws_sdk_cloudwatch::operation::get_metric_data::builders::GetMetricDataFluentBuilder;
use aws_sdk_cloudwatch::types::{
    Dimension, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode,
};
use chrono::{DateTime, Utc};

const NAMESPACE: &str = "AWS/ElasticMapReduce";
/// A cluster that worked at any time of a period was working.
const STATISTIC: &str = "Maximum";

impl Serve<GetMetricData> for Sdk {
    async fn serve(&self, call: GetMetricData) -> Result<Page<Points>, ApiError> {
        let queries = call.queries.iter().enumerate().map(theirs).collect();
        let reply = self
            .metric_data(queries, call.from, call.until)
            .set_next_token(call.next)
            .send()
            .await
            .map_err(from_sdk::<GetMetricData, _>)?;
        let results = reply.metric_data_results.unwrap_or_default();
        let items = series::<GetMetricData>(call.queries.len(), &results)?;
        let next = reply.next_token;
        Ok(Page { items, next })
    }
}

impl Serve<GetBucketSizes> for Sdk {
    async fn serve(&self, call: GetBucketSizes) -> Result<Vec<Points>, ApiError> {
        let queries = call.buckets.iter().enumerate().map(size_of).collect();
        let reply = self
            .metric_data(queries, call.from, call.until)
            .send()
            .await
            .map_err(from_sdk::<GetBucketSizes, _>)?;
        let results = reply.metric_data_results.unwrap_or_default();
        series::<GetBucketSizes>(call.buckets.len(), &results)
    }
}

impl Sdk {
    /// A request for the points of queries between two instants.
    fn metric_data(
        &self,
        queries: Vec<MetricDataQuery>,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> GetMetricDataFluentBuilder {
        self.cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(their_time(from))
            .end_time(their_time(until))
            .scan_by(ScanBy::TimestampAscending)
    }
}

/// The points of each query.
fn series<C: Call>(queries: usize, results: &[MetricDataResult]) -> Result<Vec<Points>, ApiError> {
    let mut all = vec![Points::new(); queries];
    for result in results {
        if failed::<C>(result)? {
            continue;
        }
        let incomplete = || incomplete::<C>("a point's metric or time");
        let series = result.id().and_then(number);
        let series = series
            .and_then(|number| all.get_mut(number))
            .ok_or_else(incomplete)?;
        series.extend(points(result).ok_or_else(incomplete)?);
    }
    Ok(all)
}

/// Ids start with a small letter (CloudWatch API, MetricDataQuery).
fn theirs((number, query): (usize, &Query)) -> MetricDataQuery {
    let metric = aws_sdk_cloudwatch::types::Metric::builder()
        .namespace(NAMESPACE)
        .metric_name(query.metric.as_str())
        .dimensions(dimension("JobFlowId", &query.cluster));
    metric_query(number, metric.build(), PERIOD)
}

/// The size of a bucket (S3 User Guide, "Metrics and dimensions").
fn size_of((number, bucket): (usize, &String)) -> MetricDataQuery {
    let metric = aws_sdk_cloudwatch::types::Metric::builder()
        .namespace("AWS/S3")
        .metric_name("BucketSizeBytes")
        .dimensions(dimension("BucketName", bucket))
        .dimensions(dimension("StorageType", "StandardStorage"));
    metric_query(number, metric.build(), DAY)
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

fn metric_query(
    number: usize,
    metric: aws_sdk_cloudwatch::types::Metric,
    period: u32,
) -> MetricDataQuery {
    let stat = MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(period).unwrap_or(i32::MAX))
        .stat(STATISTIC)
        .build();
    MetricDataQuery::builder()
        .id(format!("q{number}"))
        .metric_stat(stat)
        .return_data(true)
        .build()
}

fn number(id: &str) -> Option<usize> {
    id.strip_prefix('q')?.parse().ok()
}

/// Whether a query failed. That is treated like missing points: neither proves idleness, and one
/// cluster's failure must not hide the others.
fn failed<C: Call>(result: &MetricDataResult) -> Result<bool, ApiError> {
    match result.status_code() {
        Some(StatusCode::InternalError) => Ok(true),
        Some(StatusCode::Forbidden) => {
            let message = result.messages().iter().find_map(|message| message.value());
            let code = Some("AccessDenied");
            let status = Some(403);
            Err(refused::<C>(code, status, message))
        }
        Some(_) | None => Ok(false),
    }
}

fn points(result: &MetricDataResult) -> Option<Points> {
    let times = result.timestamps();
    let values = result.values();
    if times.len() != values.len() {
        return None;
    }
    let point = |(at, value): (_, &f64)| Some((time(at)?, *value));
    let mut points: Points = times.iter().zip(values).map(point).collect::<Option<_>>()?;
    points.sort_by_key(|(at, _)| *at);
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::api::Kind;
    use aws_smithy_types::DateTime;

    #[test]
    fn a_failed_query_does_not_fail_the_others() {
        let result = |code| {
            MetricDataResult::builder()
                .id("q0")
                .status_code(code)
                .build()
        };
        assert_eq!(
            failed::<GetMetricData>(&result(StatusCode::Complete)),
            Ok(false)
        );
        assert_eq!(
            failed::<GetMetricData>(&result(StatusCode::PartialData)),
            Ok(false)
        );
        assert_eq!(
            failed::<GetMetricData>(&result(StatusCode::InternalError)),
            Ok(true)
        );
        let denied = failed::<GetMetricData>(&result(StatusCode::Forbidden)).unwrap_err();
        assert_eq!(denied.kind, Kind::Denied);
    }

    #[test]
    fn points_are_in_order_and_each_has_a_time() {
        let two = MetricDataResult::builder()
            .timestamps(DateTime::from_secs(600))
            .timestamps(DateTime::from_secs(300));
        assert_eq!(points(&two.clone().values(2.0).build()), None);
        let points = points(&two.values(2.0).values(1.0).build()).unwrap();
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        assert_eq!(values, [1.0, 2.0]);
    }
}
