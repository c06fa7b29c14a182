//! Teams' accounts of this machine: one file each, changed under a lock of the kernel.

use super::Local;
use super::layout::Layout;
use crate::cloud::error::IoContext;
use crate::cloud::files::write_whole;
use crate::cloud::locked::Locked;
use crate::cloud::{CloudError, StoredAccount, TeamAccounts};
use crate::disk;
use crate::model::hex::hex;
use crate::model::name::TeamName;
use async_trait::async_trait;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

fn file(layout: &Layout, team: &TeamName) -> PathBuf {
    layout.teams().join(format!("{team}.json"))
}

#[async_trait(?Send)]
impl TeamAccounts for Local {
    async fn stored_team_account(
        &self,
        team: &TeamName,
    ) -> Result<Option<StoredAccount>, CloudError> {
        let path = file(&self.layout, team);
        stored(&path).during(|| format!("read {}", path.display()))
    }

    async fn store_team_account(
        &self,
        team: &TeamName,
        content: &[u8],
        was: Option<&str>,
    ) -> Result<bool, CloudError> {
        let path = file(&self.layout, team);
        let write = || {
            fs::create_dir_all(self.layout.teams())?;
            let lock = File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path.with_extension("lock"))?;
            // Held only while a small file is written.
            lock.lock()?;
            let _locked = Locked(lock);
            let now = stored(&path)?.map(|stored| stored.version);
            if now.as_deref() != was {
                return Ok(false);
            }
            write_whole(&path, content)?;
            Ok(true)
        };
        write().during(|| format!("write {}", path.display()))
    }
}

fn stored(path: &Path) -> io::Result<Option<StoredAccount>> {
    match disk::bytes(path, disk::RECORD) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(|content| {
            let version = hex(&Sha256::digest(&content));
            Some(StoredAccount { content, version })
        }),
    }
}
