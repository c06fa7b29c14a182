//! Where policies come from: a folder that is named, a team's prefix in S3, or the folders
//! `policies` beside and above a stack. What is there and cannot be read is an error, never "no
//! policy".

use super::context::Context;
use super::failure::{Exit, Failure};
use super::screen::Screen;
use crate::cloud::shelf::Found;
use crate::model::hex::hex;
use crate::policy::{Compiled, Policies, load};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

#[derive(Debug, Default, clap::Args)]
pub(super) struct PoliciesArgs {
    /// Policies to keep to: a folder, or s3://bucket/prefix [default: policies/ beside the stack
    /// and above it]
    #[arg(long, value_name = "PLACE", env = "CLUSTERUP_POLICIES")]
    pub(super) policies: Option<String>,
}

/// Policies, and where they were found.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    pub(super) policies: Policies,
    pub(super) places: Vec<Place>,
}

/// A place that policies were found in, and what tells its state from any other.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Place {
    pub(super) place: String,
    pub(super) version: String,
    pub(super) policies: usize,
}

/// A policy's file.
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: String,
}

impl PoliciesArgs {
    /// The policies for the stack of a file.
    pub(super) async fn read(
        &self,
        stack: &Path,
        context: &Context,
        screen: &Screen,
    ) -> Result<Read, Failure> {
        match &self.policies {
            Some(place) => read_place(place, context, screen).await,
            None => read_above(stack),
        }
    }

    /// The policies for a stack that is given by its file, or by its name.
    pub(super) async fn read_for(
        &self,
        stack: Option<&str>,
        context: &Context,
        screen: &Screen,
    ) -> Result<Read, Failure> {
        match stack.map(Path::new).filter(|path| path.is_file()) {
            Some(file) => self.read(file, context, screen).await,
            None => self.read_here(context, screen).await,
        }
    }

    /// The policies that are named, or those of the folder that one stands in and above it.
    pub(super) async fn read_here(
        &self,
        context: &Context,
        screen: &Screen,
    ) -> Result<Read, Failure> {
        let here = std::env::current_dir().unwrap_or_default();
        self.read(&here.join("stack.yaml"), context, screen).await
    }
}

/// There is nothing to hold a stack against.
pub(super) fn none() -> Failure {
    Failure::input("no policies were found here or above")
        .hint("name their folder by --policies, or write one: policies/TEAM.yaml")
}

pub(super) fn is_yaml(path: &Path) -> bool {
    let yaml = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"));
    yaml && !path.is_dir()
}

async fn read_place(place: &str, context: &Context, screen: &Screen) -> Result<Read, Failure> {
    let files = if place.starts_with("s3://") {
        from_s3(place, context, screen).await?
    } else {
        folder(Path::new(place))?
    };
    if files.is_empty() {
        let message = format!("there is no policy in {place}");
        return Err(Failure::input(message)
            .hint("name the folder of the policies: files that end in .yaml"));
    }
    let mut read = Read::default();
    read.add(place, files)?;
    read.settled()
}

async fn from_s3(place: &str, context: &Context, screen: &Screen) -> Result<Vec<File>, Failure> {
    let Found { files, stale } = context.shelf(place).await?;
    if let Some(at) = stale {
        let at = at.format("%F %R UTC");
        screen.say(&format!(
            "warning: {place} is out of reach; its policies are those of {at}"
        ));
    }
    let named = |(name, text): (String, String)| File { name, text };
    Ok(files.into_iter().map(named).collect())
}

/// Those of every folder `policies` from the stack's on upwards, as far as the repository goes.
fn read_above(stack: &Path) -> Result<Read, Failure> {
    let stack = std::path::absolute(stack).unwrap_or(stack.to_owned());
    let mut read = Read::default();
    for above in stack.ancestors().skip(1) {
        let place = above.join("policies");
        if is_folder(&place)? {
            let files = folder(&place)?;
            if !files.is_empty() {
                read.add(&shown(&place).display().to_string(), files)?;
            }
        }
        if above.join(".git").exists() {
            break;
        }
    }
    read.settled()
}

/// Whether a folder is there. A link to nowhere, or what cannot be looked at, is no "no".
fn is_folder(place: &Path) -> Result<bool, Failure> {
    match fs::metadata(place) {
        Ok(found) => Ok(found.is_dir()),
        Err(error) if error.kind() == ErrorKind::NotFound && !place.is_symlink() => Ok(false),
        Err(error) => Err(wrong(place, error)),
    }
}

fn wrong(path: &Path, error: std::io::Error) -> Failure {
    Failure::input(format!("cannot read the policies in {}", path.display()))
        .caused_by(&error)
        .hint("mend what is there: without it nothing is admitted")
}

/// The policies' files of a folder, in order of their names.
fn folder(place: &Path) -> Result<Vec<File>, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(place).map_err(|error| wrong(place, error))? {
        let path = entry.map_err(|error| wrong(place, error))?.path();
        if is_yaml(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).map_err(|error| wrong(&path, error))?;
        let name = shown(&path).display().to_string();
        Ok(File { name, text })
    };
    paths.into_iter().map(read).collect()
}

/// A path as from the current folder, where it lies below it.
fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

impl Read {
    fn add(&mut self, place: &str, files: Vec<File>) -> Result<(), Failure> {
        let mut digest = Sha256::new();
        let mut all: Vec<Compiled> = Vec::new();
        for File { name, text } in &files {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
            all.push(load(name, text).map_err(Failure::policy)?);
        }
        let version = hex(&digest.finalize()).chars().take(12).collect();
        self.places.push(Place {
            place: place.to_owned(),
            version,
            policies: all.len(),
        });
        self.policies.extend(all);
        Ok(())
    }

    /// No two policies may have one name: nobody could tell which was meant.
    fn settled(self) -> Result<Self, Failure> {
        let mut known: BTreeMap<&str, &str> = BTreeMap::new();
        for policy in self.policies.iter() {
            let (name, file) = (policy.name.as_str(), policy.file.as_str());
            if let Some(other) = known.insert(name, file) {
                let message = format!("two policies are called {name}: in {other} and in {file}");
                return Err(Failure::new(Exit::Input, message).hint("give one another name"));
            }
        }
        Ok(self)
    }
}
