//! Plans the cluster: it is kept, started, given work, changed, replaced or created, and there is
//! never more than one.

use super::Options;
use super::change::{ends, immovable, movable};
use super::diff::Draft;
use crate::model::action::Action;
use crate::model::desired::{ClusterSpec, Desired, JobSpec};
use crate::model::observed::{Cluster, End, EndReason, Observed, Run, Step};
use crate::model::plan::Planned;
use crate::model::safeguard::{Safeguard, SafeguardKind};
use crate::model::stack::WhenDone;

/// The number of ended clusters, with their logs, that are kept.
const MAX_ENDED: usize = 10;

/// The latest run of the job on any cluster, if each of its steps completed.
pub fn good_run(job: &JobSpec, observed: &Observed) -> Option<Run> {
    let mut newest = observed.clusters.iter().rev();
    match newest.find(|c| c.run_of(&job.hash).is_some()) {
        Some(latest) if latest.completed(&job.hash) => latest.run_of(&job.hash),
        Some(_) => None,
        None => {
            let mut remembered = observed.remembered.iter().rev();
            remembered.find(|run| run.job == job.hash).cloned()
        }
    }
}

/// What a cluster is planned from.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) desired: &'a Desired,
    pub(super) observed: &'a Observed,
    pub(super) options: Options,
}

pub(super) fn diff(given: Given<'_>, draft: &mut Draft) {
    let kept = kept(given);
    let alive = given.observed.clusters.iter().filter(|c| c.state.is_live());
    for surplus in alive.filter(|c| kept.is_some_and(|kept| kept.id != c.id)) {
        let because = "a stack has one cluster, and this one is a second";
        let end = End::asked("it was a second cluster of the stack");
        draft.ask(Action::TerminateCluster(surplus.id.clone(), end), because);
    }
    match kept {
        Some(cluster) => living(cluster, given, draft),
        None => none_living(given, draft),
    }
}

/// The living cluster that stays if there are two: the one with the job, or the older.
fn kept<'a>(given: Given<'a>) -> Option<&'a Cluster> {
    let mut alive = given.observed.clusters.iter().filter(|c| c.state.is_live());
    let has_job = |cluster: &&Cluster| {
        let job = given.desired.job.as_ref();
        job.is_some_and(|job| cluster.run_of(&job.hash).is_some())
    };
    alive.clone().find(has_job).or_else(|| alive.next())
}

fn living(cluster: &Cluster, given: Given<'_>, draft: &mut Draft) {
    let Given {
        desired, observed, ..
    } = given;
    let id = &cluster.id;
    if !cluster.attended {
        let because = "it was recorded and never started: an earlier run was interrupted";
        draft.act(Action::StartCluster(id.clone()), because);
    }
    if let Some(difference) = immovable(&cluster.spec, &desired.cluster, desired.elastic) {
        let because = format!("replaced: {difference}");
        let end = End::asked(because.clone());
        draft.ask(Action::TerminateCluster(id.clone(), end), because);
        let job = work(given);
        make(job, given, draft);
        return;
    }
    if is_done_with(cluster, given) {
        let because =
            "the stack no longer keeps a cluster (when_done: terminate); its work is done";
        let end = End::asked("its stack no longer keeps it");
        draft.ask(Action::TerminateCluster(id.clone(), end), because);
    } else {
        // Work comes first: a cluster that ends with its work would end at once without any.
        given_work(cluster, given, draft);
        moved(cluster, given, draft);
        return;
    }
    if let Some(job) = &desired.job {
        done(job, observed, draft);
    }
}

/// Whether a cluster was kept, is no longer to be kept, and has no work.
fn is_done_with(cluster: &Cluster, given: Given<'_>) -> bool {
    let ends = given.desired.cluster.guardrails.when_done == WhenDone::Terminate;
    let kept = cluster.spec.guardrails.when_done == WhenDone::Keep;
    let busy = cluster.steps.iter().any(|step| !step.state.is_over());
    ends && kept && !busy && work(given).is_none()
}

fn given_work(cluster: &Cluster, given: Given<'_>, draft: &mut Draft) {
    let Given {
        desired, observed, ..
    } = given;
    let Some(job) = &desired.job else { return };
    let mut steps = cluster.steps_of(&job.hash).peekable();
    if steps.peek().is_some() && steps.any(|step| !step.state.is_over()) {
        draft.settle("job", format!("it is running on {}", cluster.id));
        return;
    }
    match work(given) {
        None => done(job, observed, draft),
        Some(job) => {
            let because = work_reason(Some(job), given);
            draft.act(Action::AddSteps(cluster.id.clone(), job.clone()), because);
        }
    }
}

fn moved(cluster: &Cluster, given: Given<'_>, draft: &mut Draft) {
    let Given {
        desired, observed, ..
    } = given;
    let mut spec = Box::new(desired.cluster.clone());
    let is_kept = keeps_budget(cluster, &mut spec);
    let mut changes = movable(cluster, &spec, desired.elastic);
    let lacks_schedule =
        |safeguard: &Safeguard| safeguard.kind == SafeguardKind::Schedule && !safeguard.is_armed();
    if given.options.create_roles
        && changes.is_empty()
        && cluster.safeguards.iter().any(lacks_schedule)
    {
        changes.push("its schedule can be armed now that the roles exist".to_owned());
    }
    if changes.is_empty() {
        let because = if is_kept {
            "it matches the stack, with the budget that earlier attempts at its job left"
        } else {
            "it matches the stack"
        };
        draft.settle(format!("cluster {}", cluster.id), because);
        return;
    }
    // A cluster keeps the rates that it was created with.
    spec.rates = cluster.spec.rates.clone().or(spec.rates);
    // It also keeps the record of an overridden policy,
    spec.overridden.clone_from(&cluster.spec.overridden);
    // and the budgets that it counts against, to which admission may add.
    spec.budgets.clone_from(&cluster.spec.budgets);
    let gives =
        |planned: &Planned| matches!(&planned.action, Action::AddSteps(id, _) if *id == cluster.id);
    let busy = draft.actions.iter().any(gives);
    let ends = ends(cluster, &spec, busy, observed.at);
    let action = Action::UpdateCluster(cluster.id.clone(), spec);
    match ends {
        Some(why) => draft.ask(
            action,
            format!("{}; this ends it at once: {why}", changes.join("; ")),
        ),
        None => draft.act(action, changes.join("; ")),
    }
}

