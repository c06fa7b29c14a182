//! Requests to a live supervisor: numbered files, each written atomically.

use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use crate::model::desired::{ClusterSpec, JobSpec};
use crate::model::extension::Extension;
use crate::model::observed::End;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// A request to a supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// To add run `run` of a job. If the cluster has it already, nothing happens, so a request that
    /// was written twice runs once.
    AddSteps {
        /// The job.
        job: JobSpec,
        /// The number of the run, from 1.
        run: u32,
    },
    /// To take over guardrails, team and tags of another spec.
    Update(Box<ClusterSpec>),
    /// To move the deadline.
    Extend(Extension),
    /// To renew the lease.
    Renew,
    /// To end the cluster.
    Terminate(End),
}

/// A request in the spool. Its file is removed once its effect is in `status.json`.
#[derive(Debug)]
pub struct Spooled {
    /// The request.
    pub request: Request,
    /// The file that holds it.
    pub file: PathBuf,
}

/// Appends a request to the spool and returns its file.
pub(super) fn put(spool: &Path, request: &Request) -> Result<PathBuf, CloudError> {
    let doing = || format!("write a request into {}", spool.display());
    let draft = spool.join(format!(".{}", std::process::id()));
    let text = serde_json::to_vec(request).map_err(|error| {
        CloudError::new(Class::Failed, "cannot write the request").caused_by(error)
    })?;
    if let Err(error) = fs::write(&draft, text) {
        let _ = fs::remove_file(&draft);
        return Err(error).during(doing);
    }
    let mut number = numbers(spool)?.last().map_or(1, |last| last + 1);
    // A hard link, unlike a rename, fails if another process has taken the name.
    let file = loop {
        let file = spool.join(format!("{number:06}.json"));
        match fs::hard_link(&draft, &file) {
            Ok(()) => break file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error).during(doing),
        }
    };
    fs::remove_file(&draft).during(doing)?;
    Ok(file)
}

/// Returns all requests, oldest first. A file that cannot be parsed is removed and returned as an
/// error.
pub(super) fn all(spool: &Path) -> Result<Vec<Result<Spooled, CloudError>>, CloudError> {
    let read = |number: u64| {
        let file = spool.join(format!("{number:06}.json"));
        let doing = || format!("read the request {}", file.display());
        let text = disk::bytes(&file, disk::RECORD).during(doing)?;
        let request = serde_json::from_slice(&text)
            .map_err(std::io::Error::from)
            .during(doing);
        if request.is_err() {
            fs::remove_file(&file).during(doing)?;
        }
        Ok(Spooled {
            request: request?,
            file,
        })
    };
    Ok(numbers(spool)?.into_iter().map(read).collect())
}

fn numbers(spool: &Path) -> Result<Vec<u64>, CloudError> {
    let doing = || format!("read {}", spool.display());
    let mut numbers = Vec::new();
    for entry in fs::read_dir(spool).during(doing)? {
        let name = entry.during(doing)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".json"));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_returned_in_order() {
        let spool = tempfile::tempdir().unwrap();
        for number in 0..12 {
            let end = End::asked(number.to_string());
            put(spool.path(), &Request::Terminate(end)).unwrap();
        }
        fs::write(spool.path().join("000013.json"), "{").unwrap();
        let all = all(spool.path()).unwrap();
        let message = |spooled: &Result<Spooled, CloudError>| match spooled {
            Ok(Spooled {
                request: Request::Terminate(end),
                ..
            }) => end.message.to_string(),
            Ok(_) | Err(_) => "?".to_owned(),
        };
        let messages: Vec<_> = all.iter().map(message).collect();
        assert_eq!(messages.join(" "), "0 1 2 3 4 5 6 7 8 9 10 11 ?");
    }
}
