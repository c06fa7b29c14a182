//! Data sets by http(s), and members of zip archives there. A file appears whole or not at all.

#[cfg(test)]
mod tests;

use super::lock;
use super::store::Store;
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::model::event::{Event, Listener};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

const TICK: Duration = Duration::from_millis(200);
const CONNECT: Duration = Duration::from_secs(30);

impl Store {
    /// The file behind `url`, or `member` of the zip archive there, fetched once. `sha256` is of
    /// the file itself.
    ///
    /// # Errors
    /// No answer, a transfer that broke off, no such member, other content than `sha256` says.
    pub async fn fetch(
        &self,
        url: &str,
        member: Option<&str>,
        sha256: Option<&str>,
        hear: &dyn Listener,
    ) -> Result<PathBuf, CloudError> {
        let name = digest(url.as_bytes())[..16].to_owned();
        let folder = self.cache.join("downloads").join(&name);
        let _lock = lock::take(&self.locks(), &format!("download-{name}"), hear).await?;
        let body = folder.join(base_name(url));
        if !body.exists() {
            fs::create_dir_all(&folder).during(|| format!("make {}", folder.display()))?;
            download(url, &body, hear).await?;
        }
        let file = match member {
            None => body,
            Some(member) => extract(&body, member, &folder)?,
        };
        verify(&file, url, sha256)?;
        Ok(file)
    }
}

/// How far a download has come.
#[derive(Default)]
struct Count {
    done: AtomicU64,
    total: AtomicU64,
}

async fn download(url: &str, to: &Path, hear: &dyn Listener) -> Result<(), CloudError> {
    let count = Arc::new(Count::default());
    let (url_there, to_there, count_there) = (url.to_owned(), to.to_owned(), Arc::clone(&count));
    let mut work =
        tokio::task::spawn_blocking(move || transfer(&url_there, &to_there, &count_there));
    loop {
        tokio::select! {
            done = &mut work => {
                return done.unwrap_or_else(|error| Err(unreachable(url, &error)));
            }
            () = tokio::time::sleep(TICK) => {
                let [done, total] = [&count.done, &count.total].map(|n| n.load(Ordering::Relaxed));
                let what = format!("fetching {}", base_name(url));
                hear.hear(&Event::Progress { what, done, total });
            }
        }
    }
}

fn transfer(url: &str, to: &Path, count: &Count) -> Result<(), CloudError> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(CONNECT))
        .build();
    let mut response = ureq::Agent::new_with_config(config)
        .get(url)
        .call()
        .map_err(|error| unreachable(url, &error))?;
    let length = response.body().content_length();
    count.total.store(length.unwrap_or(0), Ordering::Relaxed);
    let beside = to.with_extension("partial");
    let doing = || format!("write {}", beside.display());
    let mut file = File::create(&beside).during(doing)?;
    let mut reader = response.body_mut().as_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let bytes = reader
            .read(&mut buffer)
            .map_err(|error| unreachable(url, &error))?;
        if bytes == 0 {
            break;
        }
        file.write_all(&buffer[..bytes]).during(doing)?;
        count.done.fetch_add(bytes as u64, Ordering::Relaxed);
    }
    let done = count.done.load(Ordering::Relaxed);
    if let Some(length) = length.filter(|length| *length != done) {
        let message = format!("{url} broke off after {done} of {length} bytes");
        return Err(CloudError::new(Class::Unreachable, message).hint("run the same again"));
    }
    fs::rename(&beside, to).during(doing)
}

fn unreachable(url: &str, error: &dyn std::fmt::Display) -> CloudError {
    CloudError::new(Class::Unreachable, format!("cannot fetch {url}: {error}"))
        .hint("fetch it by other means and name the file: --set data.NAME.path=FILE")
}

/// The member of a zip archive, in a file of its own.
fn extract(archive: &Path, member: &str, folder: &Path) -> Result<PathBuf, CloudError> {
    let to = folder
        .join(&digest(member.as_bytes())[..16])
        .join(base_name(member));
    if to.exists() {
        return Ok(to);
    }
    let broken = |error: zip::result::ZipError| {
        // Not kept: what a server sent in an archive's stead is sent anew next time.
        let _ = fs::remove_file(archive);
        CloudError::new(
            Class::Input,
            "what was fetched is no zip archive that can be read",
        )
        .caused_by(error)
        .hint("look at the address in the stack, and run the same again")
    };
    let file = File::open(archive).during(|| format!("read {}", archive.display()))?;
    let mut zip = zip::ZipArchive::new(file).map_err(broken)?;
    if zip.index_for_name(member).is_none() {
        let names = zip
            .file_names()
            .filter_map(Result::ok)
            .filter(|name| !name.ends_with('/'));
        let names: Vec<_> = names.take(8).collect();
        let message = format!("the archive has no member {member}");
        return Err(
            CloudError::new(Class::Input, message).hint(format!("it has: {}", names.join(", ")))
        );
    }
    let mut member = zip.by_name(member).map_err(broken)?;
    let doing = || format!("write {}", to.display());
    let beside = to.with_extension("partial");
    fs::create_dir_all(to.parent().unwrap_or(folder)).during(doing)?;
    let mut file = File::create(&beside).during(doing)?;
    io::copy(&mut member, &mut file).during(doing)?;
    fs::rename(&beside, &to).during(doing)?;
    Ok(to)
}

/// Content that is not what the stack says is not kept: the next run fetches it anew.
fn verify(file: &Path, url: &str, sha256: Option<&str>) -> Result<(), CloudError> {
    let Some(wanted) = sha256 else { return Ok(()) };
    let mut content = File::open(file).during(|| format!("read {}", file.display()))?;
    let mut hasher = Sha256::new();
    io::copy(&mut content, &mut hasher).during(|| format!("read {}", file.display()))?;
    let found = hex(&hasher.finalize());
    if found.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let all = file.ancestors().find(|folder| {
        folder
            .parent()
            .and_then(Path::file_name)
            .is_some_and(|name| name == "downloads")
    });
    if let Some(all) = all {
        fs::remove_dir_all(all).during(|| format!("remove {}", all.display()))?;
    }
    let message = format!("{url} is not what the stack says: its sha256 is {found}, not {wanted}");
    Err(CloudError::new(Class::Input, message)
        .hint("fetch it again, or mend sha256 in the stack if the data was changed on purpose"))
}

/// The last part of a URL or path, safe as a file's name.
fn base_name(text: &str) -> String {
    let path = text
        .split(['?', '#'])
        .next()
        .unwrap_or(text)
        .trim_end_matches('/');
    let name: String = path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
        .collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() {
        "data".to_owned()
    } else {
        name.to_owned()
    }
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
