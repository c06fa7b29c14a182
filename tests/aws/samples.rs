//! The samples in the documents that need an account of AWS match the program's output.

use crate::documents::{self, Block};
use crate::shipped;
use crate::world::World;

#[test]
fn samples_with_an_account_are_what_is_printed() {
    let blocks = documents::blocks();
    let is_sample = |block: &&Block| block.language == "console" && block.mark == "aws";
    let mut count = 0;
    for block in blocks.iter().filter(is_sample) {
        let world = World::new();
        shipped::copy(world.path());
        prepare(&world, block, &blocks);
        for (command, sample) in block.samples() {
            let words = shlex::split(command).unwrap();
            let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            let done = world.run(&words);
            let printed = format!("{}{}", done.out, done.err);
            let place = block.place();
            assert!(
                documents::same(&sample, &printed),
                "{place}: `{command}` prints\n{printed}"
            );
            count += 1;
        }
    }
    assert!(count > 0, "no sample was found");
}

/// Does what the page tells before this block: it writes files, and a stack for them.
fn prepare(world: &World, block: &Block, blocks: &[Block]) {
    let is_before = |it: &&Block| it.page == block.page && it.line < block.line;
    for before in blocks
        .iter()
        .filter(is_before)
        .filter(|it| it.mark == "first")
    {
        if before.language == "sh" {
            let mut shell = std::process::Command::new("sh");
            shell
                .args(["-e", "-c", &before.text])
                .current_dir(world.path());
            assert!(shell.status().unwrap().success(), "{}", before.place());
            continue;
        }
        for (command, _) in before.samples() {
            let words = shlex::split(command).unwrap();
            let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            if words.first() == Some(&"init") {
                world.expect(0, &words);
            }
        }
    }
}
