//! A simulated AWS account in memory and in virtual time: the same seed and the same calls give the
//! same history. Time is tokio's; under its paused clock it advances only with sleeps.

mod app_uis;
mod budgets;
mod census;
mod check;
mod cluster;
mod controls;
mod ec2;
mod emr;
mod fleets;
mod groups;
mod iam;
mod lifecycle;
mod lists;
mod machines;
mod metrics;
mod objects;
mod power_off;
mod quotas;
mod refusal;
mod s3;
mod scheduler;
mod sts;
mod subnets;
mod tagging;
#[cfg(test)]
mod tests;
mod unused;
mod uploads;
mod varying;
mod work;
mod world;

pub use census::{BucketGuards, Census, CensusCluster};
pub use cluster::Ran;
pub use subnets::{DEFAULT_SUBNET, OTHER_VPC, PRIVATE_SUBNET, PUBLIC_SUBNET};
pub use varying::Machine;

use crate::tally;
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::api::{Api, ApiError, Serve};
use clusterup::model::clock::Clock;
use std::cell::RefCell;
use std::rc::Rc;
use tokio::time::Instant;
use world::{State, World};

/// The id of the simulated account.
pub const ACCOUNT: &str = "123456789012";

/// The reason code of a cluster that its idle policy ended. AWS documents no code for it.
pub const IDLE_REASON: &str = "ALL_STEPS_COMPLETED";

/// How the account behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether new things stay out of lists for a while: clusters up to 20 s, key pairs and
    /// security groups up to 5 s.
    pub eventual: bool,
    /// Whether EMR's default roles and instance profile exist.
    pub default_roles: bool,
    /// Whether the role `clusterup-reaper` exists, with which schedules end clusters.
    pub reaper_role: bool,
    /// Whether the region has a default network.
    pub default_vpc: bool,
    /// Whether a bootstrap action or a step fails if its script is missing when it begins.
    pub checks_scripts: bool,
    /// Shortest and longest duration of a step, in seconds.
    pub step_seconds: (u64, u64),
    /// Shortest and longest duration of a call, in milliseconds.
    pub latency_millis: (u64, u64),
    /// Safeguards that do not work although AWS reports them as active.
    pub dead: Dead,
}

/// The safeguards that do not work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dead {
    /// Schedules fire without effect.
    pub schedules: bool,
    /// The primary does not power off.
    pub power_off: bool,
    /// The auto-termination policy never finds a cluster idle.
    pub idle_policy: bool,
    /// A cluster waits after its last step although it should end.
    pub keep_alive: bool,
}

impl Dead {
    /// All safeguards work.
    pub const NONE: Self = Self {
        schedules: false,
        power_off: false,
        idle_policy: false,
        keep_alive: false,
    };
}

impl Settings {
    /// The defaults: eventual lists, all roles and a default network.
    pub const USUAL: Self = Self {
        eventual: true,
        default_roles: true,
        reaper_role: true,
        default_vpc: true,
        checks_scripts: false,
        step_seconds: (20, 600),
        latency_millis: (2, 40),
        dead: Dead::NONE,
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::USUAL
    }
}

/// The account. Clones are the same account.
#[derive(Clone)]
pub struct Sim(Rc<World>);

impl Sim {
    /// Creates an account with default settings. The seed determines all random choices.
    pub fn new(seed: u64) -> Self {
        Self::with(seed, Settings::default())
    }

    /// Creates an account with these settings.
    pub fn with(seed: u64, settings: Settings) -> Self {
        Self(Rc::new(World {
            clock: SimClock {
                born: Instant::now(),
                skew: TimeDelta::zero(),
            },
            latency: world::latency_dice(seed),
            millis: settings.latency_millis,
            state: RefCell::new(State::new(seed, settings, epoch())),
        }))
    }

    /// AWS's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// A machine's clock that is right.
    pub fn clock(&self) -> SimClock {
        self.0.clock
    }

    /// A machine's clock that is ahead of AWS's by `skew`.
    pub fn skewed_clock(&self, skew: TimeDelta) -> SimClock {
        SimClock {
            skew,
            ..self.0.clock
        }
    }

    /// Looks at the account as it is now, or changes it, past all calls.
    fn edit<R>(&self, edit: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.0.state.borrow_mut();
        state.tick(self.now());
        edit(&mut state)
    }
}

/// The instant in which every account is born: 2026-01-01T00:00:00Z.
fn epoch() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_454)
}

/// The account's time as a clock.
#[derive(Debug, Clone, Copy)]
pub struct SimClock {
    born: Instant,
    skew: TimeDelta,
}

impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        // AWS tells milliseconds.
        let millis = i64::try_from(self.born.elapsed().as_millis()).unwrap_or(i64::MAX);
        epoch() + TimeDelta::milliseconds(millis) + self.skew
    }
}

impl<C: world::Answer> Serve<C> for Sim {
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        tokio::time::sleep(self.0.latency()).await;
        self.edit(|state| {
            state.events += 1;
            tally::trace(|| format!("{} {call:?}", state.now));
            let reply = call.answer(state);
            tally::trace(|| format!("{reply:?}"));
            if C::CHANGES && reply.is_ok() {
                state.journal.push((state.now, C::NAME));
            }
            reply.map_err(|no| no.of::<C>())
        })
    }
}

/// Every call is answered, or this does not compile.
const fn answers_all<A: Api>() {}
const _: () = answers_all::<Sim>();
