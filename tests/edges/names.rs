//! The stack names that `init` chooses.

use crate::room::Room;
use std::fs;

#[test]
fn two_folders_get_different_names() {
    let room = Room::new();
    for (folder, name) in [
        ("movies", "movies"),
        ("Ratings 2026", "ratings-2026"),
        ("x_y", "x-y"),
    ] {
        fs::create_dir(room.at(folder)).unwrap();
        let mut command = room.command(&["init"]);
        command.current_dir(room.at(folder));
        assert!(command.output().unwrap().status.success());
        let text = fs::read_to_string(room.at(folder).join("stack.yaml")).unwrap();
        assert!(text.contains(&format!("\nstack: {name}\n")), "{text}");
    }
    room.expect(0, &["init", "own.yaml"]);
    let text = fs::read_to_string(room.at("own.yaml")).unwrap();
    assert!(text.contains("\nstack: own\n"), "{text}");
    fs::create_dir(room.at("2026")).unwrap();
    room.expect(2, &["init", "2026/stack.yaml"]).says("--name");
    room.expect(0, &["init", "2026/stack.yaml", "--name", "year"]);
    room.expect(2, &["init", "2026/stack.yaml", "--name", "year"])
        .says("exists already");
}
