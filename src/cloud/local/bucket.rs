//! Buckets as folders. Objects appear complete or not at all.

use super::layout::Layout;
use crate::cloud::content::HashingReader;
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::files::gone;
use crate::cloud::sample::sample_lines;
use crate::disk;
use crate::model::desired::{JobSpec, Object};
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use crate::model::relative::FileName;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The prefix of incomplete files.
pub(super) const PARTIAL: &str = ".partial.";

pub(super) fn observe(
    layout: &Layout,
    stack: &StackName,
) -> Result<Option<BTreeMap<String, u64>>, CloudError> {
    let root = layout.bucket(stack);
    if !root.is_dir() {
        return Ok(None);
    }
    let mut objects = BTreeMap::new();
    walk(&root, &mut |path, bytes| {
        if let Ok(key) = path.strip_prefix(&root) {
            objects.insert(key.to_string_lossy().into_owned(), bytes);
        }
    })
    .during(|| format!("read {}", root.display()))?;
    Ok(Some(objects))
}

pub(super) fn create(layout: &Layout, stack: &StackName) -> Result<(), CloudError> {
    let root = layout.bucket(stack);
    fs::create_dir_all(&root).during(|| format!("make {}", root.display()))
}

pub(super) fn delete(layout: &Layout, stack: &StackName) -> Result<(), CloudError> {
    let root = layout.bucket(stack);
    gone(fs::remove_dir_all(&root)).during(|| format!("remove {}", root.display()))
}

/// Empties the folders that a run is going to write to, so that no files of another run are taken
/// for its own. What a retry needs of an earlier run stays.
pub(super) fn clear(layout: &Layout, stack: &StackName, job: &JobSpec) -> Result<(), CloudError> {
    let [results, scratch] =
        [&job.results_key, &job.scratch_key].map(|key| layout.bucket(stack).join(key));
    let doing = |folder: &Path| format!("empty {}", folder.display());
    gone(fs::remove_dir_all(&results)).during(|| doing(&results))?;
    if job.kept.is_empty() {
        return gone(fs::remove_dir_all(&scratch)).during(|| doing(&scratch));
    }
    gone(clear_beside(&scratch, &job.kept)).during(|| doing(&scratch))
}

/// Removes everything in a folder but these entries.
fn clear_beside(folder: &Path, kept: &BTreeSet<FileName>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_kept = |name: &FileName| entry.file_name() == *name.as_str();
        if kept.iter().any(is_kept) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Copies objects into the bucket, sampled if the plan says so, and reports progress in bytes.
pub(super) fn stage(
    layout: &Layout,
    stack: &StackName,
    objects: &[Object],
    listener: &dyn Listener,
) -> Result<(), CloudError> {
    let total = objects.iter().map(|object| object.bytes).sum();
    let mut done = 0;
    for object in objects {
        let mut report = |bytes: u64| {
            done += bytes;
            listener.on_event(&Event::Progress {
                what: "staging".to_owned(),
                done,
                total,
            });
        };
        let to = layout.bucket(stack).join(&object.key);
        stage_one(object, &to, &mut report)
            .during(|| format!("stage {} as {}", object.from.display(), object.key))?;
    }
    Ok(())
}

fn stage_one(object: &Object, to: &Path, report: &mut dyn FnMut(u64)) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{PARTIAL}{}", std::process::id()));
    let mut from = HashingReader::new(disk::open(&object.from)?, report);
    let mut into = File::create(&beside)?;
    if let Some(sample) = object.sample {
        sample_lines(&mut from, &mut into, sample)?;
    } else {
        io::copy(&mut BufReader::with_capacity(1 << 20, &mut from), &mut into)?;
    }
    into.flush()?;
    let found = from.sha256();
    if object.sha256 != found {
        fs::remove_file(&beside)?;
        return Err(io::Error::other("it was changed meanwhile; apply again"));
    }
    fs::rename(&beside, to)
}

/// Visits each regular file below a folder with its size in bytes, except incomplete files.
pub(super) fn walk(folder: &Path, visit: &mut dyn FnMut(&Path, u64)) -> io::Result<()> {
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let metadata = match entry.metadata() {
                // A running job writes and renames below here.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(PARTIAL.as_bytes())
            {
                continue;
            }
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if metadata.is_file() {
                visit(&entry.path(), metadata.len());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::NoListener;
    use crate::model::hex::hex;
    use sha2::{Digest, Sha256};

    #[test]
    fn a_file_that_changes_while_it_is_staged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().to_owned());
        let stack = "t".parse().unwrap();
        let from = folder.path().join("job.py");
        fs::write(&from, "print(1)").unwrap();
        let digest = hex(&Sha256::digest("print(1)"));
        let key = format!("scripts/{}/job.py", &digest[..16]);
        let object = Object {
            key: key.clone(),
            from: from.clone(),
            bytes: 8,
            sha256: digest,
            crc32: 0,
            sample: None,
        };
        stage(&layout, &stack, std::slice::from_ref(&object), &NoListener).unwrap();
        assert!(
            observe(&layout, &stack)
                .unwrap()
                .unwrap()
                .contains_key(&key)
        );
        fs::write(&from, "print(2)").unwrap();
        let error = stage(&layout, &stack, &[object], &NoListener).unwrap_err();
        assert!(error.source.unwrap().to_string().contains("apply again"));
        let there = fs::read_to_string(layout.bucket(&stack).join(&key)).unwrap();
        assert_eq!(there, "print(1)", "the old content stays under its own key");
    }
}
