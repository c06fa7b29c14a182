//! Where doubles come from: one Python process loads moto once and forks a double for each test.

use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// A double's process. It ends when the connection does, so also when this process is killed.
pub(super) struct Process {
    connection: TcpStream,
    pub(super) port: u16,
    pub(super) pid: i32,
}

impl Process {
    pub(super) fn start(spark: Option<&Path>) -> Self {
        let connection = TcpStream::connect(("127.0.0.1", Source::get().port)).unwrap();
        let request = json!({ "spark": spark }).to_string() + "\n";
        (&connection).write_all(request.as_bytes()).unwrap();
        let reply = line(&connection);
        let number = |key: &str| reply[key].as_u64().unwrap();
        Self {
            port: number("port").try_into().unwrap(),
            pid: number("pid").try_into().unwrap(),
            connection,
        }
    }
}

impl Drop for Process {
    /// One that hangs is killed.
    fn drop(&mut self) {
        let _ = self.connection.shutdown(Shutdown::Write);
        let _ = self
            .connection
            .set_read_timeout(Some(Duration::from_secs(2)));
        // Its side of the connection is closed by its end.
        if self.connection.read(&mut [0]).is_err()
            && let Some(pid) = rustix::process::Pid::from_raw(self.pid)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// The process that forks doubles. It ends with the tests, because its input does.
struct Source {
    _process: Child,
    port: u16,
}

impl Source {
    fn get() -> &'static Self {
        static SOURCE: OnceLock<Source> = OnceLock::new();
        SOURCE.get_or_init(|| {
            let mut process = Command::new(python())
                .arg(folder().join("doubles.py"))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let reply = line(process.stdout.take().unwrap());
            Self {
                port: reply["port"].as_u64().unwrap().try_into().unwrap(),
                _process: process,
            }
        })
    }
}

/// The next line, in JSON.
fn line(source: impl Read) -> Value {
    let mut line = String::new();
    BufReader::new(source).read_line(&mut line).unwrap();
    serde_json::from_str(&line).expect("the double did not start")
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws")
}

/// The Python of a virtual environment with the packages of `requirements.txt`. All tests share it;
/// it is created by the first one, and again when the file changes.
pub(super) fn python() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let environment = target.join("aws-double");
    let python = environment.join("bin/python");
    let stamp = environment.join("requirements.txt");
    let requirements = folder().join("requirements.txt");
    fs::create_dir_all(target).unwrap();
    let lock = File::create(target.join("aws-double.lock")).unwrap();
    lock.lock().unwrap();
    let wanted = fs::read(&requirements).unwrap();
    if fs::read(&stamp).is_ok_and(|made| made == wanted) {
        return python;
    }
    let _ = fs::remove_dir_all(&environment);
    run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment));
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "-r"])
        .arg(&requirements));
    fs::write(&stamp, &wanted).unwrap();
    python
}

fn run(command: &mut Command) {
    let done = command.stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "{command:?}: {done}");
}
