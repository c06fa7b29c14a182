//! A disk without a free byte: `destroy` frees space, also while a cluster is live, and `apply`
//! continues once there is some. And a stack that was applied from another folder.

use crate::faults;
use crate::home::{Done, Home, SLOW};
use std::fs;
use std::process::{Command, Stdio};

/// The program where no file can have a byte.
fn without_room(home: &Home, args: &[&str]) -> Done {
    let mut command = faults::after(faults::NO_ROOM, &home.command(args));
    Done::of(&command.output().unwrap())
}

#[test]
fn destroy_ends_and_removes_everything_without_a_free_byte() {
    let home = Home::new();
    home.write("slow.py", SLOW);
    home.stack(&["slow.py"], "key_pairs: [{ name: spark }]\n");
    let full = without_room(&home, &["apply", "t.yaml", "--local", "--yes"]);
    assert_eq!(full.code, 1, "{}", full.err);
    full.says("because: ").says("free space");
    home.expect(0, &["apply", "t.yaml", "--local", "--detach"]);
    let gone = without_room(&home, &["destroy", "t", "--local", "--yes"]);
    assert_eq!(gone.code, 0, "{}{}", gone.out, gone.err);
    home.until_quiet(10);
    assert!(home.left().is_empty(), "{:?}", home.left());
}

/// The state on a file system that really is full, where one can be had.
#[test]
#[expect(clippy::print_stderr, reason = "what is not tested is said")]
fn destroy_frees_a_full_disk() {
    let home = Home::new();
    home.write("slow.py", SLOW);
    home.stack(&["slow.py"], "key_pairs: [{ name: spark }]\n");
    fs::create_dir(home.state()).unwrap();
    let script = "set -e; mount -t tmpfs -o size=16m none \"$XDG_STATE_HOME\" || exit 77; \
        \"$0\" apply t.yaml --local --detach; \
        cat /dev/zero > \"$XDG_STATE_HOME/filler\" 2>/dev/null || true; \
        \"$0\" destroy t --local --yes; \
        ! ls -A \"$XDG_STATE_HOME/clusterup/local\" 2>/dev/null | grep .; \
        rm \"$XDG_STATE_HOME/filler\"; \"$0\" status --local";
    let like = home.command(&[]);
    for way in ["-m", "-rm"] {
        let mut command = faults::like_it(&like, Command::new("unshare"));
        command.args([way, "sh", "-c", script]);
        command.arg(like.get_program()).stdin(Stdio::null());
        let done = Done::of(&command.output().unwrap());
        if done.code == 0 {
            done.says("no stacks");
            home.until_quiet(10);
            return;
        }
        let mounted = done.code != 77 && !done.err.contains("unshare");
        assert!(!mounted, "{}\n{}\n{}", done.code, done.out, done.err);
    }
    eprintln!("SKIPPED: this user can mount no file system to fill");
}

/// A cluster without a job: only the stack is of interest.
#[test]
fn a_stack_of_the_same_name_from_another_folder_needs_confirmation() {
    let (home, other) = (Home::new(), Home::new());
    let text = "stack: t\nregion: us-east-1\n\
        cluster: { release: emr-7.x, size: 1 x m5.xlarge }\nguardrails: { when_done: keep }\n";
    home.write("t.yaml", text);
    // It has something of its own to create, as any other stack has.
    other.write("t.yaml", &format!("{text}key_pairs: [{{ name: spark }}]\n"));
    // The same user and machine, with the same state.
    let there = |args: &[&str]| {
        let mut command = other.command(args);
        command.env("XDG_STATE_HOME", home.state());
        Done::of(&command.output().unwrap())
    };
    home.expect(0, &["apply", "t.yaml", "--local", "--detach"]);
    let again = home.expect(0, &["apply", "t.yaml", "--local", "--detach"]);
    assert!(!again.err.contains("last applied"), "{}", again.err);
    let before = home.clusters().len();
    let plan = there(&["plan", "t.yaml", "--local"]);
    assert_eq!(plan.code, 0, "{}", plan.err);
    plan.says("stack t was last applied by");
    for args in [
        ["apply", "t.yaml", "--local", "--detach"],
        ["destroy", "t.yaml", "--local", "--output=json"],
    ] {
        let asked = there(&args);
        assert_eq!(asked.code, 2, "{args:?} {}", asked.err);
        asked.says("last applied by").says("--yes");
    }
    assert_eq!(home.clusters().len(), before);
    let moved = there(&["apply", "t.yaml", "--local", "--detach", "--yes"]);
    assert_eq!(moved.code, 0, "{}", moved.err);
    let back = "key_pairs: [{ name: other }]\n";
    home.write("t.yaml", &format!("{text}{back}"));
    home.expect(2, &["apply", "t.yaml", "--local", "--detach"])
        .says("last applied by");
    assert_eq!(there(&["destroy", "t.yaml", "--local", "--yes"]).code, 0);
    assert!(home.left().is_empty(), "{:?}", home.left());
}
