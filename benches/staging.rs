//! What staging data costs, beside `aws s3 cp` and `aws s3 sync`: processor time, memory, requests.
//!
//! Each pair sends the same files to the same double of AWS in one run, so that the ratios mean
//! something on a machine that others use too.
//!
//! ```text
//! cargo bench --bench staging -- [--aws PROGRAM] [--megabytes 1024] [--files 2000]
//! ```
//!
//! The double is installed by `cargo test --test aws`. Without `--aws`, AWS's command line is installed
//! from PyPI into `target/aws-cli`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark is for reading"
)]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const USAGE: &str =
    "cargo bench --bench staging -- [--aws PROGRAM] [--megabytes 1024] [--files 2000]";

/// The clock's ticks in `/proc`: Linux has 100 a second on all machines that clusterup runs on.
const TICKS: f64 = 100.0;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help") {
        eprintln!("{USAGE}");
        return;
    }
    let value = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag)?;
        args.get(at + 1).cloned()
    };
    let number = |flag, default| value(flag).map_or(default, |text| text.parse().expect(USAGE));
    let aws = value("--aws").map_or_else(aws_cli, PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder to work in");
    let bench = || Bench::new(aws.clone(), folder.path());

    let megabytes = number("--megabytes", 1_024);
    large_file(&folder.path().join("large.dat"), megabytes);
    println!("one file of {megabytes} MB");
    bench().compare(
        "large",
        "large.dat",
        &["s3", "cp", "large.dat", "s3://bench/large.dat"],
    );

    let files = number("--files", 2_000);
    small_files(&folder.path().join("small"), files);
    println!("a folder of {files} files of 4 KB");
    bench().compare(
        "small",
        "small",
        &["s3", "sync", "small", "s3://bench/small"],
    );
}

/// Two programs in an account of their own, which is new: no stack was there before.
struct Bench<'a> {
    double: Double,
    aws: PathBuf,
    folder: &'a Path,
}

impl<'a> Bench<'a> {
    fn new(aws: PathBuf, folder: &'a Path) -> Self {
        let bench = Self {
            double: Double::start(),
            aws,
            folder,
        };
        bench.aws(&["s3", "mb", "s3://bench"]);
        bench
    }

    fn compare(&self, name: &str, data: &str, theirs: &[&str]) {
        let stack = format!(
            "stack: {name}\nregion: us-east-1\ndata: {{ input: {{ path: {data} }} }}\n\
             cluster: {{ release: emr-7.x, size: 1 x m5.xlarge }}\n\
             guardrails: {{ when_done: keep, max_lifetime: 1h, budget: $1 }}\n"
        );
        let file = format!("{name}.yaml");
        fs::write(self.folder.join(&file), stack).expect("a stack");
        for time in ["first", "again"] {
            let own = self.used(&self.own(&["apply", &file, "--yes", "--detach"]));
            let their = self.used(&self.command(&self.aws, theirs));
            println!("  {time}: clusterup      {own}");
            println!("  {time}: aws s3         {their}");
            println!(
                "  {time}: clusterup / aws s3 = {:.2} of processor time, {} / {} requests",
                own.cpu / their.cpu,
                own.requests,
                their.requests,
            );
        }
    }

    /// Runs a program and returns what it used.
    fn used(&self, start: &dyn Fn() -> Child) -> Used {
        self.double.reset();
        let start_time = Instant::now();
        let mut child = start();
        let mut used = Used::default();
        while used.look(child.id()) {
            thread::sleep(Duration::from_millis(10));
        }
        let status = child.wait().expect("the program ends");
        assert!(status.success(), "the program failed: {status}");
        used.wall = start_time.elapsed().as_secs_f64();
        (used.requests, used.uploads) = self.double.requests();
        used
    }

