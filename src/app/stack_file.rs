//! Reads stacks from their files.

use super::environment::Environment;
use super::failure::Failure;
use super::preflight;
use super::step_sizes;
use super::text_file::{self, Unread};
use crate::model::hint::Command;
use crate::model::name::{Region, StackName};
use crate::model::stack::Stack;
use crate::text::{self, Complaint, Diagnostics, Named, ReadStack, Setting, StackNames};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A stack's file, and the values that replace some of its own (`--set`).
#[derive(Debug, Clone)]
pub(crate) struct StackFile {
    pub(crate) path: PathBuf,
    pub(crate) sets: Vec<Setting>,
    /// Its content, if it has been read already.
    pub(crate) text: Option<String>,
}

impl StackFile {
    /// The file as it is written.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            sets: Vec::new(),
            text: None,
        }
    }
}

pub(crate) fn read(file: &StackFile) -> Result<Stack, Failure> {
    Ok(read_with_text(file)?.0)
}

/// A stack that is to be applied.
pub(crate) struct WholeStack {
    pub(crate) stack: Stack,
    /// Its file's text.
    pub(crate) text: String,
    /// What is of no use in it, and stops nothing.
    pub(crate) warnings: Option<Diagnostics>,
    /// What it names outside its text.
    pub(crate) names: StackNames,
}

/// Reads a stack that is to be applied; the files that it names must exist. `lint`: whether its sizes
/// are checked too.
pub(crate) fn read_whole(
    file: &StackFile,
    environment: &Environment,
    lint: bool,
) -> Result<WholeStack, Failure> {
    read_checked(file, |read| {
        let mut complaints = preflight::check(read.named().to_vec(), read.stack(), environment);
        complaints.extend(read.stack().into_iter().flat_map(|stack| {
            let names = read.names();
            step_sizes::check(stack, &names)
        }));
        complaints.retain(|(_, complaint)| lint || complaint.code.is_none());
        complaints
    })
}

/// Reads the stack, and returns its file's text too.
pub(crate) fn read_with_text(file: &StackFile) -> Result<(Stack, String), Failure> {
    let read = read_checked(file, |_| Vec::new())?;
    Ok((read.stack, read.text))
}

fn read_checked(
    file: &StackFile,
    check: impl FnOnce(&ReadStack) -> Vec<(Named, Complaint)>,
) -> Result<WholeStack, Failure> {
    let path = &file.path;
    let content = match &file.text {
        Some(text) => text.clone(),
        None => content(path)?,
    };
    // Paths in a stack are relative to its own folder.
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let base = std::path::absolute(&base)
        .or_else(|_| std::env::current_dir())
        .unwrap_or(base);
    if base.to_str().is_none() {
        let message = format!("the path of {}'s folder is not valid UTF-8", path.display());
        return Err(Failure::input(message).hint("move the stack to another folder"));
    }
    let sets: Vec<Setting> = file.sets.iter().map(from_here).collect();
    let name = path.display().to_string();
    let read = ReadStack::new(&name, &content, &base, &sets);
    let complaints = check(&read);
    let warnings = read.warnings(&complaints);
    let names = read.names();
    let mut stack = read.checked(&complaints)?;
    if let Some(results) = stack.job.as_mut().and_then(|job| job.results.as_mut())
        && let (Ok(rest), Some(home)) = (results.strip_prefix("~"), std::env::home_dir())
    {
        *results = home.join(rest);
    }
    Ok(WholeStack {
        stack,
        text: content,
        warnings,
        names,
    })
}

fn content(path: &Path) -> Result<String, Failure> {
    text_file::read(path).map_err(|unread| {
        let is_missing =
            matches!(&unread, Unread::Io(error) if error.kind() == ErrorKind::NotFound);
        let is_invalid_text = matches!(unread, Unread::Text(_));
        let failure = unread.failure(format!("cannot read the stack {}", path.display()));
        if is_missing {
            let init = Command::clusterup("init").arg(path.display().to_string());
            return failure.hint("write an example stack").hint(init);
        }
        if is_invalid_text {
            return failure;
        }
        failure.hint("name a stack's YAML file")
    })
}

/// Makes a path of `--set` absolute: on the command line it is relative to the current folder.
fn from_here(setting: &Setting) -> Setting {
    let written = setting.to_string();
    let here = written.split_once('=').and_then(|(key, value)| {
        let relative =
            text::is_local_path(key) && !value.is_empty() && !value.starts_with(['/', '~']);
        // A file of a step may be in S3.
        let relative = relative && !value.contains("://");
        let here = std::path::absolute(value).ok().filter(|_| relative)?;
        format!("{key}={}", here.to_str()?).parse().ok()
    });
    here.unwrap_or_else(|| setting.clone())
}

/// The name of a stack that is given by its file or name; a file also gives the region.
pub(crate) fn name(file_or_name: &str) -> Result<(StackName, Option<Region>), Failure> {
    if Path::new(file_or_name).is_file() {
        let stack = read(&StackFile::new(file_or_name))?;
        return Ok((stack.name, Some(stack.region)));
    }
    let name = file_or_name.parse().map_err(|_| {
        Failure::input(format!(
            "{file_or_name} is neither a file nor a valid stack name"
        ))
        .hint("list the stacks")
        .hint(Command::clusterup("status").target())
    })?;
    Ok((name, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "stack: s\nregion: us-east-1\ncluster: { release: emr-7.x, \
        size: 1 x m5.xlarge }\nguardrails: { max_lifetime: 10m }\n";

    #[test]
    fn a_file_that_is_read_is_not_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = StackFile::new(folder.path().join("s.yaml"));
        assert!(read(&file).is_err(), "there is no such file");
        std::fs::write(&file.path, TEXT).unwrap();
        let (stack, text) = read_with_text(&file).unwrap();
        assert_eq!((stack.name.as_str(), text.as_str()), ("s", TEXT));
        std::fs::write(&file.path, TEXT.replace("stack: s", "stack: other")).unwrap();
        file.text = Some(text);
        file.sets = vec!["team=recsys".parse().unwrap()];
        let stack = read(&file).unwrap();
        assert_eq!(stack.name.as_str(), "s");
        assert_eq!(stack.team.unwrap().as_str(), "recsys");
    }
}
