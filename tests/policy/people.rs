//! Five people, two budgets and a few days: the real costs and the cost bounds of live clusters
//! never exceed the monthly budget, whichever process dies and however late listings are.

use crate::team_account::{ask, budget, ended, living, month, reserved, scope, team_account};
use crate::{at, usd};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::ledger::{Record, Window, spent};
use clusterup::model::money::Usd;
use clusterup::model::name::{PolicyName, StackName};
use clusterup::model::policy::MonthlyBudget;
use clusterup::policy::CostBound;
use clusterup::policy::team_account::{Reservation, TeamAccount, window};
use clusterup_testkit::worlds::each;
use std::collections::BTreeSet;

const PEOPLE: u64 = 5;
const WORLDS: u64 = 60;
const STEPS: u32 = 250;

/// A small generator that gives the same for the same seed (Vigna, splitmix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most
    }

    fn seconds(&mut self, least: u64, most: u64) -> TimeDelta {
        TimeDelta::seconds((least + self.below(most - least)) as i64)
    }
}

/// The true state of a cluster.
struct Real {
    id: String,
    stack: String,
    from: DateTime<Utc>,
    /// When it ends by itself, at its deadline at the latest.
    until: DateTime<Utc>,
    ends_by: DateTime<Utc>,
    /// When listings begin to show it, and when they begin to show its end.
    listed: DateTime<Utc>,
    end_listed: DateTime<Utc>,
    /// A deadline that was moved: when listings show it, and what they showed before.
    moved: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What the holder of a stack's lease will do with a reservation.
struct Doing {
    stack: String,
    due: DateTime<Utc>,
    length: TimeDelta,
    /// The cluster whose deadline is moved.
    moves: Option<(String, DateTime<Utc>)>,
    dies: bool,
}

struct World {
    rng: Rng,
    now: DateTime<Utc>,
    team_account: TeamAccount,
    real: Vec<Real>,
    doing: Vec<Doing>,
    budgets: [(PolicyName, MonthlyBudget); 2],
    /// How far a month may be off: seconds by which clusters are made after their money was set
    /// aside fall into the next.
    late: Usd,
    made: usize,
    denied: usize,
}

impl Real {
    fn instance_spans(&self, now: DateTime<Utc>) -> bool {
        now < self.until
    }

    fn record(&self, now: DateTime<Utc>) -> Record {
        if self.instance_spans(now) {
            living(&self.id, &self.stack, self.from, self.ends_by)
        } else {
            ended(&self.id, &self.stack, self.from, self.until)
        }
    }

    /// The cluster as a listing shows it.
    fn reported(&self, now: DateTime<Utc>) -> Option<Record> {
        if now < self.listed {
            return None;
        }
        if now >= self.end_listed {
            return Some(ended(&self.id, &self.stack, self.from, self.until));
        }
        let before = self.moved.filter(|(seen, _)| now < *seen);
        let ends_by = before.map_or(self.ends_by, |(_, before)| before);
        Some(living(&self.id, &self.stack, self.from, ends_by))
    }
}

impl World {
    fn new(seed: u64, start: &str) -> Self {
        let named = |name: &str, monthly, zone| (name.parse().unwrap(), budget(monthly, zone));
        Self {
            rng: Rng(seed),
            now: at(start),
            team_account: team_account(),
            real: Vec::new(),
            doing: Vec::new(),
            budgets: [named("a", "60", "UTC"), named("b", "55.50", "Asia/Seoul")],
            late: Usd::ZERO,
            made: 0,
            denied: 0,
        }
    }

    /// Somebody looks, at a listing that may be minutes old. Of a stack that they hold they know
    /// all: a plan waits for clusters that are noted with it.
    fn look(&mut self, own: Option<&str>) {
        let old = match self.rng.below(3) {
            0 => self.rng.seconds(0, 120),
            _ => TimeDelta::zero(),
        };
        let seen = self.now - old;
        let reported = |it: &Real| {
            if own == Some(it.stack.as_str()) {
                Some(it.record(self.now))
            } else {
                it.reported(seen)
            }
        };
        let records: Vec<Record> = self.real.iter().filter_map(reported).collect();
        let held: BTreeSet<StackName> = self.held();
        self.team_account
            .reconcile(&scope("us-east-1"), &records, &held, self.now);
    }

    fn held(&self) -> BTreeSet<StackName> {
        let doing = self.doing.iter().filter(|it| !it.dies);
        doing.map(|it| it.stack.parse().unwrap()).collect()
    }

    /// Reserves money if every budget allows it.
    fn admit(&mut self, reservation: Reservation) -> bool {
        let key = reservation.key();
        let fits = self.budgets.iter().all(|(policy, budget)| {
            let months = self
                .team_account
                .weigh(policy, budget, &reservation.ask, &key, self.now);
            months.iter().all(|it| it.fits() || it.asked <= Usd::ZERO)
        });
        if fits {
            self.team_account.reservation(reservation);
        } else {
            self.denied += 1;
        }
        fits
    }

    /// A person requests a cluster for their stack, or more time for the existing one.
    fn asks(&mut self) {
        let stack = format!("stack-{}", self.rng.below(PEOPLE));
        if self.doing.iter().any(|it| it.stack == stack) {
            return;
        }
        self.look(Some(&stack));
        let length = self.rng.seconds(300, 4 * 3_600);
        let (dies, due) = (self.rng.below(6) == 0, self.now + self.rng.seconds(0, 120));
        let alive = self
            .real
            .iter()
            .rfind(|it| it.stack == stack && it.instance_spans(self.now));
        let (reservation, moves) = match alive {
            None => (reserved(&stack, self.now, self.now + length), None),
            // A process that is about to move a deadline has described the cluster itself.
            Some(cluster) => {
                let ends_by = cluster.ends_by + length;
                let mut reservation = reserved(&stack, self.now, ends_by);
                reservation.cluster = Some(cluster.id.parse().unwrap());
                reservation.ask = ask(cluster.from, ends_by);
                (reservation, Some((cluster.id.clone(), ends_by)))
            }
        };
        if self.admit(reservation) {
            self.doing.push(Doing {
                stack,
                due,
                length,
                moves,
                dies,
            });
        }
    }

