//! The watchdog as a service of systemd.

use crate::room::Room;
use std::fs;

#[test]
fn a_service_is_written_for_systemd_and_not_overwritten() {
    let room = Room::new();
    let config = room.at("config");
    let install = |args: &[&str]| {
        let mut command = room.command(&[&["watchdog", "install", "--user"], args].concat());
        let done = command.env("XDG_CONFIG_HOME", &config).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let path = config.join("systemd/user/clusterup-watchdog.service");
    let (code, unit, _) = install(&["--print", "--", "--policies", "/my policies/100%"]);
    assert_eq!(code, Some(0));
    assert!(
        unit.contains(" watchdog run --policies \"/my policies/100%%\"\n"),
        "{unit}"
    );
    assert!(!path.exists());
    let (code, _, says) = install(&["--", "--region=eu-west-1"]);
    assert_eq!(code, Some(0), "{says}");
    assert!(
        says.contains("systemctl --user enable --now clusterup-watchdog"),
        "{says}"
    );
    let was = fs::read_to_string(&path).unwrap();
    assert!(was.contains(" watchdog run --region=eu-west-1\n"));
    assert!(
        install(&["--", "--region=eu-west-1"])
            .2
            .contains("is up to date")
    );
    assert_eq!(
        install(&["--", "--region=us-east-1"]).0,
        Some(0),
        "nobody changed it"
    );
    let changed = was.replace("MemoryMax=512M", "MemoryMax=1G");
    fs::write(&path, &changed).unwrap();
    let (code, _, says) = install(&["--", "--region=eu-west-1"]);
    assert_eq!(code, Some(1));
    assert!(says.contains("--force"), "{says}");
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    assert_eq!(install(&["--force", "--", "--region=eu-west-1"]).0, Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), was);
    fs::create_dir(room.at("policies")).unwrap();
    let (code, _, says) = install(&["--", "--policies", "policies"]);
    assert_eq!(code, Some(2));
    assert!(says.contains("write it in full"), "{says}");
    let (_, unit, _) = install(&[
        "--print",
        "--",
        "--accounts",
        "/etc/clusterup/accounts.yaml",
    ]);
    assert!(
        unit.contains(" watchdog run --accounts /etc/clusterup/accounts.yaml\n"),
        "{unit}"
    );
    fs::write(room.at("accounts.yaml"), "accounts: []\n").unwrap();
    let (code, _, says) = install(&["--", "--accounts=accounts.yaml"]);
    assert_eq!(code, Some(2));
    assert!(says.contains("write it in full"), "{says}");
    assert_eq!(install(&["--", "a\nExecStart=/bin/sh"]).0, Some(2));
}
