//! The instance spans of which the deadlines of a cluster depend whose instances vary: what there
//! was, as the cloud has listed it, and then the dearest that there can be.

use crate::cost::meter::{accrued, rate};
use crate::model::instance_span::InstanceSpan;
use crate::model::observed::Cluster;
use crate::model::worst_mix;
use chrono::{DateTime, TimeDelta, Utc};

/// How much later than an instance is launched the cloud lists it at the latest. EMR documents no
/// such time; its lists were seen to lag by seconds.
const LIST_LAG: TimeDelta = TimeDelta::minutes(5);

/// How long the cloud lists ended instances (EMR API, ListInstances: 30 days), less a day.
const LISTED: TimeDelta = TimeDelta::days(29);

/// The instance spans for the deadlines of a cluster. Each later reading leaves the deadlines or
/// moves them later, as the cluster turned out cheaper than it could have been.
pub(super) fn instance_spans(cluster: &Cluster) -> Vec<InstanceSpan> {
    let (Some(counted_at), Some(rates)) = (cluster.counted_at, &cluster.spec.rates) else {
        return cluster.instance_spans.clone();
    };
    let worst = worst_mix::worst_mix(&cluster.spec.groups, Some(rates));
    let worst_from = |at| worst_mix::spans_of(&worst, at, None);
    let listed = &since(cluster, counted_at - LISTED, worst_from(cluster.created_at));
    // Somebody may have made it larger by hand than EMR does.
    let hourly = |spans: &[InstanceSpan]| rate(rates, spans, counted_at);
    if hourly(listed) > hourly(&worst_from(counted_at)) {
        return listed.clone();
    }
    let known = |at| [until(listed, at), worst_from(at)].concat();
    let spent = |spans: &[InstanceSpan]| accrued(rates, spans, counted_at).total;
    let mut spans = known((counted_at - LIST_LAG).max(cluster.created_at));
    if spent(listed) > spent(&spans) {
        spans = known(counted_at);
    }
    spans
}

/// The listed spans, of which the part before an instant may be missing: until then the cluster had
/// the dearest instances.
fn since(cluster: &Cluster, at: DateTime<Utc>, worst: Vec<InstanceSpan>) -> Vec<InstanceSpan> {
    let listed = &cluster.instance_spans;
    if at <= cluster.created_at {
        return listed.clone();
    }
    let later = listed
        .iter()
        .filter(|span| span.until.is_none_or(|until| until > at));
    let cut = later.map(|span| InstanceSpan {
        from: span.from.max(at),
        ..span.clone()
    });
    until(&worst, at).into_iter().chain(cut).collect()
}