    /// Due processes use their reservation, unless they have died.
    fn act(&mut self) {
        let now = self.now;
        let (due, rest) = std::mem::take(&mut self.doing)
            .into_iter()
            .partition(|it| it.due <= now);
        self.doing = rest;
        let due: Vec<Doing> = due;
        for it in due.into_iter().filter(|it| !it.dies) {
            match &it.moves {
                None => self.make(&it),
                Some((id, to)) => self.move_deadline(id, *to),
            }
            // Others died after it, and no process has listed the clusters since.
            if self.rng.below(3) > 0 {
                self.look(None);
            }
        }
    }

    fn make(&mut self, doing: &Doing) {
        let (from, ends_by) = (self.now, self.now + doing.length);
        let until = match self.rng.below(3) {
            0 => ends_by,
            _ => from + self.rng.seconds(60, doing.length.num_seconds() as u64),
        };
        let listed = from + self.rng.seconds(0, 300);
        self.made += 1;
        self.real.push(Real {
            id: format!("j-{}", self.made),
            stack: doing.stack.clone(),
            from,
            until,
            ends_by,
            listed,
            end_listed: listed.max(until + self.rng.seconds(0, 300)),
            moved: None,
        });
    }

    fn move_deadline(&mut self, id: &str, to: DateTime<Utc>) {
        let (now, late) = (self.now, self.rng.seconds(0, 300));
        let until = now + self.rng.seconds(60, 3_600);
        let cluster = self.real.iter_mut().find(|it| it.id == id).unwrap();
        if !cluster.instance_spans(now) {
            return;
        }
        cluster.moved = Some((now + late, cluster.ends_by));
        cluster.ends_by = to;
        cluster.until = until.max(cluster.until).min(to);
        cluster.end_listed = cluster.listed.max(cluster.until + late);
    }

    /// Computed from the clusters' true lifetimes.
    fn check(&self, seed: u64) {
        let budgets = self.budgets.iter();
        let both = budgets.flat_map(|it| ["2026-11", "2026-12"].map(|month| (it, month)));
        for ((policy, budget), name) in both {
            let window: Window = window(month(name), budget);
            let really: Usd = (self.real.iter())
                .map(|it| {
                    let record = it.record(self.now);
                    let spent = spent(&record, window, self.now).unwrap();
                    if it.instance_spans(self.now) {
                        spent.max(CostBound::recorded(&record).unwrap().worst(window))
                    } else {
                        spent
                    }
                })
                .sum();
            let of = budget.monthly + self.late;
            assert!(
                really <= of,
                "world {seed}, {policy}, {name}: {really} of {of}"
            );
        }
    }

    fn run(&mut self, seed: u64) {
        for _ in 0..STEPS {
            let next = self.now + self.rng.seconds(1, 500);
            while let Some(due) = self
                .doing
                .iter()
                .map(|it| it.due)
                .min()
                .filter(|it| *it <= next)
            {
                self.now = due;
                self.act();
                self.check(seed);
            }
            self.now = next;
            match self.rng.below(3) {
                0 => self.look(None),
                _ => self.asks(),
            }
            self.check(seed);
        }
    }

    /// No more requests; every cluster ends.
    fn end(&mut self) {
        self.now += TimeDelta::minutes(10);
        self.act();
        self.look(None);
        let last = self.real.iter().map(|it| it.end_listed).max();
        self.now = self.now.max(last.unwrap_or(self.now)) + TimeDelta::minutes(12);
        self.look(None);
    }
}

#[test]
fn no_monthly_budget_is_exceeded_and_no_reservation_stays() {
    let (mut made, mut denied) = (0, 0);
    let all = each(env!("CARGO_CRATE_NAME"), 0..WORLDS, |seed| {
        let mut world = World::new(seed, "2026-11-10T00:00:00");
        world.run(seed);
        world.end();
        assert_eq!(world.team_account.reservations.len(), 0, "world {seed}");
        let really: Usd = (world.real.iter())
            .filter_map(|it| {
                let (_, budget) = &world.budgets[0];
                spent(
                    &it.record(world.now),
                    window(month("2026-11"), budget),
                    world.now,
                )
            })
            .sum();
        let (policy, budget) = &world.budgets[0];
        let reported =
            world
                .team_account
                .figures(policy, month("2026-11"), budget, None, world.now);
        assert_eq!(reported.spent, really, "world {seed}");
        (made, denied) = (made + world.made, denied + world.denied);
    });
    // The worlds are chosen so that budgets are used and run out.
    assert!(
        !all || made > 500 && denied > 1_000,
        "{made} made, {denied} denied"
    );
}

#[test]
fn across_the_end_of_a_month_neither_budget_is_exceeded() {
    each(env!("CARGO_CRATE_NAME"), 0..WORLDS / 2, |seed| {
        let mut world = World::new(WORLDS + seed, "2026-11-30T09:00:00");
        // Two minutes at most of each person's cluster, at a tenth of a cent a second.
        world.late = usd("0.12").times(PEOPLE.into());
        world.run(seed);
        world.end();
        assert_eq!(world.team_account.reservations.len(), 0, "world {seed}");
    });
}
