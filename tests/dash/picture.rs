//! A sample fleet: two teams, a dozen clusters, and events of a watchdog.

use chrono::{DateTime, TimeDelta, Utc};
use clusterup::model::audit::{Act, Entry, Target};
use clusterup::model::fleet_status::{
    Curve, FleetCost, FleetStatus, PlacedCost, Row, RowStep, SweepSummary, TeamCost, Totals,
};
use clusterup::model::hint::Command;
use clusterup::model::instance_span::{InstanceSpan, Role};
use clusterup::model::money::Usd;
use clusterup::model::observed::{ClusterState, StepState};
use clusterup::model::other_cost::{OtherCost, OtherCostKind};
use clusterup::model::safeguard::{Safeguard, SafeguardKind};
use clusterup::model::span::Span;
use clusterup::model::stack::{Ceiling, Guardrails, WhenDone};
use clusterup::model::unarmed::Unarmed;

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

/// Its owner: name, stack, team, owner.
type Who<'a> = (&'a str, &'a str, &'a str, &'a str);
/// Age, idle time and remaining time in minutes; the last two may be unknown.
type Times = (i64, Option<i64>, Option<i64>);
/// Dollars spent, and per hour.
type Costs<'a> = (&'a str, &'a str);

fn row(
    id: &str,
    who: Who,
    state: ClusterState,
    times: Times,
    costs: Costs,
    at: DateTime<Utc>,
) -> Row {
    let (name, stack, team, owner) = who;
    let (age, idle, left) = times;
    let created_at = at - minutes(age);
    let ready_at = (age > 6).then(|| created_at + minutes(6));
    let is_ours = !stack.is_empty();
    let own_name = format!("clusterup/{stack}/{}", &id.to_lowercase()[2..8]);
    Row {
        place: if id.starts_with("local") {
            "local"
        } else {
            "us-east-1"
        }
        .parse()
        .unwrap(),
        id: id.parse().unwrap(),
        name: if is_ours {
            own_name.into()
        } else {
            name.into()
        },
        stack: stack.parse().ok(),
        team: team.parse().ok(),
        owner: (!owner.is_empty()).then(|| owner.into()),
        state,
        created_at,
        ready_at,
        steps: ready_at.map_or_else(Vec::new, |ready| steps(ready, idle, at)),
        instance_spans: instance_spans(created_at, age),
        guardrails: is_ours.then(|| guardrails(age + left.unwrap_or(60))),
        idle_since: idle.map(|idle| at - minutes(idle)),
        idle_at_least: false,
        spent: costs.0.parse().ok(),
        rate: costs.1.parse().ok(),
        ends_at: left.map(|left| at + minutes(left)),
        warns_at: None,
        at_earliest: false,
        cause: left.map(|_| "max_lifetime".to_owned()),
        stage: "keep".to_owned(),
        evidence: "step train runs".to_owned(),
        safeguards: safeguards(left.map(|left| at + minutes(left))),
        looked_at: Some(at - TimeDelta::seconds(20)),
    }
}

/// Two steps, of which the second runs unless the cluster is idle.
fn steps(ready: DateTime<Utc>, idle: Option<i64>, at: DateTime<Utc>) -> Vec<RowStep> {
    let until = at - minutes(idle.unwrap_or(0));
    let between = ready + (until - ready) / 3;
    let step = |name: &str, state, from, until: Option<DateTime<Utc>>| RowStep {
        name: name.into(),
        state,
        started_at: Some(from),
        ended_at: until,
    };
    let last = match idle {
        Some(_) => step("train", StepState::Completed, between, Some(until)),
        None => step("train", StepState::Running, between, None),
    };
    vec![
        step("prepare", StepState::Completed, ready, Some(between)),
        last,
    ]
}

/// A primary and two core nodes, and two more since the middle of its life.
fn instance_spans(created_at: DateTime<Utc>, age: i64) -> Vec<InstanceSpan> {
    let span = |role, count, from| InstanceSpan {
        role,
        from,
        until: None,
        count,
        instance_type: None,
    };
    let more = created_at + minutes(age / 2);
    vec![
        span(Role::Primary, 1, created_at),
        span(Role::Core, 2, created_at),
        span(Role::Core, 2, more),
    ]
}

fn guardrails(lifetime: i64) -> Guardrails {
    Guardrails {
        idle_timeout: "20m".parse().unwrap(),
        max_lifetime: Span::from_delta(minutes(lifetime)),
        start_within: Some("1h".parse().unwrap()),
        budget: Some(usd("$80")),
        lease: None,
        off_hours: Vec::new(),
        ceiling: Ceiling {
            max_lifetime: Some("36h".parse().unwrap()),
            budget: None,
        },
        when_done: WhenDone::Keep,
    }
}