/// The part of spans before an instant.
fn until(spans: &[InstanceSpan], at: DateTime<Utc>) -> Vec<InstanceSpan> {
    let before = spans.iter().filter(|span| span.from < at);
    let cut = |span: &InstanceSpan| InstanceSpan {
        until: Some(span.until.map_or(at, |until| until.min(at))),
        ..span.clone()
    };
    before.map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{at, cluster as sample};
    use super::super::{Cause, hard_deadline};
    use super::*;
    use crate::model::instance_fleet::Scaling;
    use crate::model::instance_span::Role;
    use crate::model::span::Span;
    use crate::model::stack::{InstanceGroup, Market};
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;

    /// A cluster of $1/h for each node, scaled from 1 to 10 core nodes, with a budget of $22.
    fn cluster() -> Cluster {
        let mut cluster = sample(Some(60));
        let core = InstanceGroup::of_type("2 x m5.xlarge".parse().unwrap(), Market::Spot, None);
        cluster.spec.groups.core = Some(core);
        cluster.spec.groups.scaling = Some(Scaling {
            from: 1,
            to: 10,
            on_demand_at_most: None,
            core_at_most: None,
        });
        cluster.spec.rates = Some("primary=1+0+0+0 core=1+0+0+0".parse().unwrap());
        cluster.spec.guardrails.budget = Some("$22".parse().unwrap());
        cluster.spec.guardrails.max_lifetime = Span::from_secs(30 * 3_600);
        cluster.spec.ending = Span::from_secs(0);
        Cluster {
            state: cluster.state,
            ..Cluster::new(cluster.id, cluster.stack, cluster.spec, at(0))
        }
    }

    fn span(role: Role, from: i64, until: Option<i64>, count: u16) -> InstanceSpan {
        InstanceSpan {
            role,
            from: at(from),
            until: until.map(at),
            count,
            instance_type: None,
        }
    }

    /// The cluster as a reading finds it.
    fn counted(spans: &[InstanceSpan], seconds: i64) -> Cluster {
        let seen = spans.iter().filter(|span| span.from <= at(seconds));
        let as_of = |span: &InstanceSpan| InstanceSpan {
            until: span.until.filter(|until| *until <= at(seconds)),
            ..span.clone()
        };
        Cluster {
            instance_spans: seen.map(as_of).collect(),
            counted_at: Some(at(seconds)),
            ..cluster()
        }
    }

    #[test]
    fn a_cluster_that_is_not_counted_costs_its_largest_size() {
        // 11 nodes for two hours.
        let hard = hard_deadline(&cluster());
        assert_eq!((hard.at, hard.cause), (at(2 * HOUR - 1), Cause::Budget));
    }

    #[test]
    fn a_cluster_that_scaled_down_ends_later() {
        let small = [
            span(Role::Primary, 0, None, 1),
            span(Role::Core, 0, None, 1),
        ];
        // Of two hours at 2 nodes, the last five minutes count at 11: $3.83 and $0.92.
        let deadline = hard_deadline(&counted(&small, 2 * HOUR)).at;
        let left = (22.0 - 2.0 * 115.0 / 60.0) / 11.0 * 3_600.0;
        assert_eq!(deadline, at(2 * HOUR - 300 + left as i64));
        // A later reading moves it later, up to the lifetime.
        let mut before = deadline;
        for hours in 3..10 {
            let now = hard_deadline(&counted(&small, hours * HOUR)).at;
            assert!(now > before, "{hours}");
            before = now;
        }
        let mut short = counted(&small, 9 * HOUR);
        short.spec.guardrails.max_lifetime = Span::from_secs(9 * 3_600 + 60);
        let hard = hard_deadline(&short);
        assert_eq!((hard.at, hard.cause), (at(9 * HOUR + 60), Cause::Lifetime));
    }

    #[test]
    fn what_lives_counts_even_if_there_may_not_be_so_much() {
        let large = [
            span(Role::Primary, 0, None, 1),
            span(Role::Core, 0, None, 21),
        ];
        // 22 nodes for an hour: as if the size were fixed.
        assert_eq!(hard_deadline(&counted(&large, 1_800)).at, at(HOUR - 1));
        // So does what has just ended, in the minutes that otherwise count as the largest size.
        let late = [
            span(Role::Primary, 0, None, 1),
            span(Role::Core, 1_600, Some(1_700), 50),
        ];
        let spent = 1_800.0 / 3_600.0 + 50.0 * 100.0 / 3_600.0;
        let left = (22.0 - spent) / 11.0 * 3_600.0;
        assert_eq!(
            hard_deadline(&counted(&late, 1_800)).at,
            at(1_800 + left as i64)
        );
    }

    #[test]
    fn what_may_have_been_launched_just_before_a_reading_counts() {
        // It is at its largest size since a minute, and maybe since five.
        let grown = [
            span(Role::Primary, 0, None, 1),
            span(Role::Core, 1_740, None, 10),
        ];
        let left = (22.0 - 1_500.0 / 3_600.0) / 11.0 * 3_600.0;
        let expected = at(1_500 + left as i64);
        assert_eq!(hard_deadline(&counted(&grown, 1_800)).at, expected);
        // In its first minutes nothing is known: it counts as if it had never been read.
        let small = [span(Role::Primary, 0, None, 1)];
        let unread = hard_deadline(&cluster()).at;
        assert_eq!(hard_deadline(&counted(&small, 200)).at, unread);
    }

    #[test]
    fn what_is_no_longer_listed_counts_as_the_largest_size() {
        let listed = [
            span(Role::Primary, 0, None, 1),
            // They ended when the list begins, and are counted before it.
            span(Role::Core, 0, Some(24 * HOUR), 200),
        ];
        let mut old = counted(&listed, 30 * 24 * HOUR);
        old.spec.guardrails.budget = Some("$2000".parse().unwrap());
        old.spec.guardrails.max_lifetime = Span::from_secs(90 * 86_400);
        // A day at 11 nodes, 29 days at one, of which five minutes at 11.
        let spent = 24.0 * 11.0 + 29.0 * 24.0 + 10.0 / 12.0;
        let left = (2_000.0 - spent) / 11.0 * 3_600.0;
        let expected = at(30 * 24 * HOUR + left as i64);
        assert!((hard_deadline(&old).at - expected).abs() <= TimeDelta::seconds(1));
    }

    #[test]
    fn a_list_that_cannot_be_read_leaves_what_an_earlier_one_allowed() {
        let mut cluster = cluster();
        let safe = hard_deadline(&cluster).at;
        cluster.allowed_until = Some(at(5 * HOUR));
        assert_eq!(hard_deadline(&cluster).at, at(5 * HOUR));
        // The groups of today are no proof of what there was: an earlier end stays, too.
        cluster.allowed_until = Some(at(60));
        assert!(hard_deadline(&cluster).at == at(60) && at(60) < safe);
        cluster.allowed_until = Some(at(900 * HOUR));
        assert_eq!(hard_deadline(&cluster).cause, Cause::Lifetime);
    }

    #[test]
    fn a_fixed_cluster_depends_on_its_sizes_alone() {
        let mut fixed = cluster();
        fixed.spec.groups.scaling = None;
        fixed.instance_spans = vec![span(Role::Primary, 0, None, 2)];
        assert_eq!(instance_spans(&fixed), fixed.instance_spans);
    }

    fn any_spans() -> impl Strategy<Value = Vec<InstanceSpan>> {
        let of = (1..7_200_i64, 60..7_200_i64, any::<bool>());
        proptest::collection::vec(of, 0..10).prop_map(|all| {
            let of = |(from, length, ends): (i64, i64, bool)| {
                span(Role::Core, from, ends.then_some(from + length), 1)
            };
            let primary = span(Role::Primary, 0, None, 1);
            std::iter::once(primary)
                .chain(all.into_iter().map(of))
                .collect()
        })
    }

    proptest! {
        /// Up to the first minute of what was launched just before the minutes that lag.
        #[test]
        fn a_later_reading_moves_no_deadline_earlier(
            spans in any_spans(), first in 0..7_000_i64, later in 0..7_000_i64,
        ) {
            let never = hard_deadline(&cluster()).at;
            let one = hard_deadline(&counted(&spans, first)).at;
            let other = hard_deadline(&counted(&spans, first + later)).at;
            let minute = TimeDelta::minutes(1);
            prop_assert!(one + minute >= never, "{one} {never}");
            prop_assert!(other + minute >= one, "{other} {one}");
        }

        /// Whatever EMR does within the limits after a reading.
        #[test]
        fn the_deadline_of_a_reading_keeps_the_budget(
            spans in any_spans(), reading in 0..7_000_i64,
        ) {
            let cluster = counted(&spans, reading);
            let deadline = hard_deadline(&cluster).at;
            let mut real = spans.clone();
            let lives = spans.iter().filter(|span| span.runs_at(at(reading)));
            let most = 11 - lives.map(|span| span.count).sum::<u16>();
            real.retain(|span| span.from <= at(reading));
            for span in real.iter_mut().filter(|span| span.until.is_some_and(|it| it > at(reading))) {
                span.until = None;
            }
            real.push(span(Role::Core, reading, None, most));
            let budget = cluster.spec.guardrails.budget.unwrap();
            let cost = accrued(cluster.spec.rates.as_ref().unwrap(), &real, deadline).total;
            prop_assert!(cost < budget, "{cost}");
        }
    }
}
