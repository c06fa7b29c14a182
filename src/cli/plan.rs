//! `plan`: shows what apply would do, and why.

use super::document::DocumentArgs;
use super::flags::{LintArgs, PoliciesArgs, StackArgs, TargetArgs};
use super::verb::{Finished, Verb};
use super::view;
use crate::app::agreement::Proposal;
use crate::app::by_name;
use crate::app::failure::{Exit, Failure};
use crate::app::inputs::InputCheck;
use crate::app::last_run;
use crate::app::origin::{CurrentOrigin, OtherOrigin};
use crate::app::policies::{LoadedPolicies, PolicyPlace};
use crate::app::prices::Prices;
use crate::app::recorded_costs;
use crate::app::reporter::Progress;
use crate::app::session::Session;
use crate::app::stack_admission::{PolicyReport, StackAdmission};
use crate::app::stack_file::{self, StackFile};
use crate::app::target::Target;
use crate::cost::compare::Comparison;
use crate::cost::estimate::Estimate;
use crate::model::facts::Facts;
use crate::model::hint::CommandContext;
use crate::model::origin::Origin;
use crate::model::plan::Plan;
use crate::model::safeguard::Safeguard;
use crate::model::sample::Sample;
use crate::model::stack::Stack;
use crate::plan::Options;
use crate::plan::sizing::{self, StepSizes};
use crate::run::clock::SystemClock;
use crate::run::driver::Driver;
use crate::text::{Diagnostics, StackNames};
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) stack: StackArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) policies: PoliciesArgs,
    /// Use only a part of each data set's lines, such as 5%
    #[arg(long)]
    pub(super) sample: Option<Sample>,
    /// Run the job again even if it has already succeeded
    #[arg(long)]
    pub(super) again: bool,
    /// Create the IAM roles that EMR needs if they are missing
    #[arg(long)]
    pub(super) create_roles: bool,
    /// Show how the sizes of each step's executors are computed
    #[arg(long)]
    pub(super) explain: bool,
    #[command(flatten)]
    pub(super) lint: LintArgs,
}

/// The arguments of `plan`; `apply` shares most of them.
#[derive(Debug, clap::Args)]
pub(super) struct PlanVerb {
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    document: DocumentArgs,
}

impl Verb for PlanVerb {
    fn here(&self) -> CommandContext {
        self.plan.here()
    }

    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        self.plan.show(&self.document, session).await
    }
}

impl PlanArgs {
    pub(super) fn here(&self) -> CommandContext {
        let mut here = self.stack.here();
        here.target = self.target.words();
        here.more.extend(self.policies.words());
        here.more.extend(self.lint.words());
        if let Some(sample) = &self.sample {
            here.more
                .extend(["--sample".to_owned(), sample.to_string()]);
        }
        here
    }

    async fn show(&self, document: &DocumentArgs, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let given = self.read("plan", session).await?;
        let GivenStack {
            file,
            stack,
            read,
            lint,
            ..
        } = &given;
        let target = Target::open(&self.target.choice(), Some(&stack.region), session).await?;
        let cloud = &*target.cloud;
        let progress = reporter.progress();
        let facts = self.facts(stack, &target, &*progress).await?;
        let driver = Driver {
            cloud,
            stack,
            facts: &facts,
            listener: &*progress,
            clock: &SystemClock,
        };
        let mut prepared = driver.prepare(self.options()).await?;
        let inputs = self.inputs(&given, &target);
        let inputs = inputs.check(&prepared.plan, &facts).await?;
        let here = CurrentOrigin::new(&file.path, &session.environment);
        let elsewhere = here.elsewhere(cloud, &stack.name).await?;
        let admission = StackAdmission::open(read, stack, &target, None).await?;
        let report = admission.judge(&mut prepared).await?;
        let catalog = session.environment.catalog();
        let prices = target.place.region().map(|region| Prices {
            catalog: &catalog,
            region,
            clusters: &prepared.observed.clusters,
            expected: recorded_costs::expected(&stack.name, region, session),
            now: prepared.observed.at,
        });
        let now = prepared.observed.at;
        let plan = &prepared.plan;
        // Missing permissions are reported after the plan that needs them.
        let safeguards = cloud.check(plan).await;
        if let Some(elsewhere) = &elsewhere {
            reporter.text(elsewhere.line());
        }
        let proposal = Proposal {
            plan,
            target: &target,
            prices,
            safeguards: safeguards.as_deref().unwrap_or_default(),
            elsewhere: elsewhere.as_ref(),
        };
        reporter.text(&view::plan::render(&proposal, reporter.here()));
        let sizes = self.sizes(stack, &facts, session);
        let (estimate, comparison) = costs(plan, proposal.prices.as_ref());
        let text = || view::plan_document::render(&proposal, report.as_ref(), now);
        let html = document.write(text, session)?;
        let safeguards = safeguards?;
        let exit = judged(report.as_ref(), session);
        let fields = PlanDocument {
            plan: plan.clone(),
            estimate,
            comparison,
            lint: lint.clone(),
            inputs,
            sizes,
            safeguards,
            policy: report,
            applied_elsewhere: elsewhere.map(OtherOrigin::origin),
            html,
        };
        Ok(Finished::with(exit, fields))
    }
}

