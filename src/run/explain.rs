//! Finds out why a step failed, from its log, which EMR may upload minutes later.

use crate::cloud::{Cloud, CloudError, step_folder};
use crate::diagnose;
use crate::model::event::Listener;
use crate::model::name::StackName;
use crate::model::observed::{Cluster, Step};
use std::time::Duration;
use tokio::time::Instant;

/// EMR uploads logs about every five minutes and when a cluster ends (EMR Management Guide).
const MAX_WAIT: Duration = Duration::from_secs(12 * 60);

/// Returns the last error in the log of the cluster's failed step, once the log is there. Returns
/// `None` if no step failed, if the log has no error, or if it does not appear within twelve
/// minutes.
///
/// # Errors
/// Returns an error if a call to the cloud fails.
pub async fn explain(
    cloud: &dyn Cloud,
    stack: &StackName,
    cluster: &Cluster,
    listener: &dyn Listener,
) -> Result<Option<String>, CloudError> {
    let failed = |(_, step): &(usize, &Step)| step.has_failed_job();
    let Some((index, step)) = cluster.steps.iter().enumerate().rfind(failed) else {
        return Ok(None);
    };
    let path = format!(
        "steps/{}/stderr",
        step_folder(index + 1, step.name.as_str())
    );
    let started = Instant::now();
    for polls in 0.. {
        if cloud.logs(stack).await?.contains(&path) {
            let log = cloud.log(stack, &path).await?;
            return Ok(diagnose::last_error(&String::from_utf8_lossy(&log)));
        }
        if started.elapsed() >= MAX_WAIT {
            break;
        }
        let what = format!("waiting for the log of step {}", step.name);
        listener.on_wait(what);
        tokio::time::sleep(cloud.pause(polls)).await;
    }
    Ok(None)
}
