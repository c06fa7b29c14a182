//! Spark's history server on this machine: its pages for a run that is over.

use super::runtime::{FILTER, NAME, PASSWORD, Runtime, class_path, secret};
use crate::cloud::error::{Class, CloudError, IoContext};
use crate::cloud::loopback::Page;
use crate::model::hint::Command as Advised;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long the server may take until it answers: about six seconds on a busy machine of two cores.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// How much of what a server printed is searched for its port, in bytes.
const MAX_OUTPUT: u64 = 1 << 20;
/// How much of what a server printed is shown if it ended.
const TAIL: usize = 2_000;

/// A folder for the event logs of a history server, which is deleted with it.
pub struct HistoryFolder(TempDir);

impl HistoryFolder {
    /// Creates it in the system's folder for temporary files. Only its owner can read it.
    ///
    /// # Errors
    /// Returns an error if it cannot be created.
    pub fn create() -> Result<Self, CloudError> {
        let folder = tempfile::Builder::new().prefix("clusterup-ui-").tempdir();
        let folder = folder.during(|| "create a temporary folder".to_owned())?;
        let created = Self(folder);
        for folder in [created.logs(), created.work()] {
            fs::create_dir(&folder).during(|| format!("make {}", folder.display()))?;
        }
        Ok(created)
    }

    /// Where the event logs belong.
    pub fn logs(&self) -> PathBuf {
        self.0.path().join("logs")
    }

    fn work(&self) -> PathBuf {
        self.0.path().join("work")
    }

    fn output(&self) -> PathBuf {
        self.0.path().join("output")
    }
}

/// An application that the history server shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Application {
    /// Spark's id, such as `app-20260729120000-0000`.
    pub id: String,
    /// The name that the job gave it.
    pub name: String,
}

/// A history server that ends with this value, or with this process.
pub struct HistoryServer {
    child: Child,
    folder: HistoryFolder,
    password: String,
    /// Its port, once it listens.
    port: Option<u16>,
}

impl HistoryServer {
    /// Starts a server over the event logs of the folder, on this loopback port or on one that is free.
    /// `program` is clusterup, which ties the server to this process.
    ///
    /// # Errors
    /// Returns an error if the server cannot be started.
    pub fn start(
        runtime: &Runtime,
        program: &Path,
        folder: HistoryFolder,
        port: Option<u16>,
    ) -> Result<Self, CloudError> {
        let password = secret()?;
        let output = folder.output();
        let output = File::create(&output).during(|| format!("write {}", output.display()))?;
        let errors = output.try_clone().during(|| "share a file".to_owned())?;
        let own = [
            format!("-Djava.io.tmpdir={}", folder.work().display()),
            format!(
                "-Dspark.history.fs.logDirectory=file:{}",
                folder.logs().display()
            ),
            format!("-Dspark.history.ui.port={}", port.unwrap_or(0)),
            // Not the next port: somebody else may have taken the given one.
            "-Dspark.port.maxRetries=0".to_owned(),
            format!("-Dspark.ui.filters={FILTER}"),
        ];
        let mut java = Command::new(program);
        java.env_clear()
            .arg("leash")
            .arg(std::process::id().to_string())
            .arg("--")
            .arg(runtime.java_home.join("bin/java"))
            .arg("-Xmx1g")
            .args(Runtime::OPENINGS)
            .args(own)
            .arg("-cp")
            .arg(class_path(&runtime.conf, &runtime.spark_home))
            .arg("org.apache.spark.deploy.history.HistoryServer")
            .env("JAVA_HOME", &runtime.java_home)
            .env("SPARK_HOME", &runtime.spark_home)
            .env("SPARK_CONF_DIR", &runtime.conf)
            .env("SPARK_LOCAL_IP", Ipv4Addr::LOCALHOST.to_string())
            .env(PASSWORD, &password)
            .current_dir(folder.work())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .kill_on_drop(true);
        let child = java
            .spawn()
            .during(|| "start Spark's history server".to_owned())?;
        Ok(Self {
            child,
            folder,
            password,
            port: None,
        })
    }

    /// Waits until the server lists as many applications, or all that it can read.
    ///
    /// # Errors
    /// Returns an error if the server ends, or does not answer in time.
    pub async fn applications(&mut self, expected: usize) -> Result<Vec<Application>, CloudError> {
        let begun = Instant::now();
        let mut listed_since: Option<Instant> = None;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.ended(&format!("ended with {status}")));
            }
            // Its own word: the password must not go to another program on that port.
            self.port = self.port.or_else(|| bound(&self.folder.output()));
            let listed = match self.port {
                Some(_) => self.listed().await,
                None => None,
            };
            if let Some(listed) = listed {
                // It answers before it has read the logs.
                let since = *listed_since.get_or_insert_with(Instant::now);
                let settled = since.elapsed() > Duration::from_secs(15);
                if listed.len() >= expected || settled {
                    // The job chose what is part of an address here.
                    return Ok(listed.into_iter().filter(|it| is_id(&it.id)).collect());
                }
            } else if begun.elapsed() > START_TIMEOUT {
                return Err(self.ended("does not answer"));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn listed(&self) -> Option<Vec<Application>> {
        let page = Page::of(&self.base());
        let ask = move || page.get("/api/v1/applications");
        tokio::task::spawn_blocking(ask).await.ok().flatten()
    }

    /// The address of the page of an application, or of the list of all, with the password. Call it
    /// after [`Self::applications`].
    pub fn address(&self, application: Option<&Application>) -> String {
        let base = self.base();
        match application {
            Some(application) => format!("{base}/history/{}/jobs/", application.id),
            None => format!("{base}/"),
        }
    }

    fn base(&self) -> String {
        let port = self.port.unwrap_or_default();
        format!("http://{NAME}:{}@127.0.0.1:{port}", self.password)
    }

    /// Waits until the server ends, which it does not do by itself, and returns why.
    pub async fn wait(&mut self) -> CloudError {
        match self.child.wait().await {
            Ok(status) => self.ended(&format!("ended with {status}")),
            Err(_) => self.ended("ended"),
        }
    }

    /// Why there is no server, with the end of what it printed.
    fn ended(&self, what: &str) -> CloudError {
        let printed = fs::read(self.folder.output()).unwrap_or_default();
        let tail = printed
            .get(printed.len().saturating_sub(TAIL)..)
            .unwrap_or_default();
        let message = format!("Spark's history server {what}");
        let error = CloudError::new(Class::Failed, message);
        let error = match String::from_utf8_lossy(tail).lines().last() {
            Some(line) => error.hint(format!(
                "it printed: {}",
                crate::model::shown::line(line, 300)
            )),
            None => error,
        };
        error.hint(Advised::clusterup("doctor --local"))
    }
}

/// Whether a text is an id of an application, which becomes part of an address.
fn is_id(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.len() < 100 && text.chars().all(is_plain)
}

/// The port that a server listens on, as it printed; `None` before.
fn bound(output: &Path) -> Option<u16> {
    const BEFORE: &str = "started service 'HistoryServerUI' on port ";
    let mut printed = String::new();
    let file = File::open(output).ok()?;
    file.take(MAX_OUTPUT).read_to_string(&mut printed).ok()?;
    let (_, after) = printed.split_once(BEFORE)?;
    let (port, _) = after.split_once('.')?;
    port.parse().ok()
}