/// Shows what the policies say, and returns the exit code.
fn judged(report: Option<&PolicyReport>, session: &Session) -> Exit {
    let Some(report) = report else {
        return Exit::Done;
    };
    session.reporter.text(&view::policy::render(report));
    if report.denies() {
        Exit::Refused
    } else {
        Exit::Done
    }
}

/// What the plan's cluster costs, and how a change affects the price.
fn costs(plan: &Plan, prices: Option<&Prices<'_>>) -> (Option<Estimate>, Option<Comparison>) {
    let estimate = prices.and_then(|prices| prices.estimate(plan));
    let mut actions = plan.actions.iter().map(|planned| &planned.action);
    let comparison = prices.and_then(|prices| actions.find_map(|action| prices.comparison(action)));
    (estimate, comparison)
}

impl PlanArgs {
    async fn facts(
        &self,
        stack: &Stack,
        target: &Target<'_>,
        progress: &dyn Progress,
    ) -> Result<Facts, Failure> {
        let mut facts = target.cloud.facts(stack, self.sample, progress).await?;
        last_run::add(&mut facts, stack, target).await?;
        progress.clear();
        Ok(facts)
    }

    pub(super) const fn options(&self) -> Options {
        Options {
            again: self.again,
            create_roles: self.create_roles,
            no_lint: self.lint.no_lint,
        }
    }

    /// Shows the sizes of the steps, if that is asked for. They are known: the plan uses them.
    pub(super) fn sizes(
        &self,
        stack: &Stack,
        facts: &Facts,
        session: &Session,
    ) -> Option<Vec<StepSizes>> {
        let sizes = self.explain.then(|| sizing::explain(stack, facts).ok())??;
        session.reporter.text(&view::sizes::render(&sizes));
        Some(sizes)
    }

    /// Reads the stack and its policies; `verb` is the command that was given.
    pub(super) async fn read(&self, verb: &str, session: &Session) -> Result<GivenStack, Failure> {
        let given = self.stack.file();
        let file = by_name::to_file(verb, given, &self.target.choice(), session).await?;
        let read = stack_file::read_whole(&file, &session.environment, !self.lint.no_lint)?;
        LintArgs::warn(&read, session);
        let (stack, names) = (read.stack, read.names);
        let policies = self.policies.place();
        let read = policies.read(&file.path, session).await?;
        let stack = read.policies.impose(stack);
        let lint = self.lint.check(&stack, session)?;
        Ok(GivenStack {
            file,
            stack,
            policies,
            read,
            lint,
            names,
        })
    }

    /// The check of the inputs of a job.
    pub(super) const fn inputs<'a>(
        &self,
        given: &'a GivenStack,
        target: &'a Target<'a>,
    ) -> InputCheck<'a> {
        InputCheck {
            stack: &given.stack,
            names: &given.names,
            target,
            is_off: self.lint.no_lint,
        }
    }
}

/// A stack that is to be planned, under its policies.
pub(super) struct GivenStack {
    pub(super) file: StackFile,
    /// With what its policies impose.
    pub(super) stack: Stack,
    pub(super) policies: PolicyPlace,
    pub(super) read: LoadedPolicies,
    /// What the lint found in its scripts: warnings.
    pub(super) lint: Option<Diagnostics>,
    /// What it names outside its text.
    pub(super) names: StackNames,
}

/// The help on the stack of `plan` and `apply`.
pub(super) const FILE_OR_NAME: &str =
    "The stack's YAML file, or the name of a stack that was applied on this machine";

/// A plan, and what it costs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct PlanDocument {
    /// What `apply` would do, and why.
    plan: Plan,
    /// What the cluster that it creates costs; null if it creates none, or its price is not known.
    estimate: Option<Estimate>,
    /// How a change of the cluster affects its price.
    comparison: Option<Comparison>,
    /// The findings of the lint.
    lint: Option<Diagnostics>,
    /// The inputs of the job that are missing or could not be looked up.
    inputs: Option<Diagnostics>,
    /// The sizes of its steps and their reasons, with `--explain`.
    sizes: Option<Vec<StepSizes>>,
    /// The safeguards that the cluster would have.
    safeguards: Vec<Safeguard>,
    /// What the policies say.
    policy: Option<PolicyReport>,
    /// Who applied the stack last, if that was somebody else or from another file.
    applied_elsewhere: Option<Origin>,
    /// The file of `--html`.
    html: Option<String>,
}
