//! The script that powers a primary off at its deadline, run for real among stubs.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

#[path = "support/running.rs"]
mod running;

use running::Running;
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
const URI: &str = "s3://b/stacks/a/deadlines/00ff";
const HEARD: &str = "s3://b/work/a/heard/00ff";
/// When the cluster was made, as EMR and the wall clock have it.
const MADE: u64 = 1_767_225_600;

const STUBS: &[(&str, &str)] = &[
    (
        "sudo",
        r#"[[ ${BROKEN:-} != sudo ]] || exit 1; [[ $1 == -n ]] && shift; exec "$@""#,
    ),
    (
        "systemctl",
        r#"echo "systemctl $*" >>"$PLACE/log"
        [[ ${BROKEN:-} != systemd ]] || exit 1
        [[ $1 == restart && ${BROKEN:-} != watch ]] || exit 0
        command=$(sed -n 's/^ExecStart=//p' "$PLACE/units/$2")
        setsid --fork $command </dev/null >/dev/null 2>&1"#,
    ),
    (
        "aws",
        r#"if [[ $3 == - ]]; then
            echo "put $*" >>"$PLACE/log"; cat >"$PLACE/heard"; exit
        fi
        echo "aws $*" >>"$PLACE/log"; cat "$PLACE/object" 2>/dev/null"#,
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

/// Written before anything runs: Linux refuses to execute a file that is open for writing.
static STUBBED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in STUBS {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/bash\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
});

/// A machine that has been up for 1,000 seconds and in its cluster for 100.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn primary() -> Self {
        let machine = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(machine.path("info")).unwrap();
        for folder in ["systemd", "units", "cron"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        machine.write("boot", "boot-1\n");
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
            .env("CLUSTERUP_UNITS", self.path("units"))
            .env("CLUSTERUP_CRON", self.path("cron"))
            .env("CLUSTERUP_BOOT", self.path("boot"))
            .env("CLUSTERUP_PYTHON", "/nowhere/python3")
            .env("CLUSTERUP_PROC", self.path("proc"))
            .env("CLUSTERUP_STEPS", self.path("steps"))
            .env("CLUSTERUP_BUSY", self.path("emr/isbusy"))
            .env("CLUSTERUP_POWER_OFF", self.path("home"))
            .env("CLUSTERUP_POLL_SECONDS", "0.05")
            .env("CLUSTERUP_GRACE_SECONDS", "0.05")
            .env("CLUSTERUP_PATIENCE_SECONDS", "4");
        command
    }

    fn arm(&self, seconds: &str) {
        let begun = Instant::now();
        // This reads until every process has closed the output.
        let done = self.command(&[seconds, URI, HEARD]).output().unwrap();
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
        let message = String::from_utf8(done.stderr.clone()).unwrap();
        assert!(message.contains("power-off: "), "{message}");
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
    let unit = "units/clusterup-power-off.service";
    let unit = fs::read_to_string(machine.path(unit)).unwrap();
    for line in ["Restart=always", "WantedBy=multi-user.target"] {
        assert!(unit.lines().any(|it| it == line), "{unit}");
    }
    assert!(
        machine
            .log()
            .contains("systemctl enable clusterup-power-off.service")
    );
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
fn a_jump_of_the_wall_clock_does_not_move_the_deadline() {
    let machine = Machine::primary();
    machine.arm("600");
    machine.write("wall", &(MADE + 1_000_000).to_string());
    machine.stays_up_at(1_499);
    machine.write("wall", "0");
    machine.is_off_at(1_500);
}

#[test]
fn the_elapsed_time_is_never_negative_or_above_the_total() {
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
fn the_script_works_without_systemd() {
    let machine = Machine::primary();
    fs::remove_dir(machine.path("systemd")).unwrap();
    machine.arm("600");
    assert_eq!(machine.count("systemctl"), 0);
    let again = fs::read_to_string(machine.path("cron/clusterup-power-off")).unwrap();
    assert!(again.starts_with("@reboot root /bin/bash "), "{again}");
    assert!(
        again.ends_with(&format!("--watch 600 {URI} {HEARD}\n")),
        "{again}"
    );
    machine.stays_up_at(1_499);
    machine.is_off_at(1_500);
}

/// A life of the watch that begins without the bootstrap action, up for so many seconds.
fn lives_again(machine: &Machine, life: &str, uptime: u64, off_at: u64) {
    fs::create_dir_all(machine.path("home")).unwrap();
    machine.write("home/life", life);
    machine.uptime(uptime);
    let mut watch = machine.command(&["--watch", "600", URI, HEARD]);
    let mut watch = Running::start(&mut watch);
    until(|| machine.path("home/armed").exists());
    if off_at > uptime {
        machine.stays_up_at(off_at - 1);
    }
    machine.is_off_at(off_at);
    watch.wait().unwrap();
}

#[test]
fn a_restarted_script_continues_from_its_notes() {
    let machine = Machine::primary();
    fs::create_dir(machine.path("home")).unwrap();
    machine.write("home/seconds", "900\n");
    // In the same boot the wall clock is not asked again.
    machine.write("wall", "0");
    lives_again(&machine, "boot-1 900 100\n", 1_000, 1_800);
}

#[test]
fn a_reboot_gives_the_cluster_no_more_time() {
    // It had lived for 350 of 600 seconds when the machine went down, and is up for 20 again.
    let life = "boot-0 900 350\n";
    let wall = |seconds: u64| {
        let machine = Machine::primary();
        machine.write("wall", &seconds.to_string());
        machine
    };
    // The wall clock knows how long it was down for.
    lives_again(&wall(MADE + 400), life, 20, 220);
    // One that is behind, or was set back, gives nothing.
    lives_again(&wall(MADE + 100), life, 20, 250);
    lives_again(&wall(0), life, 20, 250);
    // One that is ahead may take all.
    lives_again(&wall(MADE + 1_000_000), life, 20, 20);
    let unknown = wall(MADE + 400);
    fs::remove_file(unknown.path("info/job-flow.json")).unwrap();
    lives_again(&unknown, life, 20, 250);
    // What was noted is broken: the wall clock alone.
    for broken in ["", "boot-0", "boot-0 x 350", "a b c d"] {
        lives_again(&wall(MADE + 400), broken, 20, 220);
    }
}

#[test]
fn the_notes_have_what_a_reboot_needs() {
    let machine = Machine::primary();
    machine.arm("600");
    machine.stays_up_at(1_200);
    let life = || fs::read_to_string(machine.path("home/life")).unwrap_or_default();
    until(|| life() == "boot-1 900 300\n");
}

#[test]
fn the_script_reports_the_deadline_that_it_has_read() {
    let machine = Machine::primary();
    let heard = || fs::read_to_string(machine.path("heard")).unwrap_or_default();
    machine.arm("600");
    until(|| heard() == "600");
    machine.tell("soon");
    assert_eq!(heard(), "600");
    machine.tell("0900\n");
    until(|| heard() == "900");
    let puts = machine.count("put");
    machine.looks();
    assert_eq!(machine.count("put"), puts, "once is enough");
    assert!(machine.log().contains(&format!("put s3 cp - {HEARD}")));
}

impl Machine {
    /// A process that runs in a folder of the machine's.
    fn process(&self, id: u32, parent: u32, folder: &str) {
        let path = self.path("proc").join(id.to_string());
        fs::create_dir_all(&path).unwrap();
        fs::write(
            path.join("status"),
            format!("Name:\tjava\nPPid:\t{parent}\n"),
        )
        .unwrap();
        std::os::unix::fs::symlink(self.path(folder), path.join("cwd")).unwrap();
    }

    /// Whether EMR hears that the cluster is busy.
    fn is_busy(&self) -> bool {
        let _ = fs::remove_file(self.path("emr/isbusy"));
        self.looks();
        self.looks();
        self.path("emr/isbusy").exists()
    }
}

#[test]
fn a_running_step_keeps_the_cluster_from_being_idle() {
    let machine = Machine::primary();
    machine.process(700, 1, "controller");
    machine.process(701, 700, "home");
    machine.arm("600");
    // A release that does not know the file has no folder for it either.
    machine.process(800, 700, "steps/s-1A2B");
    assert!(!machine.is_busy());
    fs::create_dir(machine.path("emr")).unwrap();
    assert!(machine.is_busy());
    assert!(machine.is_busy(), "each time");
    fs::remove_dir_all(machine.path("proc/800")).unwrap();
    assert!(!machine.is_busy());
    // What a step left behind is no step, nor is what that began.
    machine.process(900, 1, "steps/s-1A2B");
    machine.process(901, 900, "steps/s-1A2B");
    assert!(!machine.is_busy());
    machine.process(902, 700, "steps/s-3C4D");
    assert!(machine.is_busy());
    machine.is_off_at(1_500);
}

#[test]
fn the_script_fails_if_it_cannot_watch() {
    let good = ["600", URI, HEARD];
    let wrong: &[&[&str]] = &[
        &[],
        &["600"],
        &["soon", URI],
        &["-1", URI],
        &["600", "/tmp/x"],
        &["600", URI, "more"],
        &["600", URI, HEARD, "more"],
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
fn the_script_fails_if_its_watcher_did_not_start() {
    let machine = Machine::primary();
    let done = machine.refuses("watch", &["600", URI, HEARD]);
    assert!(done.stderr.ends_with(b"nobody keeps watch\n"), "{done:?}");
}

#[test]
fn the_script_has_plain_lines() {
    let text = fs::read_to_string(Path::new(SCRIPT)).unwrap();
    assert!(text.starts_with("#!/bin/bash\n") && text.contains("set -euo pipefail"));
    assert!(!text.contains('\r') && !text.contains("eval"));
}
