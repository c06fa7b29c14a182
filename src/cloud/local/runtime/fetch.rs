//! Data sets by http(s), and members of zip archives there. A file appears whole or not at all.

#[cfg(test)]
mod tests;

use super::lock;
use super::member;
use super::store::Store;
use super::transfer::{self, Count};
use super::validators::{self, Validators};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use crate::model::event::{Event, Listener};
use crate::model::hex::hex;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

const TICK: Duration = Duration::from_millis(100);

impl Store {
    /// The file behind `url`, or `member` of the zip archive there, fetched once and anew where the
    /// server says that it has changed. `sha256` is of the file itself; a copy that is right by it
    /// needs no server.
    ///
    /// # Errors
    /// No answer, a transfer that broke off, no such member, other content than `sha256` says.
    pub async fn fetch(
        &self,
        url: &str,
        member: Option<&str>,
        sha256: Option<&str>,
        listener: &dyn Listener,
    ) -> Result<PathBuf, CloudError> {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        if !scheme.is_some_and(|it| {
            ["http", "https"]
                .iter()
                .any(|ok| it.eq_ignore_ascii_case(ok))
        }) {
            let message = format!("cannot fetch {url}: only http:// and https:// can be fetched");
            return Err(CloudError::new(Class::Input, message)
                .hint("fetch it by other means and name the file: --set data.NAME.path=FILE"));
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

/// One thing to fetch, and the folder that all of it goes to.
struct FetchTask {
    url: String,
    member: Option<String>,
    sha256: Option<String>,
    folder: PathBuf,
}

/// What was fetched.
struct Fetched {
    file: PathBuf,
    /// Why it may be an old copy.
    old: Option<String>,
}

/// Whoever no longer waits also stops the thread that works.
struct Stop(Arc<Count>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }
}

impl FetchTask {
    /// Works on a thread of its own, which holds the lock, and tells here how far it is. The
    /// program may end without that thread, be it in the middle of a read that hangs.
    async fn run(self, lock: File, listener: &dyn Listener) -> Result<PathBuf, CloudError> {
        let url = self.url.clone();
        let what = format!("fetching {}", base_name(&url));
        let count = Arc::new(Count::default());
        let _stop = Stop(Arc::clone(&count));
        let there = Arc::clone(&count);
        let work = thread::spawn(move || {
            let _lock = lock;
            self.work(&there)
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
        let fetched = work
            .join()
            .unwrap_or_else(|_| Err(CloudError::new(Class::Failed, format!("{what} broke off"))))?;
        if let Some(why) = fetched.old {
            let what = format!("{url} may have changed; the copy in the cache is used: {why}");
            let next = Some("run the same again when the server can be reached".into());
            listener.on_event(&Event::Warning { what, next });
        }
        Ok(fetched.file)
    }

    fn work(&self, count: &Count) -> Result<Fetched, CloudError> {
        let body = self.folder.join(base_name(&self.url));
        let old = self.bring(&body, count)?;
        let file = match &self.member {
            None => body,
            Some(name) => {
                let folder = self.folder.join(digest(name));
                let to = folder.join(base_name(name));
                // An archive that was fetched anew has other members.
                let (mark, stamp) = (folder.join(".of"), stamp(&body));
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

    /// Has the body as the server has it now. A copy whose content the stack names is right or
    /// refused, and not asked about; of another the server says whether it has changed. Why that
    /// could not be asked, where the copy is kept for that.
    fn bring(&self, body: &Path, count: &Count) -> Result<Option<String>, CloudError> {
        let place = self.folder.join(".validators");
        let there = body.exists();
        if there && (self.sha256.is_some() || validators::is_fresh(&place)) {
            return Ok(None);
        }
        let folder = &self.folder;
        fs::create_dir_all(folder).during(|| format!("make {}", folder.display()))?;
        let known = if there {
            Validators::read(&place)
        } else {
            Validators::default()
        };
        match transfer::download(&self.url, body, &known, count) {
            Ok(now) => now.unwrap_or(known).write(&place).map(|()| None),
            Err(error) if there && error.class == Class::Unreachable => Ok(Some(error.message)),
            Err(error) => Err(error),
        }
    }

    /// Content that is not what the stack says is not kept: the next run fetches it anew.
    fn verify(&self, file: &Path) -> Result<(), CloudError> {
        let Some(wanted) = &self.sha256 else {
            return Ok(());
        };
        let doing = || format!("read {}", file.display());
        let mut hasher = Sha256::new();
        io::copy(&mut disk::open(file).during(doing)?, &mut hasher).during(doing)?;
        let found = hex(&hasher.finalize());
        if found.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        let folder = &self.folder;
        fs::remove_dir_all(folder).during(|| format!("remove {}", folder.display()))?;
        let url = &self.url;
        let message =
            format!("{url} is not what the stack says: its sha256 is {found}, not {wanted}");
        Err(CloudError::new(Class::Input, message)
            .hint("fetch it again, or mend sha256 in the stack if the data was changed on purpose"))
    }
}

/// The last part of a URL or path, safe as a file's name.
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

/// Which body that is: its length and when it was written.
fn stamp(body: &Path) -> Option<String> {
    let metadata = fs::metadata(body).ok()?;
    let written = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", metadata.len(), written.as_nanos()))
}

/// Enough of a digest to keep names apart.
fn digest(text: &str) -> String {
    let mut all = hex(&Sha256::digest(text));
    all.truncate(16);
    all
}
