//! Reads the logs of running steps on their cluster's primary over SSH, where they grow without the
//! minutes until an upload.

use super::absent::UPLOADS;
use super::readers::{Problem, Readers, remote_command};
use crate::app::failure::{Exit, Failure};
use crate::app::session::Session;
use crate::app::target::Target;
use crate::cloud::{Class, CloudError, LogFile, LogListing, LogVersion, Login, Shell};
use crate::diagnose::records::Selection;
use crate::model::name::{ClusterId, StackName};
use crate::model::observed::StepState;
use crate::model::shown::line;
use std::collections::BTreeMap;

/// Prepares the installed ssh for a command on a primary.
pub(crate) type Ssh = dyn Fn(&Shell) -> Result<std::process::Command, Failure>;

const STREAMS: [&str; 3] = ["controller", "stderr", "stdout"];

/// How many steps are read at the same time. Each log takes a connection, and sshd accepts ten that
/// are not logged in yet.
const MAX_STEPS: usize = 3;

/// How many problems that may pass are survived.
const MAX_PROBLEMS: u32 = 5;

/// The logs of running steps, as copies that grow.
pub(super) struct Live<'a> {
    ssh: &'a Ssh,
    session: &'a Session,
    /// The primary, once it is known how to log in to it.
    shell: Option<Shell>,
    readers: Readers,
    problems: Problems,
}

/// The problems so far.
#[derive(Default)]
struct Problems {
    count: u32,
    has_given_up: bool,
    /// Whether the present one was reported.
    is_reported: bool,
}

/// A log to read.
struct Wanted {
    name: String,
    /// The folder of its step.
    step: String,
    command: String,
}

impl<'a> Live<'a> {
    pub(super) fn new(ssh: &'a Ssh, session: &'a Session) -> Result<Self, Failure> {
        let readers = Readers::new().map_err(|error| {
            Failure::new(Exit::Failed, "cannot make a temporary folder for logs").caused_by(&error)
        })?;
        Ok(Self {
            ssh,
            session,
            shell: None,
            readers,
            problems: Problems::default(),
        })
    }

    /// Begins to read the selected logs of steps that run, and ends with steps that do not: what was
    /// read of those is there until the next call. A problem is reported once, and uploads are all
    /// that is left until a later call succeeds. Returns whether the stack was observed again.
    pub(super) async fn update(
        &mut self,
        target: &Target<'_>,
        (stack, id): (&StackName, &ClusterId),
        listing: &LogListing,
        selection: &Selection,
    ) -> bool {
        self.readers.forget();
        let running = listing.steps.iter();
        let running = running.filter(|step| step.state == StepState::Running);
        let running = running.filter_map(|it| Some((it.folder.as_str(), it.id.as_deref()?)));
        let running = chosen(running, selection);
        self.readers.keep(|step| running.contains_key(step));
        if let Some(problem) = self.readers.problem() {
            self.stop(problem);
            return false;
        }
        if self.readers.is_reading() && !self.readers.logs().is_empty() {
            self.problems.is_reported = false;
        }
        let wanted = wanted(&running, selection, |name| self.readers.has(name));
        if self.problems.has_given_up || wanted.is_empty() {
            return false;
        }
        // Logging in may open the port to this machine: only if something is to be read.
        let is_new = self.shell.is_none();
        if is_new {
            match log_in(target, stack, id).await {
                Ok(shell) => self.shell = Some(shell),
                Err(problem) => self.stop(problem),
            }
        }
        for log in wanted {
            if let Err(failure) = self.begin(log) {
                self.stop(Problem {
                    why: failure.in_a_line(),
                    is_final: true,
                });
                break;
            }
        }
        is_new
    }

    fn begin(&mut self, log: Wanted) -> Result<(), Failure> {
        let Some(shell) = &self.shell else {
            return Ok(());
        };
        let mut command = (self.ssh)(shell)?;
        // A connection that others share would end with this reader.
        command.args(["-T", "-o", "BatchMode=yes", "-o", "ControlPath=none"]);
        command.arg(log.command);
        let started = self.readers.start(log.name, &log.step, command);
        started.map_err(|error| Failure::new(Exit::Failed, "cannot run ssh").caused_by(&error))
    }

    /// Ends all readers.
    fn stop(&mut self, problem: Problem) {
        self.readers.keep(|_| false);
        let shell = self.shell.take();
        let warning = shell.and_then(|shell| shell.warning);
        if self.problems.add(problem.is_final) {
            let warning = warning.map(|warning| format!(" ({warning})"));
            let why = format!("{}{}", problem.why, warning.unwrap_or_default());
            let why = line(&why, 300);
            self.session.reporter.say(&format!(
                "warning: cannot read logs on the primary: {why}\n{UPLOADS}: lines appear as late as that"
            ));
        }
    }

    /// Whether a log is not read any further.
    pub(super) fn has_problem(&mut self) -> bool {
        self.readers.problem().is_some()
    }

    /// Whether any log is read.
    pub(super) fn is_reading(&self) -> bool {
        self.readers.is_reading()
    }

    /// The logs that are read, as they are now.
    pub(super) fn logs(&self) -> BTreeMap<String, LogVersion> {
        self.readers.logs()
    }

    /// Whether a log is read on the primary.
    pub(super) fn reads(&self, name: &str) -> bool {
        self.readers.has(name)
    }

    /// The copy of a log.
    pub(super) fn file(&self, name: &str) -> Option<LogFile> {
        self.readers.file(name)
    }
}

