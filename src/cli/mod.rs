//! The command line: flags, output and exit codes, with one file for each verb.

mod adopt;
mod agree;
mod apply;
mod block_on;
mod budget;
mod call_log;
mod complete;
mod completions;
mod config;
mod cost;
mod ctrl_c;
mod destroy;
mod diagnose;
mod doctor;
mod document;
mod error_fields;
mod extend;
mod flags;
mod hidden;
mod import;
mod init;
mod logs;
mod man;
mod notices;
mod output_schemas;
mod overview;
mod plan;
mod policy;
mod prices;
mod prompt;
mod schema;
mod screen;
mod session_manager;
mod sets;
mod simulate;
mod ssh;
mod status;
mod stderr;
mod stdout;
mod stopped;
mod summary;
mod terminal;
mod ui;
mod usage;
mod validate;
mod verb;
mod version;
mod view;
mod waits;
mod watch;
mod watchdog;
mod when;

use crate::app::environment::{Environment, Settings};
use crate::app::failure::Failure;
use crate::app::session::Session;
use crate::model::hint::CommandContext;
use block_on::block_on;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use flags::GlobalArgs;
pub use output_schemas::names as output_schemas;
#[cfg_attr(
    closed,
    expect(unused_imports, reason = "tests check documents against it")
)]
pub use output_schemas::output_schema;
use screen::Screen;
use std::ffi::OsString;
use std::process::ExitCode;
use std::rc::Rc;
use terminal::TERMINAL;
use verb::{Finished, Verb, verbs};

/// Infrastructure as code for Spark on Amazon EMR, with cost guardrails.
///
/// A stack is a YAML file that describes a key pair, a firewall, data, a cluster and a job.
/// clusterup creates them, runs the job, downloads the results and ends the cluster.
#[derive(Debug, Parser)]
#[command(name = "clusterup", version = env!("CLUSTERUP_VERSION"), max_term_width = 100)]
#[command(disable_help_flag = true, arg(flags::help()))]
#[command(disable_version_flag = true, arg(flags::version()))]
struct Args {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Verb(Verbs),
    /// Print the manual page, or write a page for each command
    Man(man::ManArgs),
    #[command(flatten)]
    Hidden(hidden::HiddenVerb),
}

verbs! {
    enum Verbs {
        /// Write a commented example stack
        Init(init::InitArgs),
        /// Write a stack from what other tools made
        Import(import::ImportArgs),
        /// Check a stack without AWS and report every mistake at once
        Validate(validate::ValidateArgs),
        /// Show what apply would do, and why, without changing anything
        #[command(mut_arg("stack", |arg| arg.help(plan::FILE_OR_NAME)))]
        Plan(plan::PlanVerb),
        /// Create what a stack describes, run its job and download the results
        #[command(visible_alias = "up", mut_arg("stack", |arg| arg.help(plan::FILE_OR_NAME)))]
        Apply(apply::ApplyArgs),
        /// Show stacks and clusters: state, age, idle time, and when and why each cluster will end
        #[command(visible_alias = "ls")]
        Status(status::StatusArgs),
        /// Show the logs of a stack or a cluster as one stream in the order of time
        Logs(logs::LogsArgs),
        /// Show what the last run of a stack's job did: time, memory, skew, and what would help
        Summary(summary::SummaryArgs),
        /// Find out why a job or a cluster failed, from its logs
        Diagnose(diagnose::DiagnoseArgs),
        /// Raise a running cluster's lifetime or budget, up to its stack's ceiling
        Extend(extend::ExtendArgs),
        /// Give guardrails to a living cluster that others created, or take them off again
        Adopt(adopt::AdoptArgs),
        /// Show Spark's own pages, of a running job or of a run that is over
        Ui(ui::UiArgs),
        /// Log in to the primary node of a stack's cluster
        Ssh(ssh::SshArgs),
        /// End a stack's clusters and delete everything created for it, except downloaded results
        #[command(visible_aliases = ["down", "rm"])]
        Destroy(destroy::DestroyArgs),
        /// Estimate what a stack costs, or report what clusters have cost
        #[command(subcommand)]
        Cost(cost::CostVerb),
        /// Show the prices of instance types, or download current prices from AWS
        #[command(subcommand)]
        Prices(prices::PricesVerb),
        /// Show each team's monthly budget: spent, reserved and left
        Budget(budget::BudgetArgs),
        /// Check stacks against policies, test policies, and copy their budgets to AWS
        #[command(subcommand)]
        Policy(policy::PolicyVerb),
        /// Show what policies would have saved, and whom they would have stopped; only reads
        Simulate(simulate::SimulateArgs),
        /// Watch all clusters, no matter who created them, and end forgotten ones
        #[command(subcommand, after_help = watchdog::costs())]
        Watchdog(watchdog::WatchdogVerb),
        /// Check that this machine and AWS account have what clusterup needs
        Doctor(doctor::DoctorArgs),
        /// Print the JSON Schema of stacks or policies, for editors
        Schema(schema::SchemaArgs),
        /// Show the settings, and where each comes from: flag, variable, file or default
        Config(config::ConfigArgs),
        /// Print what a shell runs to complete commands, and names of stacks, steps and clusters
        Completions(completions::CompletionsArgs),
        /// Print the version, its commit, and the age of the prices
        Version(version::VersionArgs),
    }
}

