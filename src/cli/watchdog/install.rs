//! `watchdog install`: writes a systemd unit that runs the watchdog.

use super::quote::quoted;
use super::run::RunArgs;
use super::unit::{NAME, ServiceScope, is_unedited, unit};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::cli::flags::GlobalArgs;
use crate::cli::usage;
use crate::cli::verb::{Finished, Verb};
use crate::disk;
use crate::model::hint::{Command, Hint, no_room};
use clap::Parser;
use serde::Serialize;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct InstallArgs {
    /// Install a user service, which runs while you are logged in (or lingering is enabled)
    #[arg(long)]
    user: bool,
    /// Print the unit and write nothing
    #[arg(long, conflicts_with = "force")]
    print: bool,
    /// Overwrite a unit that was edited
    #[arg(long)]
    force: bool,
    /// Arguments for `watchdog run`, such as --region eu-west-1 --policies /etc/clusterup/policies
    #[arg(last = true)]
    args: Vec<String>,
}

impl Verb for InstallArgs {
    async fn run(&self, session: &Session) -> Result<Finished, Failure> {
        let reporter = &session.reporter;
        let scope = if self.user {
            ServiceScope::User
        } else {
            ServiceScope::Machine
        };
        let text = unit(scope, &command(self, scope, session)?);
        if self.print {
            reporter.text(&text);
            return Ok(Finished::done(InstallDocument {
                unit: text,
                path: None,
            }));
        }
        let path = folder(scope, session)?.join(NAME);
        let previous = read(&path)?;
        let edited = previous.as_deref().is_some_and(|text| !is_unedited(text));
        if edited && !self.force && previous.as_deref() != Some(&text) {
            let message = format!("{} was edited since clusterup wrote it", path.display());
            return Err(Failure::new(Exit::Failed, message)
                .hint(
                    "keep changes in a drop-in, look at the new unit, or overwrite the edited one",
                )
                .hint(Command::other("systemctl edit clusterup-watchdog"))
                .hint(Command::again_with("--print"))
                .hint(Command::again_with("--force")));
        }
        if previous.as_deref() == Some(&text) {
            reporter.say(&format!("{} is up to date", path.display()));
        } else {
            write(&path, &text).map_err(|error| unwritten(&path, scope, &error))?;
            reporter.say(&format!("wrote {}", path.display()));
        }
        reporter.hints(&next(scope), 2);
        Ok(Finished::done(InstallDocument {
            unit: text,
            path: Some(path),
        }))
    }
}

/// The daemon's command line for `ExecStart`, each word quoted.
fn command(args: &InstallArgs, scope: ServiceScope, session: &Session) -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Exit::Failed, "cannot find clusterup's own path").caused_by(&error)
    })?;
    let homes = ["/home", "/root", "/tmp"];
    if scope == ServiceScope::Machine && homes.iter().any(|home| program.starts_with(home)) {
        let program = program.display();
        session.reporter.say(&format!(
            "warning: the service cannot read {program}, which is in a home or temporary folder"
        ));
        let copy = Command::other("sudo install -m 755").arg(program.to_string());
        session.reporter.hints(
            &[
                "copy it where the service can read it, and install from there".into(),
                copy.arg("/usr/local/bin/").into(),
            ],
            2,
        );
    }
    let path = program
        .to_str()
        .and_then(|path| quoted(path).filter(|quoted| quoted == path));
    // systemd expands neither variables nor quotes in the program's path.
    let path = path.ok_or_else(|| {
        let message = format!("systemd cannot run {program:?}: its path needs quoting");
        Failure::input(message).hint("copy clusterup to /usr/local/bin and install from there")
    })?;
    let mut words = vec![path, "watchdog".to_owned(), "run".to_owned()];
    for arg in &args.args {
        words.push(word(arg)?);
    }
    validate_arguments(&args.args)?;
    Ok(words.join(" "))
}

/// Watch all clusters until stopped, and serve a web page
#[derive(Debug, Parser)]
#[command(name = "clusterup watchdog run")]
struct Service {
    #[command(flatten)]
    _global: GlobalArgs,
    #[command(flatten)]
    _run: RunArgs,
}

/// Checks the daemon's arguments: systemd would restart a service with invalid ones forever.
fn validate_arguments(args: &[String]) -> Result<(), Failure> {
    let program = std::iter::once("clusterup");
    // `--help` is refused too: it prints and exits, and the service would never watch.
    let read = Service::try_parse_from(program.chain(args.iter().map(String::as_str)));
    read.map(|_| ()).map_err(|error| {
        let mut failure = Failure::input("`watchdog run` does not accept the arguments after `--`");
        failure.causes.push(usage::message(&error.to_string()));
        failure.hint(Command::clusterup("watchdog run --help"))
    })
}

/// Quotes an argument. Relative paths are refused, because a service starts in the root folder.
fn word(arg: &str) -> Result<String, Failure> {
    let value = match arg.split_once('=') {
        Some((flag, value)) if flag.starts_with("--") => value,
        Some(_) | None => arg,
    };
    let path = Path::new(value);
    if let (true, Ok(whole)) = (path.is_relative(), path.canonicalize())
        && !value.is_empty()
    {
        let message = format!("{value} is a relative path, and a service starts in /");
        return Err(Failure::input(message).hint(format!("write it in full: {}", whole.display())));
    }
    quoted(arg).ok_or_else(|| {
        let message = format!("a unit file cannot contain {arg:?}");
        Failure::input(message).hint("remove control characters")
    })
}

fn folder(scope: ServiceScope, session: &Session) -> Result<PathBuf, Failure> {
    match scope {
        ServiceScope::Machine => Ok(PathBuf::from("/etc/systemd/system")),
        ServiceScope::User => Ok(session.environment.config_folder()?.join("systemd/user")),
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

/// Writes the file atomically.
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

fn unwritten(path: &Path, scope: ServiceScope, error: &std::io::Error) -> Failure {
    let message = format!("cannot write {}", path.display());
    let failure = Failure::new(Exit::Failed, message).caused_by(error);
    match (scope, error.kind()) {
        (ServiceScope::Machine, ErrorKind::PermissionDenied) => failure
            .hint("only root may install a service of the machine: use sudo, or a user service")
            .hint(Command::again_with("--user")),
        (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge) => {
            let hints = no_room("free space on that disk, then run the command again");
            hints.into_iter().fold(failure, Failure::hint)
        }
        _ => failure
            .hint("make the folder writable, or print the unit")
            .hint(Command::again_with("--print")),
    }
}

/// The commands that start the service.
fn next(scope: ServiceScope) -> Vec<Hint> {
    let (settings, commands): (&str, &[&str]) = match scope {
        ServiceScope::Machine => (
            "/etc/clusterup/watchdog.env",
            &[
                "sudo systemctl daemon-reload",
                "sudo systemctl enable --now clusterup-watchdog",
                "sudo env XDG_STATE_HOME=/var/lib clusterup watchdog log --follow",
            ],
        ),
        ServiceScope::User => (
            "~/.config/clusterup/watchdog.env",
            &[
                "systemctl --user daemon-reload",
                "systemctl --user enable --now clusterup-watchdog",
                "loginctl enable-linger",
                "clusterup watchdog log --follow",
            ],
        ),
    };
    let settings = format!("settings and secrets go into {settings}, mode 600");
    let commands = commands.iter().map(|words| Command::other(words).into());
    std::iter::once(settings.into()).chain(commands).collect()
}

/// The unit of systemd.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(in crate::cli) struct InstallDocument {
    /// Its text.
    unit: String,
    /// Its file; null with `--print`.
    path: Option<PathBuf>,
}
