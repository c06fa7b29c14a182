//! The script that powers a primary off at its deadline, run for real among stubs.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/cloud/account/power-off.sh"
);
const URI: &str = "s3://b/stacks/a/deadline";
/// When the cluster was made, as EMR and the wall clock have it.
const MADE: u64 = 1_767_225_600;

const STUBS: &[(&str, &str)] = &[
    (
        "sudo",
        r#"[[ ${BROKEN:-} != sudo ]] || exit 1; [[ $1 == -n ]] && shift; exec "$@""#,
    ),
    (
        "systemd-run",
        r#"echo "systemd-run $*" >>"$PLACE/log"
        [[ ${BROKEN:-} != systemd ]] || exit 1
        while [[ $1 == --* ]]; do
            [[ ${BROKEN:-} != restart || $1 != *Restart* ]] || exit 1
            shift
        done
        [[ ${BROKEN:-} != watch ]] || exit 0
        setsid --fork "$@" </dev/null >/dev/null 2>&1"#,
    ),
    (
        "aws",
        r#"echo "aws $*" >>"$PLACE/log"; cat "$PLACE/object" 2>/dev/null"#,
    ),
    ("date", r#"cat "$PLACE/wall""#),
    // As systemd does, it ends the watchman first.
    (
        "shutdown",
        r#"echo "shutdown $*" >>"$PLACE/log"; kill "$PPID""#,
    ),
    // The machine is off: so is its watchman.
    (
        "poweroff",
        r#"echo "poweroff $*" >>"$PLACE/log"; kill -KILL "$PPID""#,
    ),
];

/// Written before anything is run, for nobody runs a file that is open to be written.
static STUBBED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in STUBS {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/bash\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
});

/// A machine of a cluster, up for 1,000 seconds, of which the cluster has been there for 100.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn primary() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(machine.path("info")).unwrap();
        fs::create_dir_all(machine.path("systemd")).unwrap();
        machine.write("info/instance.json", "{\n  \"isMaster\": true\n}\n");
        let made = format!("{{\n  \"jobFlowCreationInstant\": {MADE}000\n}}");
        machine.write("info/job-flow.json", &made);
        machine.write("wall", &(MADE + 100).to_string());
        machine.uptime(1_000);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// At once, as a reader in between would find half of it.
    fn write(&self, name: &str, text: &str) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }

    fn uptime(&self, seconds: u64) {
        self.write("uptime", &format!("{seconds}.25 3.00\n"));
    }

    fn command(&self, args: &[&str]) -> Command {
        let path = format!("{}:/usr/bin:/bin", STUBBED.path().display());
        let mut command = Command::new("/bin/bash");
        command
            .arg(SCRIPT)
            .args(args)
            .env("PATH", path)
            .env("PLACE", self.folder.path())
            .env("CLUSTERUP_INFO", self.path("info"))
            .env("CLUSTERUP_UPTIME", self.path("uptime"))
            .env("CLUSTERUP_SYSTEMD", self.path("systemd"))
            .env("CLUSTERUP_POWER_OFF", self.path("home"))
            .env("CLUSTERUP_POLL_SECONDS", "0.05")
            .env("CLUSTERUP_GRACE_SECONDS", "0.05")
            .env("CLUSTERUP_PATIENCE_SECONDS", "4");
        command
    }

    fn arm(&self, seconds: &str) {
        let begun = Instant::now();
        // This reads until nobody holds the output any more.
        let done = self.command(&[seconds, URI]).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "it holds on");
        assert!(self.path("home/armed").exists());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn count(&self, what: &str) -> usize {
        self.log()
            .lines()
            .filter(|line| line.starts_with(what))
            .count()
    }

    /// Whatever was changed has been seen by now.
    fn looks(&self) {
        let before = self.count("aws");
        until(|| self.count("aws") > before + 1);
    }

    /// The object holds another text, and the machine knows.
    fn tell(&self, text: &str) {
        self.write("object", text);
        self.looks();
    }

    #[track_caller]
    fn stays_up_at(&self, uptime: u64) {
        self.uptime(uptime);
        self.looks();
        assert_eq!(self.count("shutdown"), 0, "{}", self.log());
    }

    #[track_caller]
    fn is_off_at(&self, uptime: u64) {
        self.uptime(uptime);
        until(|| self.count("poweroff") == 1);
        let log = self.log();
        assert!(log.ends_with("shutdown -h now\npoweroff -f\n"), "{log}");
    }

    #[track_caller]
    fn refuses(&self, broken: &str, args: &[&str]) -> Output {
        let done = self.command(args).env("BROKEN", broken).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        let said = String::from_utf8(done.stderr.clone()).unwrap();
        assert!(said.contains("power-off: "), "{said}");
        done
    }
}

impl Drop for Machine {
    /// No watchman outlives its test.
    fn drop(&mut self) {
        if self.path("home/armed").exists() {
            self.uptime(9_000_000_000);
            let begun = Instant::now();
            while self.count("poweroff") == 0 && begun.elapsed() < Duration::from_secs(5) {
                sleep(Duration::from_millis(10));
            }
        }
    }
}

