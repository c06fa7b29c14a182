//! When CloudWatch is asked again what runs on a cluster: each answer costs money, so what cannot
//! have changed the verdict by now is not asked for.

use super::exempt::exempt;
use super::idleness::FRESH;
use super::{WatchInput, quiet_period, wants_pulses};
use crate::model::fleet::Reading;
use crate::model::money::Usd;
use crate::model::observed::StepState;
use crate::model::orders::UnmanagedAction;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

/// EMR sends its metrics so often; asked sooner there is nothing new.
pub(super) const OFTEN: TimeDelta = quiet_period::PERIOD;
/// Where nothing ends by what is answered.
pub(super) const SELDOM: TimeDelta = TimeDelta::hours(1);

/// Clusters whose metrics are asked for in one sweep at most: three of each fit a call of 500
/// (CloudWatch API, GetMetricData).
pub const AT_ONCE: usize = 166;
/// Metrics of each cluster.
const METRICS: i64 = 3;
/// In hundred-thousandths of a dollar, for a metric that is asked for: $0.01 a thousand (Amazon
/// CloudWatch pricing, us-east-1).
const PRICE: i64 = 1;
const MINUTES: i64 = 30 * 24 * 60;

/// Whether to ask what runs on a cluster: where the answer can decide something by now, and what was
/// answered last is too old for that.
pub fn due(now: DateTime<Utc>, watched: &WatchInput<'_>) -> bool {
    let again = |at: DateTime<Utc>| now - at >= every(now, watched);
    watched.metrics_read_at.is_none_or(again) && wants_pulses(now, watched)
}

/// How long an answer stands.
fn every(now: DateTime<Utc>, watched: &WatchInput<'_>) -> TimeDelta {
    if ends_nothing(now, watched) && !may_be_stuck(watched) {
        return SELDOM;
    }
    // One that has long been silent is asked less and less often: it idles in nobody's eyes.
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
        return (silent / 4).clamp(OFTEN, SELDOM);
    }
    OFTEN
}

/// Whether a step runs, of which people are notified where it gets nowhere.
fn may_be_stuck(watched: &WatchInput<'_>) -> bool {
    let steps = watched.snapshot.steps.read();
    let mut steps = steps.into_iter().flatten();
    steps.any(|step| step.state == StepState::Running)
}

/// How old the last point may be for what it is good for.
pub(super) fn fresh(now: DateTime<Utc>, watched: &WatchInput<'_>) -> TimeDelta {
    if ends_nothing(now, watched) {
        FRESH + SELDOM
    } else {
        FRESH
    }
}

/// Whether idleness ends a cluster whatever it is: people are notified, or not even that.
fn ends_nothing(now: DateTime<Utc>, watched: &WatchInput<'_>) -> bool {
    let snapshot = watched.snapshot;
    let orders = watched.orders;
    let only_notified =
        snapshot.ours().is_none() && orders.unmanaged.action != UnmanagedAction::Terminate;
    let protected = snapshot.protected && !orders.lift_protection;
    // What is marked is on its way to an end, or to being let off.
    snapshot.mark.is_none()
        && (only_notified || protected || exempt(now, snapshot, &orders.exempt).is_some())
}

