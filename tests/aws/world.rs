//! A world for one test: its own account, machine and stack.

use crate::double::{Call, Double};
use crate::hints;
use crate::running::Running;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than any run takes.
const PATIENCE: Duration = Duration::from_secs(240);

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const BUCKET: &str = "clusterup-123456789012-us-east-1";

/// A stack with one of everything: two steps, and a cluster that is kept.
pub(crate) const STACK: &str = r#"stack: t
region: us-east-1
key_pairs: [{ name: k }]
security_groups:
  - name: ssh
    ingress: [{ port: 22, from: caller }]
cluster: { release: emr-7.x, size: 3 x m5.xlarge, key_pair: k, security_groups: [ssh] }
job:
  results: results
  steps:
    - { name: one, script: one.py, args: ["${results}/one"] }
    - { name: two, script: two.py, args: ["${results}/two"] }
guardrails: { idle_timeout: 10m, max_lifetime: 2h, budget: $3, when_done: keep }
"#;

/// Phases of clusters that take milliseconds.
pub(crate) fn short() -> Value {
    json!({
        "starting": 0.5, "bootstrapping": 0.3, "step": 0.5, "terminating": 0.5, "resize": 0.5,
        "drain": 0,
    })
}

/// `STACK` whose cluster ends with its job.
pub(crate) fn ending() -> String {
    STACK.replace("when_done: keep", "when_done: terminate")
}

pub(crate) struct World {
    pub(crate) double: Double,
    folder: TempDir,
    /// The clusters of an earlier world on the same double.
    before: usize,
}

/// The result of a run.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) signal: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    /// An account that has used EMR before, and the stack `t.yaml`.
    pub(crate) fn new() -> Self {
        Self::on(Double::start())
    }

    pub(crate) fn on(double: Double) -> Self {
        let world = Self::bare(double);
        world.double.post("/_double/roles", json!({}));
        world
    }

    /// An account that has never used EMR.
    pub(crate) fn bare(double: Double) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let before = double.get("/_double/clusters").as_array().unwrap().len();
        let world = Self {
            double,
            folder,
            before,
        };
        world.double.post("/_double/durations", short());
        world.write("one.py", "print(1)  # clusterup: allow(nothing-home)\n");
        world.write("two.py", "print(2)  # clusterup: allow(nothing-home)\n");
        world.stack(STACK);
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    pub(crate) fn stack(&self, text: &str) {
        self.write("t.yaml", text);
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterup"));
        self.double.env(&mut command);
        command
            .args(args)
            .current_dir(self.path())
            .env("XDG_STATE_HOME", self.state())
            .env("CLUSTERUP_POLL", "1s")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Done {
        Done::running(&mut self.command(args))
    }

    /// Runs and expects this exit code.
    pub(crate) fn expect(&self, code: i32, args: &[&str]) -> Done {
        self.run(args).expect(code)
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command(args))
    }

    /// The document of `plan --output json`.
    pub(crate) fn plan(&self) -> Value {
        self.json(&["plan", "t.yaml"])["plan"].take()
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let done = self.run(&[args, &["--output", "json"]].concat());
        serde_json::from_str(&done.out)
            .unwrap_or_else(|error| panic!("{args:?}: {error}\n{}\n{}", done.out, done.err))
    }

    /// All clusters that ever existed, oldest first.
    pub(crate) fn clusters(&self) -> Vec<Value> {
        let clusters = self.double.get("/_double/clusters");
        clusters.as_array().unwrap()[self.before..].to_vec()
    }

    /// The clusters that have not ended.
    pub(crate) fn alive(&self) -> Vec<Value> {
        let over = |c: &Value| c["state"].as_str().unwrap().starts_with("TERMINATED");
        self.clusters().into_iter().filter(|c| !over(c)).collect()
    }

    /// The names of the calls of these runs.
    pub(crate) fn calls_of(&self, args: &[&str]) -> Vec<Call> {
        self.double.reset_calls();
        self.expect(0, args);
        self.double.calls()
    }

    /// The keys of the bucket's objects.
    pub(crate) fn objects(&self) -> Vec<String> {
        let objects = self.double.get("/_double/objects");
        let bucket = objects[BUCKET].as_object();
        bucket.map_or(Vec::new(), |keys| keys.keys().cloned().collect())
    }

    /// The ingress rules of the stack's only group.
    pub(crate) fn rules(&self) -> Vec<Value> {
        let group = self.group();
        let permissions = group["IpPermissions"].as_array().unwrap();
        let ranges = permissions.iter().flat_map(|p| p["IpRanges"].as_array());
        ranges.flatten().cloned().collect()
    }

    pub(crate) fn group(&self) -> Value {
        let mut groups = self.aws("ec2", "describe_security_groups", json!({}));
        let groups = groups["SecurityGroups"].as_array_mut().unwrap();
        groups.retain(|group| group["GroupName"] == "clusterup.t.ssh");
        assert_eq!(groups.len(), 1, "{groups:#?}");
        groups[0].take()
    }

    pub(crate) fn key_pairs(&self) -> Vec<Value> {
        let mut pairs = self.aws("ec2", "describe_key_pairs", json!({}));
        pairs["KeyPairs"].as_array_mut().unwrap().split_off(0)
    }

    /// Puts an object into a bucket, which is created if it is missing.
    pub(crate) fn object(&self, bucket: &str, key: &str, text: &str) {
        self.aws("s3", "create_bucket", json!({ "Bucket": bucket }));
        let object = json!({ "bucket": bucket, "key": key, "text": text });
        self.double.post("/_double/objects/put", object);
    }

    pub(crate) fn aws(&self, service: &str, operation: &str, asked: Value) -> Value {
        self.double.aws(REGION, service, operation, asked)
    }

    /// Nothing of any stack is in the account, and no key on this machine.
    pub(crate) fn assert_nothing_left(&self) {
        let left = self.double.left(REGION, "");
        for (what, found) in left.as_object().unwrap() {
            assert_eq!(*found, json!([]), "{what} in {left:#}");
        }
        let files = self.files();
        assert!(files.is_empty(), "{files:?}");
    }

    /// The files that the program keeps on this machine, except the ledger and the records of
    /// downloads.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.state()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    let is_record = path.ends_with("clusterup/results");
                    folders.extend((!is_record).then_some(path));
                } else if !path.to_string_lossy().contains("/ledger.db") {
                    files.push(path);
                }
            }
        }
        files
    }
}

impl Done {
    /// Runs to its end; one that hangs is killed.
    pub(crate) fn running(command: &mut Command) -> Self {
        Self::of(Running::start(command))
    }

    /// Waits for its end; one that hangs is killed.
    pub(crate) fn of(child: Running) -> Self {
        let (id, (tell, reported)) = (child.id().to_string(), mpsc::channel());
        thread::spawn(move || {
            if reported.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-KILL", &id]).status();
            }
        });
        let output = Output::from(child);
        let _ = tell.send(());
        hints::check(&String::from_utf8_lossy(&output.stdout));
        hints::check(&String::from_utf8_lossy(&output.stderr));
        Self {
            code: output.status.code().unwrap_or(-1),
            signal: output.status.signal(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.all());
        self
    }

    pub(crate) fn all(&self) -> String {
        format!("--- out\n{}\n--- err\n{}", self.out, self.err)
    }

    fn words(&self) -> String {
        let all = format!("{}{}", self.out, self.err);
        // Joined where lines were broken.
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(
            self.words().contains(text),
            "{text:?} is not said:\n{}",
            self.all()
        );
        self
    }
}
