//! Clusters of all kinds, each with its expected assessment.

use clusterup::model::clock::Clock;
use clusterup::run::clock::SystemClock;
use serde_json::{Value, json};

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 3_600;
pub(super) const DAY: u64 = 86_400;

/// One cluster, and what is to be said of it.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// As the double makes it.
    pub(super) cluster: Value,
    /// What CloudWatch reports, if it differs from what the steps do.
    pub(super) metrics: Option<Value>,
    pub(super) ours: bool,
    pub(super) stage: &'static str,
    pub(super) reason: Option<&'static str>,
    /// Part of the evidence.
    pub(super) evidence: &'static str,
}

impl Case {
    fn metrics(mut self, says: Value) -> Self {
        self.metrics = Some(says);
        self
    }
}

pub(super) fn case(
    name: &'static str,
    cluster: Value,
    (stage, reason): (&'static str, Option<&'static str>),
    evidence: &'static str,
) -> Case {
    Case {
        name,
        cluster,
        metrics: None,
        ours: false,
        stage,
        reason,
        evidence,
    }
}

pub(super) fn ours(
    name: &'static str,
    cluster: Value,
    (stage, reason): (&'static str, Option<&'static str>),
    evidence: &'static str,
) -> Case {
    Case {
        ours: true,
        ..case(name, cluster, (stage, reason), evidence)
    }
}

/// Ready a minute and a half after it was made, with one step that ended so long ago.
pub(super) fn idle(age: u64, since: u64) -> Value {
    json!({ "created": age, "steps": [
        { "name": "load", "state": "COMPLETED", "started": age - 100, "ended": since },
    ] })
}

pub(super) fn busy(age: u64, since: u64) -> Value {
    json!({ "created": age, "state": "RUNNING", "steps": [
        { "name": "train", "state": "RUNNING", "started": since },
    ] })
}

pub(super) fn with(mut cluster: Value, more: Value) -> Value {
    let (all, more) = (cluster.as_object_mut().unwrap(), more.as_object().unwrap());
    all.extend(more.clone());
    cluster
}

/// The watchdog's mark, ending so many seconds from now.
pub(super) fn marked(cluster: Value, seconds: i64, reason: &str) -> Value {
    let at = SystemClock.now() + chrono::TimeDelta::seconds(seconds);
    let mark = format!("{} {reason}", at.format("%Y-%m-%dT%H:%M:%SZ"));
    with(cluster, json!({ "tags": { "clusterup-watchdog": mark } }))
}

/// Points of applications and containers, so many seconds ago each.
pub(super) fn points(points: &[(u64, u64, u64)]) -> Value {
    let of = |which: fn(&(u64, u64, u64)) -> u64| -> Vec<[u64; 2]> {
        points.iter().map(|point| [point.0, which(point)]).collect()
    };
    let none: Vec<[u64; 2]> = points.iter().map(|point| [point.0, 0]).collect();
    json!({ "AppsRunning": of(|it| it.1), "AppsPending": none, "ContainerAllocated": of(|it| it.2) })
}

pub(super) fn quiet(minutes: u64) -> Vec<(u64, u64, u64)> {
    (0..=minutes / 5)
        .rev()
        .map(|n| (n * 300 + 60, 0, 0))
        .collect()
}

pub(super) const WARN: (&str, Option<&str>) = ("warn", Some("forgotten"));
pub(super) const END: (&str, Option<&str>) = ("end", Some("forgotten"));
pub(super) const KEEP: (&str, Option<&str>) = ("keep", None);
pub(super) const UNSEEN: (&str, Option<&str>) = ("unseen", None);

