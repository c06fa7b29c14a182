//! When the metrics of a cluster are read from CloudWatch again. Each read costs money, so metrics
//! that cannot have changed the verdict yet are not read.

use super::exempt::exempt;
use super::idleness::FRESH;
use super::{WatchInput, quiet_period, wants_pulses};
use crate::model::fleet::{Reading, Seen};
use crate::model::money::Usd;
use crate::model::observed::{ClusterState, StepState};
use crate::model::orders::UnmanagedAction;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

/// The interval at which EMR sends its metrics; reading more often shows nothing new.
pub(super) const READ_INTERVAL: TimeDelta = quiet_period::PERIOD;
/// The interval if no end depends on the metrics.
pub(super) const SLOW_INTERVAL: TimeDelta = TimeDelta::hours(1);

/// The most clusters whose metrics are read again in one sweep: three metrics of each fit into a call
/// of 500 (CloudWatch API, GetMetricData).
const AT_ONCE: usize = 166;
/// Metrics of each cluster.
const METRICS: i64 = 3;
/// The price of a metric that is read, in hundred-thousandths of a dollar: $0.01 per thousand
/// (Amazon CloudWatch pricing, us-east-1).
const PRICE: i64 = 1;
const MINUTES: i64 = 30 * 24 * 60;

/// Whether to read the metrics of a cluster: they may decide something by now, and the last reading
/// is too old for that.
pub fn due(now: DateTime<Utc>, watched: &WatchInput<'_>) -> bool {
    let again = |at: DateTime<Utc>| now - at >= every(now, watched);
    watched.metrics_read_at.is_none_or(again) && wants_pulses(now, watched)
}

/// How long a reading is used.
fn every(now: DateTime<Utc>, watched: &WatchInput<'_>) -> TimeDelta {
    if ends_nothing(now, watched) && !may_be_stuck(watched) {
        return SLOW_INTERVAL;
    }
    // The longer a cluster has been idle, the less often it is read: people are not using it.
    let last = watched
        .metric_samples
        .and_then(Reading::read)
        .and_then(|all| all.last());
    let silent = match (last, watched.snapshot.ready_at()) {
        (Some(metric_sample), _) => now - metric_sample.at,
        (None, Some(ready)) => now - ready,
        (None, None) => TimeDelta::zero(),
    };
    if silent > FRESH && watched.snapshot.mark.is_none() {
        return (silent / 4).clamp(READ_INTERVAL, SLOW_INTERVAL);
    }
    READ_INTERVAL
}

/// Whether a step runs that people would be notified about if it made no progress.
fn may_be_stuck(watched: &WatchInput<'_>) -> bool {
    match &watched.snapshot.seen {
        Seen::Listed { .. } => watched.snapshot.state() == ClusterState::Running,
        Seen::Described { steps } => {
            let mut steps = steps.read().into_iter().flatten();
            steps.any(|step| step.state == StepState::Running)
        }
    }
}

/// How old the last point may be to be used.
pub(super) fn fresh(now: DateTime<Utc>, watched: &WatchInput<'_>) -> TimeDelta {
    if ends_nothing(now, watched) {
        FRESH + SLOW_INTERVAL
    } else {
        FRESH
    }
}

/// Whether no end depends on idleness: people are only notified, or not even that.
fn ends_nothing(now: DateTime<Utc>, watched: &WatchInput<'_>) -> bool {
    let snapshot = watched.snapshot;
    let orders = watched.orders;
    let only_notified =
        snapshot.guarded().is_none() && orders.unmanaged.action != UnmanagedAction::Terminate;
    let protected = snapshot.is_protected_by_others() && !orders.lift_protection;
    // A marked cluster is about to end or to be released.
    snapshot.mark.is_none()
        && (only_notified || protected || exempt(now, snapshot, &orders.exempt).is_some())
}