impl Problems {
    /// Counts one; returns whether to report it.
    const fn add(&mut self, is_final: bool) -> bool {
        self.count += 1;
        self.has_given_up |= is_final || self.count > MAX_PROBLEMS;
        !std::mem::replace(&mut self.is_reported, true)
    }
}

/// Of the folders and ids of steps that run, those with selected logs.
fn chosen<'a>(
    running: impl Iterator<Item = (&'a str, &'a str)>,
    selection: &Selection,
) -> BTreeMap<&'a str, &'a str> {
    let is_selected = |step: &str| STREAMS.iter().any(|it| selection.has(&name(step, it)));
    running
        .filter(|(step, id)| is_step(id) && is_selected(step))
        .take(MAX_STEPS)
        .collect()
}

/// The selected logs of steps that are not read.
fn wanted(
    running: &BTreeMap<&str, &str>,
    selection: &Selection,
    is_read: impl Fn(&str) -> bool,
) -> Vec<Wanted> {
    let logs = running.iter().flat_map(|(step, id)| {
        STREAMS.map(|stream| Wanted {
            name: name(step, stream),
            step: (*step).to_owned(),
            command: remote_command(id, stream),
        })
    });
    logs.filter(|log| selection.has(&log.name) && !is_read(&log.name))
        .collect()
}

/// The name of a step's log.
fn name(step: &str, stream: &str) -> String {
    format!("steps/{step}/{stream}")
}

/// Whether a text is the id of a step: `s-` and capital letters and digits.
fn is_step(id: &str) -> bool {
    let rest = id.strip_prefix("s-").unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (1..=32).contains(&rest.len()) && rest.bytes().all(fits)
}

/// How to log in to the primary of the cluster, or why nobody can over SSH.
async fn log_in(target: &Target<'_>, stack: &StackName, id: &ClusterId) -> Result<Shell, Problem> {
    let never = |why: String| Problem {
        why,
        is_final: true,
    };
    let Some(aws) = target.cloud.aws() else {
        return Err(never("the cluster is on this machine".to_owned()));
    };
    match aws.log_in(stack).await {
        Ok(Login::Ssh(shell)) if shell.cluster == *id => Ok(shell),
        Ok(Login::Ssh(shell)) => {
            let why = format!("the stack has another cluster, {}", shell.cluster);
            Err(never(why))
        }
        Ok(Login::Session { .. }) => Err(never("with access: ssm, it accepts no SSH".to_owned())),
        Err(error) => Err(Problem::from(&error)),
    }
}

impl From<&CloudError> for Problem {
    fn from(error: &CloudError) -> Self {
        Self {
            why: error.to_string(),
            is_final: match error.class {
                Class::Failed | Class::Unreachable => false,
                Class::Input | Class::Busy | Class::Missing | Class::Account => true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_step_is_read_also_if_many_run_before_it() {
        let running = [
            ("01-a", "s-1"),
            ("02-b", "s-2"),
            ("03-c", "s-3"),
            ("04-d", "s-4"),
        ];
        let chosen = |selection: &Selection| chosen(running.into_iter(), selection);
        let of = |step: &str| Selection {
            step: Some(step.to_owned()),
            ..Selection::default()
        };
        let steps = |selection: &Selection| -> Vec<String> {
            chosen(selection).keys().map(ToString::to_string).collect()
        };
        assert_eq!(steps(&of("d")), ["04-d"]);
        assert_eq!(steps(&Selection::default()), ["01-a", "02-b", "03-c"]);
        // Without a log to read, nobody logs in.
        assert!(steps(&of("e")).is_empty());
        let d = of("d");
        let left = wanted(&chosen(&d), &d, |it| it == "steps/04-d/stdout");
        let left: Vec<&str> = left.iter().map(|log| log.name.as_str()).collect();
        assert_eq!(left, ["steps/04-d/controller", "steps/04-d/stderr"]);
        assert!(wanted(&chosen(&d), &d, |_| true).is_empty());
    }

    #[test]
    fn a_problem_that_may_pass_is_tried_again_a_few_times_and_reported_once() {
        let mut problems = Problems::default();
        assert!(problems.add(false));
        for _ in 1..MAX_PROBLEMS {
            assert!(!problems.add(false) && !problems.has_given_up);
        }
        assert!(!problems.add(false) && problems.has_given_up);
        let mut problems = Problems::default();
        assert!(problems.add(true) && problems.has_given_up);
        let is_final = |class| Problem::from(&CloudError::new(class, "x")).is_final;
        assert!(!is_final(Class::Unreachable) && !is_final(Class::Failed));
        assert!(is_final(Class::Input));
    }

    #[test]
    fn only_ids_of_emr_get_into_a_command() {
        for good in ["s-1", "s-2AB3CD4EF5GH6"] {
            assert!(is_step(good), "{good}");
        }
        let long = format!("s-{}", "A".repeat(33));
        for bad in [
            "",
            "s-",
            "s-1a",
            "s-1;reboot",
            "s-$(x)",
            "s-1/..",
            "j-1",
            "s-1 ",
            &long,
        ] {
            assert!(!is_step(bad), "{bad}");
        }
        assert_eq!(
            remote_command("s-1AB", "stderr"),
            "exec 3<&0; tail -c +1 -F /mnt/var/log/hadoop/steps/s-1AB/stderr & p=$!; \
             { cat <&3; kill $p; } >/dev/null 2>&1 & wait $p"
        );
    }
}
