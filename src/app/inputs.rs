//! Checks the inputs of the job that a plan starts: whether those in S3 exist, with one call for each,
//! and whether an input of few files keeps most slots idle.

use super::failure::Failure;
use super::lint;
use super::target::Target;
use super::wanted::{Maker, Reader, Wanted, wanted};
use crate::cloud::{InputForm, InputState, PATTERN};
use crate::model::action::Action;
use crate::model::facts::{Facts, Input};
use crate::model::hint::{Command, CommandContext};
use crate::model::lint::LintCode;
use crate::model::name::DataName;
use crate::model::plan::Plan;
use crate::model::stack::{Piece, Source, Stack, Step};
use crate::plan::{few_files, sizing};
use crate::text::{Complaint, Diagnostics, Named, StackNames, What};
use std::collections::BTreeMap;

/// The most inputs that are looked up, so that a plan does not take minutes.
const MOST: usize = 100;

/// The inputs of a stack.
#[derive(Clone, Copy)]
pub(crate) struct InputCheck<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) names: &'a StackNames,
    pub(crate) target: &'a Target<'a>,
    /// Whether nothing is checked (`--no-lint`).
    pub(crate) is_off: bool,
}

type Complaints = Vec<(Named, Complaint)>;

/// The objects of data sets in S3, each with its key and its bytes.
type Listed = BTreeMap<String, Vec<(String, u64)>>;

impl InputCheck<'_> {
    /// Checks what the job reads that `plan` starts, and shows what is found; `None` if nothing is.
    /// A plan that starts no job needs no call.
    ///
    /// # Errors
    /// Returns what is found if there is an error among it.
    pub(crate) async fn check(
        &self,
        plan: &Plan,
        facts: &Facts,
    ) -> Result<Option<Diagnostics>, Failure> {
        let mut starts = plan.actions.iter().filter_map(|it| Start::of(&it.action));
        let Some(start) = starts.next().filter(|_| !self.is_off) else {
            return Ok(None);
        };
        let (mut complaints, listed) = self.in_s3(start).await;
        complaints.extend(self.few_files(facts, &listed));
        let found = self.names.findings(&complaints);
        let hint =
            "if something else writes the input before the job reads it, leave the check out:";
        lint::show(found, hint, &*self.target.session.reporter)
    }

    async fn in_s3(&self, start: Start) -> (Complaints, Listed) {
        let (mut complaints, mut listed) = (Vec::new(), Listed::new());
        let Some(aws) = self.target.cloud.aws() else {
            return (complaints, listed);
        };
        let environment = &self.target.session.environment;
        let reads = |step: &Step| lint::reads(self.stack, step, environment);
        let has_bootstrap = start == Start::Cluster;
        let mut all = wanted(self.stack, self.names, has_bootstrap, reads);
        let beyond = all.split_off(all.len().min(MOST));
        let mut all = all.into_iter();
        for one in all.by_ref() {
            match aws.look_up(&one.address, one.form).await {
                InputState::Exists(Some(files)) => {
                    listed.insert(one.address, files);
                }
                InputState::Exists(None) => {}
                InputState::NoAnswer => {
                    complaints.push(complaint(one, &InputState::NoAnswer));
                    break;
                }
                state @ (InputState::NoBucket | InputState::NoObject | InputState::Unknown(_)) => {
                    complaints.push(complaint(one, &state));
                }
            }
        }
        complaints.extend(left_out(all.chain(beyond)));
        (complaints, listed)
    }

    /// Data sets of few files that cannot be split, of the first step of Spark that reads them.
    fn few_files(&self, facts: &Facts, listed: &Listed) -> Complaints {
        let one = |(name, input): (&DataName, &Input)| {
            let steps = self.stack.job.iter().flat_map(|job| &job.steps);
            let mut readers = steps.filter(|step| step.work.is_spark() && has(step, name));
            let step = readers.next()?;
            let files: Vec<(&str, u64)> = match input {
                Input::Local(file) => vec![(file.path.to_str()?, file.bytes)],
                Input::Folder(folder) => {
                    let files = folder.files.iter();
                    files.map(|it| (it.name.as_str(), it.file.bytes)).collect()
                }
                Input::Remote(address) => {
                    let files = listed.get(address)?.iter();
                    files.map(|(key, bytes)| (key.as_str(), *bytes)).collect()
                }
            };
            let slots = sizing::slots(step, self.stack, facts)?;
            let found = few_files::check(&files, step.name.as_str(), slots)?;
            let complaint = Complaint {
                code: Some(LintCode::FewFiles),
                message: found.message,
                help: Some(found.help),
            };
            Some((self.data(name)?.clone(), complaint))
        };
        facts.data.iter().filter_map(one).collect()
    }

    /// Where the stack names a data set.
    fn data(&self, name: &DataName) -> Option<&Named> {
        match &self.stack.data.get(name)?.source {
            Source::Path(path) => self.names.by_path(What::Data, path),
            Source::Url { url, .. } => self.names.by_text(What::Url, url),
            Source::S3(address) => self.names.by_text(What::DataInS3, address),
        }
    }
}

