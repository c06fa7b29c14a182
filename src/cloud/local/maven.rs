//! Packages of Maven, which Spark fetches when a step starts: refused before anything starts if this
//! machine cannot fetch them.

use crate::cloud::error::{Class, CloudError};
use crate::model::stack::Stack;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Where Spark looks for packages (Spark, SparkSubmitUtils).
const REPOSITORY: &str = "repo1.maven.org";
const CONNECT: Duration = Duration::from_secs(3);
/// A resolver may wait longer than a connection.
const PATIENCE: Duration = Duration::from_secs(6);

/// Returns an error if a step needs a package that is neither in Spark's cache nor can be fetched.
pub(super) fn check(
    stack: &Stack,
    home: Option<&Path>,
    reaches: impl FnOnce() -> bool,
) -> Result<(), CloudError> {
    let steps = stack.job.iter().flat_map(|job| &job.steps);
    let packages = steps.flat_map(|step| &step.spark.submission.packages);
    let missing: Vec<&str> = packages
        .filter(|package| !home.is_some_and(|home| is_cached(home, package)))
        .map(String::as_str)
        .collect();
    let Some(first) = missing.first().filter(|_| !reaches()) else {
        return Ok(());
    };
    let message = format!("{first} cannot be fetched: this machine does not reach {REPOSITORY}");
    Err(CloudError::new(Class::Input, message)
        .hint("download its jar, and name the file under `jars` instead of `packages`"))
}

/// Whether Spark fetched the package earlier.
fn is_cached(home: &Path, package: &str) -> bool {
    let mut parts = package.split(':');
    let (Some(group), Some(artifact), Some(version)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let jar = format!("{group}_{artifact}-{version}.jar");
    home.join(".ivy2/jars").join(jar).is_file()
}

/// Whether the repository accepts a connection.
pub(super) fn reaches() -> bool {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let addresses = (REPOSITORY, 443).to_socket_addrs().into_iter().flatten();
        let mut open = addresses.map(|address| TcpStream::connect_timeout(&address, CONNECT));
        // Nobody waits for a late answer.
        let _ = send.send(open.any(|open| open.is_ok()));
    });
    receive.recv_timeout(PATIENCE).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(spark: &str) -> Stack {
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             job: {{ steps: [{{ name: one, script: a.py, spark: {spark} }}] }}\n"
        );
        crate::text::parse("t.yaml", &text, Path::new(""), &[]).unwrap()
    }

    #[test]
    fn a_package_that_cannot_be_fetched_is_refused_by_name() {
        let home = tempfile::tempdir().unwrap();
        let jars = home.path().join(".ivy2/jars");
        std::fs::create_dir_all(&jars).unwrap();
        std::fs::write(jars.join("g_a-1.jar"), "").unwrap();
        let of = |spark: &str, reaches: bool| {
            check(&stack(spark), Some(home.path()), || reaches).map_err(|error| error.message)
        };
        assert_eq!(of("{ packages: [\"g:a:1\"] }", false), Ok(()));
        assert_eq!(of("{ packages: [\"g:a:1\", \"g:a:2\"] }", true), Ok(()));
        let refused = of("{ packages: [\"g:a:1\", \"g:a:2\"] }", false).unwrap_err();
        assert!(refused.starts_with("g:a:2 cannot be fetched"), "{refused}");
        let none = check(&stack("{}"), None, || panic!("there is nothing to fetch"));
        assert!(none.is_ok());
        assert!(check(&stack("{ packages: [\"g:a:1\"] }"), None, || false).is_err());
    }
}
