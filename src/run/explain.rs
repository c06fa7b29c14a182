//! Why a step failed, from its own log, which may be long in coming.

use crate::cloud::{Cloud, CloudError, step_folder};
use crate::diagnose;
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use crate::model::observed::{Cluster, Step, StepState};
use std::time::Duration;
use tokio::time::Instant;

/// EMR uploads logs about every five minutes and when a cluster ends (EMR Management Guide).
const PATIENCE: Duration = Duration::from_secs(12 * 60);

/// What the log of the failed step of a cluster says, once it is there; none where it says nothing
/// or does not come.
///
/// # Errors
/// What the cloud said no with.
pub async fn explain(
    cloud: &dyn Cloud,
    stack: &StackName,
    cluster: &Cluster,
    listener: &dyn Listener,
) -> Result<Option<String>, CloudError> {
    let failed = |(_, step): &(usize, &Step)| step.state == StepState::Failed;
    let Some((index, step)) = cluster.steps.iter().enumerate().rfind(failed) else {
        return Ok(None);
    };
    let wanted = format!(
        "steps/{}/stderr",
        step_folder(index + 1, step.name.as_str())
    );
    let begun = Instant::now();
    for looks in 0.. {
        if cloud.logs(stack).await?.contains(&wanted) {
            let log = cloud.log(stack, &wanted).await?;
            return Ok(diagnose::last_error(&String::from_utf8_lossy(&log)));
        }
        if begun.elapsed() >= PATIENCE {
            break;
        }
        let what = format!("waiting for the log of step {}", step.name);
        listener.on_event(&Event::Progress {
            what,
            done: 0,
            total: 0,
        });
        tokio::time::sleep(cloud.pause(looks)).await;
    }
    Ok(None)
}
