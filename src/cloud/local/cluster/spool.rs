//! Requests to a living supervisor: numbered files, each put in place whole.

use crate::cloud::error::{Class, CloudError, IoContext};
use crate::disk;
use crate::model::desired::{ClusterSpec, JobSpec};
use crate::model::extension::Extension;
use crate::model::observed::End;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Run `run` of a job; one that is there already is not added again, so that a request that
    /// was left twice runs once.
    AddSteps {
        job: JobSpec,
        run: u32,
    },
    /// Guardrails, team and tags of another spec.
    Update(Box<ClusterSpec>),
    Extend(Extension),
    /// Somebody follows the cluster.
    Renew,
    Terminate(End),
}

/// A request in the spool. It is removed once its effect is in the status.
#[derive(Debug)]
pub struct Spooled {
    pub request: Request,
    pub file: PathBuf,
}

/// Puts a request behind all others and says which file holds it.
pub(super) fn put(spool: &Path, request: &Request) -> Result<PathBuf, CloudError> {
    let saying = || format!("leave a request in {}", spool.display());
    let draft = spool.join(format!(".{}", std::process::id()));
    let text = serde_json::to_vec(request).map_err(|error| {
        CloudError::new(Class::Failed, "cannot write the request").caused_by(error)
    })?;
    if let Err(error) = fs::write(&draft, text) {
        let _ = fs::remove_file(&draft);
        return Err(error).during(saying);
    }
    let mut number = numbers(spool)?.last().map_or(1, |last| last + 1);
    // A link, unlike a rename, refuses a name that somebody else has taken in between.
    let file = loop {
        let file = spool.join(format!("{number:06}.json"));
        match fs::hard_link(&draft, &file) {
            Ok(()) => break file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error).during(saying),
        }
    };
    fs::remove_file(&draft).during(saying)?;
    Ok(file)
}

/// All requests, oldest first. One that cannot be read is dropped and said so in the log.
pub(super) fn all(spool: &Path) -> Result<Vec<Result<Spooled, CloudError>>, CloudError> {
    let read = |number: u64| {
        let file = spool.join(format!("{number:06}.json"));
        let saying = || format!("read the request {}", file.display());
        let text = disk::bytes(&file, disk::RECORD).during(saying)?;
        let request = serde_json::from_slice(&text)
            .map_err(std::io::Error::from)
            .during(saying);
        if request.is_err() {
            fs::remove_file(&file).during(saying)?;
        }
        Ok(Spooled {
            request: request?,
            file,
        })
    };
    Ok(numbers(spool)?.into_iter().map(read).collect())
}

fn numbers(spool: &Path) -> Result<Vec<u64>, CloudError> {
    let saying = || format!("read {}", spool.display());
    let mut numbers = Vec::new();
    for entry in fs::read_dir(spool).during(saying)? {
        let name = entry.during(saying)?.file_name();
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
    fn requests_come_out_in_order() {
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
