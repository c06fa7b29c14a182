//! What goes wrong in the world between two runs, and in the calls of one.

use crate::oracle;
use crate::seeds::any;
use crate::wish::{VERSIONS, Wish, bucket};
use clusterup::cloud::api::ec2::Rule;
use clusterup::cloud::api::emr::Role;
use clusterup::cloud::dice::Dice;
use clusterup::cloud::flaky::{Fault, Moment};
use clusterup::cloud::sim::{IDLE_REASON, Sim};
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
pub(crate) async fn happen(sim: &Sim, dice: &Dice, wish: &Wish) {
    let census = sim.census();
    let live = oracle::of(&census, wish).find(|cluster| cluster.state.is_live());
    let id = live.map_or("", |cluster| &cluster.id);
    // What is not there stays as it is.
    let _ = match dice.below(13) {
        0 => sim.resize_by_hand(id, Role::Core, 1 + few(dice, 5)),
        1 => sim.resize_by_hand(id, Role::Task, 1 + few(dice, 5)),
        2 => sim.remove_idle_policy(id),
        3 => sim.add_rule(&format!("clusterup.{}.ssh", wish.name), rule(dice)),
        4 => {
            let key = any(dice, &["spark", "two"]);
            sim.delete_key_pair(&format!("clusterup.{}.{key}", wish.name))
        }
        5 => {
            // Later than EMR's lists lag: a cluster that they do not show yet is known from the
            // bucket alone.
            tokio::time::sleep(Duration::from_secs(30)).await;
            sim.empty_bucket(&bucket())
        }
        6 => sim.end_cluster(id, "INTERNAL_ERROR", "its primary is lost"),
        7 => sim.end_cluster(id, IDLE_REASON, ""),
        8 => {
            sim.fail_step(any(dice, &["one", "two"]));
            true
        }
        9 => {
            sim.fail_next_cluster(any(dice, &["BOOTSTRAP_FAILURE", "INSTANCE_FAILURE"]));
            true
        }
        12 => {
            let key = any(dice, &KEYS);
            let value = any(dice, &[None, Some("by hand")]);
            // One that is nobody's stays where it is.
            let wished = wish.tags.iter().any(|(wished, _)| *wished == key);
            wished && sim.tag_by_hand(id, key, value)
        }
        many => {
            let most = if many == 10 { 3 * 3_600 } else { 600 };
            tokio::time::sleep(dice.up_to(Duration::from_secs(most))).await;
            true
        }
    };
}

/// A number below `end`.
pub(crate) fn few(dice: &Dice, end: u16) -> u16 {
    u16::try_from(dice.below(end.into())).unwrap()
}

fn rule(dice: &Dice) -> Rule {
    let (protocol, ports) = any(
        dice,
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
        from: any(dice, &["198.51.100.0/24", "203.0.113.99/32"])
            .parse()
            .unwrap(),
        description: any(dice, &["", "by hand", "clusterup"]).to_owned(),
    }
}

/// A stack to begin with.
pub(crate) fn any_wish(dice: &Dice) -> Wish {
    let mut wish = Wish {
        keep: dice.percent(50),
        ..Wish::plain("t")
    };
    for _ in 0..dice.below(6) {
        edit(&mut wish, dice);
    }
    wish
}

/// A person changes one thing of the stack.
pub(crate) fn edit(wish: &mut Wish, dice: &Dice) {
    let version = || few(dice, VERSIONS);
    match dice.below(17) {
        0 | 1 => wish.core = 1 + few(dice, 4),
        2 => wish.task = few(dice, 3),
        3 => wish.kind = any(dice, &["m5.xlarge", "r5.xlarge"]),
        4 => wish.release = any(dice, &["emr-7.x", "emr-7.12.0"]),
        5 => wish.idle_minutes = 20 + dice.below(3) * 10,
        6 => wish.life_hours = 6 + dice.below(4),
        7 => wish.budget = u32::from(few(dice, 3)) * 10,
        8 => wish.keep = !wish.keep || wish.scripts.is_empty(),
        9 => wish.team = any(dice, &[None, Some("recsys"), Some("search")]),
        10 => {
            let names = any(dice, &[&[][..], &["spark"], &["spark", "two"], &["two"]]);
            wish.keys = names.iter().map(|name| (*name, version())).collect();
        }
        11 | 12 => wish.groups = groups(dice),
        16 => wish.tags = tags(dice),
        13 | 14 => {
            let steps = dice.below(3).max(u64::from(!wish.keep));
            wish.scripts = (0..steps).map(|_| version()).collect();
            wish.packages &= steps > 0;
        }
        _ => wish.packages = !wish.packages && !wish.scripts.is_empty(),
    }
}

/// From none to as many as a stack may have.
fn tags(dice: &Dice) -> Vec<(&'static str, &'static str)> {
    let share = any(dice, &[0, 20, 100]);
    let keys = KEYS.iter().filter(|_| dice.percent(share));
    keys.map(|key| (*key, any(dice, &["ada", "bob", "4711"])))
        .collect()
}

fn groups(dice: &Dice) -> Vec<(&'static str, Vec<(u16, &'static str)>)> {
    let rules = |dice: &Dice| {
        let mut rules = Vec::new();
        for port in [22, 8_888] {
            for from in ["caller", "10.0.0.0/8", "192.0.2.0/24"] {
                if dice.percent(40) {
                    rules.push((port, from));
                }
            }
        }
        rules
    };
    let names = any(dice, &[&[][..], &["ssh"], &["ssh", "ui"], &["ui"]]);
    let least = |mut rules: Vec<_>| {
        if rules.is_empty() {
            rules.push((22, "caller"));
        }
        rules
    };
    names
        .iter()
        .map(|name| (*name, least(rules(dice))))
        .collect()
}

/// The luck of one process: mostly good, sometimes bad for a while, now and then deadly.
pub(crate) fn luck(dice: &Dice) -> impl FnMut(Moment) -> Option<Fault> + 'static {
    let dice = Dice::new(dice.next());
    let share = any(&dice, &[0, 0, 2, 10]);
    let storm = if dice.percent(25) {
        dice.below(60)
    } else {
        u64::MAX
    };
    let death = if dice.percent(20) {
        dice.below(70)
    } else {
        u64::MAX
    };
    move |moment| {
        if moment.number == death {
            return Some(any(&dice, &[Fault::DieBefore, Fault::DieAfter]));
        }
        let in_storm = (storm..storm.saturating_add(12)).contains(&moment.number);
        dice.percent(if in_storm { 70 } else { share }).then(|| {
            let slow = Fault::Slow(dice.up_to(Duration::from_secs(20)));
            any(&dice, &[Fault::Throttle, Fault::Unsent, Fault::Lost, slow])
        })
    }
}
