//! Hostile input, one row each: paths, names, markers, tags, objects, connections. Each passes
//! through the code that handles it; nothing is lost, ended or read because of it.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod connections;
#[path = "../dash/picture.rs"]
mod fleet_status;
mod markers;
mod names;
mod objects;
mod paths;
#[expect(
    dead_code,
    reason = "not all that the simulation's tests use is used here"
)]
#[path = "../sim/process.rs"]
mod process;
#[expect(
    dead_code,
    reason = "not all that the simulation's tests use is used here"
)]
#[path = "../sim/request.rs"]
mod request;
mod room;
mod row;
mod simulated;
mod tags;
#[path = "../sim/watched.rs"]
mod watched;

use clusterup_testkit::worlds::run;
use row::{Kind, Row};

fn rows() -> Vec<Row> {
    [
        paths::rows(),
        names::rows(),
        simulated::rows(),
        markers::rows(),
        tags::rows(),
        objects::rows(),
        connections::rows(),
    ]
    .concat()
}

/// The least that the table has, in all and of each kind.
const LEAST: usize = 60;
const LEAST_OF_A_KIND: usize = 6;

#[test]
#[expect(clippy::print_stdout, reason = "figures are for people to read")]
fn the_table_is_long_enough() {
    let rows = rows();
    for kind in Kind::ALL {
        let of_kind = rows.iter().filter(|row| row.kind == kind).count();
        println!("{kind:?}: {of_kind} rows");
        assert!(of_kind >= LEAST_OF_A_KIND, "{kind:?}");
    }
    println!("{} rows", rows.len());
    assert!(rows.len() >= LEAST);
    let mut named: Vec<String> = rows.iter().map(Row::to_string).collect();
    named.sort();
    named.dedup();
    assert_eq!(named.len(), rows.len(), "each row is another");
}

/// Tries each row of a kind, and reports all that do not hold.
fn holds(kind: Kind) {
    let rows = rows();
    let of_kind = rows.iter().filter(|row| row.kind == kind);
    let failed: Vec<String> = of_kind
        .filter(|row| !row.holds())
        .map(Row::to_string)
        .collect();
    assert!(failed.is_empty(), "\n{}\n", failed.join("\n"));
}

#[test]
fn paths_hold() {
    holds(Kind::Paths);
}

#[test]
fn names_hold() {
    holds(Kind::Names);
}

#[test]
fn markers_hold() {
    holds(Kind::Markers);
}

#[test]
fn tags_hold() {
    holds(Kind::Tags);
}

#[test]
fn objects_hold() {
    holds(Kind::Objects);
}

#[test]
fn connections_hold() {
    holds(Kind::Connections);
}