fn safeguards(at: Option<DateTime<Utc>>) -> Vec<Safeguard> {
    vec![
        Safeguard::armed(
            SafeguardKind::IdlePolicy,
            None,
            "EMR ends it when it has idled for 30m",
        ),
        Safeguard::armed(SafeguardKind::PowerOff, at, "the primary powers itself off"),
        Safeguard::armed(
            SafeguardKind::Schedule,
            at,
            "a schedule asks EMR for the end",
        ),
        Safeguard::disarmed(
            SafeguardKind::Apply,
            Unarmed::NotFollowed,
            Command::clusterup("apply nightly.yaml"),
        ),
    ]
}

fn reported(mut row: Row, stage: &str, cause: &str, evidence: &str) -> Row {
    row.stage = stage.to_owned();
    row.cause = (!cause.is_empty()).then(|| cause.to_owned());
    row.evidence = evidence.to_owned();
    row
}

fn unmanaged(mut row: Row) -> Row {
    row.safeguards = Vec::new();
    row
}

fn ours(at: DateTime<Utc>) -> Vec<Row> {
    use ClusterState::{Bootstrapping, Running, Starting, Terminating, Waiting};
    let new = |id, who, state, times, costs| row(id, who, state, times, costs, at);
    let mut weak = new(
        "j-2FE91KQ0ZLM4T",
        (
            "feature-store-backfill",
            "feature-store-backfill",
            "growth",
            "noor@ws-14",
        ),
        Running,
        (1_490, None, Some(190)),
        ("$61.40", "$2.472"),
    );
    weak.safeguards[1] = Safeguard::disarmed(
        SafeguardKind::PowerOff,
        Unarmed::CreatedWithout,
        Command::clusterup("apply stacks/feature-store.yaml"),
    );
    weak.safeguards[2] = Safeguard::disarmed(
        SafeguardKind::Schedule,
        Unarmed::NoRole("clusterup-reaper".to_owned()),
        Command::clusterup("apply stacks/feature-store.yaml"),
    );
    vec![
        new(
            "j-1K48XXXXXXHCB",
            (
                "recommender-nightly",
                "recommender-nightly",
                "data",
                "ana@laptop",
            ),
            Running,
            (132, None, Some(348)),
            ("$3.17", "$1.44"),
        ),
        reported(
            new(
                "j-3A7XQ2Y9LMN0P",
                ("movies-adhoc", "movies-adhoc", "data", "ana@laptop"),
                Waiting,
                (214, Some(22), Some(8)),
                ("$1.37", "$0.384"),
            ),
            "warned",
            "idle_timeout",
            "idle for 22m since 11:38:00 UTC (idle_timeout: 20m)",
        ),
        reported(
            weak,
            "stuck",
            "budget",
            "step backfill-2025 has run for 5h, and for 30m without a finished task",
        ),
        reported(
            new(
                "j-5TR0VV81QWE7C",
                (
                    "clickstream-hourly",
                    "clickstream-hourly",
                    "growth",
                    "airflow@etl-1",
                ),
                Running,
                (41, None, Some(79)),
                ("$0.62", "$0.912"),
            ),
            "keep",
            "max_lifetime",
            "step sessions runs",
        ),
        reported(
            new(
                "j-7M3PLK20ASDF9",
                (
                    "churn-model-tuning",
                    "churn-model-tuning",
                    "growth",
                    "mateo@ws-03",
                ),
                Bootstrapping,
                (6, None, Some(474)),
                ("$0.31", "$3.10"),
            ),
            "keep",
            "max_lifetime",
            "it is not ready yet",
        ),
        reported(
            new(
                "j-8QW2ER4TY6UI1",
                ("reports-weekly", "reports-weekly", "data", "ci@runner-7"),
                Starting,
                (2, None, Some(238)),
                ("$0.02", "$0.576"),
            ),
            "keep",
            "max_lifetime",
            "it is not ready yet",
        ),
        reported(
            new(
                "j-9ZX8CV7BN6MA5",
                ("dedup-catalog", "dedup-catalog", "data", "li.wei@laptop"),
                Terminating,
                (371, Some(34), Some(-1)),
                ("$4.90", "$0.792"),
            ),
            "ending",
            "idle_timeout",
            "idle for 34m since 11:26:00 UTC (idle_timeout: 20m)",
        ),
        reported(
            new(
                "local-20261121-1042",
                ("movies", "movies", "data", "ana@laptop"),
                Running,
                (78, None, Some(42)),
                ("$0.25", "$0.192"),
            ),
            "keep",
            "max_lifetime",
            "step similarities runs",
        ),
    ]
}

