//! Loads policies from a given folder, from a prefix in S3, or from the folders `policies` beside
//! and above a stack. A policy that exists but cannot be read is an error, never "no policy".

use super::failure::{Exit, Failure};
use super::session::Session;
use super::text_file;
use crate::cloud::policy_prefix::PolicyFiles;
use crate::model::hex::hex;
use crate::policy::{Compiled, Policies, load};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// Where policies are loaded from: a folder or `s3://bucket/prefix`, or if none is given, the
/// folders `policies` beside the stack and above it.
#[derive(Debug, Clone, Default)]
pub(crate) struct PolicyPlace(pub(crate) Option<String>);

/// Policies, and where they were loaded from.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoadedPolicies {
    pub(crate) policies: Policies,
    pub(crate) places: Vec<PolicySource>,
}

/// A place that policies were loaded from. `version` is a digest of their files.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub(crate) struct PolicySource {
    pub(crate) place: String,
    pub(crate) version: String,
    pub(crate) policies: usize,
}

/// A policy's file.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl PolicyPlace {
    /// Loads the policies for the stack in a file.
    pub(crate) async fn read(
        &self,
        stack: &Path,
        session: &Session,
    ) -> Result<LoadedPolicies, Failure> {
        let setting = &session.environment.settings.policies.value;
        match self.0.as_ref().or(setting.as_ref()) {
            Some(place) => read_place(place, session).await,
            None => read_above(stack),
        }
    }

    /// Loads the policies for a stack that is given by its file or its name.
    pub(crate) async fn read_for(
        &self,
        stack: Option<&str>,
        session: &Session,
    ) -> Result<LoadedPolicies, Failure> {
        match stack.map(Path::new).filter(|path| path.is_file()) {
            Some(file) => self.read(file, session).await,
            None => self.read_here(session).await,
        }
    }

    /// Loads the given policies, or those of the current folder and the folders above it.
    pub(crate) async fn read_here(&self, session: &Session) -> Result<LoadedPolicies, Failure> {
        let here = std::env::current_dir().unwrap_or_default();
        self.read(&here.join("stack.yaml"), session).await
    }
}

/// The error if there are no policies.
pub(crate) fn none() -> Failure {
    Failure::input("no policies were found here or in the folders above")
        .hint("name their folder with --policies, or write one into a folder policies/")
}

pub(crate) fn is_yaml(path: &Path) -> bool {
    let yaml = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"));
    yaml && !path.is_dir()
}

async fn read_place(place: &str, session: &Session) -> Result<LoadedPolicies, Failure> {
    let files = if place.starts_with("s3://") {
        from_s3(place, session).await?
    } else {
        folder(Path::new(place))?
    };
    if files.is_empty() {
        let message = format!("{place} contains no policies");
        return Err(
            Failure::input(message).hint("name a folder with policies: files that end in .yaml")
        );
    }
    let mut read = LoadedPolicies::default();
    read.add(place, files)?;
    read.check_names()
}

async fn from_s3(place: &str, session: &Session) -> Result<Vec<File>, Failure> {
    let PolicyFiles { files, stale } = session.environment.policy_prefix(place).await?;
    if let Some(at) = stale {
        let at = at.format("%F %R UTC");
        session.reporter.say(&format!(
            "warning: {place} cannot be read; using its policies as of {at}"
        ));
    }
    let named = |(name, text): (String, String)| File { name, text };
    Ok(files.into_iter().map(named).collect())
}

/// Loads every folder `policies` from the stack's folder upwards: nothing beside a stack hides the
/// policies above it.
fn read_above(stack: &Path) -> Result<LoadedPolicies, Failure> {
    let mut read = LoadedPolicies::default();
    let mut visited = BTreeSet::new();
    for above in folders_above(stack) {
        let place = above.join("policies");
        let real = || fs::canonicalize(&place).unwrap_or(place.clone());
        if is_folder(&place)? && visited.insert(real()) {
            let files = folder(&place)?;
            if !files.is_empty() {
                read.add(&relative_to_here(&place).display().to_string(), files)?;
            }
        }
    }
    read.check_names()
}

/// The folder of a stack and all above it, the nearest first. A symbolic link counts in two places:
/// where it is, and where it points to.
fn folders_above(stack: &Path) -> Vec<PathBuf> {
    let given = std::path::absolute(stack).unwrap_or(stack.to_owned());
    let beside = || Some(fs::canonicalize(given.parent()?).ok()?.join("stack.yaml"));
    let real = fs::canonicalize(&given).ok().or_else(beside);
    // A folder that the path leaves by `..` is not above the stack.
    let goes_up = given.components().any(|part| part == Component::ParentDir);
    let given = Some(&given).filter(|_| !goes_up || real.is_none());
    let of = |path: &PathBuf| {
        path.ancestors()
            .skip(1)
            .map(Path::to_owned)
            .collect::<Vec<_>>()
    };
    given.into_iter().chain(&real).flat_map(of).collect()
}

