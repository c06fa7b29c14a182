//! Ends a cluster. All its processes are gone before its status says so.

use crate::cloud::error::CloudError;
use crate::cloud::local::cluster::{Folder, end_descendants, terminate};
use crate::model::clock::Clock;
use crate::model::observed::{Cluster, ClusterState, End, EndReason};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// How long the driver of a step has to exit after SIGTERM, before SIGKILL.
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
    let written = folder.write(&cluster);
    if let Some(driver) = driver {
        end_driver(driver);
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
    folder.write(&cluster).and(written)
}

/// As on EMR: a cluster that a person or a guardrail ended is `TERMINATED`.
fn state_after(reason: EndReason) -> ClusterState {
    match reason {
        EndReason::StepsCompleted
        | EndReason::Stuck
        | EndReason::IdleTimeout
        | EndReason::MaxLifetime
        | EndReason::Budget
        | EndReason::Lease
        | EndReason::OffHours
        | EndReason::TeamBudget
        | EndReason::StartTimeout
        | EndReason::Forgotten
        | EndReason::Request
        | EndReason::Released => ClusterState::Terminated,
        EndReason::StepFailed | EndReason::Lost | EndReason::Failure => {
            ClusterState::TerminatedWithErrors
        }
    }
}

fn end_driver(mut driver: Child) {
    terminate(&driver);
    let started = Instant::now();
    while started.elapsed() < GRACE && matches!(driver.try_wait(), Ok(None)) {
        thread::sleep(Duration::from_millis(5));
    }
}
