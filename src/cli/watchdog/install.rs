//! `watchdog install`: a service of systemd, written where systemd looks.

use super::quote::quoted;
use super::unit::{NAME, ServiceScope, is_untouched, unit};
use crate::cli::args::Args;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::screen::Screen;
use crate::cli::usage;
use crate::disk;
use crate::model::hint::{Command, Hint, no_room};
use clap::Parser;
use serde_json::json;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct InstallArgs {
    /// As a service of your own, which runs while you are logged in, or lingering
    #[arg(long)]
    user: bool,
    /// Print the unit and write nothing
    #[arg(long, conflicts_with = "force")]
    print: bool,
    /// Write over a unit that somebody changed
    #[arg(long)]
    force: bool,
    /// What `watchdog run` is given, such as --region eu-west-1 --policies /etc/clusterup/policies
    #[arg(last = true)]
    args: Vec<String>,
}

pub(in crate::cli) fn run(
    args: &InstallArgs,
    context: &Context,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let whose = if args.user {
        ServiceScope::User
    } else {
        ServiceScope::Machine
    };
    let text = unit(whose, &command(args, whose, screen)?);
    if args.print {
        screen.text(&text);
        screen.document("watchdog install", 0, json!({ "unit": text }));
        return Ok(Exit::Done);
    }
    let path = folder(whose, context)?.join(NAME);
    let was = read(&path)?;
    let changed = was.as_deref().is_some_and(|was| !is_untouched(was));
    if changed && !args.force && was.as_deref() != Some(&text) {
        let message = format!("{} was changed by somebody", path.display());
        return Err(Failure::new(Exit::Failed, message)
            .hint("keep changes apart from it; see what it would be; or write over it")
            .hint(Command::other("systemctl edit clusterup-watchdog"))
            .hint(Command::again_with("--print"))
            .hint(Command::again_with("--force")));
    }
    if was.as_deref() == Some(&text) {
        screen.say(&format!("{} is as it should be", path.display()));
    } else {
        write(&path, &text).map_err(|error| unwritten(&path, whose, &error))?;
        screen.say(&format!("wrote {}", path.display()));
    }
    screen.hints(&next(whose), 2);
    screen.document("watchdog install", 0, json!({ "unit": text, "path": path }));
    Ok(Exit::Done)
}

/// The command line of the daemon, each word quoted.
fn command(args: &InstallArgs, whose: ServiceScope, screen: &Screen) -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Exit::Failed, "cannot tell where clusterup itself lies").caused_by(&error)
    })?;
    let homes = ["/home", "/root", "/tmp"];
    if whose == ServiceScope::Machine && homes.iter().any(|home| program.starts_with(home)) {
        let program = program.display();
        screen.say(&format!(
            "warning: the service may not read {program}, which lies in somebody's home"
        ));
        let copy = Command::other("sudo install -m 755").arg(program.to_string());
        screen.hints(
            &[
                "install it from a copy that the service may read".into(),
                copy.arg("/usr/local/bin/").into(),
            ],
            2,
        );
    }
    let path = program
        .to_str()
        .and_then(|path| quoted(path).filter(|it| it == path));
    // systemd takes a variable or a quote in the place of the program for something else.
    let path = path.ok_or_else(|| {
        let message = format!("systemd cannot run {program:?}: its path is no plain word");
        Failure::input(message).hint("copy clusterup to /usr/local/bin and install from there")
    })?;
    let mut words = vec![path, "watchdog".to_owned(), "run".to_owned()];
    for arg in &args.args {
        words.push(word(arg)?);
    }
    takes(&args.args)?;
    Ok(words.join(" "))
}

/// A service whose command line is none would be begun again and again, and never watch.
fn takes(args: &[String]) -> Result<(), Failure> {
    let line = ["clusterup", "watchdog", "run"].map(str::to_owned);
    // Help is none either: a service that prints it never watches.
    let read = Args::try_parse_from([&line, args].concat());
    read.map(|_| ()).map_err(|error| {
        let mut failure = Failure::input("watchdog run does not take what is after `--`");
        failure.causes.push(usage::message(&error.to_string()));
        failure.hint(Command::clusterup("watchdog run --help"))
    })
}

/// A service begins in the root folder: a path from here would lead it elsewhere, or nowhere.
fn word(arg: &str) -> Result<String, Failure> {
    let value = match arg.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => value,
        Some(_) | None => arg,
    };
    let path = Path::new(value);
    if let (true, Ok(whole)) = (path.is_relative(), path.canonicalize())
        && !value.is_empty()
    {
        let message = format!("{value} is a path from here, and a service begins elsewhere");
        return Err(Failure::input(message).hint(format!("write it whole: {}", whole.display())));
    }
    quoted(arg).ok_or_else(|| {
        let message = format!("a unit cannot hold {arg:?}");
        Failure::input(message).hint("leave out what is no letter, sign or space")
    })
}

fn folder(whose: ServiceScope, context: &Context) -> Result<PathBuf, Failure> {
    match whose {
        ServiceScope::Machine => Ok(PathBuf::from("/etc/systemd/system")),
        ServiceScope::User => Ok(context.settings()?.join("systemd/user")),
    }
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match disk::bytes(path, disk::SMALL) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("cannot read {}", path.display());
            Err(Failure::new(Exit::Failed, message).caused_by(&error))
        }
    }
}

/// Whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn unwritten(path: &Path, whose: ServiceScope, error: &std::io::Error) -> Failure {
    let message = format!("cannot write {}", path.display());
    let failure = Failure::new(Exit::Failed, message).caused_by(error);
    match (whose, error.kind()) {
        (ServiceScope::Machine, ErrorKind::PermissionDenied) => failure
            .hint("the machine's services are root's: run the same with sudo, or have your own")
            .hint(Command::again_with("--user")),
        (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge) => {
            let hints = no_room("make room on that disk, then run the same again");
            hints.into_iter().fold(failure, Failure::hint)
        }
        _ => failure
            .hint("see that the folder is yours to write in, or print the unit")
            .hint(Command::again_with("--print")),
    }
}

/// What to type next.
fn next(whose: ServiceScope) -> Vec<Hint> {
    let (settings, commands): (&str, &[&str]) = match whose {
        ServiceScope::Machine => (
            "/etc/clusterup/watchdog.env",
            &[
                "sudo systemctl daemon-reload",
                "sudo systemctl enable --now clusterup-watchdog",
                "sudo env XDG_STATE_HOME=/var/lib clusterup log --follow",
            ],
        ),
        ServiceScope::User => (
            "~/.config/clusterup/watchdog.env",
            &[
                "systemctl --user daemon-reload",
                "systemctl --user enable --now clusterup-watchdog",
                "loginctl enable-linger",
                "clusterup log --follow",
            ],
        ),
    };
    let settings = format!("settings and secrets go into {settings}, mode 600");
    let commands = commands.iter().map(|words| Command::other(words).into());
    std::iter::once(settings.into()).chain(commands).collect()
}
