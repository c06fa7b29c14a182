//! `status`: shows stacks and their clusters.

use super::flags::{PoliciesArgs, TargetArgs, only};
use super::verb::{Finished, Verb};
use super::view;
use super::view::words::wrap;
use super::watch::Watch;
use crate::app::adopt;
use crate::app::diagnosis::cluster_id;
use crate::app::failure::{Exit, Failure};
use crate::app::recorded_costs;
use crate::app::session::Session;
use crate::app::stack_file;
use crate::app::target::Target;
use crate::app::unknown_stack;
use crate::cloud::{AwsAccount, UnreadCluster};
use crate::cost::ledger::Attempted;
use crate::cost::meter::rate;
use crate::guard;
use crate::guard::Deadline;
use crate::model::adoption::Adopted;
use crate::model::adoption::Adoption;
use crate::model::clock::Clock;
use crate::model::hint::{Command, CommandContext};
use crate::model::money::Usd;
use crate::model::name::{ClusterId, Region, StackName};
use crate::model::observed::{Cluster, Observed};
use crate::model::quantity::HourlyDollars;
use crate::model::shown::Untrusted;
use crate::policy::Policies;
use crate::run::clock::SystemClock;
use chrono::{DateTime, Utc};
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// A stack's file or name, or the id of an adopted cluster (j-…) [default: all stacks]
    pub(super) stack: Option<String>,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) policies: PoliciesArgs,
    /// Show it again and again until q or Ctrl-C, with keys for logs, extend and destroy; in a pipe, a
    /// line for each change
    #[arg(long, short)]
    pub(super) watch: bool,
}

