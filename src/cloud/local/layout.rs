//! Where this machine keeps what a cloud would: one folder per stack.
//!
//! ```text
//! ROOT/STACK/keys/NAME/{id_ed25519, id_ed25519.pub}
//! ROOT/STACK/groups/NAME.json
//! ROOT/STACK/bucket/{scripts, data, scratch, results}/…
//! ROOT/STACK/clusters/ID/…
//! ROOT/STACK/applied.json
//! ROOT/.locks/STACK
//! ROOT/.locks/.watchdog
//! ROOT/../teams/TEAM.json
//! ROOT/../results/HOME.json            by the digest of a folder of results
//! ```

use super::bucket::PARTIAL;
use crate::cloud::error::{CloudError, IoContext};
use crate::model::name::{ClusterId, GroupName, KeyPairName, StackName};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The folder of all stacks of this machine.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The folder at `root`, which need not exist.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of a stack.
    pub fn stack(&self, stack: &StackName) -> PathBuf {
        self.root.join(stack.as_str())
    }

    /// The folder of a stack's key pairs.
    pub fn keys(&self, stack: &StackName) -> PathBuf {
        self.stack(stack).join("keys")
    }

    /// The folder of a key pair.
    pub fn key(&self, stack: &StackName, name: &KeyPairName) -> PathBuf {
        self.keys(stack).join(name.as_str())
    }

    /// The folder of a stack's security groups.
    pub fn groups(&self, stack: &StackName) -> PathBuf {
        self.stack(stack).join("groups")
    }

    /// The file of a security group.
    pub fn group(&self, stack: &StackName, name: &GroupName) -> PathBuf {
        self.groups(stack).join(format!("{name}.json"))
    }

    /// The folder in place of a stack's bucket.
    pub fn bucket(&self, stack: &StackName) -> PathBuf {
        self.stack(stack).join("bucket")
    }

    /// The folder of a stack's clusters.
    pub fn clusters(&self, stack: &StackName) -> PathBuf {
        self.stack(stack).join("clusters")
    }

    /// The folder of a cluster.
    pub fn cluster(&self, stack: &StackName, id: &ClusterId) -> PathBuf {
        self.clusters(stack).join(id.as_str())
    }

    /// The file that says where the stack was last applied from.
    pub(super) fn origin(&self, stack: &StackName) -> PathBuf {
        self.stack(stack).join("applied.json")
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn locks(&self) -> PathBuf {
        self.root.join(".locks")
    }

    /// The folder of teams' accounts, outside the stacks since accounts outlive them.
    pub(super) fn teams(&self) -> PathBuf {
        self.root.with_file_name("teams")
    }

    /// The folder of download records, outside the stacks since downloaded results outlive them.
    pub(super) fn results(&self) -> PathBuf {
        self.root.with_file_name("results")
    }

    /// Returns the stacks that have a folder, in order of their names.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    pub fn stacks(&self) -> Result<Vec<StackName>, CloudError> {
        Ok(names(&self.root)?
            .into_iter()
            .filter_map(|name| name.parse().ok())
            .collect())
    }

    /// Removes incomplete files of a killed process. The caller holds the stack's lease, so no
    /// other process is creating files.
    pub(super) fn sweep(&self, stack: &StackName) {
        let bucket = self.bucket(stack);
        let staged = ["scripts", "data"].map(|folder| bucket.join(folder));
        let staged = staged
            .iter()
            .flat_map(|folder| entries(folder))
            .map(|entry| entry.path());
        let staged = staged.map(|folder| (folder, PARTIAL));
        let made = [self.keys(stack), self.groups(stack), self.clusters(stack)];
        for (folder, begins) in made.map(|folder| (folder, ".")).into_iter().chain(staged) {
            for entry in entries(&folder) {
                if entry
                    .file_name()
                    .as_encoded_bytes()
                    .starts_with(begins.as_bytes())
                {
                    let path = entry.path();
                    // Best effort: what remains is hidden, and is removed with the stack.
                    let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
                }
            }
        }
        self.tidy(stack);
    }

    /// Makes the folder private, since staged data may be confidential.
    pub(super) fn close_to_others(&self) {
        // Best effort: a file system without modes cannot protect the folder.
        let _ = fs::set_permissions(&self.root, fs::Permissions::from_mode(0o700));
    }

    /// Removes empty folders, up to the root's parent.
    pub(super) fn tidy(&self, stack: &StackName) {
        for folder in [self.keys(stack), self.groups(stack), self.clusters(stack)] {
            // Fails, as intended, if the folder is not empty.
            let _ = fs::remove_dir(folder);
        }
        let origin = self.origin(stack);
        if entries(&self.stack(stack)).all(|entry| entry.path() == origin) {
            let _ = fs::remove_file(origin);
        }
        let _ = fs::remove_dir(self.stack(stack));
    }

    /// Removes the root and its parent if they are empty.
    pub(super) fn tidy_root(&self) {
        let _ = fs::remove_dir(self.locks());
        let _ = fs::remove_dir(&self.root);
        let _ = self.root.parent().map(fs::remove_dir);
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = fs::DirEntry> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

/// Returns the names in a folder, in order; none if the folder is missing. Hidden names are
/// incomplete files and are left out.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, CloudError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.during(|| format!("read {}", folder.display()))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.during(|| format!("read {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
