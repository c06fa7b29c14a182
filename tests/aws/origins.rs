//! One stack name in two folders: where a stack was last applied from is reported and asked about.

use crate::faults::{NO_ROOM, after};
use crate::world::{Done, World};
use std::fs;

/// Runs with the same stack in another folder of the same machine.
fn in_other(world: &World, who: &str, args: &[&str]) -> Done {
    let other = world.path().join("other");
    fs::create_dir_all(&other).unwrap();
    for name in ["t.yaml", "one.py", "two.py"] {
        fs::copy(world.path().join(name), other.join(name)).unwrap();
    }
    let mut command = world.command(args);
    command.current_dir(other).env("USER", who);
    Done::running(&mut command)
}

#[test]
fn another_folder_has_to_confirm_before_it_changes_the_stack() {
    let world = World::new();
    let apply = |args: &[&str], who: &str| {
        let mut command = world.command(args);
        command.env("USER", who);
        Done::running(&mut command)
    };
    apply(&["apply", "t.yaml", "--yes"], "ann").expect(0);
    let again = apply(&["apply", "t.yaml", "--again", "--yes"], "ann").expect(0);
    assert!(!again.all().contains("last applied"), "{}", again.all());

    let plan = in_other(&world, "ann", &["plan", "t.yaml"]).expect(0);
    plan.says("stack t was last applied by ann@")
        .says("other/t.yaml");
    let before = world.clusters();
    let asked = in_other(&world, "ann", &["apply", "t.yaml", "--again"]).expect(2);
    asked.says("last applied by ann@").says("--yes");
    let asked = in_other(&world, "bob", &["destroy", "t"]).expect(2);
    asked
        .says("last applied by ann@")
        .says("not by bob@")
        .says("--yes");
    assert_eq!(world.clusters(), before, "nothing was changed");

    // A confirmation moves the origin, and is needed once.
    let moved = in_other(&world, "bob", &["apply", "t.yaml", "--again", "--yes"]).expect(0);
    moved.says("last applied by ann@");
    let here = in_other(&world, "bob", &["plan", "t.yaml"]).expect(0);
    assert!(!here.all().contains("last applied"), "{}", here.all());
    let back = apply(&["plan", "t.yaml"], "ann").expect(0);
    back.says("last applied by bob@");
    in_other(&world, "bob", &["destroy", "t.yaml", "--yes"]).expect(0);
    world.assert_nothing_left();
}

#[test]
fn a_name_stands_for_the_file_it_was_applied_from() {
    let world = World::new();
    let elsewhere = world.path().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let by_name = |who: &str, args: &[&str]| {
        let mut command = world.command(args);
        command.current_dir(&elsewhere).env("USER", who);
        Done::running(&mut command)
    };
    for verb in ["plan", "apply"] {
        by_name("ann", &[verb, "t"])
            .expect(2)
            .says("stack t does not exist in us-east-1")
            .says("this folder has no file t either");
    }
    let mut first = world.command(&["apply", "t.yaml", "--yes"]);
    first.env("USER", "ann");
    Done::running(&mut first).expect(0);

    by_name("ann", &["plan", "t"]).expect(0).says("stack t");
    by_name("ann", &["plan", "t", "--again"])
        .expect(0)
        .says("job on");
    let again = by_name("ann", &["apply", "t", "--again", "--yes"]).expect(0);
    assert!(!again.all().contains("last applied"), "{}", again.all());
    assert!(world.path().join("results").is_dir(), "as from its file");

    // A stack is often named after its folder.
    fs::create_dir(elsewhere.join("t")).unwrap();
    by_name("ann", &["plan", "t"]).expect(0).says("stack t");

    // A file of another person or another stack is not used.
    by_name("bob", &["apply", "t", "--yes"])
        .expect(2)
        .says("was last applied by ann@")
        .says("give the path of the stack's YAML file");
    let file = world.path().join("t.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let other = text.replacen("stack: t", "stack: u", 1);
    assert_ne!(other, text);
    fs::write(&file, other).unwrap();
    by_name("ann", &["apply", "t", "--yes"])
        .expect(2)
        .says("which now describes stack u");
    fs::write(&file, text).unwrap();
    let away = world.path().join("away.yaml");
    fs::rename(&file, &away).unwrap();
    for verb in ["plan", "apply"] {
        by_name("ann", &[verb, "t"])
            .expect(2)
            .says("that file is gone");
    }
    fs::rename(away, file).unwrap();
    by_name("ann", &["destroy", "t", "--yes"]).expect(0);
    world.assert_nothing_left();
}

/// The files beside a link, and the policies above it, also apply by name.
#[test]
fn a_name_stands_for_the_link_it_was_applied_through() {
    let world = World::new();
    let team = world.path().join("team");
    fs::create_dir_all(team.join("policies")).unwrap();
    for name in ["one.py", "two.py"] {
        fs::copy(world.path().join(name), team.join(name)).unwrap();
    }
    std::os::unix::fs::symlink("../t.yaml", team.join("t.yaml")).unwrap();
    world.expect(0, &["apply", "team/t.yaml", "--yes"]);
    let policy = "policy: p\nlimits: { nodes: 1 }\n";
    fs::write(team.join("policies/p.yaml"), policy).unwrap();
    let plan = |stack: &str| world.run(&["plan", stack, "--again"]);
    let (by_link, by_name) = (plan("team/t.yaml"), plan("t"));
    assert_eq!((by_link.code, by_name.code), (3, 3), "{}", by_name.all());
    by_name.says("policy p allows at most 1");
    // A link with a new target is not followed.
    fs::remove_file(team.join("t.yaml")).unwrap();
    fs::copy(world.path().join("t.yaml"), team.join("t.yaml")).unwrap();
    plan("t").expect(2).says("that file is gone");
    world.expect(0, &["destroy", "t", "--yes"]);
    world.assert_nothing_left();
}

#[test]
fn destroy_needs_no_disk_space() {
    let world = World::new();
    world.expect(0, &["apply", "t.yaml", "--yes"]);
    let mut command = after(NO_ROOM, &world.command(&["destroy", "t", "--yes"]));
    let done = Done::running(&mut command).expect(0);
    done.says("could not record what this costs");
    world.assert_nothing_left();
    assert!(world.alive().is_empty());
}