#[track_caller]
fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never was so");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_primary_is_off_at_its_deadline() {
    let machine = Machine::primary();
    machine.arm("600");
    assert!(machine.log().contains("--property=Restart=on-failure"));
    machine.stays_up_at(1_499);
    assert!(machine.log().contains(&format!("aws s3 cp {URI} -")));
    machine.is_off_at(1_500);
}

#[test]
fn other_machines_are_left_alone() {
    let machine = Machine::primary();
    machine.write("info/instance.json", "{ \"isMaster\":false }");
    let done = machine.command(&["600", URI]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(!machine.path("home").exists() && machine.log().is_empty());
}

#[test]
fn the_object_moves_the_deadline_later_and_earlier() {
    let machine = Machine::primary();
    machine.arm("600");
    machine.tell("900\n");
    machine.stays_up_at(1_799);
    machine.tell("2000");
    machine.stays_up_at(1_900);
    machine.write("object", "0000900");
    machine.is_off_at(1_900);
    let sooner = Machine::primary();
    sooner.arm("600");
    sooner.write("object", "300");
    sooner.is_off_at(1_200);
}

#[test]
fn without_the_object_the_last_number_holds_and_nonsense_is_none() {
    let machine = Machine::primary();
    machine.arm("600");
    let run = format!("$(touch {})", machine.path("run").display());
    let long = "1".repeat(40);
    for nonsense in [
        "",
        "soon",
        "-5",
        "12x",
        "1 2",
        "1\n2",
        "9999999999",
        &run,
        &long,
    ] {
        machine.write("object", nonsense);
        machine.stays_up_at(1_499);
    }
    machine.tell("800");
    machine.stays_up_at(1_600);
    fs::remove_file(machine.path("object")).unwrap();
    machine.stays_up_at(1_699);
    assert!(!machine.path("run").exists());
    machine.is_off_at(1_700);
}

#[test]
fn a_wall_clock_that_jumps_moves_nothing() {
    let machine = Machine::primary();
    machine.arm("600");
    machine.write("wall", &(MADE + 1_000_000).to_string());
    machine.stays_up_at(1_499);
    machine.write("wall", "0");
    machine.is_off_at(1_500);
}

#[test]
fn what_is_over_is_never_less_than_nothing_nor_more_than_all() {
    let ahead = Machine::primary();
    ahead.write("wall", &(MADE - 5_000).to_string());
    ahead.arm("600");
    ahead.stays_up_at(1_599);
    ahead.is_off_at(1_600);
    let late = Machine::primary();
    late.write("wall", &(MADE + 5_000).to_string());
    late.arm("600");
    late.is_off_at(1_000);
    let unknown = Machine::primary();
    fs::remove_file(unknown.path("info/job-flow.json")).unwrap();
    unknown.arm("1600");
    unknown.stays_up_at(1_599);
    unknown.is_off_at(1_600);
}

#[test]
fn it_keeps_watch_without_systemd_too_and_with_an_old_one() {
    let machine = Machine::primary();
    fs::remove_dir(machine.path("systemd")).unwrap();
    machine.arm("600");
    assert_eq!(machine.count("systemd-run"), 0);
    machine.stays_up_at(1_499);
    machine.is_off_at(1_500);
    let old = Machine::primary();
    let mut command = old.command(&["600", URI]);
    let done = command.env("BROKEN", "restart").output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_eq!(old.count("systemd-run"), 2);
    old.is_off_at(1_500);
}

#[test]
fn a_second_life_knows_what_the_first_knew() {
    let machine = Machine::primary();
    fs::create_dir(machine.path("home")).unwrap();
    machine.write("home/seconds", "900\n");
    let mut watch = machine.command(&["--watch", "900", "600", URI]);
    let mut watch = watch.spawn().unwrap();
    machine.stays_up_at(1_799);
    machine.is_off_at(1_800);
    watch.wait().unwrap();
}

#[test]
fn it_fails_where_it_cannot_keep_watch() {
    let good = ["600", URI];
    let wrong: &[&[&str]] = &[
        &[],
        &["600"],
        &["soon", URI],
        &["-1", URI],
        &["600", "/tmp/x"],
        &["600", URI, "more"],
    ];
    for args in wrong {
        Machine::primary().refuses("", args);
    }
    Machine::primary().refuses("sudo", &good);
    Machine::primary().refuses("systemd", &good);
    let unknown = Machine::primary();
    fs::remove_file(unknown.path("info/instance.json")).unwrap();
    unknown.refuses("", &good);
    let timeless = Machine::primary();
    fs::remove_file(timeless.path("uptime")).unwrap();
    timeless.refuses("", &good);
}

#[test]
fn it_fails_where_nobody_keeps_watch_though_it_was_said() {
    let machine = Machine::primary();
    let done = machine.refuses("watch", &["600", URI]);
    assert!(done.stderr.ends_with(b"nobody keeps watch\n"), "{done:?}");
}

#[test]
fn it_is_a_script_of_plain_lines() {
    let text = fs::read_to_string(Path::new(SCRIPT)).unwrap();
    assert!(text.starts_with("#!/bin/bash\n") && text.contains("set -euo pipefail"));
    assert!(!text.contains('\r') && !text.contains("eval"));
}
