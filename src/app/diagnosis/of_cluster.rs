//! Diagnoses clusters from the logs that are there now.

use super::diagnosed::{Diagnosed, no_step};
use super::fixed::Named;
use crate::app::failure::{Exit, Failure};
use crate::app::target::Target;
use crate::model::diagnosis::Diagnosis;
use crate::model::fix::Fix;
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use crate::model::observed::{Cluster, StepState};
use crate::model::shown::line;
use crate::run::explain::{Explainer, Explanation, Failed, NoSuchStep};

/// Diagnoses the newest cluster of a stack, or the newest that has the step.
pub(super) async fn of_stack(named: Named<'_>, step: Option<&str>) -> Result<Diagnosed, Failure> {
    let given = named.given;
    let stack = &given.name;
    let cloud = &*given.target.cloud;
    let mut clusters = given.observe("diagnose").await?.clusters;
    let has_step = |cluster: &Cluster| step.is_none_or(|step| last(cluster, step).is_some());
    let Some(index) = clusters.iter().rposition(has_step) else {
        let what = step.map_or("cluster", |_| "such step");
        return Err(Failure::input(format!("stack {stack} has no {what}"))
            .hint("see what exists")
            .hint(Command::clusterup("status").stack(stack)));
    };
    // The logs show more than a note that cannot be read.
    let _ = cloud.recall(&mut clusters[index..=index]).await;
    let cluster = &clusters[index];
    let failed = match step {
        Some(step) => last(cluster, step)
            .filter(|it| is_bad(cluster.steps.get(*it).map(|step| step.state)))
            .map(Failed::Step),
        None => Failed::of(cluster),
    };
    let Some(failed) = failed else {
        return Ok(Diagnosed::well(Some(stack), &cluster.id, step));
    };
    let explainer = Explainer {
        cloud,
        id: &cluster.id,
        job: None,
        has_spot: cluster.spec.groups.has_spot(),
        waits: None,
    };
    let found = explainer.explain(failed).await?;
    let found = found.filter(|found| !found.searched.is_empty());
    let recorded = failed.recorded(cluster);
    let found = found.or_else(|| Some(Explanation::recorded(failed, recorded?)));
    let mut found = found.ok_or_else(|| no_logs(&given.target))?;
    match named.fixes(cluster, &found).await {
        Ok(Some(fixes)) => found.diagnosis.fixes = fixes,
        Ok(None) => found.diagnosis.fixes = kept(&found.diagnosis, recorded),
        Err(failure) => {
            let why = failure.in_a_line();
            let reporter = &given.target.session.reporter;
            reporter.say(&format!("warning: no fix of the stack is offered: {why}"));
        }
    }
    Ok(Diagnosed {
        stack: Some(stack.clone()),
        cluster: Some(cluster.id.clone()),
        what: failed.in_words(cluster),
        found: Some(found.into()),
    })
}

/// The fixes that were kept with a diagnosis of the same cause.
fn kept(found: &Diagnosis, recorded: Option<&Diagnosis>) -> Vec<Fix> {
    let is_same =
        |kept: &&Diagnosis| (&kept.rule, &kept.remedies) == (&found.rule, &found.remedies);
    let kept = recorded.filter(is_same);
    kept.map_or_else(Vec::new, |kept| kept.fixes.clone())
}

/// Diagnoses a cluster that may be anybody's.
pub(super) async fn of_any(
    target: &Target<'_>,
    id: &ClusterId,
    step: Option<&str>,
) -> Result<Diagnosed, Failure> {
    let cloud = &*target.cloud;
    let Some(listing) = cloud.logs_of(id).await? else {
        let place = target.place.in_words();
        return Err(Failure::input(format!("there is no cluster {id} {place}"))
            .hint("list the stacks and their clusters")
            .hint(Command::clusterup("status").target()));
    };
    let failed = match step {
        Some(step) => {
            let Some(index) = listing.steps.iter().rposition(|it| it.name == step) else {
                let names = listing.steps.iter().map(|it| it.name.clone()).collect();
                return Err(no_step(NoSuchStep(names)));
            };
            let state = listing.steps.get(index).map(|step| step.state);
            is_bad(state).then_some(Failed::Step(index))
        }
        None => Failed::of_listing(&listing),
    };
    let Some(failed) = failed else {
        return Ok(Diagnosed::well(None, id, step));
    };
    let explainer = Explainer {
        cloud,
        id,
        job: None,
        has_spot: false,
        waits: None,
    };
    let found = explainer.explain(failed).await?;
    let found = found.filter(|found| !found.searched.is_empty());
    let name = match failed {
        Failed::Step(index) => listing.steps.get(index).map(|step| line(&step.name, 100)),
        Failed::Start => None,
    };
    Ok(Diagnosed {
        stack: None,
        cluster: Some(id.clone()),
        what: name.map_or_else(
            || format!("the start of cluster {id}"),
            |it| format!("step {it}"),
        ),
        found: Some(found.ok_or_else(|| no_logs(target))?.into()),
    })
}

/// The last step of a name.
fn last(cluster: &Cluster, step: &str) -> Option<usize> {
    let steps = &cluster.steps;
    steps.iter().rposition(|it| it.name.as_str() == step)
}

fn is_bad(state: Option<StepState>) -> bool {
    matches!(state, Some(StepState::Failed | StepState::Interrupted))
}

fn no_logs(target: &Target<'_>) -> Failure {
    let failure = Failure::new(Exit::Failed, "none of its logs are there");
    if target.costs() {
        return failure
            .hint("EMR uploads them about every five minutes and when a cluster ends: try again");
    }
    failure.hint("run the job again")
}
