//! Results come home: copied beside their place, then moved there entry by entry, so that no entry
//! ever holds parts of two runs. A marker says whose they are and which; it is removed first and
//! written last, and nothing that it does not list is ever replaced.

use super::files::{gone, write_whole};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use crate::model::action::Results;
use crate::model::name::StackName;
use crate::model::observed::Run;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Says whose the results beside it are.
const MARKER: &str = ".clusterup.json";
/// How the names of entries begin that are not whole yet.
const PARTIAL: &str = ".clusterup.partial.";

#[derive(Serialize, Deserialize)]
struct Marker {
    stack: StackName,
    run: Run,
    entries: Vec<String>,
}

fn marker(home: &Path) -> Option<Marker> {
    serde_json::from_slice(&disk::bytes(&home.join(MARKER), disk::RECORD).ok()?).ok()
}

/// The run of a stack whose results are in `home`, all of them.
pub(super) fn observe(stack: &StackName, home: &Path) -> Option<Run> {
    let Marker {
        stack: of,
        run,
        entries,
    } = marker(home)?;
    let there = entries.iter().all(|entry| home.join(entry).exists());
    (of == *stack && there).then_some(run)
}

/// Whether results could be brought to `home`: seen before a job runs, not after it.
pub(super) fn check(stack: &StackName, home: &Path) -> Result<(), CloudError> {
    let no = |why: String| {
        let message = format!("results cannot be brought to {}: {why}", home.display());
        CloudError::new(Class::Input, message).hint("give job.results another folder")
    };
    if let Some(other) = marker(home).filter(|marker| marker.stack != *stack) {
        return Err(no(format!("those of stack {} are there", other.stack)));
    }
    let there = home
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("/"));
    if !there.is_dir() {
        return Err(no(format!("{} is no folder", there.display())));
    }
    let writable = rustix::fs::access(there, rustix::fs::Access::WRITE_OK).is_ok();
    if writable {
        Ok(())
    } else {
        Err(no(format!("{} is not writable", there.display())))
    }
}

/// Brings the results that lie in the folder `from` to where the stack wants them.
pub(super) fn bring(from: &Path, stack: &StackName, results: &Results) -> Result<(), CloudError> {
    let Results { run, to, .. } = results;
    let doing = || format!("bring results home to {}", to.display());
    fs::create_dir_all(to).during(doing)?;
    let old = marker(to).map(|marker| marker.entries).unwrap_or_default();
    let new = entries(from).during(doing)?;
    if let Some(strange) = new.iter().find(|new| in_the_way(to, new, &old)) {
        let path = to.join(strange);
        let message = format!(
            "{} is there already and is no result of ours",
            path.display()
        );
        return Err(CloudError::new(Class::Input, message)
            .hint("move it away, or give job.results another folder, and apply again"));
    }
    let names = new.iter().map(|name| name.to_string_lossy().into_owned());
    let marker = Marker {
        stack: stack.clone(),
        run: run.clone(),
        entries: names.collect(),
    };
    // While entries change, the marker lists old and new, and no run's results are complete.
    write_marker(
        to,
        &Marker {
            entries: [&old[..], &marker.entries].concat(),
            ..half(&marker)
        },
    )?;
    for name in &new {
        let mut partial = OsString::from(PARTIAL);
        partial.push(name);
        let beside = to.join(partial);
        remove(&beside).during(doing)?;
        copy(&from.join(name), &beside).during(doing)?;
        remove(&to.join(name)).during(doing)?;
        fs::rename(&beside, to.join(name)).during(doing)?;
    }
    for gone in old.iter().filter(|old| !marker.entries.contains(old)) {
        remove(&to.join(gone)).during(doing)?;
    }
    write_marker(to, &marker)
}

/// The marker of results that are on their way: of a run that nobody asks for.
fn half(marker: &Marker) -> Marker {
    let run = Run {
        number: 0,
        ..marker.run.clone()
    };
    Marker {
        stack: marker.stack.clone(),
        run,
        entries: Vec::new(),
    }
}

fn write_marker(home: &Path, marker: &Marker) -> Result<(), CloudError> {
    let path = home.join(MARKER);
    let doing = || format!("write {}", path.display());
    let text = serde_json::to_vec(marker)
        .map_err(io::Error::from)
        .during(doing)?;
    write_whole(&path, &text).during(doing)
}

/// Whether something that is not ours has the name of a new entry.
fn in_the_way(home: &Path, new: &OsString, old: &[String]) -> bool {
    home.join(new).exists() && !old.iter().any(|old| old.as_str() == new)
}

fn entries(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(names),
        entries => {
            for entry in entries? {
                names.push(entry?.file_name());
            }
        }
    }
    names.sort();
    Ok(names)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir_all(to)?;
    for name in entries(from)? {
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        gone(fs::remove_dir_all(path))
    } else {
        gone(fs::remove_file(path))
    }
}