fn others(at: DateTime<Utc>) -> Vec<Row> {
    use ClusterState::{Running, Waiting};
    let new = |id, who, state, times, costs| row(id, who, state, times, costs, at);
    vec![
        reported(
            unmanaged(new(
                "j-B4DF00DCAFE12",
                ("zeppelin-shared", "", "", "analytics"),
                Waiting,
                (11_820, None, None),
                ("$283.68", "$1.44"),
            )),
            "exempt",
            "",
            "it has the tag keep",
        ),
        reported(
            unmanaged(new(
                "j-C0FFEE1234567",
                ("My cluster", "", "", ""),
                Waiting,
                (3_180, Some(2_935), Some(31)),
                ("$40.70", "$0.768"),
            )),
            "warned",
            "forgotten",
            "idle for 48h since 12:00:00 UTC (idle_timeout: 2h)",
        ),
        reported(
            unmanaged(new(
                "j-D15EA5E000042",
                (
                    "spark-poc <script>alert(1)</script>",
                    "",
                    "",
                    "bob \"o'\" & co",
                ),
                Running,
                (505, None, None),
                ("", ""),
            )),
            "unseen",
            "",
            "its steps cannot be read: AccessDenied on ListSteps",
        ),
        reported(
            unmanaged(new(
                "j-E7E7E7E7E7E7E",
                (
                    "databrew-migration-test-with-a-very-long-name-2026-11",
                    "",
                    "",
                    "svc-migration",
                ),
                Running,
                (96, None, None),
                ("$1.84", "$1.152"),
            )),
            "keep",
            "",
            "2 applications, 9 containers",
        ),
    ]
}

fn curve(
    team: &str,
    limit: &str,
    daily: &[u32],
    projected: &str,
    reserved: &str,
    at: DateTime<Utc>,
) -> Curve {
    let from: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
    let mut points = vec![(from, Usd::ZERO)];
    let mut spent = Usd::ZERO;
    for (day, cents) in (1..).zip(daily) {
        spent = spent + Usd::new(rust_decimal::Decimal::new(i64::from(*cents), 2));
        points.push(((from + TimeDelta::days(day)).min(at), spent));
    }
    Curve {
        team: team.parse().unwrap(),
        policy: "emr".parse().unwrap(),
        from,
        until: "2026-12-01T00:00:00Z".parse().unwrap(),
        limit: usd(limit),
        spent,
        reserved: usd(reserved),
        points,
        projected: usd(projected),
    }
}

/// Thirty-one days, which the last 30 days touch.
fn cost(at: DateTime<Utc>) -> FleetCost {
    let day = |ago: i64| (at - TimeDelta::days(30 - ago)).format("%F").to_string();
    let cents = |from: i64, size: i64| {
        let of = move |day: i64| from + (day * size * 37 + day * day * 11) % (size + 1);
        (0..31).map(move |day| Usd::new(rust_decimal::Decimal::new(of(day), 2)))
    };
    let team = |team: Option<&str>, from, size| TeamCost {
        team: team.map(str::to_owned),
        by_day: cents(from, size).collect(),
    };
    let teams = vec![
        team(Some("data"), 900, 1_700),
        team(Some("growth"), 1_400, 4_300),
        team(None, 100, 700),
    ];
    let amounts = teams.iter().flat_map(|team| &team.by_day);
    FleetCost {
        at,
        last_day: usd("$61.07"),
        last_month: amounts.copied().sum(),
        days: (0..31).map(day).collect(),
        teams,
    }
}

fn months(at: DateTime<Utc>) -> Vec<Curve> {
    let data = [
        1_840, 420, 2_210, 2_470, 2_390, 2_820, 1_960, 380, 510, 2_630, 2_540, 2_910, 2_480, 2_050,
        440, 390, 2_760, 2_690, 3_120, 2_580, 1_240,
    ];
    let growth = [
        2_310, 1_980, 2_840, 3_470, 4_390, 5_120, 3_960, 2_880, 3_510, 5_630, 6_540, 5_910, 6_480,
        6_050, 4_440, 3_390, 6_760, 7_690, 8_120, 7_580, 4_240,
    ];
    vec![
        curve("data", "$600", &data, "$558.20", "$11.35", at),
        curve("growth", "$1200", &growth, "$1489.70", "$38.90", at),
    ]
}

