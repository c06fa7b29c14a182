//! Logs in the clusters' folders.

use super::{Local, bucket};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::{Logs, local_results, log};
use crate::model::name::StackName;
use crate::model::relative::RelativePath;
use crate::model::shown;
use async_trait::async_trait;

#[async_trait(?Send)]
impl Logs for Local {
    async fn logs(&self, stack: &StackName) -> Result<Vec<String>, CloudError> {
        for cluster in self.clusters(stack)?.iter().rev() {
            let folder = self.folder(stack, &cluster.id).logs();
            let mut names = Vec::new();
            if folder.is_dir() {
                bucket::walk(&folder, &mut |path, _| {
                    let name = path
                        .strip_prefix(&folder)
                        .map(|n| n.to_string_lossy().into_owned());
                    names.extend(name);
                })
                .during(|| format!("read {}", folder.display()))?;
            }
            if !names.is_empty() {
                // Logs of steps come first: they are most often wanted.
                names.sort_by_key(|name| (!name.starts_with("steps/"), name.clone()));
                return Ok(names);
            }
        }
        Ok(Vec::new())
    }

    async fn log(&self, stack: &StackName, name: &str) -> Result<Vec<u8>, CloudError> {
        let missing = || {
            let name = shown::line(name, 200);
            CloudError::new(Class::Input, format!("stack {stack} has no log {name}"))
        };
        let name: RelativePath = name.parse().map_err(|_| missing())?;
        let clusters = self.clusters(stack)?;
        let mut paths = clusters
            .iter()
            .rev()
            .map(|c| self.folder(stack, &c.id).logs().join(&name));
        let path = paths.find(|path| path.is_file()).ok_or_else(missing)?;
        // A job can write beside its logs, so the file may have been replaced by a link.
        let read = local_results::open(&path).and_then(|file| log::read(file, log::MAX_BYTES));
        read.during(|| format!("read {}", path.display()))
    }
}