/// Leaves a cluster that runs a retry the smaller budget that earlier attempts left, since the stack's
/// is for all attempts together. Returns whether it is smaller.
fn keeps_budget(cluster: &Cluster, want: &mut ClusterSpec) -> bool {
    let is_retry = |step: &Step| !step.state.is_over() && step.attempt.is_some();
    let Some(left) = cluster.spec.guardrails.budget else {
        return false;
    };
    let budget = &mut want.guardrails.budget;
    let keeps = cluster.steps.iter().any(is_retry) && budget.is_none_or(|want| left < want);
    if keeps {
        *budget = Some(left);
    }
    keeps
}

fn none_living(given: Given<'_>, draft: &mut Draft) {
    let Given {
        desired, observed, ..
    } = given;
    let job = work(given);
    if let (None, Some(done_job)) = (job, &desired.job) {
        done(done_job, observed, draft);
        if desired.cluster.guardrails.when_done == WhenDone::Terminate {
            draft.settle("cluster", "none is needed: the work is done");
            return;
        }
    }
    if let Some(tombstone) = observed.latest().and_then(tombstone) {
        draft.notes.push(tombstone);
    }
    let ended = observed
        .clusters
        .iter()
        .filter(|cluster| cluster.state.is_over());
    let forget = ended.clone().count().saturating_sub(MAX_ENDED - 1);
    for cluster in ended.take(forget) {
        let because = format!("the last {MAX_ENDED} clusters are kept on record");
        draft.act(Action::DeleteCluster(cluster.id.clone()), because);
    }
    make(job, given, draft);
}

/// Creates a new cluster once the last one is over.
fn make(job: Option<&JobSpec>, given: Given<'_>, draft: &mut Draft) {
    outlast(given.observed, draft);
    let spec = Box::new(given.desired.cluster.clone());
    let because = work_reason(job, given);
    draft.act(Action::CreateCluster(spec, job.cloned()), because);
}

/// Waits for a cluster that is ending, as it uses what is created or removed next.
pub(super) fn outlast(observed: &Observed, draft: &mut Draft) {
    let ends = |cluster: &&Cluster| !cluster.state.is_live() && !cluster.state.is_over();
    for ending in observed.clusters.iter().filter(ends) {
        let action = Action::TerminateCluster(ending.id.clone(), End::asked("it was ending"));
        if draft.actions.iter().all(|planned| planned.action != action) {
            draft.act(action, "it is ending; this waits for it");
        }
    }
}

fn done(job: &JobSpec, observed: &Observed, draft: &mut Draft) {
    let when = good_run(job, observed).and_then(|run| {
        let cluster = observed
            .clusters
            .iter()
            .find(|cluster| cluster.id == run.cluster)?;
        cluster
            .steps_of(&job.hash)
            .filter_map(|step| step.ended_at)
            .max()
    });
    let when = when.map_or(String::new(), |at| {
        format!(" at {}", at.format("%F %H:%M UTC"))
    });
    draft.settle(
        "job",
        format!(
            "it has already succeeded{when} with these scripts, data and arguments; --again runs \
             it again"
        ),
    );
}

/// The job, if it has to run.
fn work(given: Given<'_>) -> Option<&JobSpec> {
    let job = given.desired.job.as_ref()?;
    (given.options.again || good_run(job, given.observed).is_none()).then_some(job)
}

fn work_reason(job: Option<&JobSpec>, given: Given<'_>) -> &'static str {
    let Given {
        desired, observed, ..
    } = given;
    let Some(job) = job else {
        return "the stack keeps one (when_done: keep)";
    };
    let hash = &job.hash;
    if given.options.again && good_run(job, observed).is_some() {
        return "--again runs the job once more";
    }
    let earlier = observed
        .clusters
        .iter()
        .rev()
        .find(|c| c.run_of(hash).is_some());
    let failed = |c: &Cluster| c.steps_of(hash).any(Step::has_failed_job);
    match earlier {
        Some(cluster) if failed(cluster) => "the job failed when it last ran",
        Some(_) => "the job was interrupted when it last ran",
        None if observed.clusters.iter().any(|c| !c.steps.is_empty()) => {
            "its scripts, data, arguments or settings are new"
        }
        None if desired.job.is_some() => "the job has not run yet",
        None => "it does not exist",
    }
}

/// Why the last cluster ended, unless its work completed.
pub fn tombstone(cluster: &Cluster) -> Option<String> {
    let end = cluster
        .end
        .as_ref()
        .filter(|end| end.reason != EndReason::StepsCompleted)?;
    let when = cluster.ended_at.map_or(String::new(), |at| {
        format!(" at {}", at.format("%F %H:%M UTC"))
    });
    Some(format!(
        "the last cluster, {}, ended{when}: {}",
        cluster.id, end.message
    ))
}
