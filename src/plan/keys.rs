//! Keys of objects in the bucket. Keys contain the content's hash, so equal content is staged once
//! and a changed script is a new object. Hadoop reads all these names.

use crate::model::desired::Object;
use crate::model::facts::{Facts, File, Folder, Input};
use crate::model::hex::hex;
use crate::model::name::DataName;
use crate::model::sample::{Sample, Sampling, has_lines, usually_has_header};
use crate::model::stack::{Piece, Stack, Step};
use crate::model::staged::staged_name;
use crate::model::work::StepFile;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Placeholders for the bucket's location and the job's hash until the hash is known. Their control
/// characters cannot occur in a stack.
pub(super) const BUCKET: &str = "\u{1}bucket\u{1}";
pub(super) const JOB: &str = "\u{1}job\u{1}";

/// The folders that jobs write to, below [`Facts::work`]; they are not part of a job's hash.
pub(super) const WRITTEN: [&str; 2] = ["results", "scratch"];

pub(super) struct Keys<'a> {
    pub(super) stack: &'a Stack,
    pub(super) facts: &'a Facts,
}

impl<'a> Keys<'a> {
    pub(super) fn new(stack: &'a Stack, facts: &'a Facts) -> Self {
        Self { stack, facts }
    }

    /// How the lines of a data set's file are sampled; `None` to stage all of it.
    fn sampling(&self, name: &DataName, file: &File) -> Option<Sampling> {
        let share = self.facts.sample?;
        let data = self.stack.data.get(name).filter(|data| data.sampled)?;
        let file = file.name();
        let header = data.header.unwrap_or_else(|| usually_has_header(&file));
        has_lines(&file).then_some(Sampling { share, header })
    }

    pub(super) fn script(file: &File) -> String {
        key("scripts", "", file)
    }

    fn data(&self, name: &DataName, file: &File) -> String {
        key("data", &self.part(name, file), file)
    }

    /// What a sample adds to a key.
    fn part(&self, name: &DataName, file: &File) -> String {
        let part = self.sampling(name, file).map(|Sampling { share, header }| {
            let header = if header { "-header" } else { "" };
            format!("-sample-{}{header}", share.millionths())
        });
        part.unwrap_or_default()
    }

    /// The files of a data set that are staged.
    pub(super) fn staged<'f>(&self, name: &DataName, input: &'f Input) -> Vec<Staged<'f>> {
        match input {
            Input::Local(file) => vec![Staged {
                key: self.data(name, file),
                file,
                sampling: self.sampling(name, file),
            }],
            Input::Folder(folder) => self.members(name, folder),
            Input::Remote(_) => Vec::new(),
        }
    }

    /// The files of a folder that are staged, with their keys. A sample takes some of the lines of each
    /// text file, and some of the other files, at least one.
    fn members<'f>(&self, name: &DataName, folder: &'f Folder) -> Vec<Staged<'f>> {
        let prefix = self.data_folder(name, folder);
        let share = self.facts.sample.filter(|_| self.is_sampled(name));
        let taken = share.map(|share| whole_files(folder, share));
        let files = folder.files.iter().enumerate();
        files
            .filter_map(|(index, member)| {
                let sampling = self.sampling(name, &member.file);
                let is_taken = taken.as_ref().is_none_or(|taken| taken.contains(&index));
                (sampling.is_some() || is_taken).then(|| Staged {
                    key: format!("{prefix}/{}", member.name),
                    file: &member.file,
                    sampling,
                })
            })
            .collect()
    }

    fn is_sampled(&self, name: &DataName) -> bool {
        self.stack.data.get(name).is_some_and(|data| data.sampled)
    }

    /// The folder's key: its content's digest and its name.
    fn data_folder(&self, name: &DataName, folder: &Folder) -> String {
        let mut digest = Sha256::new();
        for member in &folder.files {
            digest.update(format!("{}\0{}\n", member.name, member.file.sha256));
        }
        let share = self.facts.sample.filter(|_| self.is_sampled(name));
        let whole = share.map(|share| format!("-sample-{}", share.millionths()));
        let parts = folder
            .files
            .iter()
            .map(|member| self.part(name, &member.file));
        let part = parts.chain(whole).max();
        let own = folder.path.file_name();
        let own = staged_name(&own.map_or("data".into(), |own| own.to_string_lossy()));
        let digest = hex(&digest.finalize());
        let part = part.unwrap_or_default();
        format!("data/{}{part}/{own}", &digest[..16])
    }

    /// The location of a step's file, with [`BUCKET`] as a placeholder.
    pub(super) fn step_file(&self, file: &StepFile) -> Option<String> {
        match file {
            StepFile::Local(path) => {
                let file = self.facts.step_files.files.get(path)?;
                Some(format!("{BUCKET}/{}", Self::script(file)))
            }
            StepFile::Remote(address) => Some(address.clone()),
        }
    }

    /// The locations of what a step's script imports from its own folder.
    pub(super) fn neighbours(&self, step: &Step) -> impl Iterator<Item = String> {
        let script = step.work.file().and_then(StepFile::local);
        let found = script.and_then(|script| self.facts.step_files.neighbours.get(script));
        let files = found.into_iter().flatten().map(|one| &one.file);
        files.map(|file| format!("{BUCKET}/{}", Self::script(file)))
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
                Input::Folder(folder) => {
                    Some(format!("{BUCKET}/{}", self.data_folder(name, folder)))
                }
            },
        }
    }
}

/// A file with its key, and how it is sampled.
pub(super) struct Staged<'f> {
    pub(super) key: String,
    pub(super) file: &'f File,
    pub(super) sampling: Option<Sampling>,
}

impl Staged<'_> {
    pub(super) fn object(self) -> Object {
        Object {
            key: self.key,
            from: self.file.path.clone(),
            bytes: self.file.bytes,
            sha256: self.file.sha256.clone(),
            crc32: self.file.crc32,
            sample: self.sampling,
        }
    }
}

/// Which files without lines a sample takes, by their index: those whose digest falls into it, at
/// least the one with the lowest digest.
fn whole_files(folder: &Folder, share: Sample) -> BTreeSet<usize> {
    let rank = |file: &File| {
        let start = file.sha256.get(..8).unwrap_or_default();
        (u64::from_str_radix(start, 16).unwrap_or_default() * 1_000_000) >> 32
    };
    let files = folder.files.iter().enumerate();
    let whole = files.filter(|(_, member)| !has_lines(&member.name));
    let ranked: Vec<_> = whole
        .map(|(index, member)| (rank(&member.file), index))
        .collect();
    let below = ranked
        .iter()
        .filter(|(rank, _)| *rank < u64::from(share.millionths()));
    below
        .chain(ranked.iter().min())
        .map(|(_, index)| *index)
        .collect()
}

fn key(folder: &str, part: &str, file: &File) -> String {
    let name = staged_name(&file.name());
    let digest = file.sha256.get(..16).unwrap_or(&file.sha256);
    format!("{folder}/{digest}{part}/{name}")
}
