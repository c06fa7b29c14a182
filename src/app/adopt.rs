//! Adopts clusters that others created: what the policies allow, the team's month, and the errors.

use super::failure::{Exit, Failure};
use super::recorded_costs;
use super::reservations::{BudgetRequest, Reservations, both};
use super::target::Target;
use super::{AdmissionContext, OperationError};
use crate::cloud::{AdoptError, AdoptionPlan, AdoptionRequest, AwsAccount};
use crate::guard::{self, Deadline, Unadoptable};
use crate::model::adoption::{Adopted, AdoptedLimits};
use crate::model::extension::Extension;
use crate::model::hint::Command;
use crate::model::name::ClusterId;
use crate::model::observed::Cluster;
use crate::model::recorded_budget::RecordedBudget;
use crate::policy::{CostBound, Policies, TeamBudget};

/// The account of a target.
///
/// # Errors
/// Returns an error on this machine, whose clusters all are of stacks.
pub(crate) fn account<'a>(target: &'a Target<'_>) -> Result<&'a dyn AwsAccount, Failure> {
    target.cloud.aws().ok_or_else(only_on_aws)
}

/// The error on this machine.
pub(crate) fn only_on_aws() -> Failure {
    Failure::input("only clusters on AWS are adopted: those on this machine are of stacks")
        .hint("leave --local out")
}

/// What adopting a cluster would change, if its policies allow it. Without a lifetime and a budget, the
/// limits of the policies' `unmanaged` apply.
pub(crate) async fn plan(
    id: &ClusterId,
    request: &AdoptionRequest,
    policies: &Policies,
    target: &Target<'_>,
) -> Result<AdoptionPlan, Failure> {
    let account = account(target)?;
    let mut planned = account.plan_adoption(id, request).await;
    let limits = policies.adoption_limits().filter(AdoptedLimits::has_cap);
    if let (Err(AdoptError::Refused(Unadoptable::NoCap(_))), Some(limits)) = (&planned, limits) {
        let request = AdoptionRequest {
            limits: request.limits.or(limits),
            ..request.clone()
        };
        planned = account.plan_adoption(id, &request).await;
    }
    let plan = planned.map_err(refused)?;
    within(&plan.adopted.cluster, policies)?;
    Ok(plan)
}

/// Reserves what the cluster may cost in its team's months, then adopts it.
pub(crate) async fn adopt(
    id: &ClusterId,
    request: &AdoptionRequest,
    (plan, policies): (&AdoptionPlan, &Policies),
    target: &Target<'_>,
) -> Result<AdoptionPlan, Failure> {
    let context = AdmissionContext {
        policies,
        place: target.opened(),
        services: target.session,
    };
    let cluster = &plan.adopted.cluster;
    let account = account(target)?;
    let budgets = admit(cluster, CostBound::standing(cluster), context).await?;
    let request = AdoptionRequest {
        budgets,
        limits: plan.adopted.adoption.limits,
        ..request.clone()
    };
    let adopted = account.adopt(id, &request).await;
    if adopted.is_err() {
        let given_back = give_back(cluster, &request.budgets, account, context).await;
        warn(
            "could not give back what is reserved for it",
            given_back,
            target,
        );
    }
    adopted.map_err(refused)
}

/// Gives back what is reserved for a cluster, unless a record of its adoption exists: then it counts.
async fn give_back(
    cluster: &Cluster,
    budgets: &[RecordedBudget],
    account: &dyn AwsAccount,
    context: AdmissionContext<'_>,
) -> Result<(), Failure> {
    if budgets.is_empty() || account.adopted(&cluster.id).await?.is_some() {
        return Ok(());
    }
    let subject = (&cluster.stack, cluster.spec.team.as_ref());
    let reservations = Reservations::open(context, subject).await?;
    let budgets = both(Vec::new(), budgets);
    Ok(reservations.give_back(&budgets, &cluster.id).await?)
}

/// Records the release of a living cluster, and settles the months of its team; warns if that fails.
pub(crate) async fn count_release(cluster: &Cluster, target: &Target<'_>) {
    recorded_costs::note_release(cluster, target).await;
    let settled = settle(cluster, target).await;
    warn("could not settle the team's month", settled, target);
}

async fn settle(cluster: &Cluster, target: &Target<'_>) -> Result<(), Failure> {
    let budgets = both(Vec::new(), &cluster.spec.budgets);
    if budgets.is_empty() {
        return Ok(());
    }
    let context = AdmissionContext {
        policies: &Policies::default(),
        place: target.opened(),
        services: target.session,
    };
    let subject = (&cluster.stack, cluster.spec.team.as_ref());
    let reservations = Reservations::open(context, subject).await?;
    reservations.settled(&budgets).await?;
    Ok(())
}

fn warn(what: &str, done: Result<(), Failure>, target: &Target<'_>) {
    if let Err(failure) = done {
        let why = failure.in_a_line();
        let reporter = &target.session.reporter;
        reporter.say(&format!("warning: {what}: {why}"));
    }
}

/// Refuses to adopt a cluster that no schedule can end, before anything is changed.
///
/// # Errors
/// Returns an error if the role of schedules is missing.
pub(crate) fn check_role(plan: &AdoptionPlan) -> Result<(), Failure> {
    if !plan.lacks_role() {
        return Ok(());
    }
    let id = &plan.adopted.cluster.id;
    let message = format!("the role that ends cluster {id} is missing in this account");
    Err(Failure::new(Exit::Failed, message).hint(Command::again_with("--create-roles")))
}