impl Verb for StatusArgs {
    fn here(&self) -> CommandContext {
        let mut here = self.target.here(self.stack.as_deref());
        here.more = self.policies.words();
        here
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        if self.watch {
            return self.watch(session).await;
        }
        let reporter = &session.reporter;
        if let Some(id) = self.stack.as_deref().and_then(cluster_id) {
            let target = Target::open(&self.target.choice(), None, session).await?;
            return adopted(&id, &target).await;
        }
        let (stack, region) = self.named()?;
        let policies = policies(self, session).await;
        let target = Target::open(&self.target.choice(), region.as_ref(), session).await?;
        let cloud = &*target.cloud;
        let stacks = match stack {
            Some(stack) => vec![stack],
            None => cloud.stacks().await?,
        };
        let mut shown = Vec::new();
        let mut clusters = Vec::new();
        let mut unread = false;
        for stack in &stacks {
            let mut observed = match cloud.observe(stack, None).await {
                Ok(observed) => observed,
                // One stack that cannot be read must not hide the others.
                Err(error) if self.stack.is_none() => {
                    reporter.say(&format!("stack {stack}: {error}"));
                    unread = true;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if self.stack.is_some() && region.is_none() && observed.is_empty() {
                unknown_stack::refuse("status", stack, &target).await?;
            }
            if let Some(aws) = cloud.aws() {
                aws.verify_safeguards(&mut observed).await;
            }
            if let Err(error) = cloud.recall(&mut observed.clusters).await {
                reporter.say(&format!("warning: why it failed cannot be read: {error}"));
            }
            let attempts = attempts(stack, &observed, &target);
            if observed.is_empty() {
                reporter.text(&format!("stack {stack}: nothing of it exists"));
                reporter.text(&reporter.next(&Command::clusterup("status").target(), 2));
            } else {
                show(stack, &observed, (&attempts, &policies), &target).await;
            }
            shown.push(StackDocument {
                stack: stack.clone(),
                observed: document(stack, &observed, reporter.here()),
                attempts,
            });
            clusters.extend(observed.clusters);
        }
        let of_account = cloud.aws().filter(|_| self.stack.is_none());
        let adopted = all_adopted(of_account, &target, &mut unread).await;
        clusters.extend(adopted.iter().map(|one| one.cluster.clone()));
        recorded_costs::note(&clusters, &target).await;
        if stacks.is_empty() && adopted.is_empty() {
            reporter.text(&format!("no stacks {}", target.place.in_words()));
        }
        let exit = if unread { Exit::Failed } else { Exit::Done };
        let document = StatusDocument {
            stacks: shown,
            adopted: adopted.into_iter().map(AdoptedDocument::of).collect(),
        };
        Ok(Finished::with(exit, document))
    }
}

impl StatusArgs {
    /// The stack's name, and the region in its file, as far as they are given.
    fn named(&self) -> Result<(Option<StackName>, Option<Region>), Failure> {
        let Some(stack) = &self.stack else {
            return Ok((None, None));
        };
        let (stack, region) = stack_file::name(stack)?;
        Ok((Some(stack), region))
    }

    async fn watch(&self, session: &Session) -> Result<Finished, Failure> {
        only("--watch", &*session.reporter)?;
        if self.stack.as_deref().and_then(cluster_id).is_some() {
            let message = "--watch shows stacks, and an adopted cluster has none";
            return Err(Failure::input(message).hint("leave --watch out"));
        }
        let (stack, region) = self.named()?;
        let target = Target::open(&self.target.choice(), region.as_ref(), session).await?;
        if let Some(stack) = stack.as_ref().filter(|_| region.is_none()) {
            let observed = target.cloud.observe(stack, None).await?;
            if observed.is_empty() {
                unknown_stack::refuse("status", stack, &target).await?;
            }
        }
        Watch::new(&target, stack, self.policies.words())
            .run()
            .await
    }
}

/// Shows a stack of which something exists.
async fn show(
    stack: &StackName,
    observed: &Observed,
    (attempts, policies): (&[Attempted], &Policies),
    target: &Target<'_>,
) {
    let session = target.session;
    let reporter = &session.reporter;
    let text = view::status::render(stack, observed, target, reporter.here());
    reporter.text(&text);
    show_attempts(attempts, target);
    for line in outside(policies, observed, session) {
        reporter.text(&line);
    }
    if let Some(aws) = target.cloud.aws() {
        follow_caller(aws, session).await;
    }
}

/// Shows the adopted clusters that are not over. If they cannot be read, the stacks are shown anyway.
async fn all_adopted(
    account: Option<&dyn AwsAccount>,
    target: &Target<'_>,
    unread: &mut bool,
) -> Vec<Adopted> {
    let Some(aws) = account else {
        return Vec::new();
    };
    let all = match aws.all_adopted().await {
        Ok(all) => {
            let reporter = &target.session.reporter;
            for UnreadCluster { error, .. } in all.unread {
                reporter.say(&error.to_string());
                reporter.hints(&error.hints, 2);
                *unread = true;
            }
            adopt::living(all.read)
        }
        Err(error) => {
            let reporter = &target.session.reporter;
            reporter.say(&format!("adopted clusters cannot be read: {error}"));
            *unread = true;
            return Vec::new();
        }
    };
    for one in &all {
        show_adopted(one, target).await;
    }
    all
}

/// One adopted cluster.
async fn adopted(id: &ClusterId, target: &Target<'_>) -> Result<Finished, Failure> {
    let found = adopt::account(target)?.adopted(id).await?;
    let found = found.ok_or_else(|| adopt::unadopted(id))?;
    show_adopted(&found, target).await;
    recorded_costs::note(std::slice::from_ref(&found.cluster), target).await;
    let document = StatusDocument {
        stacks: Vec::new(),
        adopted: vec![AdoptedDocument::of(found)],
    };
    Ok(Finished::done(document))
}

/// Shows an adopted cluster. Others may have resized it or removed its schedule: then it is written again.
async fn show_adopted(adopted: &Adopted, target: &Target<'_>) {
    let reporter = &target.session.reporter;
    reporter.text(&view::adopted::render(adopted, SystemClock.now(), target));
    let id = &adopted.cluster.id;
    let aws = target.cloud.aws().filter(|_| adopted.unscheduled);
    let Some(aws) = aws else { return };
    match aws.schedule_adopted(id).await {
        Ok(Some(at)) => {
            let at = at.format("%F %H:%M UTC");
            reporter.say(&format!(
                "the schedule of {id} was written again: it fires at {at}"
            ));
        }
        Ok(None) => {}
        Err(error) => reporter.say(&format!("warning: {id} has no schedule in time: {error}")),
    }
}

/// The attempts at a job that is retried. The ledger has those on clusters that are not observed.
fn attempts(stack: &StackName, observed: &Observed, target: &Target<'_>) -> Vec<Attempted> {
    if view::attempts::retried(observed).is_empty() {
        return Vec::new();
    }
    view::attempts::of(observed, recorded_costs::attempts(stack, target))
}

fn show_attempts(attempts: &[Attempted], target: &Target<'_>) {
    for one in attempts {
        let of = format!(" on {}", one.id);
        let line = view::attempts::line(&one.attempt, &of, target.costs(), 2);
        target.session.reporter.text(&line);
    }
}

/// Updates the security group's rules for this machine's current address.
async fn follow_caller(aws: &dyn AwsAccount, session: &Session) {
    let reporter = &session.reporter;
    match aws.follow_caller().await {
        Ok(ports) => ports.into_iter().for_each(|port| {
            reporter.say(&format!(
                "port {port} is open to this machine's new address"
            ));
        }),
        // The status is complete without it.
        Err(error) => reporter.say(&format!(
            "warning: SSH may be closed to this machine, whose address could not be checked: \
             {error}"
        )),
    }
}

/// The policies for the stack; none if they cannot be read, so that the status is shown anyway.
async fn policies(args: &StatusArgs, session: &Session) -> Policies {
    let stack = args.stack.as_deref();
    match args.policies.place().read_for(stack, session).await {
        Ok(read) => read.policies,
        Err(failure) => {
            session.reporter.failure_of_many(&failure);
            Policies::default()
        }
    }
}

/// A warning for each running cluster whose guardrails exceed its policies.
fn outside(policies: &Policies, observed: &Observed, session: &Session) -> Vec<String> {
    let running = observed
        .clusters
        .iter()
        .filter(|cluster| cluster.state.is_live());
    let of = |cluster: &Cluster| {
        let own = cluster.guardrails();
        let bound = policies.bound(cluster);
        let dollars = |budget: Option<Usd>| budget.map_or("none".to_owned(), |usd| usd.to_string());
        let spans = [
            ("max_lifetime", own.max_lifetime, bound.max_lifetime),
            ("idle_timeout", own.idle_timeout, bound.idle_timeout),
        ];
        let mut beyond: Vec<String> = spans
            .into_iter()
            .filter(|(_, own, bound)| own > bound)
            .map(|(name, own, bound)| format!("{name} ({own}, at most {bound})"))
            .collect();
        if own.budget != bound.budget {
            let own = dollars(own.budget);
            let max = dollars(bound.budget);
            beyond.push(format!("budget ({own}, at most {max})"));
        }
        if own.off_hours != bound.off_hours {
            beyond.push("off_hours (not those of its policies)".to_owned());
        }
        let text = format!("! exceeds its policies: {}", beyond.join(", "));
        (!beyond.is_empty()).then(|| {
            let text = wrap(&text, 6);
            let [apply, destroy] = ["apply", "destroy"].map(|verb| {
                session
                    .reporter
                    .next(&Command::clusterup(verb).stack(&cluster.stack), 6)
            });
            format!("    {text}\n{apply}\n{destroy}")
        })
    };
    running.filter_map(of).collect()
}

/// The observed state in JSON.
fn document(stack: &StackName, observed: &Observed, here: &CommandContext) -> ObservedDocument {
    let here = view::status::of(stack, here);
    let clusters = observed.clusters.iter().map(|cluster| {
        let mut cluster = cluster.clone();
        let of_steps = cluster.steps.iter_mut().map(|step| &mut step.diagnosis);
        for diagnosis in of_steps.chain([&mut cluster.diagnosis]).flatten() {
            *diagnosis = view::diagnosis::completed(diagnosis, &here);
        }
        ClusterDocument::of(cluster, observed.at)
    });
    ObservedDocument {
        clusters: clusters.collect(),
        others: observed.clone(),
    }
}

impl ClusterDocument {
    fn of(cluster: Cluster, now: DateTime<Utc>) -> Self {
        let is_live = cluster.state.is_live();
        let rates = cluster.spec.rates.as_ref().filter(|_| is_live);
        let hourly = rates.map(|rates| rate(rates, &cluster.instance_spans, now));
        let spent = is_live.then(|| guard::spent(&cluster, now)).flatten();
        Self {
            deadline: is_live.then(|| guard::hard_deadline(&cluster)),
            spent: spent.map(|bill| bill.total),
            hourly: hourly.map(HourlyDollars::from),
            cluster,
        }
    }
}

impl AdoptedDocument {
    fn of(adopted: Adopted) -> Self {
        let Adopted {
            name,
            adoption,
            cluster,
            protected,
            unscheduled,
        } = adopted;
        Self {
            name,
            adoption,
            cluster: ClusterDocument::of(cluster, SystemClock.now()),
            protected,
            unscheduled,
        }
    }
}

/// Stacks and adopted clusters.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct StatusDocument {
    /// The stacks.
    stacks: Vec<StackDocument>,
    /// The adopted clusters that are not over.
    adopted: Vec<AdoptedDocument>,
}

/// One stack.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StackDocument {
    /// Its name.
    stack: StackName,
    /// What exists of it.
    observed: ObservedDocument,
    /// The attempts at a job that is retried.
    attempts: Vec<Attempted>,
}

/// What exists of a stack.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ObservedDocument {
    /// Its clusters, oldest first.
    clusters: Vec<ClusterDocument>,
    #[serde(flatten)]
    others: Observed,
}

/// A cluster, with figures if it is living.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ClusterDocument {
    #[serde(flatten)]
    cluster: Cluster,
    /// By when it will have ended.
    deadline: Option<Deadline>,
    /// What it has cost; null if its prices are not known.
    spent: Option<Usd>,
    /// What it costs now.
    hourly: Option<HourlyDollars>,
}

/// An adopted cluster.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct AdoptedDocument {
    /// Its name, as its creator chose it.
    name: Untrusted,
    /// Who adopted it, when, and with which limits.
    adoption: Adoption,
    /// The cluster.
    cluster: ClusterDocument,
    /// Whether its termination protection is on.
    protected: bool,
    /// Whether no schedule ends it in time.
    unscheduled: bool,
}