/// Runs one command line, the program's name first, and returns its exit code.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    let argv: Vec<OsString> = argv.into_iter().collect();
    if complete::answer(&argv, Args::command) {
        return ExitCode::SUCCESS;
    }
    let columns = terminal::columns(Environment::columns());
    if let Some(columns) = columns.out {
        view::width::set(columns);
    }
    let (args, name) = match parse(&argv) {
        Ok(parsed) => parsed,
        Err(error) => return usage::print(error, &argv, &command(&argv), columns.err),
    };
    let here = here(&args, &argv);
    let settings = match settings(&args) {
        Ok(settings) => settings,
        Err(failure) => {
            let colour = args.global.color.unwrap_or_default();
            let screen = Screen::new(&args.global, colour, columns, here);
            screen.failure(&name, &failure);
            return ExitCode::from(screen.final_exit(failure.exit).code());
        }
    };
    let colour = settings.color.value.unwrap_or_default();
    let environment = Environment::of_process(TERMINAL, args.global.no_input, settings);
    call_log::begin(args.global.verbose, environment.log.as_deref());
    let screen = Rc::new(Screen::new(&args.global, colour, columns, here));
    let session = Session {
        environment,
        reporter: screen.clone(),
    };
    let exit = match block_on(run(args.command.as_ref(), &session)) {
        Ok(Finished { exit, document }) => {
            if let Some(document) = document {
                screen.document(&name, exit.code(), document);
            }
            exit
        }
        Err(failure) => {
            screen.failure(&name, &failure);
            failure.exit
        }
    };
    ExitCode::from(screen.final_exit(exit).code())
}

/// The command line, whose help and errors have the colours that it demands.
fn command(argv: &[OsString]) -> clap::Command {
    let columns = view::width::columns();
    Args::command()
        .color(usage::colour(argv))
        .term_width(columns)
}

/// The arguments, and the command's name, such as `cost report`.
fn parse(argv: &[OsString]) -> Result<(Args, String), clap::Error> {
    let matches = command(argv).try_get_matches_from(argv)?;
    let args = Args::from_arg_matches(&matches);
    let args = args.map_err(|error| error.format(&mut command(argv)))?;
    Ok((args, name(&matches)))
}

fn name(matches: &ArgMatches) -> String {
    let mut names = Vec::new();
    let mut matches = matches;
    while let Some((name, of_verb)) = matches.subcommand() {
        names.push(name);
        matches = of_verb;
    }
    if names.is_empty() {
        return overview::NAME.to_owned();
    }
    names.join(" ")
}

/// The settings. Clusterup's own processes have none: a mistake in a file must not end a cluster's
/// supervisor.
fn settings(args: &Args) -> Result<Settings, Failure> {
    match &args.command {
        Some(Command::Hidden(_)) => Ok(Settings::default()),
        Some(Command::Verb(_) | Command::Man(_)) | None => {
            Settings::of_process(args.global.settings())
        }
    }
}

/// What completes the commands that messages advise.
fn here(args: &Args, argv: &[OsString]) -> CommandContext {
    let again = argv.iter().skip(1);
    let mut of_verb = match &args.command {
        Some(Command::Verb(verb)) => verb.here(),
        Some(Command::Man(_) | Command::Hidden(_)) | None => CommandContext::default(),
    };
    of_verb.target.extend(args.global.words());
    CommandContext {
        again: again
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        ..of_verb
    }
}

async fn run(command: Option<&Command>, session: &Session) -> Result<Finished, Failure> {
    match command {
        None => overview::run(session).await,
        Some(Command::Verb(verb)) => verb.run(session).await,
        Some(Command::Hidden(verb)) => verb.run(session).await,
        // The only command that has to know all others.
        Some(Command::Man(args)) => args.print(Args::command(), session),
    }
}

/// Checks that clusterup accepts a command line, the program's name first.
///
/// # Errors
/// Returns clap's message if the command line is not valid.
#[cfg_attr(closed, expect(dead_code, reason = "tests check commands in texts"))]
pub fn accepts(words: &[String]) -> Result<(), String> {
    match Args::try_parse_from(words) {
        // Help and version are not errors.
        Err(error) if error.use_stderr() => Err(error.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}