pub(super) fn forgotten() -> Vec<Case> {
    let old = || idle(5 * HOUR, 2 * HOUR);
    vec![
        case("fresh", idle(20 * MINUTE, 5 * MINUTE), KEEP, "it waits, "),
        case(
            "idle a while",
            idle(5 * HOUR, 30 * MINUTE),
            KEEP,
            "YARN had 1 applications",
        ),
        case("forgotten", old(), WARN, "(idle_timeout: 1h)"),
        case(
            "in its grace",
            marked(old(), 1_800, "forgotten"),
            ("warned", Some("forgotten")),
            "idle for ",
        ),
        case(
            "past its grace",
            marked(old(), -60, "forgotten"),
            END,
            "idle for ",
        ),
        case(
            "a mark of another reason",
            marked(old(), -60, "start_timeout"),
            WARN,
            "idle for ",
        ),
        case(
            "a mark that nobody can read",
            with(
                old(),
                json!({ "tags": { "clusterup-watchdog": "tomorrow" } }),
            ),
            WARN,
            "idle for ",
        ),
        case(
            "only pending steps",
            json!({ "created": 5 * HOUR, "state": "RUNNING", "ready": 4 * HOUR, "steps": [
                { "name": "later", "state": "PENDING", "created": 4 * HOUR } ] }),
            WARN,
            "idle for ",
        )
        .metrics(points(&quiet(60))),
        case(
            "failed and cancelled steps",
            json!({ "created": 9 * HOUR, "steps": [
                { "name": "a", "state": "FAILED", "started": 8 * HOUR, "ended": 7 * HOUR },
                { "name": "b", "state": "CANCELLED", "created": 8 * HOUR } ] }),
            WARN,
            "idle for ",
        ),
        case(
            "four days old and at work",
            busy(4 * DAY, HOUR / 6),
            WARN,
            "(unmanaged.max_lifetime: 3d)",
        ),
        case(
            "four days old, past its grace",
            marked(busy(4 * DAY, HOUR / 6), -5, "forgotten"),
            END,
            "(unmanaged.max_lifetime: 3d)",
        ),
        case(
            "of instance fleets",
            with(old(), json!({ "fleet": true })),
            WARN,
            "idle for ",
        ),
        case(
            "ours by name alone",
            with(old(), json!({ "name": "clusterup/t/00ff" })),
            WARN,
            "idle for ",
        ),
        case(
            "ours by tag alone",
            with(old(), json!({ "tags": { "clusterup-stack": "t" } })),
            WARN,
            "idle for ",
        ),
        case(
            "protected and forgotten",
            with(old(), json!({ "protected": true })),
            ("protected", None),
            "idle for ",
        ),
        case(
            "protected and at work",
            with(busy(5 * HOUR, 60), json!({ "protected": true })),
            KEEP,
            "runs",
        ),
        case(
            "is being ended",
            json!({ "created": 5 * HOUR, "state": "TERMINATING" }),
            ("ending", None),
            "ending",
        ),
    ]
}

pub(super) fn at_work() -> Vec<Case> {
    let old = || idle(5 * HOUR, 2 * HOUR);
    let mut worked = quiet(180);
    let twenty_minutes_ago = worked.len() - 4;
    worked[twenty_minutes_ago].1 = 1;
    let stale: Vec<_> = (8..20).rev().map(|n| (n * 300, 0, 0)).collect();
    let stuck = || busy(5 * HOUR, 2 * HOUR);
    vec![
        case("a step runs", busy(5 * HOUR, 4 * MINUTE), KEEP, "runs"),
        case(
            "a step began after its mark",
            marked(busy(5 * HOUR, 60), -60, "forgotten"),
            ("clear", None),
            "",
        ),
        case("a notebook at work", old(), KEEP, "YARN had 1 applications")
            .metrics(points(&[(600, 1, 0), (300, 1, 0)])),
        case(
            "a notebook that was marked",
            marked(old(), -60, "forgotten"),
            ("clear", None),
            "",
        )
        .metrics(points(&[(600, 0, 0), (300, 1, 4)])),
        case(
            "containers without an application",
            old(),
            KEEP,
            "2 containers",
        )
        .metrics(points(&[(600, 0, 2), (300, 0, 2)])),
        case(
            "a point before the last at work",
            old(),
            KEEP,
            "YARN had 1 applications",
        )
        .metrics(points(&[(600, 1, 1), (300, 0, 0)])),
        case(
            "somebody worked by hand a while ago",
            old(),
            KEEP,
            "YARN had 1 applications",
        )
        .metrics(points(&worked)),
        case("no metrics", old(), UNSEEN, "fewer than two data points").metrics(json!("silent")),
        case("metrics that fail", old(), UNSEEN, "").metrics(json!("fail")),
        case("one point", old(), UNSEEN, "fewer than two data points")
            .metrics(points(&[(300, 0, 0)])),
        case("metrics that stopped", old(), UNSEEN, "newest data point").metrics(points(&stale)),
        case(
            "unseen though marked",
            marked(old(), -60, "forgotten"),
            UNSEEN,
            "",
        )
        .metrics(json!("silent")),
        case("stuck", stuck(), ("stuck", None), "without a container").metrics(points(&quiet(120))),
        case("long at work", stuck(), KEEP, "runs").metrics(points(&[
            (1_500, 1, 9),
            (900, 1, 9),
            (300, 1, 9),
        ])),
        case("perhaps stuck", stuck(), KEEP, "runs").metrics(json!("fail")),
    ]
}

/// Applications that work outside YARN or report nothing.
pub(super) fn beside_yarn() -> Vec<Case> {
    let with_them = |cluster: Value, names: &[&str]| {
        with(
            cluster,
            json!({ "applications": ([&["Hadoop"], names].concat()) }),
        )
    };
    let old = |names: &[&str]| with_them(idle(5 * HOUR, 2 * HOUR), names);
    vec![
        case(
            "hbase",
            old(&["HBase"]),
            UNSEEN,
            "the work of HBase is not in YARN",
        ),
        case(
            "trino and a notebook",
            old(&["Spark", "Trino", "JupyterHub"]),
            UNSEEN,
            "the work of Trino and JupyterHub is not in YARN",
        ),
        case(
            "one of its own",
            old(&["Druid"]),
            UNSEEN,
            "it is unknown whether the work of Druid",
        ),
        case(
            "hive alone",
            old(&["Hive", "Tez", "livy"]),
            WARN,
            "idle for ",
        ),
        case(
            "hbase, marked by one that did not ask",
            marked(old(&["HBase"]), -60, "forgotten"),
            ("clear", None),
            "",
        ),
        case(
            "hbase for four days",
            with_them(idle(4 * DAY, 2 * HOUR), &["HBase"]),
            WARN,
            "(unmanaged.max_lifetime: 3d)",
        ),
    ]
}