/// Moves the deadline of an adopted cluster, as far as its policies and its team's month allow.
pub(crate) async fn extend(
    cluster: &Cluster,
    extension: &Extension,
    policies: &Policies,
    target: &Target<'_>,
) -> Result<Deadline, Failure> {
    let id = &cluster.id;
    if !cluster.state.is_live() {
        return Err(refused(Unadoptable::Ended(id.clone()).into()));
    }
    let deadline = guard::extended_adoption(cluster, extension).map_err(OperationError::from)?;
    let context = AdmissionContext {
        policies,
        place: target.opened(),
        services: target.session,
    };
    let mut moved = cluster.clone();
    moved.extensions.push(extension.clone());
    within(&moved, policies)?;
    admit(cluster, CostBound::extended(cluster, extension), context).await?;
    let extended = account(target)?.extend_adopted(id, extension).await?;
    extended.map(|_| deadline).ok_or_else(|| unadopted(id))
}

/// Reserves the cost of a cluster in the months of its team; returns the budgets.
async fn admit(
    cluster: &Cluster,
    ask: Option<CostBound>,
    context: AdmissionContext<'_>,
) -> Result<Vec<RecordedBudget>, Failure> {
    let subject = (&cluster.stack, cluster.spec.team.as_ref());
    let reservations = Reservations::open(context, subject).await?;
    let budgets = both(reservations.of_policies(), &cluster.spec.budgets);
    let asked = match ask {
        Some(ask) => BudgetRequest::Money {
            cluster: Some(cluster.id.clone()),
            ask: Box::new(ask),
            overridden: None,
        },
        None => BudgetRequest::Unpriced,
    };
    reservations.reserve(&budgets, asked).await?;
    Ok(budgets.iter().map(TeamBudget::record).collect())
}

/// Refuses limits beyond those of the policies of the cluster's team.
fn within(cluster: &Cluster, policies: &Policies) -> Result<(), Failure> {
    let own = cluster.guardrails();
    let bound = policies.bound(cluster);
    let lifetime = (own.max_lifetime > bound.max_lifetime)
        .then(|| format!("max_lifetime can be at most {}", bound.max_lifetime));
    let budget = bound.budget.filter(|_| own.budget != bound.budget);
    let budget = budget.map(|most| format!("the budget can be at most {most}"));
    match lifetime.or(budget) {
        None => Ok(()),
        Some(why) => {
            let message = format!(
                "a policy does not allow these limits for {}: {why}",
                cluster.id
            );
            Err(Failure::new(Exit::Refused, message).hint("choose lower limits"))
        }
    }
}

/// The error for a cluster that nobody has adopted.
pub(crate) fn unadopted(id: &ClusterId) -> Failure {
    Failure::input(format!("nobody has adopted cluster {id}"))
        .hint("see which clusters are adopted")
        .hint(Command::clusterup("status").target())
}

fn refused(error: AdoptError) -> Failure {
    let why = match error {
        AdoptError::Cloud(error) => return error.into(),
        AdoptError::Refused(why) => why,
    };
    let says = why.to_string();
    let input = || Failure::input(says.clone());
    let refused = || Failure::new(Exit::Refused, says.clone());
    match why {
        Unadoptable::Unknown(_) => input().hint("name its region with --region"),
        Unadoptable::Ended(_) => refused().hint("nothing of an adoption is left"),
        Unadoptable::Own(_, stack) => input()
            .hint(Command::clusterup("status").stack(&stack))
            .hint(
                Command::clusterup("extend")
                    .stack(&stack)
                    .args("--by 1h --why")
                    .arg("not done"),
            ),
        Unadoptable::NoCap(_) => input()
            .hint(Command::again_with_words(
                ["--max-lifetime", "4h"].map(str::to_owned),
            ))
            .hint(Command::again_with_words(
                ["--budget", "$20"].map(str::to_owned),
            )),
        Unadoptable::Unpriced(_) => input().hint("leave --budget out, and give --max-lifetime"),
        Unadoptable::TooManyTags(..) => input().hint("remove tags that nobody needs"),
        Unadoptable::Lower(id) => refused()
            .hint("extend raises them, and records why: --by the lifetime, --budget the budget")
            .hint(extend_command(&id)),
        Unadoptable::OverBudget { id, .. } | Unadoptable::TooOld { id, .. } => refused()
            .hint("choose larger limits: adopting ends no cluster")
            .hint(format!(
                "or end it: aws emr terminate-clusters --cluster-ids {id}"
            )),
    }
}

/// The command that moves the deadline of an adopted cluster.
pub(crate) fn extend_command(id: &ClusterId) -> Command {
    let extend = Command::clusterup("extend").arg(id.as_str()).target();
    extend.args("--by 1h --why").arg("not done yet")
}

/// The adopted clusters that are not over. The records of the others are kept for the costs.
pub(crate) fn living(all: Vec<Adopted>) -> Vec<Adopted> {
    let lives = |adopted: &Adopted| !adopted.cluster.state.is_over();
    all.into_iter().filter(lives).collect()
}
