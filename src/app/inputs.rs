//! Checks the inputs of the job that a plan starts: whether those in S3 exist, with one call for each,
//! and whether an input of few files keeps most slots idle.

use super::failure::Failure;
use super::lint;
use super::target::Target;
use super::wanted::{Wanted, wanted};
use crate::cloud::{InputForm, InputState};
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
        let mut actions = plan.actions.iter().map(|planned| &planned.action);
        if self.is_off || !actions.any(starts_job) {
            return Ok(None);
        }
        let (mut complaints, listed) = self.in_s3().await;
        complaints.extend(self.few_files(facts, &listed));
        let found = self.names.findings(&complaints);
        let hint = "an input that something else makes in time is right as it is";
        lint::show(found, hint, &*self.target.session.reporter)
    }

    async fn in_s3(&self) -> (Complaints, Listed) {
        let (mut complaints, mut listed) = (Vec::new(), Listed::new());
        let Some(aws) = self.target.cloud.aws() else {
            return (complaints, listed);
        };
        let environment = &self.target.session.environment;
        let reads = |step: &Step| lint::reads(self.stack, step, environment);
        for one in wanted(self.stack, self.names, reads).into_iter().take(MOST) {
            match aws.look_up(&one.address, one.form).await {
                InputState::Exists(Some(files)) => {
                    listed.insert(one.address, files);
                }
                InputState::Exists(None) => {}
                state @ (InputState::NoBucket | InputState::NoObject | InputState::Unknown(_)) => {
                    complaints.push(complaint(one, &state));
                }
            }
        }
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

fn starts_job(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateCluster(_, Some(_)) | Action::AddSteps(..)
    )
}

/// Whether a step gets the place of a data set.
fn has(step: &Step, name: &DataName) -> bool {
    let mut pieces = step.args.iter().flatten();
    pieces.any(|piece| matches!(piece, Piece::Data(data) if data == name))
}

fn complaint(wanted: Wanted, state: &InputState) -> (Named, Complaint) {
    let Wanted {
        address,
        form,
        named,
        maker,
    } = wanted;
    let what = match form {
        InputForm::Object => "no object",
        InputForm::Data => "no data",
    };
    let (code, message) = match (state, maker) {
        (InputState::Unknown(why), _) => {
            let message = format!("{address} could not be checked: {why}");
            (LintCode::InputUnchecked, message)
        }
        (_, Some(step)) => {
            let message =
                format!("there is {what} at {address} yet, and step {step:?} may write it");
            (LintCode::InputUnchecked, message)
        }
        (InputState::NoBucket, None) => {
            let message = format!("the bucket of {address} does not exist");
            (LintCode::InputMissing, message)
        }
        (InputState::NoObject | InputState::Exists(_), None) => (
            LintCode::InputMissing,
            format!("there is {what} at {address}"),
        ),
    };
    let complaint = Complaint {
        code: Some(code),
        message,
        help: Some(format!("see what is there: `{}`", listing(&address, state))),
    };
    (named, complaint)
}

/// The command that lists what there is around an address.
fn listing(address: &str, state: &InputState) -> String {
    let command = Command::other("aws s3 ls");
    let folder = address.trim_end_matches('/').rsplit_once('/');
    let command = match folder {
        Some((folder, _)) if *state != InputState::NoBucket => command.arg(format!("{folder}/")),
        Some(_) | None => command,
    };
    command.complete(&CommandContext::default())
}