/// The cost of reading metrics for thirty days: the maximum, with a sweep per minute; for a cluster
/// that is read about as often as there is something new; and for one that nothing ends.
pub fn a_month() -> [Usd; 3] {
    let cost = |clusters: usize, every: TimeDelta| {
        let clusters = i64::try_from(clusters).unwrap_or(i64::MAX);
        let reads = clusters * METRICS * MINUTES / every.num_minutes().max(1);
        Usd::new(Decimal::new(reads * PRICE, 5))
    };
    [
        cost(AT_ONCE, TimeDelta::minutes(1)),
        cost(1, READ_INTERVAL),
        cost(1, SLOW_INTERVAL),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample::{World, at};
    use super::super::stage::Stage;
    use super::*;
    use crate::guard::sample::step;
    use crate::model::fleet::MetricSample;
    use crate::model::observed::ClusterState;
    use proptest::prelude::*;

    /// A cluster on which YARN works in some of its five-minute periods.
    struct Course {
        world: World,
        works: fn(i64) -> bool,
        /// Whether metrics are read every five minutes, whether or not they can decide anything.
        always: bool,
        reads: usize,
        warned: Vec<i64>,
        ended: Option<i64>,
        unseen: usize,
    }

    impl Course {
        fn run(mut self, minutes: i64) -> Self {
            for minute in 6..minutes {
                let now = minute * 60;
                let old = self
                    .world
                    .metrics_read_at
                    .is_none_or(|asked| at(now) - asked >= READ_INTERVAL);
                if due(at(now), &self.world.watched()) || self.always && old {
                    self.ask(minute);
                }
                let assessment = self.world.judge(now);
                self.world.quiet_period = assessment.quiet_period.or(self.world.quiet_period);
                self.unseen += usize::from(assessment.stage == Stage::Unseen);
                if let Stage::Warn(mark) = assessment.stage {
                    self.world.snapshot.mark = Some(mark);
                    self.warned.push(minute);
                } else if assessment.stage == Stage::Clear {
                    self.world.snapshot.mark = None;
                } else if matches!(assessment.stage, Stage::End(..)) {
                    // A cluster that is to end is described afresh.
                    self.ask(minute);
                    if matches!(self.world.judge(now).stage, Stage::End(..)) {
                        self.ended = Some(minute);
                        return self;
                    }
                }
            }
            self
        }

        /// CloudWatch has the points of three hours except the last minutes.
        fn ask(&mut self, minute: i64) {
            self.reads += 1;
            let times = ((minute - 180).max(5)..=minute - 6).filter(|minute| minute % 5 == 0);
            let metric_sample = |minute: i64| MetricSample {
                at: at(minute * 60),
                apps: u64::from((self.works)(minute)),
                containers: u64::from((self.works)(minute)),
                done: None,
            };
            self.world.metric_samples = Some(Reading::Read(times.map(metric_sample).collect()));
            self.world.metrics_read_at = Some(at(minute * 60));
        }
    }

    fn course(world: World, works: fn(i64) -> bool) -> Course {
        Course {
            world,
            works,
            always: false,
            reads: 0,
            warned: Vec::new(),
            ended: None,
            unseen: 0,
        }
    }

    const DAY: i64 = 24 * 60;

    #[test]
    fn metrics_that_cannot_decide_are_read_less_often() {
        // A notebook works for a day: the cluster cannot be forgotten before an hour has passed.
        let busy = course(World::others(), |_| true).run(DAY);
        assert!((20..=30).contains(&busy.reads), "{}", busy.reads);
        assert_eq!((busy.warned.len(), busy.unseen), (0, 0));
        // A step has its containers for a day: it cannot be stuck before half an hour has passed.
        let mut world = World::ours();
        world.runs_since(310);
        let guards = &mut world.cluster().spec.guardrails;
        guards.max_lifetime = crate::model::span::Span::from_secs(1_000_000);
        world.orders.bound = Some(world.cluster().guardrails());
        let busy = course(world, |_| true).run(DAY);
        assert!((55..=75).contains(&busy.reads), "{}", busy.reads);
        // No end depends on the metrics: people are only notified, or it is exempt or protected.
        for change in [
            |world: &mut World| world.orders.unmanaged.action = UnmanagedAction::Notify,
            |world: &mut World| world.exempt("yes", None),
            |world: &mut World| world.snapshot.protected = true,
        ] {
            let mut world = World::others();
            change(&mut world);
            let quiet_period = course(world, |_| false).run(DAY);
            assert!(
                (20..=26).contains(&quiet_period.reads),
                "{}",
                quiet_period.reads
            );
            assert_eq!((quiet_period.ended, quiet_period.unseen), (None, 0));
        }
        // With applications whose work is hidden, nothing is read.
        let mut world = World::others();
        world.has(&["Spark", "HBase"]);
        assert_eq!(course(world, |_| false).run(DAY).reads, 0);
    }

    #[test]
    fn an_idle_cluster_is_read_less_and_less() {
        let mut world = World::others();
        world.metric_samples = Some(Reading::Read(Vec::new()));
        let mut last = TimeDelta::zero();
        for hours in [1, 2, 8, 50] {
            let every = every(at(hours * 3_600), &world.watched());
            assert!(every >= last && (READ_INTERVAL..=SLOW_INTERVAL).contains(&every));
            last = every;
        }
        assert_eq!(last, SLOW_INTERVAL);
        // On its way to an end or a release, it is read at the usual interval.
        world.marked(200_000, crate::model::observed::EndReason::Forgotten);
        assert_eq!(every(at(180_000), &world.watched()), READ_INTERVAL);
    }

    #[test]
    fn metrics_that_end_nothing_are_read_often_only_while_a_step_runs() {
        let mut world = World::others();
        world.orders.unmanaged.action = UnmanagedAction::Notify;
        let every = |world: &World| every(at(900), &world.watched());
        assert_eq!(every(&world), SLOW_INTERVAL);
        world.has_steps(Reading::Read(Vec::new()));
        assert_eq!(every(&world), SLOW_INTERVAL);
        let steps = [StepState::Completed, StepState::Running];
        let steps = steps.map(|state| step(state, Some(310), None));
        world.has_steps(Reading::Read(steps.to_vec()));
        assert_eq!(every(&world), READ_INTERVAL);
        for (state, interval) in [
            (ClusterState::Waiting, SLOW_INTERVAL),
            (ClusterState::Running, READ_INTERVAL),
        ] {
            world.is_listed(state);
            assert_eq!(every(&world), interval, "{state:?}");
        }
        // Of clusterup's own, an end depends on them whatever policies say of others.
        let mut world = World::ours();
        world.orders.unmanaged.action = UnmanagedAction::Notify;
        assert_eq!(every(&world), READ_INTERVAL);
    }

    #[test]
    fn a_step_without_containers_is_reported_in_time() {
        let mut world = World::ours();
        world.runs_since(310);
        world.snapshot.set_state(ClusterState::Running);
        let guards = &mut world.cluster().spec.guardrails;
        guards.max_lifetime = crate::model::span::Span::from_secs(1_000_000);
        world.orders.bound = Some(world.cluster().guardrails());
        let mut course = course(world, |minute| minute < 300);
        let mut stuck = None;
        for minute in 6..500 {
            if due(at(minute * 60), &course.world.watched()) {
                course.ask(minute);
            }
            let assessment = course.world.judge(minute * 60);
            if assessment.stage == Stage::Stuck && stuck.is_none() {
                stuck = Some(minute);
            }
        }
        // It has no container from minute 300 on; half an hour later it is stuck.
        assert!((330..=345).contains(&stuck.unwrap()), "{stuck:?}");
    }

    #[test]
    fn reading_costs_what_is_documented() {
        let said = a_month().map(|cost| cost.to_string());
        assert_eq!(said, ["$215.13600", "$0.25920", "$0.02160"]);
    }

    proptest! {
        /// Whether read rarely or always, a cluster is warned and ended within the same minutes,
        /// and is never unknown because it was not read.
        #[test]
        fn rare_and_frequent_readings_end_it_alike(ours: bool, pattern in 0..6_usize) {
            let works: [fn(i64) -> bool; 6] = [
                |_| false,
                |minute| minute < 100,
                |minute| minute % 60 == 0 && minute < 600,
                |minute| (90..95).contains(&minute) || (200..300).contains(&minute),
                |minute| minute % 115 == 0,
                |minute| minute == 75,
            ];
            let run = |always| {
                let mut world = if ours { World::ours() } else { World::others() };
                if ours {
                    let guards = &mut world.cluster().spec.guardrails;
                    guards.max_lifetime = crate::model::span::Span::from_secs(1_000_000);
                    guards.idle_timeout = crate::model::span::Span::from_secs(3_600);
                    world.orders.bound = Some(world.cluster().guardrails());
                }
                let mut course = course(world, works[pattern]);
                course.always = always;
                course.run(1_200)
            };
            let seldom = run(false);
            let always = run(true);
            prop_assert!(seldom.reads <= always.reads);
            prop_assert_eq!((seldom.unseen, always.unseen), (0, 0));
            prop_assert_eq!(seldom.warned.len(), always.warned.len());
            for (one, other) in seldom.warned.iter().zip(&always.warned) {
                prop_assert!((one - other).abs() <= 10, "{:?} {:?}", &seldom.warned, &always.warned);
            }
            match (seldom.ended, always.ended) {
                (Some(one), Some(other)) => prop_assert!((one - other).abs() <= 10),
                (one, other) => prop_assert_eq!(one, other),
            }
        }
    }
}