    fn own<'s>(&'s self, args: &'s [&'s str]) -> impl Fn() -> Child + 's {
        self.command(Path::new(env!("CARGO_BIN_EXE_clusterup")), args)
    }

    fn command<'s>(&'s self, program: &'s Path, args: &'s [&'s str]) -> impl Fn() -> Child + 's {
        move || {
            let mut command = Command::new(program);
            command.args(args).current_dir(self.folder);
            command
                .env_clear()
                .envs(std::env::vars().filter(|(key, _)| key == "PATH"));
            command.env("HOME", self.folder).envs([
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test-secret"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ]);
            command.env("AWS_ENDPOINT_URL", self.double.url());
            command.env(
                "CLUSTERUP_CHECKIP_URL",
                format!("{}/checkip", self.double.url()),
            );
            command.stdout(Stdio::null()).stdin(Stdio::null());
            command.spawn().expect("the program starts")
        }
    }

    fn aws(&self, args: &[&str]) {
        self.used(&self.command(&self.aws, args));
    }
}

#[derive(Default)]
struct Used {
    /// User and system time in seconds.
    cpu: f64,
    wall: f64,
    /// The most resident memory in MB.
    peak: f64,
    /// Requests to S3 for the data: those for its objects, and all lists.
    requests: usize,
    /// Those of them that send content.
    uploads: usize,
}

impl Used {
    /// Reads what a process has used so far; false once it has ended.
    fn look(&mut self, id: u32) -> bool {
        let read =
            |what: &str| fs::read_to_string(format!("/proc/{id}/{what}")).unwrap_or_default();
        let peak = read("status").lines().find_map(|line| {
            let text = line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?;
            text.parse::<f64>().ok()
        });
        self.peak = self.peak.max(peak.unwrap_or_default() / 1_024.0);
        let stat = read("stat");
        let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
        self.cpu = (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / TICKS;
        fields.first().is_some_and(|state| *state != "Z")
    }
}

impl std::fmt::Display for Used {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:6.2} s of processor time, {:6.1} s, {:4.0} MB resident, {} requests, {} with content",
            self.cpu, self.wall, self.peak, self.requests, self.uploads
        )
    }
}

struct Double {
    process: Child,
    port: u64,
}

impl Double {
    fn start() -> Self {
        let python = root().join("target/aws-double/bin/python");
        assert!(
            python.exists(),
            "install the double first: cargo test --test aws data_folder"
        );
        let mut process = Command::new(python)
            .arg(root().join("tests/aws/server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the double starts");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("its port");
        let said: Value = serde_json::from_str(&line).expect("a line of JSON");
        let port = said["port"].as_u64().expect("a port");
        let double = Self { process, port };
        double.ask("/_double/roles", Some("{}"));
        double
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn ask(&self, path: &str, body: Option<&str>) -> Value {
        let url = format!("{}{path}", self.url());
        let reply = match body {
            Some(body) => ureq::post(&url).send(body),
            None => ureq::get(&url).call(),
        };
        let text = reply.expect("a reply").body_mut().read_to_string();
        serde_json::from_str(&text.expect("text")).expect("JSON")
    }

    fn reset(&self) {
        self.ask("/_double/calls/reset", Some("{}"));
    }

    /// The requests for data since the last reset, and those of them that send content.
    fn requests(&self) -> (usize, usize) {
        let calls = self.ask("/_double/calls", None);
        let text = |call: &Value, key: &str| call[key].as_str().unwrap_or_default().to_owned();
        let calls = calls.as_array().expect("a list").iter();
        let calls = calls.map(|call| (text(call, "call"), text(call, "path")));
        let for_data = calls.filter(|(call, path)| {
            // clusterup's own objects are beside `data/`: its lease, its scripts.
            let is_data = path.starts_with("/bench/") || path.contains("/data/");
            call.starts_with("s3:") && (is_data || call.starts_with("s3:List"))
        });
        let for_data: Vec<String> = for_data.map(|(call, _)| call).collect();
        let sends = |call: &&String| ["s3:PutObject", "s3:UploadPart"].contains(&call.as_str());
        (for_data.len(), for_data.iter().filter(sends).count())
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// AWS's command line, installed if it is missing.
fn aws_cli() -> PathBuf {
    let home = root().join("target/aws-cli");
    let program = home.join("bin/aws");
    if !program.exists() {
        let run = |program: &Path, args: &[&str]| {
            let status = Command::new(program).args(args).status();
            assert!(
                status.is_ok_and(|status| status.success()),
                "{program:?} {args:?}"
            );
        };
        run(
            Path::new("python3"),
            &["-m", "venv", &home.to_string_lossy()],
        );
        run(&home.join("bin/pip"), &["install", "--quiet", "awscli"]);
    }
    program
}

/// Lines of numbers that do not repeat.
fn large_file(path: &Path, megabytes: u64) {
    let file = fs::File::create(path).expect("a file");
    let mut file = std::io::BufWriter::with_capacity(1 << 20, file);
    for line in 0..megabytes * (1 << 20) / 32 {
        let mixed = line.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(file, "{mixed:016x}{:015x}", line * 7).expect("a line");
    }
}

fn small_files(folder: &Path, files: u64) {
    fs::create_dir(folder).expect("a folder");
    for number in 0..files {
        let text = format!("{number:015}\n").repeat(256);
        fs::write(folder.join(format!("{number:05}.csv")), text).expect("a file");
    }
}
