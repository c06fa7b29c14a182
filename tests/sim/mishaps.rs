//! Faults between two runs, and in the calls of one run.

use crate::oracle;
use crate::request::{StackRequest, VERSIONS, bucket};
use crate::seeds::any;
use chrono::{DateTime, Utc};
use clusterup::cloud::api::ec2::Rule;
use clusterup::cloud::api::emr::Role;
use clusterup::cloud::rng::Rng;
use clusterup::model::clock::Clock;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::flaky::{Fault, Moment};
use clusterup_testkit::sim::{IDLE_REASON, Sim, SimClock};
use std::time::Duration;

/// Keys of tags.
const KEYS: [&str; 10] = [
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "h",
    "cost-center",
    "owner",
];

/// Something that somebody else does, or bad luck.
pub(crate) async fn happen(sim: &Sim, rng: &Rng, request: &StackRequest) {
    let census = sim.census();
    let live = oracle::of(&census, request).find(|cluster| cluster.state.is_live());
    let id = live.map_or("", |cluster| &cluster.id);
    // What is not there stays as it is.
    let _ = match rng.below(13) {
        0 => sim.resize_by_hand(id, Role::Core, 1 + few(rng, 5)),
        1 => sim.resize_by_hand(id, Role::Task, 1 + few(rng, 5)),
        2 => sim.remove_idle_policy(id),
        3 => sim.add_rule(&format!("clusterup.{}.ssh", request.name), rule(rng)),
        4 => {
            let key = any(rng, &["spark", "two"]);
            sim.delete_key_pair(&format!("clusterup.{}.{key}", request.name))
        }
        5 => {
            // Later than EMR's lists lag: a cluster that they do not show yet is known from the
            // bucket alone.
            tokio::time::sleep(Duration::from_secs(30)).await;
            sim.empty_bucket(&bucket())
        }
        6 => {
            let policy = "Terminated by auto-termination policy";
            let (code, message) = any(
                rng,
                &[
                    ("INTERNAL_ERROR", "its primary is lost"),
                    ("", ""),
                    ("", policy),
                ],
            );
            sim.end_cluster(id, code, message)
        }
        7 => sim.end_cluster(id, IDLE_REASON, ""),
        8 => {
            sim.fail_step(any(rng, &["one", "two"]));
            true
        }
        9 => {
            sim.fail_next_cluster(any(rng, &["BOOTSTRAP_FAILURE", "INSTANCE_FAILURE"]));
            true
        }
        12 => {
            let key = any(rng, &KEYS);
            let value = any(rng, &[None, Some("by hand")]);
            // A file that no run wrote stays.
            let wished = request.tags.iter().any(|(wished, _)| *wished == key);
            wished && sim.tag_by_hand(id, key, value)
        }
        many => {
            let most = if many == 10 { 3 * 3_600 } else { 600 };
            tokio::time::sleep(rng.up_to(Duration::from_secs(most))).await;
            true
        }
    };
}

/// A number below `end`.
pub(crate) fn few(rng: &Rng, end: u16) -> u16 {
    u16::try_from(rng.below(end.into())).unwrap()
}

fn rule(rng: &Rng) -> Rule {
    let (protocol, ports) = any(
        rng,
        &[
            ("tcp", Some((22, 22))),
            ("tcp", Some((1, 1_024))),
            ("udp", Some((53, 53))),
            ("-1", None),
        ],
    );
    Rule {
        protocol: protocol.to_owned(),
        ports,
        from: any(rng, &["198.51.100.0/24", "203.0.113.99/32"])
            .parse()
            .unwrap(),
        description: any(rng, &["", "by hand", "clusterup"]).to_owned(),
    }
}

/// A stack to begin with.
pub(crate) fn any_request(rng: &Rng) -> StackRequest {
    let mut request = StackRequest {
        keep: rng.percent(50),
        ..StackRequest::plain("t")
    };
    for _ in 0..rng.below(6) {
        edit(&mut request, rng);
    }
    request
}

