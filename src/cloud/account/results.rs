//! Results, from the bucket to this machine.

use super::Account;
use super::errors::Doing;
use super::names;
use super::stage::at_once;
use crate::cloud::api::Api;
use crate::cloud::api::s3::{Download, Listed};
use crate::cloud::error::{CloudError, IoContext};
use crate::cloud::local_results::{self, Skipped};
use crate::model::action::Results;
use crate::model::event::{Event, Listener};
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::relative::RelativePath;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Hidden, so that it is no result of anybody's; what a killed run left is fetched anew.
const BESIDE: &str = ".clusterup.partial";

/// The objects of a run, and what is no file below a folder.
type Wanted = (Vec<(PathBuf, String, u64)>, Vec<Skipped>);

impl<A: Api> Account<A> {
    pub(super) async fn bring_home(
        &self,
        stack: &StackName,
        results: &Results,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let folder = results.to.join(BESIDE);
        let doing = || format!("download results to {}", results.to.display());
        let hold = local_results::FolderLock::take(&results.to, &self.records())?;
        local_results::remove(&folder).during(doing)?;
        fs::create_dir(&folder).during(doing)?;
        let brought = match self.fetch(stack, results, &folder, listener).await {
            Ok(skipped) => {
                let brought = local_results::download(&folder, stack, results, &hold, listener);
                brought.map(|brought| (brought, skipped))
            }
            Err(error) => Err(error),
        };
        local_results::remove(&folder).during(doing)?;
        let (mut brought, skipped) = brought?;
        brought.skipped.extend(skipped);
        if let Some(what) = brought.warning() {
            let bucket = self.bucket().await?.name;
            let place = format!(
                "s3://{bucket}/{}{}/",
                names::work(stack),
                results.key.as_str()
            );
            let region = &self.settings.region;
            let next = format!("aws s3 ls {place} --recursive --region {region}");
            let next = Some(Command::other(&next).into());
            listener.on_event(&Event::Warning { what, next });
        }
        Ok(())
    }

    /// Where what comes home goes on record: beside the keys, where local stacks have theirs too.
    pub(super) fn records(&self) -> PathBuf {
        self.settings.keys.with_file_name("results")
    }

    /// Fetches the objects of a run; gives what is no file below a folder.
    async fn fetch(
        &self,
        stack: &StackName,
        results: &Results,
        into: &Path,
        listener: &dyn Listener,
    ) -> Result<Vec<Skipped>, CloudError> {
        let bucket = self.bucket().await?;
        let (mut found, mut skipped) = (Vec::new(), Vec::new());
        for place in [names::work(stack), names::prefix(stack)] {
            // A run began in empty folders, so that only one of them has any.
            let prefix = format!("{place}{}/", results.key.as_str());
            let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
            (found, skipped) = wanted(listed, &prefix, into);
            if !found.is_empty() || !skipped.is_empty() {
                break;
            }
        }
        let wanted = found;
        let total = wanted.iter().map(|(_, _, bytes)| bytes).sum();
        let done = Cell::new(0);
        at_once(wanted, async |(to, key, bytes)| {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
            }
            let (bucket, name) = (bucket.clone(), key.clone());
            let fetched = self.api.serve(Download { bucket, key, to }).await;
            fetched.doing(|| format!("fetch {name}"))?;
            done.set(done.get() + bytes);
            let (what, done) = ("downloading results".to_owned(), done.get());
            listener.on_event(&Event::Progress { what, done, total });
            Ok(())
        })
        .await?;
        Ok(skipped)
    }
}

/// The file of each object, below the folder whatever the object is called. S3 has no folders: what
/// is an object and a folder of others at the same time has no file.
fn wanted(listed: Vec<Listed>, prefix: &str, into: &Path) -> Wanted {
    let (mut paths, mut skipped) = (Vec::new(), Vec::new());
    for listed in listed {
        let Listed::Object { key, bytes, .. } = listed else {
            continue;
        };
        let name = key.strip_prefix(prefix).unwrap_or_default();
        // Hadoop's marks of folders hold nothing.
        let marks = name.ends_with('/') || name.ends_with("_$folder$");
        if name.is_empty() || bytes == 0 && marks {
            continue;
        }
        match name.parse::<RelativePath>() {
            Ok(path) if !local_results::is_reserved(name) => paths.push((path, key, bytes)),
            Ok(_) => skipped.push(Skipped::new(
                name,
                "names with this prefix are reserved for clusterup",
            )),
            Err(_) => skipped.push(Skipped::new(name, "it is no path below a folder")),
        }
    }
    let folders = paths.iter().flat_map(|(path, ..)| path.folders());
    let folders: BTreeSet<String> = folders.map(str::to_owned).collect();
    let mut wanted = Vec::new();
    for (path, key, bytes) in paths {
        if folders.contains(path.as_str()) {
            skipped.push(Skipped::new(path.as_str(), "it is a folder of others too"));
        } else {
            wanted.push((into.join(&path), key, bytes));
        }
    }
    (wanted, skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(names: &[&str]) -> Vec<Listed> {
        let object = |name: &&str| Listed::Object {
            key: format!("p/{name}"),
            bytes: u64::from(!name.starts_with("mark")),
            modified: chrono::DateTime::UNIX_EPOCH,
        };
        names.iter().map(object).collect()
    }

    #[test]
    fn no_result_lands_outside_its_folder() {
        let long = "x".repeat(256);
        let bad = [
            "../x",
            "/etc/passwd",
            "a/../../x",
            "a/..",
            "..",
            ".",
            "a//b",
            "./a",
            &long,
            ".clusterup.json",
            ".CLUSTERUP.json",
            ".clusterup.partial.0/x",
            "both",
            "a folder/",
        ];
        let listed = objects(
            &[
                &bad[..],
                &["both/x", "similar/part-0.csv", "mark_$folder$", "mark/"],
            ]
            .concat(),
        );
        let folder = Path::new("/home/results");
        let (wanted, skipped) = wanted(listed, "p/", folder);
        let wanted: Vec<_> = wanted.iter().map(|(path, ..)| path.as_path()).collect();
        assert_eq!(
            wanted,
            [folder.join("both/x"), folder.join("similar/part-0.csv")]
        );
        let skipped: BTreeSet<_> = skipped.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(skipped, bad.into_iter().collect());
    }
}
