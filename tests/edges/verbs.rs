//! Every verb of the program, from its own help, so that no table of verbs is incomplete.

use crate::room::Room;

/// `["apply", …, "cost report", …]`, without `help`.
pub(crate) fn all() -> Vec<String> {
    let room = Room::new();
    let of = |verb: &str| {
        let words: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let help = room.expect(0, &words).out;
        let part = help.split("Commands:\n").nth(1).unwrap_or_default();
        let part = part.split("\n\n").next().unwrap_or_default();
        let names = part.lines().filter_map(|line| {
            let name = line.strip_prefix("  ")?.split_whitespace().next()?;
            let is_verb = !line.starts_with("    ") && name != "help";
            is_verb.then(|| format!("{verb} {name}").trim().to_owned())
        });
        names.collect::<Vec<_>>()
    };
    let verbs = of("").into_iter().flat_map(|verb| match of(&verb) {
        below if below.is_empty() => vec![verb],
        below => below,
    });
    let verbs: Vec<String> = verbs.collect();
    assert!(
        verbs.len() > 20 && verbs.contains(&"cost report".to_owned()),
        "{verbs:?}"
    );
    verbs
}
