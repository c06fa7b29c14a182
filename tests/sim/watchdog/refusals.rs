//! Places of another account that refuse calls or never answer them: what they say of the account, and
//! how long they delay a sweep.

use super::{Api, Kind, MINUTE, World, settings};
use crate::run;
use clusterup::cloud::account::Account;
use clusterup::cloud::api::{ApiError, Call, Cause, Kind as ErrorKind, RoleProblem, Serve};
use clusterup::cloud::fleet::FleetProvider;
use clusterup::model::audit::Act;
use clusterup::policy::{Policies, load};
use clusterup::run::watchdog::Watchdog;
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The simulated account.
const OTHER: &str = "123456789012";

/// What a place does in place of an answer.
#[derive(Clone)]
enum Trouble {
    /// Its clusters cannot be listed.
    Unlisted(ApiError),
    /// What it has besides clusters is never shown.
    NeverShows,
}

#[derive(Clone)]
struct Gate {
    api: Rc<Api>,
    trouble: Rc<RefCell<Option<Trouble>>>,
}

impl<C: Call> Serve<C> for Gate
where
    Api: Serve<C>,
{
    async fn serve(&self, call: C) -> Result<C::Reply, ApiError> {
        let trouble = self.trouble.borrow().clone();
        match trouble {
            Some(Trouble::Unlisted(error)) if C::NAME.ends_with(":ListClusters") => Err(error),
            Some(Trouble::NeverShows) if C::NAME.starts_with("ec2:Describe") => pending().await,
            _ => self.api.serve(call).await,
        }
    }
}

impl Gate {
    fn of(world: &World) -> Self {
        Self {
            api: world.api.clone(),
            trouble: Rc::default(),
        }
    }

    fn set(&self, trouble: Option<Trouble>) {
        *self.trouble.borrow_mut() = trouble;
    }

    fn fleet(&self, world: &World, region: &str) -> Rc<dyn FleetProvider> {
        let mut settings = settings(world.home.path(), world.clock.clone(), 4);
        settings.region = region.parse().unwrap();
        Rc::new(Account::new(Rc::new(self.clone()), settings).of(OTHER.parse().unwrap()))
    }
}

fn unlisted(kind: ErrorKind, cause: Option<Cause>) -> Trouble {
    Trouble::Unlisted(ApiError {
        call: "sts:AssumeRole",
        kind,
        code: None,
        message: "no".to_owned(),
        cause: cause.map(Box::new),
    })
}

fn refused() -> Trouble {
    let cause = Cause::AssumedRole {
        role: format!("arn:aws:iam::{OTHER}:role/watch").parse().unwrap(),
        external_id: None,
        problem: RoleProblem::Denied("AccessDenied: no".to_owned()),
    };
    unlisted(ErrorKind::Unauthenticated, Some(cause))
}

fn watchdog(world: &World, others: Vec<Rc<dyn FleetProvider>>) -> Watchdog {
    let (clock, audit_sink) = (world.clock.clone(), world.audit_sink.clone());
    let fleets = std::iter::once(world.fleet(3)).chain(others).collect();
    let name = "watchdog@here".to_owned();
    Watchdog::new(fleets, world.policies.clone(), clock, audit_sink, name)
        .with_own_account("111111111111".parse().unwrap())
}

fn reported(world: &World) -> usize {
    let entries = world.audit_sink.entries.borrow();
    entries.iter().filter(|it| it.act == Act::Fail).count()
}

#[test]
fn a_refusal_is_news_again_only_after_the_account_was_listed() {
    run(async {
        let world = World::of(3, &[Kind::Exempt], false, 0).await;
        let gate = Gate::of(&world);
        let mut watchdog = watchdog(&world, vec![gate.fleet(&world, "us-east-1")]);
        for (trouble, expected) in [
            (Some(refused()), 1),
            (Some(unlisted(ErrorKind::Throttled, None)), 1),
            (Some(refused()), 1),
            (None, 1),
            (Some(refused()), 2),
        ] {
            gate.set(trouble);
            watchdog.sweep(false).await;
            assert_eq!(reported(&world), expected);
        }
    });
}

#[test]
fn a_place_that_refuses_the_credentials_is_a_gap_if_another_is_listed() {
    run(async {
        let world = World::of(3, &[Kind::Exempt], false, 0).await;
        let [first, second] = [Gate::of(&world), Gate::of(&world)];
        let others = vec![
            first.fleet(&world, "us-east-1"),
            second.fleet(&world, "us-west-2"),
        ];
        let mut watchdog = watchdog(&world, others);
        second.set(Some(refused()));
        // EMR lists a new cluster after a while.
        sleep(MINUTE * 5).await;
        let summary = watchdog.sweep(false).await.summary;
        assert_eq!((summary.refused.len(), summary.fleet), (0, 2));
        let [gap] = &summary.unseen[..] else {
            panic!("{:?}", summary.unseen);
        };
        let begins = format!("{OTHER}:us-west-2: its clusters cannot be listed: role ");
        assert!(gap.starts_with(&begins), "{gap}");
        let blind: Vec<String> = summary.blind_places().map(ToString::to_string).collect();
        assert_eq!(blind, [format!("{OTHER}:us-west-2")]);
        assert_eq!(reported(&world), 0);
        first.set(Some(refused()));
        let summary = watchdog.sweep(false).await.summary;
        assert_eq!(summary.refused.len(), 1);
        assert!(summary.unseen.is_empty(), "{:?}", summary.unseen);
        assert_eq!(summary.blind_places().count(), 0);
        assert_eq!(reported(&world), 1);
    });
}

#[test]
fn many_places_that_never_answer_delay_a_sweep_by_minutes() {
    run(async {
        let world = World::of(3, &[Kind::Exempt], false, 0).await;
        let gate = Gate::of(&world);
        gate.set(Some(Trouble::NeverShows));
        let parts = ["us", "eu", "ap", "ca"].into_iter();
        let regions = parts.flat_map(|part| (1..=9).map(move |it| format!("{part}-west-{it}")));
        let regions = regions.take(31).map(|region| gate.fleet(&world, &region));
        let mut watchdog = watchdog(&world, regions.collect());
        let policy = "policy: p\nwatchdog: { clean_up_after: 7d }\n";
        let mut policies = Policies::default();
        policies.extend([load("p.yaml", policy).unwrap()]);
        watchdog.renew(Rc::new(policies));
        let began = Instant::now();
        let report = watchdog.sweep(false).await;
        let took = began.elapsed();
        assert!(took < Duration::from_secs(10 * 60), "{took:?}");
        assert_eq!(report.unread_costs.len(), 31, "{:?}", report.unread_costs);
        let unseen = &report.summary.unseen;
        let late = |gap: &&String| gap.ends_with("left: it took longer than 300 s");
        assert_eq!(unseen.iter().filter(late).count(), 31, "{unseen:?}");
    });
}
