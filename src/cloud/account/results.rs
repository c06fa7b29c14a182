//! Results, from the bucket to this machine.

use super::Account;
use super::errors::Doing;
use super::names;
use super::stage::at_once;
use crate::cloud::api::Api;
use crate::cloud::api::s3::{Download, Listed};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::home;
use crate::model::action::Results;
use crate::model::event::{Event, Listener};
use crate::model::name::StackName;
use std::cell::Cell;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Hidden, so that it is no result of anybody's; what a killed run left is fetched anew.
const BESIDE: &str = ".clusterup.partial";

impl<A: Api> Account<A> {
    pub(super) async fn bring_home(
        &self,
        stack: &StackName,
        results: &Results,
        hear: &dyn Listener,
    ) -> Result<(), CloudError> {
        let folder = results.to.join(BESIDE);
        let doing = || format!("bring results home to {}", results.to.display());
        if folder.exists() {
            fs::remove_dir_all(&folder).during(doing)?;
        }
        fs::create_dir_all(&folder).during(doing)?;
        let brought = self.fetch(stack, results, &folder, hear).await;
        let brought = brought.and_then(|()| home::bring(&folder, stack, results));
        fs::remove_dir_all(&folder).during(doing)?;
        brought
    }

    async fn fetch(
        &self,
        stack: &StackName,
        results: &Results,
        into: &Path,
        hear: &dyn Listener,
    ) -> Result<(), CloudError> {
        let bucket = self.bucket().await?;
        let mut wanted = Vec::new();
        for place in [names::work(stack), names::prefix(stack)] {
            // A run began in empty folders, so that only one of them has any.
            let prefix = format!("{place}{}/", results.key);
            let listed = self.list(&bucket, &prefix, None).await?.unwrap_or_default();
            for listed in listed {
                let Listed::Object { key, bytes, .. } = listed else {
                    continue;
                };
                let name = key.strip_prefix(&prefix).unwrap_or_default();
                // Hadoop's marks of folders hold nothing.
                if name.is_empty() || name.ends_with('/') || name.ends_with("_$folder$") {
                    continue;
                }
                wanted.push((inside(into, name)?, key, bytes));
            }
            if !wanted.is_empty() {
                break;
            }
        }
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
            let (what, done) = ("bringing results home".to_owned(), done.get());
            hear.hear(&Event::Progress { what, done, total });
            Ok(())
        })
        .await
    }
}

/// The file of an object; none outside the folder, whatever the object is called.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, CloudError> {
    let plain = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if plain {
        return Ok(folder.join(name));
    }
    let message = format!("a result is called {name:?}, which is no file below a folder");
    Err(CloudError::new(Class::Input, message).hint("let the job write plain names"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_result_lands_outside_its_folder() {
        let folder = Path::new("/home/results");
        assert!(inside(folder, "similar/part-0.csv").is_ok());
        for bad in ["../x", "/etc/passwd", "a/../../x"] {
            assert!(inside(folder, bad).is_err(), "{bad}");
        }
    }
}
