//! Pushes against the account in memory: from any budgets, through every fault, to the desired
//! ones.

use crate::seeds::each;
use clusterup::cloud::budgets;
use clusterup::cloud::budgets::model::{Amount, Notice};
use clusterup::cloud::budgets::model::{DesiredBudget, ExistingBudget};
use clusterup::cloud::budgets::push::{account, plan, push};
use clusterup::cloud::error::{Class, CloudError};
use clusterup::cloud::meter::Metered;
use clusterup::cloud::retry::Retrying;
use clusterup_testkit::flaky::{Fault, Flaky};
use clusterup_testkit::sim::{ACCOUNT, Sim};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

type Service = Retrying<Flaky<Metered<Sim>>>;

fn service(sim: &Sim) -> Service {
    Retrying::new(Flaky::new(Metered::new(sim.clone()), |_| None), 7)
}

/// Changing calls so far.
fn changing(api: &Service) -> u64 {
    let tallies = api.inner.inner.tallies();
    tallies
        .get("budgets:ModifyBudget")
        .map_or(0, |one| one.calls)
}

fn wanted(policy: &str, team: &str, limit: &str, shares: &[&str], tells: &[&str]) -> DesiredBudget {
    DesiredBudget {
        policy: policy.parse().unwrap(),
        team: team.parse().unwrap(),
        limit: limit.parse().unwrap(),
        thresholds: shares.iter().map(|share| share.parse().unwrap()).collect(),
        subscribers: tells.iter().map(|who| (*who).to_owned()).collect(),
    }
}

fn usual() -> Vec<DesiredBudget> {
    let tells = ["a@x.org", "b@x.org", "arn:aws:sns:us-east-1:123456789012:t"];
    vec![
        wanted("ads", "one", "$100", &["50%", "80%", "100%"], &tells),
        wanted("ads", "two", "$100", &["50%", "80%", "100%"], &tells),
        wanted("etl", "one", "$7.50", &["100%"], &[]),
    ]
}

/// As somebody at a console has left it: one that is wrong in all that can be wrong, one of another
/// kind, one that no policy has, and one that is none of ours.
fn spoilt(sim: &Sim) {
    let mut all = usual();
    let mut wrong = all.remove(0).seen();
    wrong.budget.limit = None;
    wrong.budget.time_unit = "DAILY".to_owned();
    wrong.budget.filters.clear();
    let notices = std::mem::take(&mut wrong.notices);
    for ((number, (notice, _)), who) in notices.into_iter().enumerate().zip(["z@x.org"; 3]) {
        let threshold = if number == 0 {
            "33.5"
        } else {
            &notice.threshold
        }
        .to_owned();
        let notice = Notice {
            threshold,
            ..notice
        };
        wrong
            .notices
            .insert(notice, BTreeSet::from([who.to_owned()]));
    }
    let mut other = all.remove(0).seen();
    other.budget.kind = "USAGE".to_owned();
    let gone = wanted("old", "one", "$1", &["100%"], &["a@x.org"]).seen();
    let mut theirs = gone.clone();
    theirs.budget.name = "clusterup of somebody else".to_owned();
    for seen in [wrong, other, gone, theirs] {
        sim.put_budget(seen);
    }
}

fn check(sim: &Sim) {
    let mut there = sim.budgets();
    let theirs = there.iter().position(|one| one.budget.name.contains(' '));
    there.remove(theirs.expect("what is none of ours is left alone"));
    let expected: Vec<_> = usual().iter().map(DesiredBudget::seen).collect();
    assert_eq!(there, expected);
}

async fn pushed(api: &Service) -> Result<Vec<ExistingBudget>, CloudError> {
    let agreed = plan(api, ACCOUNT, &usual()).await?;
    push(api, ACCOUNT, &usual(), &agreed).await
}

#[tokio::test(start_paused = true)]
async fn a_push_converges_from_any_budgets_and_then_changes_nothing() {
    let sim = Sim::new(1);
    spoilt(&sim);
    let api = service(&sim);
    let there = pushed(&api).await.unwrap();
    check(&sim);
    assert_eq!(
        there,
        usual().iter().map(DesiredBudget::seen).collect::<Vec<_>>()
    );
    let before = changing(&api);
    pushed(&api).await.unwrap();
    assert_eq!(changing(&api), before);
}

#[tokio::test(start_paused = true)]
async fn a_push_killed_at_any_call_converges_when_repeated() {
    for fault in [
        Fault::DieBefore,
        Fault::DieAfter,
        Fault::Lost,
        Fault::Throttle,
    ] {
        for at in 1.. {
            let sim = Sim::new(at);
            spoilt(&sim);
            let api = service(&sim);
            let flaky = &api.inner;
            flaky.become_flaky(move |moment| (moment.number == at).then_some(fault));
            tokio::select! {
                done = pushed(&api) => {
                    done.unwrap();
                    check(&sim);
                }
                () = flaky.died() => {}
            }
            if flaky.calls() < at {
                break;
            }
            pushed(&service(&sim)).await.unwrap();
            check(&sim);
        }
    }
}

#[test]
fn two_concurrent_pushes_converge() {
    each("two pushes", 20, |seed| async move {
        let sim = Sim::new(seed);
        spoilt(&sim);
        let one = service(&sim);
        let two = service(&sim);
        let both = tokio::join!(pushed(&one), pushed(&two));
        both.0.unwrap();
        both.1.unwrap();
        check(&sim);
    });
}

