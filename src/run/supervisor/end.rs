//! The end of a cluster: everything below us is gone before the status says so.

use crate::cloud::error::CloudError;
use crate::cloud::local::cluster::{Folder, end_descendants, terminate};
use crate::model::clock::Clock;
use crate::model::observed::{Cluster, ClusterState, End, EndReason};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// What a driver has for its last words before it is killed.
const GRACE: Duration = Duration::from_millis(500);

pub(super) fn end(
    folder: &Folder,
    mut cluster: Cluster,
    driver: Option<Child>,
    end: End,
    clock: &dyn Clock,
) -> Result<(), CloudError> {
    let state = state_after(end.reason);
    cluster.state = ClusterState::Terminating;
    cluster.end = Some(end);
    // A full disk must not keep the processes alive.
    let told = folder.write(&cluster);
    if let Some(driver) = driver {
        ask_to_end(driver);
    }
    end_descendants();
    let now = clock.now();
    cluster.cut_off(now);
    folder.tidy();
    cluster.state = state;
    cluster.ended_at = Some(now);
    for instance_span in &mut cluster.instance_spans {
        instance_span.until = Some(now);
    }
    folder.write(&cluster).and(told)
}

/// As EMR has it: what a person or a guardrail ended is `TERMINATED`.
fn state_after(reason: EndReason) -> ClusterState {
    match reason {
        EndReason::StepsCompleted
        | EndReason::IdleTimeout
        | EndReason::MaxLifetime
        | EndReason::Budget
        | EndReason::Lease
        | EndReason::OffHours
        | EndReason::TeamBudget
        | EndReason::StartTimeout
        | EndReason::Forgotten
        | EndReason::Request => ClusterState::Terminated,
        EndReason::StepFailed | EndReason::Lost | EndReason::Failure => {
            ClusterState::TerminatedWithErrors
        }
    }
}

fn ask_to_end(mut driver: Child) {
    terminate(&driver);
    let begun = Instant::now();
    while begun.elapsed() < GRACE && matches!(driver.try_wait(), Ok(None)) {
        thread::sleep(Duration::from_millis(5));
    }
}
