//! The program as a person runs it: real clusters and real Spark, with a state folder for each
//! test. The runtime is installed into the user's cache, as by the program itself.
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "../support/documents.rs"]
mod documents;
mod ends;
#[path = "../support/failures.rs"]
mod expected;
mod failures;
#[path = "../support/faults.rs"]
mod faults;
mod first_hour;
mod full;
mod hangs;
#[path = "../support/hints.rs"]
mod hints;
mod home;
mod jobs;
mod kept;
mod kills;
mod logs;
mod policies;
mod quickstart;
mod retry;
#[path = "../support/room.rs"]
mod room;
#[path = "../support/running.rs"]
mod running;
#[path = "../support/shipped.rs"]
mod shipped;
mod steps;
mod terminal;
mod verbs;
