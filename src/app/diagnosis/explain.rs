//! Explains why the cluster of an `apply` failed.

use crate::app::failure::Failure;
use crate::app::target::Target;
use crate::cloud::CloudError;
use crate::model::desired::JobSpec;
use crate::model::event::Listener;
use crate::model::observed::Cluster;
use crate::run::explain::{Explainer, Explanation, Failed};

/// Explains why a stack's cluster failed: from its record or its note, or else from its logs, which
/// are waited for. `None` if nothing of it failed.
pub(crate) async fn explain(
    target: &Target<'_>,
    cluster: &mut Cluster,
    job: Option<&JobSpec>,
    listener: &dyn Listener,
) -> Result<Option<Explanation>, Failure> {
    let cloud = &*target.cloud;
    let Some(failed) = Failed::of(cluster) else {
        return Ok(None);
    };
    // Without what was kept, its logs show why.
    let _ = cloud.recall(std::slice::from_mut(cluster)).await;
    if let Some(diagnosis) = failed.recorded(cluster) {
        return Ok(Some(Explanation::recorded(failed, diagnosis)));
    }
    let explainer = Explainer {
        cloud,
        id: &cluster.id,
        job,
        has_spot: cluster.spec.groups.has_spot(),
        waits: Some(listener),
    };
    Ok(explainer.explain(failed).await?)
}

/// Keeps why a cluster failed and what fixes it, so that other commands and machines show it without
/// reading logs.
pub(crate) async fn keep(
    target: &Target<'_>,
    cluster: &Cluster,
    found: &Explanation,
    listener: &dyn Listener,
) {
    if !is_news(cluster, found) {
        return;
    }
    if let Err(error) = write(target, cluster, found, listener).await {
        let reporter = &target.session.reporter;
        reporter.say(&format!("warning: the diagnosis is not kept: {error}"));
    }
}

/// Whether a diagnosis is not in the cluster's record. That of a hang is with the hang.
fn is_news(cluster: &Cluster, found: &Explanation) -> bool {
    // Logs that arrive later may show a cause that is not known yet.
    if !found.diagnosis.is_known() {
        return false;
    }
    let recorded = match found.failed {
        Failed::Step(index) => cluster
            .steps
            .get(index)
            .and_then(|it| it.diagnosis.as_ref()),
        Failed::Start => cluster.diagnosis.as_ref(),
    };
    match recorded {
        Some(recorded) => {
            recorded.rule == found.diagnosis.rule && recorded.fixes != found.diagnosis.fixes
        }
        None => !found.searched.is_empty(),
    }
}

async fn write(
    target: &Target<'_>,
    cluster: &Cluster,
    found: &Explanation,
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    let step = match found.failed {
        Failed::Step(index) => Some(index + 1),
        Failed::Start => None,
    };
    let cloud = &*target.cloud;
    let lease = cloud.lease(&cluster.stack, listener).await?;
    let kept = cloud
        .keep(&cluster.stack, &cluster.id, step, &found.diagnosis)
        .await;
    lease.release().await?;
    kept
}