/// How a plan starts the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// On a new cluster, whose bootstrap actions run first.
    Cluster,
    /// On a cluster that runs.
    Steps,
}

impl Start {
    fn of(action: &Action) -> Option<Self> {
        if let Action::CreateCluster(_, Some(_)) = action {
            Some(Self::Cluster)
        } else {
            matches!(action, Action::AddSteps(..)).then_some(Self::Steps)
        }
    }
}

/// Whether a step gets the place of a data set.
fn has(step: &Step, name: &DataName) -> bool {
    let mut pieces = step.args.iter().flatten();
    pieces.any(|piece| matches!(piece, Piece::Data(data) if data == name))
}

/// Inputs that are not looked up.
fn left_out(rest: impl Iterator<Item = Wanted>) -> Option<(Named, Complaint)> {
    let mut rest: Vec<Wanted> = rest.collect();
    let more = rest.len().checked_sub(1)?;
    let first = rest.swap_remove(0);
    let message = match more {
        0 => format!("{} was not looked up", first.address),
        more => format!("{} and {more} more were not looked up", first.address),
    };
    let complaint = Complaint {
        code: Some(LintCode::InputUnchecked),
        message,
        help: Some(format!(
            "at most {MOST} inputs are looked up, and none after one for which S3 does not answer"
        )),
    };
    Some((first.named, complaint))
}

fn complaint(wanted: Wanted, state: &InputState) -> (Named, Complaint) {
    let (code, message) = said(&wanted, state);
    let complaint = Complaint {
        code: Some(code),
        message,
        help: Some(format!("see what is there: `{}`", listing(&wanted, state))),
    };
    (wanted.named, complaint)
}

fn said(wanted: &Wanted, state: &InputState) -> (LintCode, String) {
    let Wanted {
        address,
        form,
        maker,
        reader,
        ..
    } = wanted;
    let why = match state {
        InputState::Unknown(why) => Some(why.as_str()),
        InputState::NoAnswer => Some("S3 did not answer"),
        InputState::NoBucket | InputState::NoObject | InputState::Exists(_) => None,
    };
    if let Some(why) = why {
        let message = format!("{address} could not be checked: {why}");
        return (LintCode::InputUnchecked, message);
    }
    if let Some(maker) = maker {
        let maker = match maker {
            Maker::Step(step) => format!("step {step:?}"),
            Maker::Earlier => "an earlier step".to_owned(),
        };
        let message =
            format!("{address} does not exist yet; {maker} may write it, so it was not checked");
        return (LintCode::InputUnchecked, message);
    }
    let no_bucket = *state == InputState::NoBucket;
    match reader {
        // The script may go on without it.
        Reader::Script(step) => {
            let what = if no_bucket {
                "its bucket does"
            } else {
                "it does"
            };
            let message =
                format!("the script of step {step:?} reads {address}, and {what} not exist");
            (LintCode::InputUnchecked, message)
        }
        Reader::Stack if no_bucket => (
            LintCode::InputMissing,
            format!("the bucket of {address} does not exist"),
        ),
        Reader::Stack => {
            let what = match form {
                InputForm::Object => "no object",
                InputForm::Data => "no data",
            };
            (
                LintCode::InputMissing,
                format!("there is {what} at {address}"),
            )
        }
    }
}

/// The command that lists what there is around an address.
fn listing(wanted: &Wanted, state: &InputState) -> String {
    let command = Command::other("aws s3 ls");
    let address = match wanted.form {
        InputForm::Object => Some(wanted.address.as_str()),
        // Nothing that begins a pattern is in the name of a bucket.
        InputForm::Data => wanted.address.split(PATTERN).next(),
    };
    let address = address.unwrap_or_default();
    let is_pattern = address.len() < wanted.address.len();
    let folder = if is_pattern {
        address
    } else {
        address.trim_end_matches('/')
    };
    let command = match folder.rsplit_once('/') {
        Some((folder, _)) if *state != InputState::NoBucket => command.arg(format!("{folder}/")),
        Some(_) | None => command,
    };
    command.complete(&CommandContext::default())
}

#[cfg(test)]
mod tests;
