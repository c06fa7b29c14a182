//! Why a cluster ended that clusterup did not end, for each of EMR's reasons.

use crate::ends::{RECORD, ROWS, Row, Way, Work};
use crate::process::Process;
use crate::request::StackRequest;
use crate::{laws, run, say};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cloud::Observing;
use clusterup::guard;
use clusterup::model::observed::Cluster;
use clusterup_testkit::sim::{Settings, Sim};
use std::time::Duration;
use tokio::time::sleep;

#[test]
fn each_way_to_end_has_its_cause() {
    assert!(ROWS.len() >= 24);
    for (seed, row) in (1..).zip(ROWS) {
        run(async move { judge(&world(seed, laws::QUICK), row).await });
    }
    say(&format!("{} ways to end", ROWS.len()));
}

fn world(seed: u64, settings: Settings) -> Sim {
    let eventual = false;
    Sim::with(
        seed,
        Settings {
            eventual,
            ..settings
        },
    )
}

async fn judge(sim: &Sim, row: &Row) {
    match row.work {
        Work::Endless => sim.time_step("one", Duration::MAX),
        Work::Fails => sim.fail_step("one"),
        Work::Done => {}
    }
    let request = StackRequest {
        keep: row.keep,
        life_hours: 2,
        budget: if row.poor { 1 } else { 9 },
        // $1 lasts for an hour and a half.
        core: 1,
        ..StackRequest::plain("t")
    };
    let case = request.case();
    Process::calm(sim, 1).detached(&case).await.unwrap();
    let name = &case.stack.name;
    let look = async || {
        let observed = Process::calm(sim, 2).account.observe(name, None).await;
        observed.unwrap().clusters.remove(0)
    };
    let cluster: Cluster = look().await;
    let deadline = guard::hard_deadline(&cluster).at;
    let schedule = sim.census().schedules.remove(0);
    let until =
        async |at: DateTime<Utc>| sleep((at - sim.now()).to_std().unwrap_or_default()).await;
    let end = |code, message| assert!(sim.end_cluster(cluster.id.as_str(), code, message));
    match row.way {
        Way::Early(..) | Way::OnRecord(..) => sleep(Duration::from_secs(1_200)).await,
        Way::Due(..) => until(schedule.at).await,
        Way::Past(..) => {
            assert!(sim.delete_schedule(&schedule.name));
            until(deadline + TimeDelta::seconds(1)).await;
        }
        Way::PowerOff => assert!(sim.delete_schedule(&schedule.name)),
        Way::Schedule | Way::Itself => {}
    }
    match row.way {
        Way::OnRecord(code, message) => {
            assert!(!sim.tag_by_hand(cluster.id.as_str(), "clusterup-end", Some(RECORD)));
            end(code, message);
        }
        Way::Early(code, message) | Way::Due(code, message) | Way::Past(code, message) => {
            end(code, message);
        }
        Way::Schedule | Way::PowerOff | Way::Itself => {}
    }
    if matches!(row.way, Way::Early(..) | Way::OnRecord(..)) {
        // The report is the same during the end and after it.
        let end = look().await.end.unwrap();
        assert_eq!(end.reason.as_str(), row.reason, "{row:?}: {end:?}");
    }
    sleep(Duration::from_secs(3 * 3_600)).await;
    let over = look().await;
    let end = over
        .end
        .clone()
        .unwrap_or_else(|| panic!("{row:?}: {over:#?}"));
    assert_eq!(
        end.reason.as_str(),
        row.reason,
        "{row:?}: {end:?} {over:#?}"
    );
    assert_eq!(
        end.reason.is_guardrail(),
        row.exit == 5 || row.says == "idle",
        "{row:?}"
    );
    assert!(end.message.as_str().contains(row.says), "{row:?}: {end:?}");
}

/// A schedule is written with the clock of the creator, before EMR takes the time of the creation.
#[test]
fn its_schedule_is_the_cause_in_whatever_second_a_cluster_was_created() {
    let row = ROWS.iter().find(|row| matches!(row.way, Way::Schedule));
    let row = row.unwrap();
    for (seed, slow) in [(1, (2, 40)), (2, (500, 2_000)), (3, (2_000, 6_000))] {
        for second in (0..60).step_by(3) {
            let settings = Settings {
                latency_millis: slow,
                ..laws::QUICK
            };
            run(async move {
                let sim = world(seed, settings);
                sleep(Duration::from_secs(second)).await;
                judge(&sim, row).await;
            });
        }
    }
}
