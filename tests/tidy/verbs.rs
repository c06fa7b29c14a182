//! A verb is its file and its lines in `cli/mod.rs`: no third file knows its arguments.

use crate::sources;

#[test]
fn a_verb_is_its_file_and_its_lines_in_the_list() {
    let sources = sources();
    let sources = sources.iter();
    let files: Vec<(String, &str)> = sources
        .map(|(path, text)| (path.to_string_lossy().into_owned(), text.as_str()))
        .collect();
    let list = files.iter().find(|(path, _)| path == "src/cli/mod.rs");
    let list = list.map(|(_, text)| *text).unwrap();
    let verbs = verbs(list);
    assert!(verbs.len() > 15, "{verbs:?}");
    for (module, arguments) in verbs {
        let own = [
            format!("src/cli/{module}.rs"),
            format!("src/cli/{module}/"),
            "src/cli/mod.rs".to_owned(),
        ];
        let others = files.iter().filter(|(path, text)| {
            let is_own = own.iter().any(|own| path.starts_with(own.as_str()));
            // `apply` has all that `plan` has.
            let is_plan = module == "plan" && path.starts_with("src/cli/apply/");
            !is_own && !is_plan && words(text).any(|word| word == arguments)
        });
        let others: Vec<&String> = others.map(|(path, _)| path).collect();
        assert!(others.is_empty(), "{arguments} of {module}: {others:?}");
    }
}

/// Each verb's module and the type of its arguments: `Init(init::InitArgs),`.
fn verbs(list: &str) -> Vec<(&str, &str)> {
    let lines = list.lines().map(str::trim);
    lines
        .filter_map(|line| {
            let (_, arguments) = line.strip_suffix("),")?.split_once('(')?;
            arguments.split_once("::")
        })
        .filter(|(_, arguments)| words(arguments).count() == 1)
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}