/// What asking costs in thirty days: at most, with a sweep a minute; for a cluster that is asked
/// about as often as there is something new; and for one of which nothing ends.
pub fn a_month() -> [Usd; 3] {
    let cost = |clusters: usize, every: TimeDelta| {
        let clusters = i64::try_from(clusters).unwrap_or(i64::MAX);
        let asks = clusters * METRICS * MINUTES / every.num_minutes().max(1);
        Usd::new(Decimal::new(asks * PRICE, 5))
    };
    [
        cost(AT_ONCE, TimeDelta::minutes(1)),
        cost(1, OFTEN),
        cost(1, SELDOM),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::sample::{World, at};
    use super::super::stage::Stage;
    use super::*;
    use crate::model::fleet::MetricSample;
    use crate::model::observed::ClusterState;
    use proptest::prelude::*;

    /// A cluster on which YARN works in some of its five minutes, and what comes of it.
    struct Course {
        world: World,
        works: fn(i64) -> bool,
        /// Whether an answer is asked for every five minutes, whatever it can decide.
        always: bool,
        asks: usize,
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
                    .is_none_or(|asked| at(now) - asked >= OFTEN);
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
                    // What is to end is looked at afresh.
                    self.ask(minute);
                    if matches!(self.world.judge(now).stage, Stage::End(..)) {
                        self.ended = Some(minute);
                        return self;
                    }
                }
            }
            self
        }

        /// CloudWatch has the points of three hours but for the last minutes.
        fn ask(&mut self, minute: i64) {
            self.asks += 1;
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
            asks: 0,
            warned: Vec::new(),
            ended: None,
            unseen: 0,
        }
    }

    const DAY: i64 = 24 * 60;

    #[test]
    fn what_has_not_changed_is_asked_less_often() {
        // A notebook at work for a day: it cannot be forgotten before an hour has passed.
        let busy = course(World::others(), |_| true).run(DAY);
        assert!((20..=30).contains(&busy.asks), "{}", busy.asks);
        assert_eq!((busy.warned.len(), busy.unseen), (0, 0));
        // A step that has its containers for a day: it cannot be stuck before half an hour has.
        let mut world = World::ours();
        world.runs_since(310);
        let guards = &mut world.cluster().spec.guardrails;
        guards.max_lifetime = crate::model::span::Span::from_secs(1_000_000);
        world.orders.bound = Some(world.cluster().guardrails());
        let busy = course(world, |_| true).run(DAY);
        assert!((55..=75).contains(&busy.asks), "{}", busy.asks);
        // Nothing ends by what is answered: people are only notified, it is exempt, or protected.
        for change in [
            |world: &mut World| world.orders.unmanaged.action = UnmanagedAction::Notify,
            |world: &mut World| world.exempt("yes", None),
            |world: &mut World| world.snapshot.protected = true,
        ] {
            let mut world = World::others();
            change(&mut world);
            let quiet_period = course(world, |_| false).run(DAY);
            assert!(
                (20..=26).contains(&quiet_period.asks),
                "{}",
                quiet_period.asks
            );
            assert_eq!((quiet_period.ended, quiet_period.unseen), (None, 0));
        }
        // With applications whose work does not show, nothing is asked.
        let mut world = World::others();
        world.has(&["Spark", "HBase"]);
        assert_eq!(course(world, |_| false).run(DAY).asks, 0);
    }

    #[test]
    fn one_that_is_silent_is_asked_less_and_less() {
        let mut world = World::others();
        world.metric_samples = Some(Reading::Read(Vec::new()));
        let mut last = TimeDelta::zero();
        for hours in [1, 2, 8, 50] {
            let every = every(at(hours * 3_600), &world.watched());
            assert!(every >= last && (OFTEN..=SELDOM).contains(&every));
            last = every;
        }
        assert_eq!(last, SELDOM);
        // On its way to an end, or to being let off, it is asked as ever.
        world.marked(200_000, crate::model::observed::EndReason::Forgotten);
        assert_eq!(every(at(180_000), &world.watched()), OFTEN);
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
        // Without a container from minute 300 on; half an hour later it is stuck.
        assert!((330..=345).contains(&stuck.unwrap()), "{stuck:?}");
    }

    #[test]
    fn asking_costs_what_is_said() {
        let said = a_month().map(|cost| cost.to_string());
        assert_eq!(said, ["$215.13600", "$0.25920", "$0.02160"]);
    }

    proptest! {
        /// Asked seldom or always, a cluster is warned and ended within the same minutes, and at
        /// no time is it unseen for want of asking.
        #[test]
        fn seldom_asked_it_fares_as_always_asked(ours: bool, pattern in 0..6_usize) {
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
            prop_assert!(seldom.asks <= always.asks);
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
