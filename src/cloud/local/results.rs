//! Results come home: copied beside their place, then moved there entry by entry, so that no entry
//! ever holds parts of two runs. A marker says whose they are, written last and removed first.

use super::place::{Place, gone, names, write_whole};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::action::Results;
use crate::model::name::StackName;
use crate::model::observed::Run;
use std::fs;
use std::io;
use std::path::Path;

/// Says which run the results beside it are of.
const MARKER: &str = ".clusterup.json";

/// The run whose results are in `home`.
pub(super) fn observe(home: &Path) -> Option<Run> {
    serde_json::from_slice(&fs::read(home.join(MARKER)).ok()?).ok()
}

pub(super) fn bring(place: &Place, stack: &StackName, results: &Results) -> Result<(), CloudError> {
    let Results { run, key, to } = results;
    let from = place.bucket(stack).join(key);
    let doing = || format!("bring results home to {}", to.display());
    fs::create_dir_all(to).during(doing)?;
    gone(fs::remove_file(to.join(MARKER))).during(doing)?;
    for name in names(&from)? {
        let beside = to.join(format!(".{name}.partial"));
        remove(&beside).during(doing)?;
        copy(&from.join(&name), &beside).during(doing)?;
        remove(&to.join(&name)).during(doing)?;
        fs::rename(&beside, to.join(&name)).during(doing)?;
    }
    let text = serde_json::to_vec(run).map_err(|error| {
        CloudError::new(Class::Failed, "cannot write which run the results are of").caused_by(error)
    })?;
    write_whole(&to.join(MARKER), &text).during(doing)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
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
