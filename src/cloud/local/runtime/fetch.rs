//! Downloads data sets by HTTP(S), and extracts members of zip archives. A file appears complete or
//! not at all.

#[cfg(test)]
mod tests;

use super::lock;
use super::member;
use super::store::Store;
use super::transfer::{self, Progress};
use super::validators::{self, Validators};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::locked::Locked;
use crate::disk;
use crate::model::event::{Event, Listener};
use crate::model::hex::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

const TICK: Duration = Duration::from_millis(100);

impl Store {
    /// Returns the file at `url`, or `member` of the zip archive there. It is downloaded once, and
    /// again when the server reports a change. `sha256` is of the file itself; a copy with that
    /// digest is used without asking the server.
    ///
    /// # Errors
    /// Returns an error if the server does not answer, the transfer breaks off, the archive has no
    /// such member, or the content does not match `sha256`.
    pub async fn fetch(
        &self,
        url: &str,
        member: Option<&str>,
        sha256: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<PathBuf, CloudError> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        if !scheme.is_some_and(|scheme| {
            ["http", "https"]
                .iter()
                .any(|allowed| scheme.eq_ignore_ascii_case(allowed))
        }) {
            let message = format!("cannot fetch {url}: only http:// and https:// can be fetched");
            return Err(CloudError::new(Class::Input, message)
                .hint("download it in another way and use the file: --set data.NAME.path=FILE"));
        }
        let digest = digest(url);
        let lock = format!("download-{digest}");
        let lock = lock::take(&self.locks(), &lock, "fetching the same", listener).await?;
        let fetch_task = FetchTask {
            url: url.to_owned(),
            member: member.map(str::to_owned),
            sha256: sha256.map(str::to_owned),
            folder: self.downloads().join(digest),
        };
        fetch_task.run(lock, listener).await
    }

    pub(super) fn downloads(&self) -> PathBuf {
        self.cache.join("downloads")
    }
}

/// A download, and the folder for its files.
struct FetchTask {
    url: String,
    member: Option<String>,
    sha256: Option<String>,
    folder: PathBuf,
}

/// The result of a download.
struct Fetched {
    file: PathBuf,
    /// Why the file may be outdated, if the server was unreachable.
    old: Option<String>,
}

/// Stops the download's thread when the caller stops waiting.
struct Stop(Arc<Progress>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

impl FetchTask {
    /// Downloads on a thread of its own, which holds the lock, and reports progress. The program
    /// may exit while that thread still blocks in a read.
    async fn run(self, lock: Locked, listener: &dyn Listener) -> Result<PathBuf, CloudError> {
        let url = self.url.clone();
        let what = format!("fetching {}", base_name(&url));
        let count = Arc::new(Progress::default());
        let _stop = Stop(Arc::clone(&count));
        let shared = Arc::clone(&count);
        let work = thread::spawn(move || {
            let _lock = lock;
            self.work(&shared)
        });
        while !work.is_finished() {
            let [done, total] =
                [&count.done, &count.total].map(|bytes| bytes.load(Ordering::Relaxed));
            if done > 0 {
                let what = what.clone();
                listener.on_event(&Event::Progress { what, done, total });
            }
            tokio::time::sleep(TICK).await;
        }
        let fetched = work.join().unwrap_or_else(|_| {
            let message = format!("{what} was interrupted");
            Err(CloudError::new(Class::Failed, message))
        })?;
        if let Some(why) = fetched.old {
            let what = format!("{url} may have changed; the copy in the cache is used: {why}");
            let next = Some("run the command again when the server can be reached".into());
            listener.on_event(&Event::Warning { what, next });
        }
        Ok(fetched.file)
    }

    fn work(&self, count: &Progress) -> Result<Fetched, CloudError> {
        let body = self.folder.join(base_name(&self.url));
        let old = self.update_copy(&body, count)?;
        let file = match &self.member {
            None => body,
            Some(name) => {
                let folder = self.folder.join(digest(name));
                let to = folder.join(base_name(name));
                // A new version of the archive has new members.
                let mark = folder.join(".of");
                let stamp = stamp(&body);
                if !to.exists() || disk::text(&mark, disk::SMALL).ok() != stamp {
                    member::extract(&body, name, &to, count)?;
                    fs::write(&mark, stamp.unwrap_or_default())
                        .during(|| format!("write {}", mark.display()))?;
                }
                to
            }
        };
        self.verify(&file)?;
        Ok(Fetched { file, old })
    }

    /// Updates the cached body. If the stack gives a digest, an existing copy is not checked with
    /// the server; otherwise the server says whether it has changed. Returns why the server could
    /// not be asked, if the old copy is used for that reason.
    fn update_copy(&self, body: &Path, count: &Progress) -> Result<Option<String>, CloudError> {
        let place = self.folder.join(".validators");
        let cached = body.exists();
        if cached && (self.sha256.is_some() || validators::is_fresh(&place)) {
            return Ok(None);
        }
        let folder = &self.folder;
        fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
        let known = if cached {
            Validators::read(&place)
        } else {
            Validators::default()
        };
        match transfer::download(&self.url, body, &known, count) {
            Ok(now) => now.unwrap_or(known).write(&place).map(|()| None),
            Err(error) if cached && error.class == Class::Unreachable => Ok(Some(error.message)),
            Err(error) => Err(error),
        }
    }

    /// Compares the file with `sha256`. A file that differs is removed, so that the next run
    /// downloads it again.
    fn verify(&self, file: &Path) -> Result<(), CloudError> {
        let Some(expected) = &self.sha256 else {
            return Ok(());
        };
        let doing = || format!("read {}", file.display());
        let mut hasher = Sha256::new();
        io::copy(&mut disk::open(file).during(doing)?, &mut hasher).during(doing)?;
        let found = hex(&hasher.finalize());
        if found.eq_ignore_ascii_case(expected) {
            return Ok(());
        }
        let folder = &self.folder;
        fs::remove_dir_all(folder).during(|| format!("remove {}", folder.display()))?;
        let url = &self.url;
        let message =
            format!("{url} does not match the stack: its sha256 is {found}, not {expected}");
        Err(CloudError::new(Class::Input, message).hint(
            "fetch it again, or correct sha256 in the stack if the data was changed on purpose",
        ))
    }
}

/// Returns the last part of a URL or path, as a safe file name.
fn base_name(text: &str) -> String {
    let path = text.split(['?', '#']).next().unwrap_or(text);
    let name: String = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
        .collect();
    match name.trim_start_matches('.') {
        "" => "data".to_owned(),
        name => name.to_owned(),
    }
}

/// Identifies a version of the body: its length and modification time.
fn stamp(body: &Path) -> Option<String> {
    let metadata = fs::metadata(body).ok()?;
    let written = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", metadata.len(), written.as_nanos()))
}

/// A short digest, as a folder name.
fn digest(text: &str) -> String {
    let mut all = hex(&Sha256::digest(text));
    all.truncate(16);
    all
}
