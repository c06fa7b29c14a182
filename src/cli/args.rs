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
/// A stack is a YAML file that describes a key pair, a firewall, data, a cluster and a job.
/// clusterup creates them, runs the job, downloads the results and ends the cluster.
#[derive(Debug, Parser)]
#[command(name = "clusterup", version = env!("CLUSTERUP_VERSION"), max_term_width = 100)]
pub(super) struct Args {
    /// The format of standard output: text, or one JSON document.
    #[arg(long, value_enum, global = true, default_value_t = Output::Text)]
    pub(super) output: Output,
    /// Log each call to AWS with its time and outcome to standard error; -vv adds names and ids
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

/// A kind of YAML file that users write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Document {
    Stack,
    Policy,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write a commented example stack
    Init(InitArgs),
    /// Check a stack without AWS and report every mistake at once
    Validate(StackArgs),
    /// Show what apply would do, and why, without changing anything
    #[command(mut_arg("stack", |arg| arg.help(FILE_OR_NAME)))]
    Plan(PlanArgs),
    /// Create what a stack describes, run its job and download the results
    #[command(mut_arg("stack", |arg| arg.help(FILE_OR_NAME)))]
    Apply(ApplyArgs),
    /// Show stacks and clusters: state, age, idle time, and what will end them when
    Status(StatusArgs),
    /// Show the logs of a stack's job
    Logs(LogsArgs),
    /// Show what the watchdog did, and why (this machine's audit log)
    Log(super::log::LogArgs),
    /// Raise a running cluster's lifetime or budget, up to its stack's ceiling
    Extend(super::extend::ExtendArgs),
    /// Log in to the primary node of a stack's cluster
    Ssh(SshArgs),
    /// End a stack's clusters and delete everything else that it created; downloaded results stay
    Destroy(DestroyArgs),
    /// Estimate what a stack costs, or report what clusters have cost
    Cost {
        #[command(subcommand)]
        verb: CostVerb,
    },
    /// Show the prices of instance types, or download current prices from AWS
    Prices {
        #[command(subcommand)]
        verb: PricesVerb,
    },
    /// Show each team's monthly budget: spent, reserved and left
    Budget(super::budget::BudgetArgs),
    /// Check stacks against policies, test policies, and copy their budgets to AWS
    Policy {
        #[command(subcommand)]
        verb: PolicyVerb,
    },
    /// Watch all clusters, no matter who created them, and end forgotten ones
    #[command(after_help = super::watchdog::costs())]
    Watchdog {
        #[command(subcommand)]
        verb: WatchdogVerb,
    },
    /// Check that this machine and AWS account have what clusterup needs
    Doctor(DoctorArgs),
    /// Print the JSON Schema of stacks or policies, for editors
    Schema {
        /// The kind of file
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
    "The stack's YAML file, or the name of a stack that was applied on this machine";

#[derive(Debug, clap::Args)]
pub(super) struct InitArgs {
    /// The file to write; the stack is named after it, or after its folder if it is `stack.yaml`
    #[arg(default_value = "stack.yaml")]
    pub(super) file: PathBuf,
    /// The stack's name, if it differs from the file's and the folder's
    #[arg(long)]
    pub(super) name: Option<StackName>,
}

#[derive(Debug, clap::Args)]
pub(super) struct StackArgs {
    /// The stack's YAML file
    pub(super) stack: PathBuf,
    /// Replace the stack's value at PATH, such as data.ratings.path=ratings.dat
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = Sets, hide_possible_values = true)]
    pub(super) sets: Vec<Setting>,
}

#[derive(Debug, clap::Args)]
pub(super) struct TargetArgs {
    /// Use this machine instead of AWS; it costs nothing
    #[arg(long)]
    pub(super) local: bool,
    /// The AWS region of a stack that is given by name [default: the profile's]
    #[arg(long, conflicts_with = "local")]
    pub(super) region: Option<Region>,
}

impl TargetArgs {
    /// The target that is a region of AWS.
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
    /// Use only a part of each data set's lines, such as 5%
    #[arg(long)]
    pub(super) sample: Option<Sample>,
    /// Run the job again even if it has already succeeded
    #[arg(long)]
    pub(super) again: bool,
    /// Create the IAM roles that EMR needs if they are missing
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
    /// Return once the job runs; its guardrails stay on, and another apply follows it again
    #[arg(long)]
    pub(super) detach: bool,
    /// Override policies that allow it, for this reason, which is recorded
    #[arg(long = "override", value_name = "REASON", value_parser = reason)]
    pub(super) why: Option<String>,
}

/// Validates the reason of an override. The cluster's tags, which record it, hold 200 characters.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        1..=200 if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err("say why in a line of 1 to 200 characters".to_owned()),
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// A stack's file or name [default: all stacks]
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
    /// Show only this step
    #[arg(long)]
    pub(super) step: Option<StepName>,
    /// Include the logs of executors and daemons
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct SshArgs {
    /// A stack's file or name
    pub(super) stack: String,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Further arguments for ssh, such as -L 18080:localhost:18080 for the history server
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
    /// Test the schedules that end clusters: create one that ends nothing, and delete it
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
