//! What a driver's log says of its executors, its tasks and its threads. The messages are data, in
//! `stuck.rules`.

use crate::diagnose::rules::{Holes, Kind, Rule, Rules};
use std::sync::LazyLock;

/// What a line of the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// The application began.
    Started,
    /// The application ends.
    Stopped,
    /// An executor is there.
    Registered,
    /// An executor was taken away on purpose.
    Removed,
    /// An executor was lost.
    Lost,
    /// Tasks are to run.
    TasksAdded,
    /// None of these tasks is left.
    TasksRemoved,
    /// A task began.
    TaskStarted,
    /// A task ended.
    TaskEnded,
    /// A job of Spark ended.
    JobEnded,
    /// A thread of the driver died.
    ThreadDied,
    /// The job waits for something.
    Waits,
}

/// The ids of the rules that are signs.
const SIGNS: [(&str, Sign); 11] = [
    ("started", Sign::Started),
    ("stopped", Sign::Stopped),
    ("executor-registered", Sign::Registered),
    ("executor-removed", Sign::Removed),
    ("executor-lost", Sign::Lost),
    ("tasks-added", Sign::TasksAdded),
    ("tasks-removed", Sign::TasksRemoved),
    ("task-started", Sign::TaskStarted),
    ("task-ended", Sign::TaskEnded),
    ("job-ended", Sign::JobEnded),
    ("thread-died", Sign::ThreadDied),
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::with_waits(include_str!("stuck.rules")));

/// A sign, with its rule and what the rule's holes hold.
pub(super) struct Found {
    pub(super) sign: Sign,
    pub(super) rule: &'static Rule,
    pub(super) holes: Holes,
}

/// The signs in a line of the log.
pub(super) fn signs(line: &str) -> Vec<Found> {
    let rules = &*RULES;
    let found = rules.matches(line).into_iter();
    let sign = |(index, holes): (usize, Holes)| {
        let rule = rules.all.get(index)?;
        let sign = sign_of(rule)?;
        Some(Found { sign, rule, holes })
    };
    found.filter_map(sign).collect()
}

fn sign_of(rule: &Rule) -> Option<Sign> {
    if rule.kind == Kind::Wait {
        return Some(Sign::Waits);
    }
    let named = SIGNS.iter().find(|(id, _)| *id == rule.id);
    named.map(|(_, sign)| *sign)
}

/// The class of a logger without its packages and inner classes: `YarnSchedulerBackend` of
/// `org.apache.spark.….YarnSchedulerBackend$YarnDriverEndpoint`.
fn class_of(logger: &str) -> &str {
    let inner = logger.rsplit('.').next().unwrap_or(logger);
    inner.split('$').next().unwrap_or(inner)
}

/// Whether a logger is Spark's client of YARN, which writes several lines per record.
pub(super) fn is_client(logger: &str) -> bool {
    class_of(logger) == "Client"
}

/// Whether a logger is of the part of Spark that writes messages of `stuck.rules`. The program may
/// log anything.
pub(super) fn is_sparks(logger: &str) -> bool {
    let class = class_of(logger);
    let known = [
        "Client",
        "SparkContext",
        "StandaloneAppClient",
        "TaskSchedulerImpl",
        "TaskSetManager",
    ];
    known.contains(&class) || class.ends_with("Scheduler") || class.ends_with("SchedulerBackend")
}