#[tokio::test(start_paused = true)]
async fn only_confirmed_budgets_are_deleted() {
    let sim = Sim::new(1);
    let api = service(&sim);
    let agreed = plan(&api, ACCOUNT, &usual()).await.unwrap();
    spoilt(&sim);
    let error = push(&api, ACCOUNT, &usual(), &agreed).await.unwrap_err();
    assert_eq!(error.class, Class::Busy);
    assert!(error.message.contains("clusterup_old_one"), "{error}");
    assert_eq!(changing(&api), 0);
}

#[tokio::test(start_paused = true)]
async fn refusals_of_aws_are_reported() {
    let api = service(&Sim::new(1));
    let shares: Vec<_> = (1..=11).map(|share| format!("{share}%")).collect();
    let shares: Vec<_> = shares.iter().map(String::as_str).collect();
    let want = [wanted("p", "t", "$1", &shares, &["a@x.org"])];
    let agreed = plan(&api, ACCOUNT, &want).await.unwrap();
    let error = push(&api, ACCOUNT, &want, &agreed).await.unwrap_err();
    assert_eq!(error.class, Class::Failed);
    let source = error.source.unwrap().to_string();
    assert!(source.contains("too many notifications"), "{source}");
    let error = plan(&api, "210987654321", &[]).await.unwrap_err();
    let expected = "ask for the permission budgets:ViewBudget";
    assert_eq!(error.hints, [expected.into()]);
}

#[tokio::test(start_paused = true)]
async fn only_our_spending_in_dollars_is_read() {
    let sim = Sim::new(1);
    let api = service(&sim);
    spoilt(&sim);
    assert!(budgets::actuals(&api, ACCOUNT).await.unwrap().is_empty());
    let amount = |currency: &str| Amount {
        number: Decimal::new(4_250, 2),
        currency: currency.to_owned(),
    };
    sim.set_actual("clusterup_ads_one", Some(amount("USD")));
    sim.set_actual("clusterup_ads_two", Some(amount("EUR")));
    sim.set_actual("clusterup of somebody else", Some(amount("USD")));
    let found = budgets::actuals(&api, ACCOUNT).await.unwrap();
    let (of, actual) = found.first_key_value().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((of.0.as_str(), of.1.as_str()), ("ads", "one"));
    assert_eq!(actual.usd.to_string(), "$42.50");
    assert_eq!(account(&api).await.unwrap(), ACCOUNT);
}

/// Two budgets as full of alerts as AWS allows, and their desired form: other shares, sent to
/// others.
fn full() -> [Vec<DesiredBudget>; 2] {
    let shares = |from: u32| {
        let shares = (from..from + 9).map(|share| format!("{share}%"));
        shares.chain(["100%".to_owned()]).collect::<Vec<_>>()
    };
    let tells = |from: u32| {
        let mails = (from..from + 10).map(|who| format!("a{who}@x.org"));
        let topic = format!("arn:aws:sns:us-east-1:123456789012:t{from}");
        mails.chain([topic]).collect::<Vec<_>>()
    };
    [(1, 1), (5, 7)].map(|(share, who)| {
        let shares = shares(share);
        let tells = tells(who);
        let shares: Vec<&str> = shares.iter().map(String::as_str).collect();
        let tells: Vec<&str> = tells.iter().map(String::as_str).collect();
        vec![
            wanted("ads", "one", "$100", &shares, &tells),
            wanted("ads", "two", "$100", &["100%"], &[*tells.last().unwrap()]),
        ]
    })
}

/// Each budget has as many alerts as before or after, and each of them tells somebody.
fn nobody_is_forgotten(sim: &Sim, [old, new]: &[Vec<DesiredBudget>; 2]) {
    let there = sim.budgets();
    for ((there, old), new) in there.iter().zip(old).zip(new) {
        let least = old.thresholds.len().min(new.thresholds.len());
        assert!(there.notices.len() >= least, "{there:#?}");
        let least = old.subscribers.len().min(new.subscribers.len());
        for reported in there.notices.values() {
            assert!(reported.len() >= least, "{there:#?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_push_leaves_the_old_or_the_new_alerts() {
    let both = full();
    let mut cuts = 0;
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        for at in 1.. {
            let sim = Sim::new(at);
            both[0].iter().for_each(|one| sim.put_budget(one.seen()));
            let api = service(&sim);
            let flaky = &api.inner;
            flaky.become_flaky(move |moment| (moment.number == at).then_some(fault));
            let pushed = async |api: &Service| {
                let agreed = plan(api, ACCOUNT, &both[1]).await?;
                push(api, ACCOUNT, &both[1], &agreed).await
            };
            tokio::select! {
                done = pushed(&api) => drop(done.unwrap()),
                () = flaky.died() => cuts += 1,
            }
            nobody_is_forgotten(&sim, &both);
            if flaky.calls() < at {
                break;
            }
            pushed(&service(&sim)).await.unwrap();
            let expected: Vec<_> = both[1].iter().map(DesiredBudget::seen).collect();
            assert_eq!(sim.budgets(), expected);
        }
    }
    assert!(cuts > 100, "{cuts}");
}