fn events(at: DateTime<Utc>) -> Vec<Entry> {
    let entry = |ago: i64, act, target: Option<(&str, &str)>, words: [&str; 3]| Entry {
        at: at - minutes(ago),
        actor: if act == Act::Extend {
            "ana@laptop"
        } else {
            "watchdog@ops-1"
        }
        .to_owned(),
        place: target.map(|_| "us-east-1".parse().unwrap()),
        target: target.map(|(id, name)| Target {
            id: id.to_owned(),
            name: Some(name.into()),
        }),
        act,
        verdict: (!words[0].is_empty()).then(|| words[0].to_owned()),
        evidence: (!words[1].is_empty()).then(|| words[1].to_owned()),
        outcome: words[2].to_owned(),
    };
    let movies = Some(("j-3A7XQ2Y9LMN0P", "movies-adhoc"));
    let catalog = Some(("j-9ZX8CV7BN6MA5", "dedup-catalog"));
    let poc = Some(("j-D15EA5E000042", "spark-poc <script>alert(1)</script>"));
    vec![
        entry(1_515, Act::Begin, None, ["", "", "3 places, 2 policies"]),
        entry(
            610,
            Act::Ended,
            Some(("j-0OLD0OLD0OLD0", "etl-scratch")),
            ["idle_timeout", "", "over after 9h 12m and $7.31"],
        ),
        entry(
            402,
            Act::CleanUp,
            None,
            [
                "",
                "security group of stack etl, whose last cluster ended 9d ago",
                "done",
            ],
        ),
        entry(
            95,
            Act::Tell,
            Some(("j-2FE91KQ0ZLM4T", "feature-store-backfill")),
            ["stuck", "no task done for 1h", "mail sent"],
        ),
        entry(
            64,
            Act::Extend,
            Some(("j-1K48XXXXXXHCB", "recommender-nightly")),
            ["", "the full data set", "lives until 17:48"],
        ),
        entry(
            29,
            Act::Warn,
            Some(("j-C0FFEE1234567", "My cluster")),
            ["forgotten", "idle for 2d 0h", "marked, mail sent"],
        ),
        entry(
            12,
            Act::Warn,
            movies,
            [
                "idle_timeout",
                "idle for 12m since 11:38:00 UTC (idle_timeout: 20m)",
                "marked, chat told",
            ],
        ),
        entry(
            4,
            Act::Fail,
            poc,
            ["", "AccessDenied on ListSteps", "left alone"],
        ),
        entry(
            1,
            Act::Terminate,
            catalog,
            [
                "idle_timeout",
                "idle for 33m since 11:26:00 UTC (idle_timeout: 20m)",
                "asked",
            ],
        ),
    ]
}

/// An instant on 2026-11-21.
pub(crate) fn fleet_status(at: DateTime<Utc>) -> FleetStatus {
    let counts = |pairs: &[(&str, u64)]| {
        pairs
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    };
    let mut clusters = ours(at);
    clusters.extend(others(at));
    FleetStatus {
        at,
        places: ["us-east-1", "eu-west-1", "local"]
            .map(|place| place.parse().unwrap())
            .into(),
        own_account: None,
        active: true,
        last: Some(SweepSummary {
            number: 1_514,
            began_at: at - TimeDelta::seconds(23),
            ended_at: at - TimeDelta::seconds(18),
            calls: 17,
            fleet: 12,
            looked: 5,
            unlooked: 0,
            unread: 0,
            blind: vec![],
            refused: vec![],
            unseen: vec![
                "steps of j-D15EA5E000042 in us-east-1: AccessDenied on ListSteps".to_owned(),
            ],
            tripped: false,
        }),
        totals: Totals {
            sweeps: 1_513,
            failed_sweeps: 2,
            calls: counts(&[("emr:ListClusters", 4_542), ("emr:DescribeCluster", 9_031)]),
            terminated: counts(&[("idle_timeout", 3), ("forgotten", 1)]),
            warned: 6,
            trips: 1,
            notices: [
                ("mail".to_owned(), (7, 1)),
                ("ch\"at\\\n".to_owned(), (6, 0)),
            ]
            .into(),
        },
        clusters,
        mildest: None,
        other_costs: vec![PlacedCost {
            place: "us-east-1".parse().unwrap(),
            cost: OtherCost {
                kind: OtherCostKind::Volume,
                id: "vol-0a1b2c3d4e5f60718".to_owned(),
                says: "EBS volume vol-0a1b2c3d4e5f60718, 64 GiB of gp2, is attached to nothing"
                    .to_owned(),
                monthly: Some(usd("$6.40")),
            },
        }],
        cost: Some(cost(at)),
        months: months(at),
        events: events(at),
    }
}