/// The rule of this id.
pub(super) fn rule(id: &str) -> Option<&'static Rule> {
    RULES.all.iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::diagnosis::Confidence;
    use crate::model::stuck::StuckKind;

    #[test]
    fn every_kind_has_a_cause_with_a_fix_and_every_sign_has_messages() {
        for kind in StuckKind::ALL {
            let rule = rule(kind.as_str()).unwrap();
            assert!(!rule.cause.filled(&Holes::new()).is_empty(), "{kind:?}");
            assert!(rule.confidence >= Confidence::Likely && !rule.remedies.is_empty());
        }
        for (id, sign) in SIGNS {
            assert_eq!(sign_of(rule(id).unwrap()), Some(sign));
        }
        let is_kind = |rule: &Rule| StuckKind::ALL.iter().any(|kind| kind.as_str() == rule.id);
        let unknown = RULES
            .all
            .iter()
            .find(|rule| !is_kind(rule) && sign_of(rule).is_none());
        assert!(unknown.is_none(), "{unknown:?}");
        let waits = RULES.all.iter().filter(|rule| rule.kind == Kind::Wait);
        let unknown = waits.into_iter().find(|rule| !is_kind(rule));
        assert!(unknown.is_none(), "a wait without a kind: {unknown:?}");
    }

    /// What holes of a rule hold in a message.
    const MESSAGES: [(Sign, &str, &str); 14] = [
        (
            Sign::Registered,
            "executor=3",
            "Registered executor NettyRpcEndpointRef(spark-client://Executor) (10.0.0.1:4) with ID 3,  x",
        ),
        (
            Sign::Lost,
            "executor=3",
            "Lost executor 3 on ip-10-0-0-7: Container",
        ),
        (
            Sign::Lost,
            "application=app-2026-0000 executor=12",
            "Executor updated: app-2026-0000/12 is now EXITED (Command exited with code 52)",
        ),
        (
            Sign::Removed,
            "executor=4 host=ip-10-0-0-7",
            "Executor 4 on ip-10-0-0-7 killed by driver.",
        ),
        (
            Sign::TasksAdded,
            "set=2.0",
            "Adding task set 2.0 with 8 tasks resource profile 0",
        ),
        (
            Sign::TasksRemoved,
            "set=2.0",
            "Removed TaskSet 2.0, whose tasks have all completed, from pool",
        ),
        (
            Sign::Started,
            "application=application_1700000000000_0001",
            "Submitting application application_1700000000000_0001 to ResourceManager",
        ),
        (Sign::Stopped, "", "\t final status: KILLED"),
        (
            Sign::TaskStarted,
            "task=0.0",
            "Starting task 0.0 in stage 0.0 (TID 0) (127.0.0.1, executor 0, partition 0)",
        ),
        (
            Sign::TaskEnded,
            "task=0.0",
            "Finished task 0.0 in stage 0.0 (TID 0) in 8 ms",
        ),
        (
            Sign::JobEnded,
            "job=7",
            "DAGScheduler: Job 7 finished: collect at x.py:3, took 1 s",
        ),
        (
            Sign::ThreadDied,
            "thread=task-result-getter-0",
            "Exception in thread \"task-result-getter-0\" java.lang.OutOfMemoryError: Java heap space",
        ),
        (
            Sign::ThreadDied,
            "thread=task-result-getter-3",
            "Uncaught exception in thread task-result-getter-3",
        ),
        (
            Sign::Waits,
            "",
            "Initial job has not accepted any resources; check",
        ),
    ];

    #[test]
    fn the_messages_of_spark_are_recognised() {
        for (sign, held, line) in MESSAGES {
            let found = signs(line);
            let [found] = found.as_slice() else {
                panic!("{line}");
            };
            let holes = found
                .holes
                .iter()
                .map(|(name, held)| format!("{name}={held}"));
            let holes = holes.collect::<Vec<_>>().join(" ");
            assert_eq!((found.sign, holes.as_str()), (sign, held), "{line}");
        }
        assert!(signs("Lost task 0.0 in stage 1.0 (TID 3) (h executor 1)").is_empty());
        assert!(signs("\t final status: UNDEFINED").is_empty());
    }

    #[test]
    fn the_loggers_of_spark_are_recognised() {
        for logger in [
            "Client",
            "org.apache.spark.deploy.yarn.Client",
            "SparkContext",
            "YarnScheduler",
            "YarnClusterScheduler",
            "DAGScheduler",
            "YarnSchedulerBackend$YarnDriverEndpoint",
            "org.apache.spark.scheduler.cluster.YarnSchedulerBackend$YarnSchedulerEndpoint",
            "StandaloneAppClient$ClientEndpoint",
        ] {
            assert!(is_sparks(logger), "{logger}");
        }
        for logger in ["", "root", "py4j", "com.example.HttpClient", "Main"] {
            assert!(!is_sparks(logger), "{logger}");
        }
    }
}
