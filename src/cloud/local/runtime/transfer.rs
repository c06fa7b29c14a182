//! One transfer by http(s), counted, that can be stopped.

use super::validators::Validators;
use crate::cloud::error::{Class, CloudError};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

const CONNECT: Duration = Duration::from_secs(30);
/// A server that sends nothing for so long is taken for dead.
const STALLED: Duration = Duration::from_secs(60);

/// RFC 9110, 15.4.5.
const NOT_MODIFIED: u16 = 304;

/// How far the work has come, and whether anybody still waits for it.
#[derive(Default)]
pub(super) struct Count {
    pub(super) done: AtomicU64,
    /// 0 where nobody knows.
    pub(super) total: AtomicU64,
    pub(super) stopped: AtomicBool,
}

/// The body behind a URL, in a file, and what the server says of it; nothing where that is what
/// `known` says already. The machine's own certificates and proxies hold.
pub(super) fn download(
    url: &str,
    to: &Path,
    known: &Validators,
    count: &Count,
) -> Result<Option<Validators>, CloudError> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(STALLED))
        .timeout_per_read(Some(STALLED))
        .build();
    let mut request = ureq::Agent::new_with_config(config).get(url);
    for (name, value) in known.headers() {
        request = request.header(name, value);
    }
    let mut response = request.call().map_err(|error| unreachable(url, error))?;
    if response.status() == NOT_MODIFIED {
        return Ok(None);
    }
    let said = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let validators = Validators {
        etag: said("etag"),
        last_modified: said("last-modified"),
    };
    let length = response.body().content_length();
    let body = response.body_mut().as_reader();
    write_whole(body, length, to, count).map_err(|error| match error {
        Broken::Reading(error) => unreachable(url, error),
        Broken::Short { done, length } => {
            let message = format!("{url} broke off after {done} of {length} bytes");
            CloudError::new(Class::Unreachable, message).hint("run the same again")
        }
        Broken::Writing(error) => writing(to, error),
    })?;
    Ok(Some(validators))
}

pub(super) fn writing(to: &Path, error: io::Error) -> CloudError {
    let message = format!("cannot write {}: {error}", to.display());
    CloudError::new(Class::Failed, message).caused_by(error)
}

fn unreachable(url: &str, error: impl std::error::Error + Send + Sync + 'static) -> CloudError {
    CloudError::new(Class::Unreachable, format!("cannot fetch {url}: {error}"))
        .hint("fetch it by other means and name the file: --set data.NAME.path=FILE")
        .caused_by(error)
}

/// Why a file did not become whole.
pub(super) enum Broken {
    Reading(io::Error),
    Writing(io::Error),
    Short { done: u64, length: u64 },
}

/// Copies into a file that appears only when it is whole.
pub(super) fn write_whole(
    from: impl Read,
    length: Option<u64>,
    to: &Path,
    count: &Count,
) -> Result<(), Broken> {
    let mut name = std::ffi::OsString::from(".partial-");
    name.push(to.file_name().unwrap_or_default());
    let beside = to.with_file_name(name);
    let written = copy(from, length, &beside, count)
        .and_then(|()| fs::rename(&beside, to).map_err(Broken::Writing));
    if written.is_err() {
        // What stays is written over by the next try.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn copy(mut from: impl Read, length: Option<u64>, to: &Path, count: &Count) -> Result<(), Broken> {
    count.done.store(0, Ordering::Relaxed);
    count.total.store(length.unwrap_or(0), Ordering::Relaxed);
    let mut file = File::create(to).map_err(Broken::Writing)?;
    let mut buffer = vec![0; 1 << 16];
    let mut done = 0;
    loop {
        if count.stopped.load(Ordering::Relaxed) {
            return Err(Broken::Reading(io::Error::other("nobody waits for it")));
        }
        let bytes = from.read(&mut buffer).map_err(Broken::Reading)?;
        if bytes == 0 {
            break;
        }
        file.write_all(&buffer[..bytes]).map_err(Broken::Writing)?;
        done += bytes as u64;
        count.done.store(done, Ordering::Relaxed);
    }
    match length {
        Some(length) if length != done => Err(Broken::Short { done, length }),
        Some(_) | None => Ok(()),
    }
}
