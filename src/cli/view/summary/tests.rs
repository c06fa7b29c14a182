//! What a summary looks like.

use super::*;
use crate::model::money::Usd;
use crate::summary::{
    Application, DriverAlone, Executors, Lost, PeakMemory, Settings, Spread, Stage, Totals,
};
use chrono::{DateTime, Utc};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_000_000 + seconds, 0).unwrap()
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn run(application: Option<Application>) -> Run {
    Run {
        stack: "t".parse().unwrap(),
        cluster: "j-1".parse().unwrap(),
        job: "00112233aabbccdd".parse().unwrap(),
        number: 1,
        step: "similarities".parse().unwrap(),
        state: StepState::Completed,
        started_at: Some(at(360)),
        ended_at: Some(at(360 + 2_470)),
        times: Times {
            starting: 360,
            working: 2_470,
            idle: 120,
        },
        cost: Some(usd("$0.6153")),
        workers: 2,
        workers_cost: Some(usd("$0.4")),
        applications: 1,
        application,
        cheaper: None,
        faster: None,
    }
}

fn stage() -> Stage {
    Stage {
        id: 7,
        attempt: 0,
        name: "groupBy at similarities.py:52".to_owned(),
        tasks: 200,
        wall_ms: Some(1_080_000),
        failed: false,
        run_ms: Spread {
            sum: 5_000_000,
            median: 21_000,
            max: 960_000,
        },
        shuffle_read: Spread {
            sum: 9 << 30,
            median: 35_000_000,
            max: 1_900_000_000,
        },
        disk_spilled: 3_000_000_000,
        failed_task: None,
    }
}

fn application() -> Application {
    Application {
        started_at: Some(at(370)),
        ended_at: Some(at(2_830)),
        settings: Settings {
            executor_memory: "9486m".parse().ok(),
            executors: Some(4),
            driver_memory: "2g".parse().ok(),
            ..Settings::default()
        },
        executors: Executors {
            count: 3,
            at_once: 2,
            cores: 4,
            slots: 8,
            slot_ms: 100,
            busy_ms: 34,
            idle: 1,
            lost: vec![Lost {
                id: "2".to_owned(),
                at: at(900),
                why: Loss::Node,
                reason: String::new(),
            }],
        },
        driver: DriverAlone {
            total_ms: 540_000,
            longest_ms: 500_000,
            longest_after: Some("collect at make_table.py:88".to_owned()),
        },
        memory: PeakMemory {
            executor_heap: Some(3_100_000_000),
            python: Some(1_200_000_000),
            driver_heap: Some(600_000_000),
        },
        totals: Totals {
            run_ms: Some(5_000_000),
            gc_ms: Some(550_000),
            disk_spilled: Some(3_000_000_000),
            input: Some(1_200_000_000),
            output: Some(40_000_000),
            shuffle_write: Some(9_000_000_000),
            ..Totals::default()
        },
        stages: vec![stage()],
        ..Application::default()
    }
}

#[test]
fn a_run_of_which_all_is_to_be_said_fits_one_screen() {
    let mut run = run(Some(application()));
    run.cheaper = Some(Cheaper {
        core_nodes: 1,
        instead_of: 2,
        instance_type: "m5.xlarge".to_owned(),
        cost: usd("$0.42"),
        longer_ms: 0,
    });
    run.faster = Some(Faster {
        stage: 7,
        saved_ms: 420_000,
    });
    let text = render(&run);
    let wanted = "\
similarities ended well in 41m 10s; the cluster cost $0.62
  cluster     6m 0s starting, 41m 10s at work, 2m 0s idle
  ran on      2 of 4 executors asked for, of 9486m, 4 cores; 8 slots, busy 34%
  idle        1 of 3 executors ran no task: too few partitions
  driver      alone for 9m 0s (21%), most after collect at make_table.py:88
  memory      executors held 3.1 GB of 9486m, Python 1.2 GB; driver 600 MB of 2g
  longest     stage 7, groupBy at similarities.py:52: 18m 0s, 200 tasks
  skew        stage 7: one task 16m 0s, median 21s; it read 1.9 GB, median 35 MB
  spilled     3.0 GB to disk, most in stage 7
  GC          11% of the tasks' time
  read, wrote 1.2 GB, 40 MB; shuffled 9.0 GB
  lost        1 executor (its node went away)
  cheaper     1 core node instead of 2 would do: $0.42, if nothing else changes
  faster      fix the skew of stage 7: about 7m 0s less
  log         ends before the application: the figures are lower bounds";
    assert_eq!(text, wanted);
    assert!(text.lines().count() <= 15);
    assert!(text.lines().all(|line| line.chars().count() <= COLUMNS));
}

#[test]
fn what_is_not_known_or_says_nothing_has_no_line() {
    let text = render(&run(None));
    assert_eq!(text.lines().count(), 2, "{text}");
    let complete = Application {
        complete: true,
        ..Application::default()
    };
    assert_eq!(render(&run(Some(complete))), text);
}

#[test]
fn a_script_that_sets_its_master_is_told_what_the_workers_cost() {
    let mut app = application();
    app.settings.master = Some("local[*]".to_owned());
    let text = render(&run(Some(app)));
    let told = "  idle        2 workers had no work, for $0.40: the script sets master local[*]";
    assert!(text.contains(told), "{text}");
    assert!(!text.contains("of 4 executors asked"), "{text}");
}

#[test]
fn foreign_names_cannot_make_lines_of_their_own() {
    let mut app = application();
    app.stages[0].name = format!("x\n\u{1b}[2J{}", "y".repeat(500));
    let text = render(&run(Some(app)));
    assert!(text.lines().count() <= 15 && !text.contains('\u{1b}'));
    assert!(text.lines().all(|line| line.chars().count() <= COLUMNS));
}