/// A person changes one thing of the stack.
pub(crate) fn edit(request: &mut StackRequest, rng: &Rng) {
    let version = || few(rng, VERSIONS);
    match rng.below(17) {
        0 | 1 => request.core = 1 + few(rng, 4),
        2 => request.task = few(rng, 3),
        3 => request.kind = any(rng, &["m5.xlarge", "r5.xlarge"]),
        4 => request.release = any(rng, &["emr-7.x", "emr-7.12.0"]),
        5 => request.idle_minutes = 20 + rng.below(3) * 10,
        6 => request.life_hours = 6 + rng.below(4),
        7 => request.budget = u32::from(few(rng, 3)) * 10,
        8 => request.keep = !request.keep || request.scripts.is_empty(),
        9 => request.team = any(rng, &[None, Some("recsys"), Some("search")]),
        10 => {
            let names = any(rng, &[&[][..], &["spark"], &["spark", "two"], &["two"]]);
            request.keys = names.iter().map(|name| (*name, version())).collect();
        }
        11 | 12 => request.groups = groups(rng),
        16 => request.tags = tags(rng),
        13 | 14 => {
            let steps = rng.below(3).max(u64::from(!request.keep));
            request.scripts = (0..steps).map(|_| version()).collect();
            request.packages &= steps > 0;
        }
        _ => request.packages = !request.packages && !request.scripts.is_empty(),
    }
}

/// From none to as many as a stack may have.
fn tags(rng: &Rng) -> Vec<(&'static str, &'static str)> {
    let share = any(rng, &[0, 20, 100]);
    let keys = KEYS.iter().filter(|_| rng.percent(share));
    keys.map(|key| (*key, any(rng, &["ada", "bob", "4711"])))
        .collect()
}

fn groups(rng: &Rng) -> Vec<(&'static str, Vec<(u16, &'static str)>)> {
    let rules = |rng: &Rng| {
        let mut rules = Vec::new();
        for port in [22, 8_888] {
            for from in ["caller", "10.0.0.0/8", "192.0.2.0/24"] {
                if rng.percent(40) {
                    rules.push((port, from));
                }
            }
        }
        rules
    };
    let names = any(rng, &[&[][..], &["ssh"], &["ssh", "ui"], &["ui"]]);
    let least = |mut rules: Vec<_>| {
        if rules.is_empty() {
            rules.push((22, "caller"));
        }
        rules
    };
    names
        .iter()
        .map(|name| (*name, least(rules(rng))))
        .collect()
}

/// The luck of one process: mostly good, sometimes bad for a while, now and then deadly.
pub(crate) fn luck(rng: &Rng) -> impl FnMut(Moment) -> Option<Fault> + 'static {
    let rng = Rng::new(rng.next());
    let share = any(&rng, &[0, 0, 2, 10]);
    let storm = if rng.percent(25) {
        rng.below(60)
    } else {
        u64::MAX
    };
    let death = if rng.percent(20) {
        rng.below(70)
    } else {
        u64::MAX
    };
    move |moment| {
        if moment.number == death {
            return Some(any(&rng, &[Fault::DieBefore, Fault::DieAfter]));
        }
        let in_storm = (storm..storm.saturating_add(12)).contains(&moment.number);
        rng.percent(if in_storm { 70 } else { share }).then(|| {
            let slow = Fault::Slow(rng.up_to(Duration::from_secs(20)));
            any(&rng, &[Fault::Throttle, Fault::Unsent, Fault::Lost, slow])
        })
    }
}

/// A machine that sleeps from an instant until another. It falls asleep while it reads, as a request that has
/// been sent cannot be taken back. Its timers stand still meanwhile: what it would have requested a second
/// after it fell asleep, it requests a second after it wakes up.
pub(crate) fn asleep(
    clock: SimClock,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> impl FnMut(Moment) -> Option<Fault> + 'static {
    let mut fell = None;
    move |moment| {
        let now = clock.now();
        if fell.is_none() && from <= now && !moment.changes {
            fell = Some(now);
        }
        let slept = (until - fell?).to_std().ok()?;
        (now < until).then_some(Fault::Slow(slept))
    }
}
