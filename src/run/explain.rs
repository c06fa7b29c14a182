//! Finds out why a step failed, from its logs, which EMR may upload minutes later.

use crate::cloud::{Cloud, CloudError, step_folder};
use crate::diagnose;
use crate::model::event::Listener;
use crate::model::name::StackName;
use crate::model::observed::{Cluster, Step};
use std::time::Duration;
use tokio::time::Instant;

/// EMR uploads logs about every five minutes and when a cluster ends (EMR Management Guide).
const MAX_WAIT: Duration = Duration::from_secs(12 * 60);

/// Looks for the log of a program's output once its log of errors is there. EMR uploads both in one
/// round, and leaves out an empty one.
const OUTPUT_POLLS: usize = 2;

/// Returns the error in the logs of the cluster's failed step, once they are there. Returns `None`
/// if no step failed, if the logs have no error, or if they do not appear within twelve minutes.
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
    let folder = format!("steps/{}", step_folder(index + 1, step.name.as_str()));
    let [output, errors] = ["stdout", "stderr"].map(|name| format!("{folder}/{name}"));
    let started = Instant::now();
    let mut incomplete = 0;
    for polls in 0.. {
        let logs = cloud.logs(stack).await?;
        let late = started.elapsed() >= MAX_WAIT;
        let has_errors = logs.contains(&errors);
        let has_output = logs.contains(&output);
        incomplete += usize::from(has_errors && !has_output);
        if has_errors && (has_output || late || incomplete > OUTPUT_POLLS) {
            // spark-submit writes to its output what the driver's Python writes, its tracebacks
            // among it; Spark's own log is in the errors.
            let mut text = String::new();
            for (path, there) in [(&output, has_output), (&errors, true)] {
                if there {
                    let log = cloud.log(stack, path).await?;
                    text.push_str(&String::from_utf8_lossy(&log));
                    text.push('\n');
                }
            }
            return Ok(diagnose::last_error(&text));
        }
        if late {
            break;
        }
        let what = format!("waiting for the log of step {}", step.name);
        listener.on_wait(what);
        tokio::time::sleep(cloud.pause(polls)).await;
    }
    Ok(None)
}
