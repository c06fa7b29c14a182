//! `adopt`: gives guardrails to a living cluster that others created, and takes them off again.

use super::flags::{PoliciesArgs, TargetArgs};
use super::prompt::consent;
use super::verb::{Finished, Verb};
use super::view;
use crate::app::adopt::{self, account, unadopted};
use crate::app::failure::Failure;
use crate::app::interrupt;
use crate::app::recorded_costs;
use crate::app::session::Session;
use crate::app::target::Target;
use crate::cloud::AdoptionRequest;
use crate::cloud::{AdoptionPlan, Released};
use crate::model::adoption::Adopted;
use crate::model::adoption::AdoptedLimits;
use crate::model::clock::Clock;
use crate::model::hint::CommandContext;
use crate::model::money::Usd;
use crate::model::name::{ClusterId, TeamName};
use crate::model::span::Span;
use crate::policy::Policies;
use crate::run::clock::SystemClock;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct AdoptArgs {
    /// The cluster's id (j-…)
    id: ClusterId,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    policies: PoliciesArgs,
    /// Lifetime of the cluster from its start, such as 4h
    #[arg(long, value_name = "SPAN")]
    max_lifetime: Option<Span>,
    /// Budget of the cluster in total, with what it has cost already, such as '$20'
    #[arg(long, value_name = "DOLLARS")]
    budget: Option<Usd>,
    /// How long the cluster may be idle, such as 30m
    #[arg(long, value_name = "SPAN")]
    idle_timeout: Option<Span>,
    /// Who is responsible for the cluster [default: you]
    #[arg(long)]
    owner: Option<String>,
    /// The team that pays
    #[arg(long)]
    team: Option<TeamName>,
    /// Take off what was added; nothing ends the cluster then but what others have set
    #[arg(long, conflicts_with_all = ["max_lifetime", "budget", "idle_timeout", "owner", "team"])]
    release: bool,
    /// Create the IAM roles that are missing
    #[arg(long, conflicts_with = "release")]
    create_roles: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Answer yes to every question
    #[arg(long, short)]
    yes: bool,
}

/// The message after Ctrl-C, and how to continue.
const STOPPED: [&str; 2] = [
    "interrupted before everything was changed",
    "the same command again does what is missing",
];

impl Verb for AdoptArgs {
    fn here(&self) -> CommandContext {
        let mut here = self.target.here(None);
        here.more = self.policies.words();
        here
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        if self.target.local {
            return Err(adopt::only_on_aws());
        }
        let target = Target::open(&self.target.choice(), None, session).await?;
        if self.release {
            return self.release(&target).await;
        }
        let read = self.policies.place().read_for(None, session).await?;
        self.adopt(&read.policies, &target).await
    }
}

impl AdoptArgs {
    fn request(&self, session: &Session) -> AdoptionRequest {
        AdoptionRequest {
            by: session.environment.who.as_str().into(),
            owner: self.owner.as_deref().map(Into::into),
            team: self.team.clone(),
            limits: AdoptedLimits {
                max_lifetime: self.max_lifetime,
                budget: self.budget,
                idle_timeout: self.idle_timeout,
            },
            budgets: Vec::new(),
        }
    }

    async fn adopt(&self, policies: &Policies, target: &Target<'_>) -> Result<Finished, Failure> {
        let (session, id) = (target.session, &self.id);
        let reporter = &session.reporter;
        let request = self.request(session);
        let plan = adopt::plan(id, &request, policies, target).await?;
        let now = SystemClock.now();
        reporter.text(&view::adopted::plan(&plan, now, target));
        if self.dry_run {
            return Ok(Finished::done(AdoptDocument::planned(plan, false)));
        }
        if !self.create_roles {
            adopt::check_role(&plan)?;
        }
        let place = target.place.in_words();
        let question = format!("This changes cluster {id} {place}. Continue?");
        if !consent(&question, self.yes, &session.environment)? {
            return Ok(Finished::declined(session));
        }
        if self.create_roles {
            let created = account(target)?.create_roles();
            interrupt::or_stop(created, STOPPED).await??;
        }
        let adopted = adopt::adopt(id, &request, (&plan, policies), target);
        let plan = interrupt::or_stop(adopted, STOPPED).await??;
        let cluster = plan.adopted.cluster.clone();
        recorded_costs::note(&[cluster], target).await;
        reporter.text(&view::adopted::done(&plan, SystemClock.now()));
        Ok(Finished::done(AdoptDocument::planned(plan, true)))
    }

    async fn release(&self, target: &Target<'_>) -> Result<Finished, Failure> {
        let (session, id) = (target.session, &self.id);
        let reporter = &session.reporter;
        let account = account(target)?;
        let adopted = account.adopted(id).await?;
        let adopted = adopted.ok_or_else(|| unadopted(id))?;
        let now = SystemClock.now();
        reporter.text(&view::adopted::render(&adopted, now, target));
        if self.dry_run {
            return Ok(Finished::done(AdoptDocument {
                adopted: Some(adopted),
                ..AdoptDocument::default()
            }));
        }
        let question = format!("This takes these guardrails off cluster {id}. Continue?");
        if !consent(&question, self.yes, &session.environment)? {
            return Ok(Finished::declined(session));
        }
        recorded_costs::note(std::slice::from_ref(&adopted.cluster), target).await;
        let released = interrupt::or_stop(account.release(id), STOPPED).await??;
        let released = released.ok_or_else(|| unadopted(id))?;
        reporter.text(&view::adopted::released(&released));
        if released.is_live {
            adopt::count_release(&adopted.cluster, target).await;
        }
        Ok(Finished::done(AdoptDocument {
            released: Some(released),
            done: true,
            ..AdoptDocument::default()
        }))
    }
}

/// An adoption, or the release of one.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub(super) struct AdoptDocument {
    /// What the adoption changes.
    plan: Option<AdoptionPlan>,
    /// What a release would take off.
    adopted: Option<Adopted>,
    /// What a release took off.
    released: Option<Released>,
    /// Whether it was done; false with `--dry-run`.
    done: bool,
}

impl AdoptDocument {
    fn planned(plan: AdoptionPlan, done: bool) -> Self {
        Self {
            plan: Some(plan),
            done,
            ..Self::default()
        }
    }
}
