//! An office: people on machines of their own work on the stacks of one account at once, some of them with
//! clocks that are off, while others change things by hand and a watchdog sweeps. After every call, the
//! account is compared with what people asked for; each end must have a reason.

#[path = "office/diary.rs"]
mod diary;
#[path = "office/people.rs"]
mod people;

use self::diary::Diary;
use self::people::Person;
use crate::laws;
use crate::oracle;
use crate::process::Process;
use crate::request::StackRequest;
use crate::seeds::{any, each};
use crate::watchdog::outages::outages;
use crate::watchdog::{Kind, Reported, make};
use chrono::TimeDelta;
use clusterup::cloud::fleet::FleetProvider;
use clusterup::cloud::rng::Rng;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::Watchdog;
use clusterup_testkit::chance::Chance as _;
use clusterup_testkit::sim::{Dead, Settings, Sim};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

const STACKS: [&str; 2] = ["t", "t-two"];
const HOUR: Duration = Duration::from_secs(3_600);
/// How often the watchdog sweeps, and for how long people work.
const SWEEP: Duration = Duration::from_secs(300);
const HOURS: u32 = 14;

/// The account, and the files of the stacks, which people share.
struct Office {
    sim: Sim,
    files: RefCell<BTreeMap<&'static str, StackRequest>>,
    diary: Diary,
    /// Whether one of the safeguards is broken that a process may have died before it made.
    fragile: bool,
    /// Whether somebody deleted a note: `destroy` leaves a cluster alone that it may not take for its own.
    has_lost_notes: Cell<bool>,
}

/// A clock that differs from AWS's by less than what AWS refuses.
fn any_skew(rng: &Rng) -> TimeDelta {
    TimeDelta::seconds(any(
        rng,
        &[0, 0, 0, -90, 90, -diary::SKEW_SECONDS, diary::SKEW_SECONDS],
    ))
}

impl Office {
    fn new(rng: &Rng) -> Rc<Self> {
        let broken = any(rng, &[None, None, Some(true), Some(false)]);
        let dead = Dead {
            schedules: broken == Some(true),
            power_off: broken == Some(false),
            idle_policy: rng.percent(50),
            keep_alive: rng.percent(30),
        };
        let settings = Settings {
            dead,
            ..laws::QUICK
        };
        let sim = Sim::with(rng.next(), settings);
        for _ in 0..4 {
            sim.time_step("one", rng.up_to(HOUR * 3));
        }
        let file = |name: &'static str| {
            let request = StackRequest {
                keep: rng.percent(50),
                budget: 1 + u32::try_from(rng.below(8)).unwrap(),
                life_hours: 1 + rng.below(6),
                ..StackRequest::plain(name)
            };
            (name, request)
        };
        Rc::new(Self {
            diary: Diary::new(sim.clone(), dead),
            files: RefCell::new(STACKS.into_iter().map(file).collect()),
            fragile: dead.power_off,
            has_lost_notes: Cell::new(false),
            sim,
        })
    }

    /// Sweeps until the day is over, and restarts now and then.
    async fn watch(self: Rc<Self>, rng: Rng) {
        let mut watchdog = self.watchdog(&rng);
        let mut minutes = 0;
        while minutes < HOURS * 60 {
            if rng.below(30) == 0 {
                watchdog = self.watchdog(&rng);
            }
            watchdog.sweep(false).await;
            sleep(SWEEP).await;
            minutes += 5;
        }
    }

    fn watchdog(&self, rng: &Rng) -> Watchdog {
        let clock = self.sim.skewed_clock(any_skew(rng));
        let watched = self.diary.watched(None);
        let (faults, _) = outages(&self.sim, rng, (3, any(rng, &[0, 0, 5])));
        let process = Process::skewed(watched, ("watchdog@here", clock), rng.next(), faults);
        let fleet: Rc<dyn FleetProvider> = Rc::new(process.account);
        let (policies, sink) = (Rc::new(policies()), Rc::new(Reported::default()));
        let name = "watchdog@here".to_owned();
        Watchdog::new(vec![fleet], policies, Arc::new(clock), sink, name)
    }
}

fn policies() -> Policies {
    let text = "policy: p\nunmanaged: { action: terminate, idle_timeout: 1h, grace: 30m, \
                exempt: { tag: keep } }\n";
    let mut policies = Policies::default();
    policies.extend([load("p.yaml", text).unwrap()]);
    policies
}

#[test]
fn people_at_work_at_once_end_nothing_wrongly() {
    each("offices", 20, world);
}

pub(crate) async fn world(seed: u64) {
    let rng = Rng::new(seed);
    let office = Office::new(&rng);
    for number in 0..rng.below(4) {
        let hour = 1 + u32::try_from(rng.below(6)).unwrap();
        let kinds = [
            Kind::Forgotten,
            Kind::ByHand(hour),
            Kind::InAStep(hour),
            Kind::Exempt,
        ];
        make(&office.sim, any(&rng, &kinds), number).await;
    }
    let mut tasks = Vec::new();
    for name in ["ann@desk", "bob@laptop"] {
        let person = Person::new(name, office.clone(), Rng::new(rng.next()));
        tasks.push(tokio::task::spawn_local(person.work()));
    }
    if rng.percent(60) {
        let watch = office.clone().watch(Rng::new(rng.next()));
        tasks.push(tokio::task::spawn_local(watch));
    }
    let hands = people::meddle(office.clone(), Rng::new(rng.next()));
    tasks.push(tokio::task::spawn_local(hands));
    for task in tasks {
        task.await.unwrap();
    }
    if rng.percent(50) && !office.has_lost_notes.get() {
        destroyed(&office, &rng).await;
    }
    // No process is left. What lives is ended by its safeguards.
    for _ in 0..40 {
        sleep(HOUR).await;
        office.diary.look();
    }
    office.diary.all_have_ended();
}

/// Destroying the stacks leaves nothing of them.
async fn destroyed(office: &Office, rng: &Rng) {
    for name in STACKS {
        let person = Person::process(
            office,
            (name, "ann@desk"),
            (office.sim.clock(), rng.next()),
            |_| None,
        );
        person.destroyed(&name.parse().unwrap()).await.unwrap();
    }
    let census = office.sim.census();
    assert!(census.key_pairs.is_empty(), "{:?}", census.key_pairs);
    assert!(census.groups.is_empty(), "{:?}", census.groups);
    for request in office.files.borrow().values() {
        let alive = oracle::of(&census, request).filter(|it| !it.state.is_over());
        assert_eq!(alive.count(), 0, "{census:#?}");
    }
}