/// Whether a folder exists. A dangling link or a folder that cannot be read is an error, not "no".
fn is_folder(place: &Path) -> Result<bool, Failure> {
    match fs::metadata(place) {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if error.kind() == ErrorKind::NotFound && !place.is_symlink() => Ok(false),
        Err(error) => Err(unreadable(place, error)),
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Failure {
    Failure::input(format!("cannot read the policies in {}", path.display()))
        .caused_by(&error)
        .hint(CORRECT)
}

/// The advice if a policy cannot be read.
const CORRECT: &str = "fix it: nothing is admitted without these policies";

/// Reads the policy files of a folder, in order of their names.
fn folder(place: &Path) -> Result<Vec<File>, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(place).map_err(|error| unreadable(place, error))? {
        let path = entry.map_err(|error| unreadable(place, error))?.path();
        if is_yaml(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = text_file::read(&path).map_err(|unread| {
            let message = format!("cannot read the policies in {}", path.display());
            unread.failure(message).hint(CORRECT)
        })?;
        let name = relative_to_here(&path).display().to_string();
        Ok(File { name, text })
    };
    paths.into_iter().map(read).collect()
}

/// The path relative to the current folder, if it is below it.
fn relative_to_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

impl LoadedPolicies {
    fn add(&mut self, place: &str, files: Vec<File>) -> Result<(), Failure> {
        let mut digest = Sha256::new();
        let mut all: Vec<Compiled> = Vec::new();
        for File { name, text } in &files {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
            all.push(load(name, text).map_err(Failure::policy)?);
        }
        let version = hex(&digest.finalize()).chars().take(12).collect();
        self.places.push(PolicySource {
            place: place.to_owned(),
            version,
            policies: all.len(),
        });
        self.policies.extend(all);
        Ok(())
    }

    /// Returns an error if two policies have the same name.
    fn check_names(self) -> Result<Self, Failure> {
        let mut files: BTreeMap<&str, &str> = BTreeMap::new();
        for policy in self.policies.iter() {
            let name = policy.name.as_str();
            let file = policy.file.as_str();
            if let Some(other) = files.insert(name, file) {
                let message = format!("two policies are named {name}: in {other} and in {file}");
                return Err(Failure::new(Exit::Input, message).hint("rename one of them"));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A team's folder with a policy, and a stack of one of its people below.
    fn team() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("team/people/me");
        fs::create_dir_all(&mine).unwrap();
        fs::create_dir_all(folder.path().join("team/policies")).unwrap();
        fs::write(folder.path().join("team/policies/p.yaml"), "policy: p\n").unwrap();
        fs::write(mine.join("stack.yaml"), "stack: t\n").unwrap();
        (folder, mine)
    }

    fn names(stack: &Path) -> Vec<String> {
        let read = read_above(stack).unwrap();
        read.policies
            .iter()
            .map(|policy| policy.name.to_string())
            .collect()
    }

    #[test]
    fn nothing_beside_a_stack_hides_the_policies_above_it() {
        let (_folder, mine) = team();
        let stack = mine.join("stack.yaml");
        assert_eq!(names(&stack), ["p"]);
        let git = mine.join(".git");
        fs::create_dir(&git).unwrap();
        assert_eq!(names(&stack), ["p"], "an empty folder");
        fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(names(&stack), ["p"], "a repository of its own");
        fs::remove_dir_all(&git).unwrap();
        fs::write(&git, "gitdir: elsewhere\n").unwrap();
        assert_eq!(names(&stack), ["p"], "a work tree");
        fs::create_dir(mine.join("policies")).unwrap();
        assert_eq!(names(&stack), ["p"], "an empty folder of policies");
        fs::write(mine.join("policies/q.yaml"), "policy: q\n").unwrap();
        assert_eq!(names(&stack), ["p", "q"]);
    }

    #[test]
    fn a_link_to_a_stack_is_under_the_policies_of_the_stack() {
        let (folder, mine) = team();
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir_all(elsewhere.join("policies")).unwrap();
        fs::write(elsewhere.join("policies/q.yaml"), "policy: q\n").unwrap();
        let file = elsewhere.join("s.yaml");
        let link = elsewhere.join("me");
        std::os::unix::fs::symlink(mine.join("stack.yaml"), &file).unwrap();
        std::os::unix::fs::symlink(&mine, &link).unwrap();
        assert_eq!(names(&file), ["p", "q"]);
        assert_eq!(names(&link.join("stack.yaml")), ["p", "q"]);
        // By its name, in a folder that has no such file.
        assert_eq!(names(&link.join("none.yaml")), ["p", "q"]);
        // A folder that the path only passes through does not count.
        let round = elsewhere.join("../team/people/me/stack.yaml");
        assert_eq!(names(&round), ["p"]);
    }
}
