//! Keys of objects in the bucket. Keys contain the content's hash, so equal content is staged once
//! and a changed script is a new object. Hadoop reads all these names.

use crate::model::facts::{Facts, File, Input};
use crate::model::name::DataName;
use crate::model::sample::Sample;
use crate::model::stack::{Piece, Stack, Step};
use crate::model::staged::staged_name;

/// Placeholders for the bucket's location and the job's hash until the hash is known. Their control
/// characters cannot occur in a stack.
pub(super) const BUCKET: &str = "\u{1}bucket\u{1}";
pub(super) const JOB: &str = "\u{1}job\u{1}";

/// The folders that jobs write to, below [`Facts::work`]; they are not part of a job's hash.
pub(super) const WRITTEN: [&str; 2] = ["results", "scratch"];

pub(super) struct Keys<'a> {
    stack: &'a Stack,
    pub(super) facts: &'a Facts,
}

impl<'a> Keys<'a> {
    pub(super) fn new(stack: &'a Stack, facts: &'a Facts) -> Self {
        Self { stack, facts }
    }

    /// The share of a data set that is staged; `None` for all of it.
    pub(super) fn sample(&self, name: &DataName) -> Option<Sample> {
        let sampled = self.stack.data.get(name).is_some_and(|data| data.sampled);
        self.facts.sample.filter(|_| sampled)
    }

    pub(super) fn script(file: &File) -> String {
        key("scripts", "", file)
    }

    pub(super) fn data(&self, name: &DataName, file: &File) -> String {
        let part = self
            .sample(name)
            .map(|sample| format!("-sample-{}", sample.millionths()));
        key("data", part.as_deref().unwrap_or_default(), file)
    }

    /// The location of a step's script, with [`BUCKET`] as a placeholder.
    pub(super) fn script_of(&self, step: &Step) -> Option<String> {
        let file = self.facts.scripts.get(&step.script)?;
        Some(format!("{BUCKET}/{}", Self::script(file)))
    }

    /// The text of a piece of an argument, with [`BUCKET`] and [`JOB`] as placeholders.
    pub(super) fn piece(&self, piece: &Piece) -> Option<String> {
        match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Results => Some(format!("{BUCKET}/results/{JOB}")),
            Piece::Scratch => Some(format!("{BUCKET}/scratch/{JOB}")),
            Piece::Data(name) => match self.facts.data.get(name)? {
                Input::Remote(location) => Some(location.clone()),
                Input::Local(file) => Some(format!("{BUCKET}/{}", self.data(name, file))),
            },
        }
    }
}

fn key(folder: &str, part: &str, file: &File) -> String {
    let name = file
        .path
        .file_name()
        .map_or("file".into(), |name| name.to_string_lossy());
    let name = staged_name(&name);
    let digest = file.sha256.get(..16).unwrap_or(&file.sha256);
    format!("{folder}/{digest}{part}/{name}")
}
