//! The command line. The doc comments are the help.

use super::cost::CostVerb;
use super::policies::PoliciesArgs;
use super::policy::PolicyVerb;
use super::prices::PricesVerb;
use super::sets::Sets;
use super::watchdog::WatchdogVerb;
use crate::model::name::{Region, StackName, StepName};
use crate::model::sample::Sample;
use crate::text::Setting;
use clap::{Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Infrastructure as code for Spark on Amazon EMR, with cost guardrails.
///
/// A YAML stack describes keys, firewall, data, cluster and job; clusterup makes it true, runs the
/// job, brings the results home and ends the cluster.
#[derive(Debug, Parser)]
#[command(name = "clusterup", version = env!("CLUSTERUP_VERSION"), max_term_width = 100)]
pub(super) struct Args {
    /// What standard output holds: text for people, or one JSON document.
    #[arg(long, value_enum, global = true, default_value_t = Output::Text)]
    pub(super) output: Output,
    /// Log each call to AWS, its time and outcome, to standard error; -vv its names and ids too
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Text,
    Json,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    Stack,
    Policy,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write a commented stack to begin with
    Init(InitArgs),
    /// Check a stack, touching nothing; every mistake at once
    Validate(StackArgs),
    /// Show what apply would do, and why
    #[command(mut_arg("stack", |arg| arg.help(FILE_OR_NAME)))]
    Plan(PlanArgs),
    /// Make a stack true, run its job, bring the results home
    #[command(mut_arg("stack", |arg| arg.help(FILE_OR_NAME)))]
    Apply(ApplyArgs),
    /// Show stacks and clusters: state, age, idle for, what ends them when
    Status(StatusArgs),
    /// Show the logs of a stack's job
    Logs(LogsArgs),
    /// Show what the watchdog did, and why: the audit log of this machine
    Log(super::log::LogArgs),
    /// Let a living cluster live longer or cost more, within its stack's ceiling
    Extend(super::extend::ExtendArgs),
    /// Log in to the primary node of a stack's cluster
    Ssh(SshArgs),
    /// End and remove everything of a stack but the results at home
    Destroy(DestroyArgs),
    /// Say what stacks cost, and what clusters have cost
    Cost {
        #[command(subcommand)]
        verb: CostVerb,
    },
    /// Show what instance types cost, and ask AWS for newer prices
    Prices {
        #[command(subcommand)]
        verb: PricesVerb,
    },
    /// Show what each team has spent, promised and left of its month
    Budget(super::budget::BudgetArgs),
    /// Say what stacks may ask for and teams may spend
    Policy {
        #[command(subcommand)]
        verb: PolicyVerb,
    },
    /// Look at every cluster, no matter who made it, and end the forgotten ones
    #[command(after_help = super::watchdog::costs())]
    Watchdog {
        #[command(subcommand)]
        verb: WatchdogVerb,
    },
    /// Say what this machine has and what it lacks
    Doctor(DoctorArgs),
    /// Print the JSON Schema of stacks, or of policies, for editors
    Schema {
        /// Whose
        #[arg(value_enum, default_value = "stack")]
        of: Document,
    },
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
    #[command(hide = true)]
    Supervise { folder: PathBuf },
    #[command(hide = true)]
    Leash {
        parent: u32,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

const FILE_OR_NAME: &str =
    "The stack's YAML file, or the name of a stack that you applied from one on this machine";

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// Where to write the stack; its name becomes the stack's, or that of the folder of a stack.yaml
    #[arg(default_value = "stack.yaml")]
    pub(super) file: PathBuf,
    /// The stack's name, where it is neither the file's nor the folder's
    #[arg(long)]
    pub(super) name: Option<StackName>,
}

#[derive(Debug, clap::Args)]
pub(super) struct StackArgs {
    /// The stack's YAML file
    pub(super) stack: PathBuf,
    /// Put VALUE in place of what the stack says at PATH, as in data.ratings.path=ratings.dat
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = Sets, hide_possible_values = true)]
    pub(super) sets: Vec<Setting>,
}

#[derive(Debug, clap::Args)]
pub(super) struct TargetArgs {
    /// Run on this machine, for nothing, instead of on AWS
    #[arg(long)]
    pub(super) local: bool,
    /// The AWS region, where a stack is given by its name [default: the profile's]
    #[arg(long, conflicts_with = "local")]
    pub(super) region: Option<Region>,
}

impl TargetArgs {
    /// A region of AWS.
    pub(super) const fn of(region: Region) -> Self {
        Self {
            local: false,
            region: Some(region),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) stack: StackArgs,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) policies: PoliciesArgs,
    /// Take only a part of the lines of each data set, such as 5%
    #[arg(long)]
    pub(super) sample: Option<Sample>,
    /// Run a job that ended well once more
    #[arg(long)]
    pub(super) again: bool,
    /// Make the IAM roles that EMR needs, where they lack
    #[arg(long)]
    pub(super) create_roles: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    pub(super) plan: PlanArgs,
    /// Answer yes to every question
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Leave the job running, under its guardrails; apply again picks it up
    #[arg(long)]
    pub(super) detach: bool,
    /// Go on in spite of a policy that lets you, for this reason, which is recorded
    #[arg(long = "override", value_name = "REASON", value_parser = reason)]
    pub(super) why: Option<String>,
}

/// It is kept in the cluster's tags, where there is room for as much.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        1..=200 if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err("say why in a line of 1 to 200 characters".to_owned()),
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// A stack's file or name; all stacks where there is none
    pub(super) stack: Option<String>,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) policies: PoliciesArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct LogsArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Only this step
    #[arg(long)]
    pub(super) step: Option<StepName>,
    /// The executors' logs and the daemons' too
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct SshArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// What ssh is given besides, such as -L 18080:localhost:18080 for the history server
    #[arg(last = true)]
    pub(super) more: Vec<OsString>,
}

#[derive(Debug, clap::Args)]
pub(super) struct DestroyArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Answer yes to every question
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Make one of the schedules that end clusters, far off and for none, and remove it again
    #[arg(long, conflicts_with = "local")]
    pub(super) try_schedule: bool,
}

impl Verb {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Validate(_) => "validate",
            Self::Plan(_) => "plan",
            Self::Apply(_) => "apply",
            Self::Status(_) => "status",
            Self::Logs(_) => "logs",
            Self::Log(_) => "log",
            Self::Extend(_) => "extend",
            Self::Ssh(_) => "ssh",
            Self::Destroy(_) => "destroy",
            Self::Cost { verb } => verb.name(),
            Self::Prices { verb } => verb.name(),
            Self::Budget(_) => "budget",
            Self::Policy { verb } => verb.name(),
            Self::Watchdog { verb } => verb.name(),
            Self::Doctor(_) => "doctor",
            Self::Schema { .. } => "schema",
            Self::Completions { .. } => "completions",
            Self::Supervise { .. } => "supervise",
            Self::Leash { .. } => "leash",
        }
    }
}
