//! A data set that is a folder: one location for the job, uploaded once.

use crate::world::{STACK, World};
use std::fs;

const FILES: usize = 40;

/// Of eight bytes each.
const LINES: usize = (17 << 20) / 8;

#[test]
fn a_folder_is_uploaded_once_below_one_location() {
    let world = World::new();
    fs::create_dir_all(world.path().join("logs/day=1")).unwrap();
    for number in 0..FILES {
        world.write(
            &format!("logs/day=1/{number:02}.csv"),
            &format!("n\n{number}\n"),
        );
    }
    world.write("logs/_SUCCESS", "");
    // Longer than one part, of which S3 has a checksum each and one of the whole.
    world.write("large.dat", &"0123456\n".repeat(LINES));
    let text = STACK.replace("[\"${results}/one\"]", "[\"${data.logs}\"]");
    let data = "data: { logs: { path: logs/ }, large: { path: large.dat } }";
    world.stack(&format!("{text}{data}\n"));
    let staged = |args: &[&str]| {
        let calls = world.calls_of(args);
        calls
            .iter()
            .filter(|call| call.call == "s3:PutObject")
            .count()
    };
    let plan = world.plan().to_string();
    let all = staged(&["apply", "t.yaml", "--yes"]);
    let keys = world.objects();
    let is_large = |key: &&String| key.ends_with("/large.dat");
    assert_eq!(keys.iter().filter(is_large).count(), 1, "{keys:#?}");
    let data = keys.iter().filter(|key| key.contains("/data/"));
    let folder: Vec<&String> = data.filter(|key| !is_large(key)).collect();
    assert_eq!(folder.len(), FILES, "{keys:#?}");
    assert!(
        folder.iter().all(|key| key.contains("/logs/day=1/")),
        "{folder:#?}"
    );
    let again = staged(&["apply", "t.yaml", "--yes", "--again"]);
    assert!(again + FILES <= all, "{all} uploads, then {again}");
    let (location, _) = folder[0].split_once("/day=1").unwrap();
    assert!(
        plan.contains(&format!("{location}\"")),
        "{location} is not in {plan}"
    );
}
