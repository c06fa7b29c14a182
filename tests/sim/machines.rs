//! The cost of a cluster that ended before it was ready: that of its started machines, or nothing.

use crate::process::Process;
use crate::request::StackRequest;
use crate::run;
use chrono::TimeDelta;
use clusterup::cost::ledger::{Record, Scope, Window, spent};
use clusterup::ledger::Ledger;
use clusterup::model::money::Usd;
use clusterup::model::observed::ClusterState;
use clusterup::policy::team_account::TeamAccount;
use clusterup::run::ledger::sync;
use clusterup_testkit::flaky::Fault;
use clusterup_testkit::sim::Sim;
use std::collections::BTreeSet;

/// The cluster that failed with a code, as the ledger has it once it is brought up; `listed` says
/// whether EMR lists instances.
async fn failed(sim: &Sim, ledger: &mut Ledger, listed: bool) -> Record {
    let process = Process::new(sim, "ann@desk", 5, move |moment| {
        let asks = moment.call == "elasticmapreduce:ListInstances";
        (asks && !listed).then_some(Fault::Unsent)
    });
    let (scope, now) = (scope(), sim.now());
    sync(&process.account, ledger, &scope, now).await.unwrap();
    let always = Window {
        from: now - TimeDelta::days(90),
        until: now + TimeDelta::days(1),
    };
    let records = ledger.records(&scope, always).unwrap();
    assert_eq!(records.len(), 1);
    records.into_iter().next().unwrap()
}

fn scope() -> Scope {
    Scope {
        place: "us-east-1".parse().unwrap(),
        account: None,
    }
}

fn cost(record: &Record) -> Usd {
    let now = record.seen_at;
    let window = Window {
        from: now - TimeDelta::days(90),
        until: now,
    };
    spent(record, window, now).unwrap()
}

/// Its cost according to its team's account.
fn charged(record: &Record) -> Usd {
    let mut team_account = TeamAccount::new("recsys".parse().unwrap());
    let now = record.seen_at;
    team_account.reconcile(
        &scope(),
        std::slice::from_ref(record),
        &BTreeSet::new(),
        now,
    );
    let text = "policy: p\napplies_to: { teams: [recsys] }\nbudget: { monthly: $9 }\n";
    let policy = clusterup::policy::load("p.yaml", text).unwrap().policy;
    let budget = policy.budget.unwrap().value;
    let month = clusterup::model::month::Month::of(now, budget.timezone);
    let figures = team_account.figures(&policy.name, month, &budget, None, now);
    figures.spent + figures.reserved
}

async fn fail(sim: &Sim, code: &str) {
    let mut request = StackRequest::plain("one");
    (request.team, request.keep, request.scripts) = (Some("recsys"), true, Vec::new());
    sim.fail_next_cluster(code);
    let process = Process::calm(sim, 1);
    drop(process.detached(&request.case()).await.unwrap());
    tokio::time::sleep(std::time::Duration::from_secs(1_200)).await;
}

#[test]
fn a_cluster_that_emr_refused_while_starting_costs_nothing() {
    for code in ["INTERNAL_ERROR", "VALIDATION_ERROR", "INSTANCE_FAILURE"] {
        run(async {
            let (sim, folder) = (Sim::new(3), tempfile::tempdir().unwrap());
            fail(&sim, code).await;
            let opened = Ledger::open(&folder.path().join("l.db"), sim.now());
            let mut ledger = opened.unwrap().ledger;
            // A failed list proves nothing: the ordered instances count until a later list.
            let before = failed(&sim, &mut ledger, false).await;
            assert_eq!(before.state, ClusterState::TerminatedWithErrors);
            assert!(before.estimated && !before.is_final(), "{code}");
            assert!(
                cost(&before) > Usd::ZERO && charged(&before) > Usd::ZERO,
                "{code}"
            );
            let record = failed(&sim, &mut ledger, true).await;
            assert!(
                record.is_final() && record.instance_spans.is_empty(),
                "{record:?}"
            );
            assert_eq!((cost(&record), charged(&record)), (Usd::ZERO, Usd::ZERO));
        });
    }
}

#[test]
fn a_failed_cluster_costs_the_hours_of_its_started_machines() {
    run(async {
        let (sim, folder) = (Sim::new(3), tempfile::tempdir().unwrap());
        fail(&sim, "BOOTSTRAP_FAILURE").await;
        let opened = Ledger::open(&folder.path().join("l.db"), sim.now());
        let mut ledger = opened.unwrap().ledger;
        let estimate = failed(&sim, &mut ledger, false).await;
        let record = failed(&sim, &mut ledger, true).await;
        assert!(record.is_final());
        // A primary and two core nodes, on more than one page.
        let count: u16 = record.instance_spans.iter().map(|life| life.count).sum();
        assert_eq!(count, 3, "{record:?}");
        assert!(Usd::ZERO < cost(&record) && cost(&record) <= cost(&estimate));
        assert_eq!(cost(&record), charged(&record));
    });
}

#[test]
fn a_cluster_that_emr_no_longer_lists_is_no_evidence() {
    run(async {
        let (sim, folder) = (Sim::new(3), tempfile::tempdir().unwrap());
        fail(&sim, "INTERNAL_ERROR").await;
        let days = std::time::Duration::from_secs(40 * 86_400);
        tokio::time::sleep(days).await;
        let opened = Ledger::open(&folder.path().join("l.db"), sim.now());
        let mut ledger = opened.unwrap().ledger;
        let record = failed(&sim, &mut ledger, true).await;
        assert!(record.is_final() && !record.instance_spans.is_empty());
    });
}
