//! Downloads results from the bucket.

use super::Account;
use super::errors::Context;
use super::names;
use super::stage::for_each_concurrently;
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

/// A hidden folder, so that it is not taken for a result. A new run deletes what a killed one left.
const PARTIAL: &str = ".clusterup.partial";

/// The objects of a run, and those that cannot be files below a folder.
type Listing = (Vec<(PathBuf, String, u64)>, Vec<Skipped>);

impl<A: Api> Account<A> {
    pub(super) async fn download_results(
        &self,
        stack: &StackName,
        results: &Results,
        listener: &dyn Listener,
    ) -> Result<(), CloudError> {
        let folder = results.to.join(PARTIAL);
        let context = || format!("download results to {}", results.to.display());
        let hold = local_results::FolderLock::take(&results.to, &self.records())?;
        local_results::remove(&folder).during(context)?;
        fs::create_dir(&folder).during(context)?;
        let placed = match self.fetch(stack, results, &folder, listener).await {
            Ok(skipped) => {
                let placed = local_results::download(&folder, stack, results, &hold, listener);
                placed.map(|placed| (placed, skipped))
            }
            Err(error) => Err(error),
        };
        local_results::remove(&folder).during(context)?;
        let (mut placed, skipped) = placed?;
        placed.skipped.extend(skipped);
        if let Some(what) = placed.warning() {
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

    /// The folder of download records: next to the key folder, as for local stacks.
    pub(super) fn records(&self) -> PathBuf {
        self.settings.keys.with_file_name("results")
    }

    /// Downloads the objects of a run. Returns those that cannot be files below a folder.
    async fn fetch(
        &self,
        stack: &StackName,
        results: &Results,
        into: &Path,
        listener: &dyn Listener,
    ) -> Result<Vec<Skipped>, CloudError> {
        let bucket = self.bucket().await?;
        let mut found = Vec::new();
        let mut skipped = Vec::new();
        for place in [names::work(stack), names::prefix(stack)] {
            // A run starts with empty folders, so only one of the two prefixes has objects.
            let prefix = format!("{place}{}/", results.key.as_str());
            let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
            (found, skipped) = to_download(listed, &prefix, into);
            if !found.is_empty() || !skipped.is_empty() {
                break;
            }
        }
        let to_download = found;
        let total = to_download.iter().map(|(_, _, bytes)| bytes).sum();
        let done = Cell::new(0);
        for_each_concurrently(to_download, async |(to, key, bytes)| {
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
            }
            let bucket = bucket.clone();
            let name = key.clone();
            let fetched = self.api.serve(Download { bucket, key, to }).await;
            fetched.with_context(|| format!("fetch {name}"))?;
            done.set(done.get() + bytes);
            let what = "downloading results".to_owned();
            let done = done.get();
            listener.on_event(&Event::Progress { what, done, total });
            Ok(())
        })
        .await?;
        Ok(skipped)
    }
}

/// The file of each object, always below the folder. S3 has no folders: an object whose key is also
/// a prefix of others has no file.
fn to_download(listed: Vec<Listed>, prefix: &str, into: &Path) -> Listing {
    let mut paths = Vec::new();
    let mut skipped = Vec::new();
    for listed in listed {
        let Listed::Object { key, bytes, .. } = listed else {
            continue;
        };
        let name = key.strip_prefix(prefix).unwrap_or_default();
        // Hadoop's folder markers are empty.
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
            Err(_) => skipped.push(Skipped::new(name, "it is not a path below a folder")),
        }
    }
    let folders = paths.iter().flat_map(|(path, ..)| path.folders());
    let folders: BTreeSet<String> = folders.map(str::to_owned).collect();
    let mut to_download = Vec::new();
    for (path, key, bytes) in paths {
        if folders.contains(path.as_str()) {
            skipped.push(Skipped::new(
                path.as_str(),
                "other results use this name as a folder",
            ));
        } else {
            to_download.push((into.join(&path), key, bytes));
        }
    }
    (to_download, skipped)
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
        let (to_download, skipped) = to_download(listed, "p/", folder);
        let to_download: Vec<_> = to_download
            .iter()
            .map(|(path, ..)| path.as_path())
            .collect();
        assert_eq!(
            to_download,
            [folder.join("both/x"), folder.join("similar/part-0.csv")]
        );
        let skipped: BTreeSet<_> = skipped.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(skipped, bad.into_iter().collect());
    }
}
