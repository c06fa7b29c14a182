//! The double of AWS for these tests: a Python process that is started for one test and ends with
//! it.

mod source;
mod tests;

use serde::Deserialize;
use serde_json::{Value, json};
use source::Process;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Double {
    process: Process,
}

/// A call to AWS, as the double recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Call {
    /// Such as `emr:RunJobFlow`.
    pub(crate) call: String,
    pub(crate) mutates: bool,
    /// Zero if no reply was sent.
    pub(crate) status: u16,
    /// Whether it took effect, with or without a reply.
    pub(crate) handled: bool,
}

/// Where a run that makes these calls is killed: of each kind of call that changes something, before
/// and after the first, and after the last. `tests/sim` kills it at every call; here are the
/// program's own files and the replies of the SDK.
pub(crate) fn moments(calls: &[Call]) -> Vec<(usize, &'static str)> {
    let of = |kind: &&Call, other: &Call| kind.call == other.call;
    let mut kinds: Vec<&Call> = calls.iter().filter(|call| call.mutates).collect();
    kinds.sort_by(|one, other| one.call.cmp(&other.call));
    kinds.dedup_by(|one, other| one.call == other.call);
    let mut moments = Vec::new();
    for kind in &kinds {
        let first = calls.iter().position(|call| of(kind, call)).unwrap() + 1;
        let last = calls.iter().rposition(|call| of(kind, call)).unwrap() + 1;
        moments.extend([(first, "before"), (first, "after"), (last, "after")]);
    }
    moments.sort_unstable();
    moments.dedup();
    moments
}

/// A pending schedule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Schedule {
    pub(crate) group: String,
    pub(crate) name: String,
    /// `2026-01-02T03:04:00Z`.
    pub(crate) at: String,
    pub(crate) target: String,
    pub(crate) input: String,
    pub(crate) role: String,
    /// `DELETE` if it is deleted once it has fired.
    pub(crate) after: String,
    /// For how many seconds its call is retried.
    pub(crate) tried: u32,
}

/// The Python of the double's environment, which has boto3.
pub(crate) fn python() -> PathBuf {
    source::python()
}

impl Double {
    pub(crate) fn start() -> Self {
        let process = Process::start(None);
        Self { process }
    }

    /// A double whose steps can really run, on the Spark that this JSON file names.
    pub(crate) fn with_spark(spark: &Path) -> Self {
        let process = Process::start(Some(spark));
        Self { process }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.process.port)
    }

    /// Posts to a control path such as `/_double/clock`.
    pub(crate) fn post(&self, path: &str, value: Value) -> Value {
        let url = self.url() + path;
        let asked = ureq::post(&url)
            .config()
            .http_status_as_error(false)
            .build();
        let mut reply = asked.send_json(&value).unwrap();
        let message: Value = reply.body_mut().read_json().unwrap();
        assert!(reply.status().is_success(), "{path} {value}: {message}");
        message
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let mut reply = ureq::get(self.url() + path).call().unwrap();
        reply.body_mut().read_json().unwrap()
    }

    /// Advances the clock of EMR.
    pub(crate) fn advance(&self, seconds: u64) {
        self.post("/_double/clock", json!({ "advance": seconds }));
    }

    /// The calls since the last reset, in the order of their arrival.
    pub(crate) fn calls(&self) -> Vec<Call> {
        serde_json::from_value(self.get("/_double/calls")).unwrap()
    }

    pub(crate) fn reset_calls(&self) {
        self.post("/_double/calls/reset", json!({}));
    }

    /// The pending schedules, in order of their groups and names.
    pub(crate) fn schedules(&self) -> Vec<Schedule> {
        serde_json::from_value(self.get("/_double/schedules")).unwrap()
    }

    /// Creates EMR's default roles, and optionally the schedules' role.
    pub(crate) fn make_roles(&self, reaper: bool) {
        self.post("/_double/roles", json!({ "reaper": reaper }));
    }

    pub(crate) fn remove_role(&self, name: &str) {
        self.post("/_double/roles/remove", json!({ "name": name }));
    }

    /// The XML reply to a call of EC2 without arguments: faster than a process with boto3.
    pub(crate) fn ec2(&self, operation: &str) -> String {
        let signed = "AWS4-HMAC-SHA256 Credential=look/20260101/us-east-1/ec2/aws4_request";
        let asked = [("Action", operation), ("Version", "2016-11-15")];
        let request = ureq::post(self.url()).header("Authorization", signed);
        let mut reply = request.send_form(asked).unwrap();
        reply.body_mut().read_to_string().unwrap()
    }

    /// What still has the marks of a stack, or of any if the name is empty: lists that are all
    /// empty when nothing is left.
    pub(crate) fn left(&self, region: &str, stack: &str) -> Value {
        let asked = json!({ "port": self.process.port, "region": region, "stack": stack });
        self.post("/_double/left", asked)
    }

    /// All budgets with their notifications and subscribers, through boto3.
    pub(crate) fn budgets(&self) -> Value {
        self.post(
            "/_double/budgets/seen",
            json!({ "port": self.process.port }),
        )
    }

    /// Makes a call through boto3 from outside the program under test, such as `ec2`,
    /// `revoke_security_group_ingress`.
    pub(crate) fn aws(&self, region: &str, service: &str, operation: &str, asked: Value) -> Value {
        let port = self.process.port;
        let asked = json!({
            "port": port, "region": region, "service": service, "operation": operation,
            "request": asked,
        });
        self.post("/_double/aws", asked)
    }

    /// Makes a command use the double, whatever this machine's AWS settings are.
    pub(crate) fn env(&self, command: &mut Command) {
        let nowhere = if cfg!(windows) { "NUL" } else { "/dev/null" };
        command
            .env("AWS_ENDPOINT_URL", self.url())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test-secret")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", nowhere)
            .env("AWS_SHARED_CREDENTIALS_FILE", nowhere)
            .env("CLUSTERUP_CHECKIP_URL", self.url() + "/checkip")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_DEFAULT_REGION")
            .env_remove("AWS_SESSION_TOKEN");
    }
}
