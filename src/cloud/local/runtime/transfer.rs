//! A download by HTTP(S) with a progress count, which can be stopped.

use super::validators::Validators;
use crate::cloud::error::{Class, CloudError};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// A server that sends nothing for this long has failed.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The status of an unchanged resource (RFC 9110, 15.4.5).
const NOT_MODIFIED: u16 = 304;

/// The progress of a download, and whether anything still waits for it.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) done: AtomicU64,
    /// The total in bytes; 0 if unknown.
    pub(super) total: AtomicU64,
    pub(super) stopped: AtomicBool,
}

/// Downloads the body at a URL to a file and returns its validators; `None` if it is unchanged
/// according to `known`. The machine's certificates and proxies apply.
pub(super) fn download(
    url: &str,
    to: &Path,
    known: &Validators,
    count: &Progress,
) -> Result<Option<Validators>, CloudError> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(READ_TIMEOUT))
        .timeout_per_read(Some(READ_TIMEOUT))
        .build();
    let mut request = ureq::Agent::new_with_config(config).get(url);
    for (name, value) in known.headers() {
        request = request.header(name, value);
    }
    let mut response = request.call().map_err(|error| unreachable(url, error))?;
    if response.status() == NOT_MODIFIED {
        return Ok(None);
    }
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let validators = Validators {
        etag: header("etag"),
        last_modified: header("last-modified"),
    };
    let length = response.body().content_length();
    let body = response.body_mut().as_reader();
    write_whole(body, length, to, count).map_err(|error| match error {
        CopyError::Reading(error) => unreachable(url, error),
        CopyError::Short { done, length } => {
            let message = format!("the download of {url} stopped after {done} of {length} bytes");
            CloudError::new(Class::Unreachable, message).hint("run the command again")
        }
        CopyError::Writing(error) => writing(to, error),
    })?;
    Ok(Some(validators))
}

pub(super) fn writing(to: &Path, error: io::Error) -> CloudError {
    let message = format!("cannot write {}: {error}", to.display());
    CloudError::new(Class::Failed, message).caused_by(error)
}

fn unreachable(url: &str, error: impl std::error::Error + Send + Sync + 'static) -> CloudError {
    CloudError::new(
        Class::Unreachable,
        format!("cannot download {url}: {error}"),
    )
    .hint("download it in another way and use the file: --set data.NAME.path=FILE")
    .caused_by(error)
}

/// Why a file was not written completely.
pub(super) enum CopyError {
    Reading(io::Error),
    Writing(io::Error),
    Short { done: u64, length: u64 },
}

/// Copies to a file that appears only when it is complete.
pub(super) fn write_whole(
    from: impl Read,
    length: Option<u64>,
    to: &Path,
    count: &Progress,
) -> Result<(), CopyError> {
    let mut name = std::ffi::OsString::from(".partial-");
    name.push(to.file_name().unwrap_or_default());
    let beside = to.with_file_name(name);
    let written = copy(from, length, &beside, count)
        .and_then(|()| fs::rename(&beside, to).map_err(CopyError::Writing));
    if written.is_err() {
        // If it cannot be removed, the next attempt overwrites it.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn copy(
    mut from: impl Read,
    length: Option<u64>,
    to: &Path,
    count: &Progress,
) -> Result<(), CopyError> {
    count.done.store(0, Ordering::Relaxed);
    count.total.store(length.unwrap_or(0), Ordering::Relaxed);
    let mut file = File::create(to).map_err(CopyError::Writing)?;
    let mut buffer = vec![0; 1 << 16];
    let mut done = 0;
    loop {
        if count.stopped.load(Ordering::Relaxed) {
            return Err(CopyError::Reading(io::Error::other("it was stopped")));
        }
        let bytes = from.read(&mut buffer).map_err(CopyError::Reading)?;
        if bytes == 0 {
            break;
        }
        file.write_all(&buffer[..bytes])
            .map_err(CopyError::Writing)?;
        done += bytes as u64;
        count.done.store(done, Ordering::Relaxed);
    }
    match length {
        Some(length) if length != done => Err(CopyError::Short { done, length }),
        Some(_) | None => Ok(()),
    }
}
