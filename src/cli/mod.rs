//! The command line: arguments, output and exit codes, with one file for each verb.

mod admission;
mod agree;
mod apply;
mod args;
mod budget;
mod by_name;
mod call_log;
mod cleartext;
mod context;
mod cost;
mod destroy;
mod doctor;
mod extend;
mod failure;
mod here;
mod hidden;
mod init;
mod interrupt;
mod ledger;
mod log;
mod logs;
mod origin;
mod plan;
mod policies;
mod policy;
mod policy_reloader;
mod preflight;
mod prices;
mod prompt;
mod schema;
mod screen;
mod sets;
mod ssh;
mod stack_file;
mod status;
mod stdout;
mod target;
mod text_file;
mod unknown_stack;
mod usage;
mod validate;
mod view;
#[cfg(feature = "aws")]
mod waits;
mod watchdog;

use args::{Args, Verb};
use clap::Parser;
use context::Context;
use failure::{Exit, Failure};
use screen::Screen;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use stdout::Stdout;

/// Runs one command line, the program's name first, and returns its exit code.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    let argv: Vec<OsString> = argv.into_iter().collect();
    let args = match Args::try_parse_from(&argv) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are not errors; clap's exit code for a usage error is our 2.
            let code = print_usage(&error);
            if error.use_stderr() {
                usage::document(&error, &argv, &Context::from_environment());
            }
            return ExitCode::from(code);
        }
    };
    let context = Context::from_environment();
    let here = here::of(&args.verb, &argv);
    call_log::begin(args.verbose, context.log.as_deref());
    let screen = Screen::new(args.output, &context, here);
    let name = args.verb.name();
    let result = context.block_on(run(args.verb, &context, &screen));
    let exit = match result {
        Ok(exit) => exit,
        Err(failure) => {
            screen.failure(name, &failure);
            failure.exit
        }
    };
    ExitCode::from(screen.final_exit(exit).code())
}

/// Prints help, the version, or the usage error, and returns the exit code.
fn print_usage(error: &clap::Error) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    if error.use_stderr() {
        return code;
    }
    let out = Stdout::default();
    out.note(printed);
    let Some(lost) = out.lost() else { return code };
    Screen::aside(&format!("error: {lost}"));
    Exit::Failed.code()
}

/// Checks that clusterup accepts a command line, the program's name first.
///
/// # Errors
/// Returns clap's message if the command line is not valid.
pub fn accepts(words: &[String]) -> Result<(), String> {
    match Args::try_parse_from(words) {
        // Help and version are not errors.
        Err(error) if error.use_stderr() => Err(error.to_string()),
        Ok(_) | Err(_) => Ok(()),
    }
}

async fn run(verb: Verb, context: &Context, screen: &Screen) -> Result<Exit, Failure> {
    match verb {
        Verb::Init(args) => init::run(&args, screen),
        Verb::Validate(args) => validate::run(&args, context, screen),
        Verb::Plan(mut args) => {
            by_name::to_file("plan", &mut args.stack, &args.target, context).await?;
            plan::run(&args, context, screen).await
        }
        Verb::Apply(mut args) => {
            let plan = &mut args.plan;
            by_name::to_file("apply", &mut plan.stack, &plan.target, context).await?;
            apply::run(&args, context, screen).await
        }
        Verb::Status(args) => status::run(&args, context, screen).await,
        Verb::Logs(args) => logs::run(&args, context, screen).await,
        Verb::Log(args) => log::run(&args, context, screen).await,
        Verb::Extend(args) => extend::run(&args, context, screen).await,
        Verb::Ssh(args) => ssh::run(&args, context, screen).await,
        Verb::Destroy(args) => destroy::run(&args, context, screen).await,
        Verb::Cost { verb } => cost::run(&verb, context, screen).await,
        Verb::Prices { verb } => prices::run(&verb, context, screen).await,
        Verb::Budget(args) => budget::run(&args, context, screen).await,
        Verb::Policy { verb } => policy::run(&verb, context, screen).await,
        Verb::Watchdog { verb } => watchdog::run(&verb, context, screen).await,
        Verb::Doctor(args) => doctor::run(&args, context, screen).await,
        Verb::Schema { of } => schema::run(of, screen),
        Verb::Completions { shell } => {
            schema::completions(shell, screen);
            Ok(Exit::Done)
        }
        Verb::Supervise { folder } => hidden::supervise(&folder).await,
        Verb::Leash { parent, command } => hidden::leash(parent, &command),
    }
}
