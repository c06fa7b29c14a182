//! Explains why the cluster of an `apply` failed.

use crate::app::failure::Failure;
use crate::app::target::Target;
use crate::cloud::{AwsAccount, CloudError};
use crate::model::desired::JobSpec;
use crate::model::event::Listener;
use crate::model::observed::Cluster;
use crate::run::explain::{Explainer, Explanation, Failed};

/// Explains why a stack's cluster failed: from its record or its note, or else from its logs, which
/// are waited for. On AWS the diagnosis is kept. `None` if nothing of it failed.
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
    if let Some(aws) = cloud.aws() {
        // Without its note, its logs show why.
        let _ = aws.recall(std::slice::from_mut(cluster)).await;
    }
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
    let found = explainer.explain(failed).await?;
    if let (Some(aws), Some(found)) = (cloud.aws(), &found)
        && found.diagnosis.is_known()
        && !found.searched.is_empty()
    {
        // Logs that arrive later may show a cause that is not known yet.
        let kept = keep(aws, target, cluster, found, listener).await;
        if let Err(error) = kept {
            let reporter = &target.session.reporter;
            reporter.say(&format!("warning: the diagnosis is not kept: {error}"));
        }
    }
    Ok(found)
}

/// Keeps a diagnosis with the notes of its stack.
async fn keep(
    aws: &dyn AwsAccount,
    target: &Target<'_>,
    cluster: &Cluster,
    found: &Explanation,
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    let step = match found.failed {
        Failed::Step(index) => Some(index + 1),
        Failed::Start => None,
    };
    let lease = target.cloud.lease(&cluster.stack, listener).await?;
    let kept = aws
        .keep(&cluster.stack, &cluster.id, step, &found.diagnosis)
        .await;
    lease.release().await?;
    kept
}
