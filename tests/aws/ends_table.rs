//! Why a cluster ended without our request: what `status` reports and the exit code of the `apply`
//! that followed it, for each way to end and each of EMR's reasons.

use crate::double::Schedule;
use crate::ends::{RECORD, ROWS, Row, Way, Work};
use crate::running::Running;
use crate::world::{Done, World};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Each row has its own stack: all share one account.
fn stack(number: usize, row: &Row) -> String {
    let step = match row.work {
        Work::Endless => "endless",
        Work::Done => "quick",
        Work::Fails => "fails",
    };
    let budget = if row.poor { "$1" } else { "$3" };
    let when_done = if row.keep { "keep" } else { "terminate" };
    format!(
        "stack: row-{number:02}\nregion: us-east-1\n\
         cluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n\
         job: {{ steps: [{{ name: {step}, script: one.py }}] }}\n\
         guardrails: {{ idle_timeout: 10m, max_lifetime: 2h, budget: {budget}, \
         when_done: {when_done} }}\n"
    )
}

struct Story {
    world: World,
    /// Each row's follower, cluster and schedule.
    applies: Vec<Running>,
    ids: Vec<String>,
    schedules: BTreeMap<String, Schedule>,
}

impl Story {
    fn begin() -> Self {
        let world = World::new();
        world
            .double
            .post("/_double/durations", json!({ "schedule": 40 }));
        let rules = json!({ "results": [
            { "match": "endless", "seconds": 36_000 },
            { "match": "fails", "seconds": 0.2, "state": "FAILED", "stderr": "no\n" },
        ] });
        world.double.post("/_double/steps", rules);
        let mut applies = Vec::new();
        for (number, row) in ROWS.iter().enumerate() {
            let file = format!("row-{number:02}.yaml");
            world.write(&file, &stack(number, row));
            let mut command = world.command(&["apply", &file, "--yes"]);
            applies.push(Running::start(command.env("CLUSTERUP_POLL", "4s")));
        }
        let ids = Vec::new();
        let schedules = BTreeMap::new();
        let mut story = Self {
            world,
            applies,
            ids,
            schedules,
        };
        story.wait();
        story
    }

    /// Waits until each cluster that should work does, with its schedule armed.
    fn wait(&mut self) {
        let begun = Instant::now();
        loop {
            let clusters = self.world.clusters();
            let of = |number: usize| {
                let name = format!("clusterup/row-{number:02}/");
                let named = |it: &&Value| it["name"].as_str().unwrap().starts_with(&name);
                clusters.iter().find(named)
            };
            let schedules = self.world.double.schedules().into_iter();
            self.schedules = schedules.map(|it| (it.name.clone(), it)).collect();
            let works = |(number, row): (usize, &Row)| {
                let cluster = of(number)?;
                let id = cluster["id"].as_str()?.to_owned();
                let armed = self.schedules.contains_key(&format!("clusterup-{id}"));
                let up = cluster["state"] == "RUNNING" && armed;
                (up || row.work != Work::Endless).then_some(id)
            };
            let ids: Option<Vec<String>> = ROWS.iter().enumerate().map(works).collect();
            // Jobs that should end have ended before the clock is advanced.
            let mut rest = ROWS.iter().zip(&mut self.applies);
            let over = rest.all(|(row, apply)| {
                row.work == Work::Endless || matches!(apply.try_wait(), Ok(Some(_)))
            });
            if let Some(ids) = ids.filter(|_| over) {
                self.ids = ids;
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(200), "{clusters:#?}");
            sleep(Duration::from_millis(200));
        }
    }

    fn schedule(&self, number: usize) -> Option<&Schedule> {
        self.schedules
            .get(&format!("clusterup-{}", self.ids[number]))
    }

    fn now(&self) -> f64 {
        self.world.double.get("/_double/clock")["now"]
            .as_f64()
            .unwrap()
    }

    fn reach(&self, at: DateTime<Utc>) {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds are enough")]
        let left = at.timestamp() - self.now() as i64;
        if let Ok(left) = u64::try_from(left) {
            self.world.double.advance(left);
        }
    }

    fn end(&self, number: usize, code: &str, message: &str) {
        let errors = !["USER_REQUEST", "ALL_STEPS_COMPLETED", ""].contains(&code);
        let id = &self.ids[number];
        let asked = json!({ "id": id, "code": code, "message": message, "errors": errors });
        self.world.double.post("/_double/end", asked);
    }

    /// Ends each cluster in its way, at its time.
    fn happen(&self) {
        let mut later = Vec::new();
        for (number, row) in ROWS.iter().enumerate() {
            let fires = self
                .schedule(number)
                .map(|it| it.at.parse::<DateTime<Utc>>().unwrap());
            let unscheduled = || {
                let name = &self.schedule(number).unwrap().name;
                self.world
                    .double
                    .post("/_double/schedules/remove", json!({ "name": name }));
            };
            match row.way {
                Way::Early(code, message) => self.end(number, code, message),
                Way::OnRecord(code, message) => {
                    let tags = json!({ "clusterup-end": RECORD });
                    let change = json!({ "id": self.ids[number], "tags": tags });
                    self.world.double.post("/_double/foreign/change", change);
                    self.end(number, code, message);
                }
                Way::Due(code, message) => {
                    later.push((
                        fires.unwrap() + TimeDelta::seconds(2),
                        number,
                        code,
                        message,
                    ));
                }
                Way::Past(code, message) => {
                    unscheduled();
                    // The deadline is less than two minutes after the start of the schedule's
                    // minute.
                    let past = fires.unwrap() + TimeDelta::seconds(125);
                    later.push((past, number, code, message));
                }
                Way::PowerOff => unscheduled(),
                Way::Schedule | Way::Itself => {}
            }
        }
        later.sort_unstable();
        for (at, number, code, message) in later {
            self.reach(at);
            self.end(number, code, message);
        }
        self.world.double.advance(3_600);
    }
}

#[test]
fn each_way_to_end_has_its_reason_and_exit_code() {
    let mut story = Story::begin();
    story.happen();
    let exits = story.applies.drain(..).map(Done::of);
    let exits: Vec<Done> = exits.collect();
    let status = story.world.json(&["status", "--region", "us-east-1"]);
    let text = story.world.expect(0, &["status", "--region", "us-east-1"]);
    let mut wrong = Vec::new();
    for (number, (row, done)) in ROWS.iter().zip(&exits).enumerate() {
        let name = format!("row-{number:02}");
        let mut stacks = status["stacks"].as_array().unwrap().iter();
        let seen = stacks.find(|it| it["stack"] == *name).unwrap();
        let end = &seen["observed"]["clusters"][0]["end"];
        let says = end["message"].as_str().unwrap_or_default();
        if end["reason"] != row.reason || !says.contains(row.says) || done.code != row.exit {
            wrong.push(format!(
                "{name} {row:?}\nend: {end}, exit {}\n{}",
                done.code,
                done.all()
            ));
        }
        text.says(row.says);
        if row.exit != 0 && row.exit != 4 {
            done.says(row.says);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{} ways to end", ROWS.len());
}
