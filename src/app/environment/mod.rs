//! The environment: variables, folders and the terminal. Nothing else reads them. What is made of
//! them is in the files beside this one: what this machine has, and how AWS is reached.

#[cfg(feature = "aws")]
mod aws;
mod folders;
mod machine;
pub(crate) mod region;
mod settings;
#[cfg(not(feature = "aws"))]
mod without_aws;

pub(crate) use settings::{Resolved, SettingFlags, SettingSource, Settings};

use super::failure::Failure;
#[cfg(feature = "aws")]
use crate::cloud::aws::{Ask, Login};
use crate::cost::catalog::Catalog;
use crate::model::event::Listener;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) struct Environment {
    home: Option<PathBuf>,
    state: Option<PathBuf>,
    cache: Option<PathBuf>,
    /// The user's folder of settings, `~/.config` by default.
    config: Option<PathBuf>,
    pub(crate) settings: Settings,
    path: Option<OsString>,
    /// The variables that a local cluster's processes inherit.
    inherited: BTreeMap<String, String>,
    catalog: OnceCell<Arc<Catalog>>,
    /// The user, `name@host`, as in rules, leases and records.
    pub(crate) who: String,
    #[cfg(feature = "aws")]
    overrides: Overrides,
    #[cfg(feature = "aws")]
    login: Rc<Login>,
    /// The log filter if no flag sets it: RUST_LOG.
    pub(crate) log: Option<String>,
    pub(crate) answers: Answers,
    /// Whether the terminal's characters are UTF-8.
    pub(crate) utf8: bool,
    terminal: Terminal,
}

/// Whether somebody can answer questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    Possible,
    NoTerminal,
    /// `--no-input` is set.
    Refused,
}

impl Answers {
    fn of_process(no_input: bool) -> Self {
        match (no_input, std::io::stdin().is_terminal()) {
            (true, _) => Self::Refused,
            (false, true) => Self::Possible,
            (false, false) => Self::NoTerminal,
        }
    }

    /// Why nobody can answer; `None` if somebody can.
    pub(crate) const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Possible => None,
            Self::NoTerminal => Some("Standard input is not a terminal"),
            Self::Refused => Some("--no-input is set"),
        }
    }
}

/// How the environment reaches people, besides a session's reporter.
#[derive(Clone, Copy)]
pub(crate) struct Terminal {
    /// Prints a warning.
    pub(crate) warn: fn(&str),
    /// Asks a question; `None` if nobody answers.
    #[cfg_attr(
        not(feature = "aws"),
        expect(dead_code, reason = "only AWS asks for codes")
    )]
    pub(crate) ask: fn(&str) -> Option<String>,
    /// A listener that shows which calls are waited for or retried.
    #[cfg_attr(
        not(feature = "aws"),
        expect(dead_code, reason = "only calls to AWS are waited for")
    )]
    pub(crate) waits: fn() -> Rc<dyn Listener>,
}

/// Variables that override clusterup's defaults, besides the SDK's downloaded settings.
#[cfg(feature = "aws")]
struct Overrides {
    /// The URL that returns this machine's public address.
    check_ip: Option<String>,
}

#[cfg(feature = "aws")]
impl Overrides {
    #[expect(
        clippy::disallowed_methods,
        reason = "this module reads the environment"
    )]
    fn from_environment() -> Self {
        Self {
            check_ip: env::var("CLUSTERUP_CHECKIP_URL").ok(),
        }
    }
}

impl Environment {
    /// `no_input`: whether questions are forbidden.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module reads the environment"
    )]
    pub(crate) fn of_process(terminal: Terminal, no_input: bool, settings: Settings) -> Self {
        let answers = Answers::of_process(no_input);
        #[cfg(feature = "aws")]
        let profile = settings.profile.value.clone();
        Self {
            state: under("XDG_STATE_HOME", ".local/state"),
            cache: under("XDG_CACHE_HOME", ".cache"),
            config: config(),
            settings,
            path: env::var_os("PATH"),
            who: who(),
            #[cfg(feature = "aws")]
            overrides: Overrides::from_environment(),
            #[cfg(feature = "aws")]
            login: Rc::new(Login::new(mfa_prompt(answers, terminal), profile)),
            inherited: inherited_variables(),
            catalog: OnceCell::new(),
            log: env::var("RUST_LOG")
                .ok()
                .filter(|filter| !filter.is_empty()),
            answers,
            utf8: utf8(),
            terminal,
            home: folder("HOME"),
        }
    }

    /// The columns of the terminal as COLUMNS gives them.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module reads the environment"
    )]
    pub(crate) fn columns() -> Option<usize> {
        let columns = env::var("COLUMNS").ok()?.parse().ok()?;
        Some(columns).filter(|columns| *columns > 0)
    }

    /// The folder of clusterup's state, without the rest of the environment.
    pub(crate) fn state_of_process() -> Option<PathBuf> {
        Some(under("XDG_STATE_HOME", ".local/state")?.join("clusterup"))
    }
}

impl Settings {
    /// The settings of flags, variables and the user's file.
    ///
    /// # Errors
    /// Returns an error if the file or a variable is invalid.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module reads the environment"
    )]
    pub(crate) fn of_process(flags: SettingFlags) -> Result<Self, Failure> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Self::resolve(flags, config().as_deref(), &variable)
    }
}

/// The user's folder of settings.
fn config() -> Option<PathBuf> {
    under("XDG_CONFIG_HOME", ".config")
}

/// The folder in a variable, or a default below the home folder.
fn under(variable: &str, default: &str) -> Option<PathBuf> {
    folder(variable).or_else(|| Some(folder("HOME")?.join(default)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module reads the environment"
)]
fn folder(name: &str) -> Option<PathBuf> {
    let folder = env::var_os(name).map(PathBuf::from);
    // Records hold paths as text, and the supervisor runs in another folder.
    folder.filter(|path| path.is_absolute() && path.to_str().is_some())
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module reads the environment"
)]
fn who() -> String {
    let user = env::var("USER").or_else(|_| env::var("LOGNAME"));
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    format!("{}@{host}", user.as_deref().unwrap_or("somebody"))
}

/// Whether the locale's characters are UTF-8: the first of these variables that is set decides
/// (POSIX, 8.2 Internationalization Variables).
#[expect(
    clippy::disallowed_methods,
    reason = "this module reads the environment"
)]
fn utf8() -> bool {
    let mut set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok());
    let locale = set.find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// The variables that a local cluster's processes inherit: as on EMR, almost none.
#[expect(
    clippy::disallowed_methods,
    reason = "this module reads the environment"
)]
fn inherited_variables() -> BTreeMap<String, String> {
    let names = ["HOME", "LANG", "LC_ALL", "PATH", "TZ", "USER"];
    names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)))
        .collect()
}

/// Asks for MFA codes, if a person can answer.
#[cfg(feature = "aws")]
fn mfa_prompt(answers: Answers, terminal: Terminal) -> Option<Ask> {
    answers
        .refusal()
        .is_none()
        .then(|| Box::new(terminal.ask) as Ask)
}