pub(super) fn coming_up_and_exempt() -> Vec<Case> {
    let old = || idle(5 * HOUR, 2 * HOUR);
    let coming = |state: &str, age: u64| json!({ "created": age, "state": state });
    let keep = |cluster: Value, value: &str| with(cluster, json!({ "tags": { "keep": value } }));
    let mut exempt_and_marked = marked(old(), -60, "forgotten");
    exempt_and_marked["tags"]["keep"] = json!("yes");
    vec![
        case(
            "starting",
            coming("STARTING", 10 * MINUTE),
            KEEP,
            "not ready",
        ),
        case(
            "starting for ever",
            coming("STARTING", 2 * HOUR),
            WARN,
            "STARTING, created at",
        ),
        case(
            "bootstrapping",
            coming("BOOTSTRAPPING", 30 * MINUTE),
            KEEP,
            "not ready",
        ),
        case(
            "bootstrapping for ever",
            coming("BOOTSTRAPPING", 2 * HOUR),
            WARN,
            "(start_within: 1h)",
        ),
        case(
            "bootstrapping past its grace",
            marked(coming("BOOTSTRAPPING", 3 * HOUR), -60, "forgotten"),
            END,
            "BOOTSTRAPPING, created at",
        ),
        case(
            "exempt",
            keep(old(), "for the talk"),
            ("exempt", None),
            "it has the tag keep",
        ),
        case(
            "exempt no longer wanted",
            keep(old(), "false"),
            WARN,
            "idle for ",
        ),
        case(
            "exempt for too long",
            keep(idle(2 * DAY + HOUR, 2 * HOUR), "yes"),
            WARN,
            "idle for ",
        ),
        case(
            "exempt after its mark",
            exempt_and_marked,
            ("clear", None),
            "",
        ),
    ]
}

/// Idle timeout ten minutes, lifetime two hours.
pub(super) fn of_clusterup() -> Vec<Case> {
    let idle = || idle(HOUR, 30 * MINUTE);
    let keep = |cluster: Value| with(cluster, json!({ "tags": { "keep": "yes" } }));
    vec![
        ours(
            "ours idle",
            idle(),
            ("warn", Some("idle_timeout")),
            "(idle_timeout: 10m)",
        ),
        ours(
            "ours in its grace",
            marked(idle(), 300, "idle_timeout"),
            ("warned", Some("idle_timeout")),
            "idle for ",
        ),
        ours(
            "ours past its grace",
            marked(idle(), -5, "idle_timeout"),
            ("end", Some("idle_timeout")),
            "idle for ",
        ),
        ours(
            "ours at work",
            busy(HOUR, 5 * MINUTE),
            KEEP,
            "step train runs",
        ),
        ours(
            "ours at work again",
            marked(busy(HOUR, 5 * MINUTE), -5, "idle_timeout"),
            ("clear", None),
            "",
        ),
        ours(
            "ours near its end",
            busy(115 * MINUTE, HOUR / 6),
            ("warn", Some("max_lifetime")),
            "(max_lifetime: 2h)",
        ),
        ours(
            "ours past its end",
            busy(3 * HOUR, HOUR / 6),
            ("end", Some("max_lifetime")),
            "(max_lifetime: 2h)",
        ),
        ours(
            "ours past its end and protected",
            with(busy(3 * HOUR, HOUR / 6), json!({ "protected": true })),
            ("protected", None),
            "(max_lifetime: 2h)",
        ),
        ours("ours and not seen", idle(), UNSEEN, "").metrics(json!("fail")),
        ours(
            "ours past its end and not seen",
            self::idle(3 * HOUR, HOUR),
            ("end", Some("max_lifetime")),
            "(max_lifetime: 2h)",
        )
        .metrics(json!("fail")),
        ours(
            "ours exempt",
            keep(idle()),
            ("exempt", None),
            "it has the tag keep",
        ),
        ours(
            "ours exempt past its end",
            keep(self::idle(3 * HOUR, HOUR)),
            ("end", Some("max_lifetime")),
            "(max_lifetime: 2h)",
        ),
        ours(
            "ours starting for ever",
            json!({ "created": 70 * MINUTE, "state": "STARTING" }),
            ("warn", Some("start_timeout")),
            "STARTING, created at",
        ),
    ]
}
