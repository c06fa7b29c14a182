//! No circular imports: files of a room that import each other cannot be read, tested or moved
//! separately.

use crate::{code, sources};
use std::collections::{BTreeMap, BTreeSet};

/// The rooms whose files are held to it.
const ROOMS: &[&str] = &["app", "cli"];

/// For each file, as the path of its module, the files that it names.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_files_import_each_other_in_a_circle() {
    let of_rooms = |path: &str| ROOMS.iter().any(|room| module(path).starts_with(*room));
    let files = sources().into_iter();
    let files = files.map(|(path, text)| (path.to_string_lossy().into_owned(), text));
    let files: Vec<_> = files.filter(|(path, _)| of_rooms(path)).collect();
    assert!(files.len() > 80, "the files were not found");
    let graph = graph(&files);
    let edges: usize = graph.values().map(BTreeSet::len).sum();
    assert!(edges > 300, "the imports were not found: {edges}");
    let found = circle(&graph).map(|files| files.join(" -> "));
    assert_eq!(found, None, "these files import each other round");
}

#[test]
fn a_circle_is_found_in_every_form_of_import() {
    let circle_of = |files: &[(&str, &str)]| {
        let files = files.iter();
        let files = files.map(|(path, text)| (format!("src/{path}.rs"), (*text).to_owned()));
        circle(&graph(&files.collect::<Vec<_>>())).map(|files| files.join(" "))
    };
    let a = ("app/a", "use super::b::B;");
    for back in [
        "use super::a::A;",
        "use crate::app::{c, a::{self, A}};",
        "use crate::app::{\n    c,\n    a as other,\n};",
        "fn f() -> crate::app::a::A {}",
    ] {
        let found = circle_of(&[a, ("app/b", back), ("app/c", "")]);
        assert_eq!(found.as_deref(), Some("app::a app::b app::a"), "{back}");
    }
    let parent = ("cli/p/mod", "mod a;\nrun(a::A);");
    for (child, is_circle) in [("use super::P;", true), ("pub(super) struct A;", false)] {
        assert_eq!(
            circle_of(&[parent, ("cli/p/a", child)]).is_some(),
            is_circle
        );
    }
    for no in [
        "// use super::a::A;",
        "#[cfg(test)]\nmod tests {\n    use super::super::a::A;\n}",
        "use crate::app::ab;\npub(in crate::app) struct B;",
    ] {
        assert_eq!(circle_of(&[a, ("app/b", no), ("app/ab", "")]), None, "{no}");
    }
    let long = [a, ("app/b", "use super::c;"), ("app/c", "use super::a;")];
    assert_eq!(
        circle_of(&long).as_deref(),
        Some("app::a app::b app::c app::a")
    );
}

/// `src/cli/view/mod.rs` is `cli::view`.
fn module(path: &str) -> String {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    path.trim_end_matches("/mod").replace('/', "::")
}

fn graph(files: &[(String, String)]) -> Graph {
    let modules: BTreeSet<String> = files.iter().map(|(path, _)| module(path)).collect();
    let named = |(path, text): &(String, String)| {
        let own = module(path);
        let lines: Vec<&str> = code(text).map(|(_, line)| line).collect();
        // A visibility imports nothing.
        let text = lines.join("\n").replace("(in crate::", "(");
        let paths = paths(&text);
        let files = paths.iter().filter_map(|path| file(path, &own, &modules));
        let others = files.filter(|file| *file != own).collect();
        (own, others)
    };
    files.iter().map(named).collect()
}

/// All paths in a text, those of `use` written out: `a::{b, c}` is `a::b` and `a::c`.
fn paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for statement in text.split("use ").skip(1) {
        let tree = statement.split(';').next().unwrap_or_default();
        write_out("", tree, &mut paths);
    }
    let is_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c| !is_path(c));
    // One that ends so begins a list, which is written out above.
    let words = words.filter(|word| word.contains("::") && !word.ends_with("::"));
    paths.extend(words.map(str::to_owned));
    paths
}

fn write_out(before: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = tree.split_once('{') else {
        let leaf = tree.split(" as ").next().unwrap_or_default().trim();
        paths.push(format!("{before}{leaf}"));
        return;
    };
    let before = format!("{before}{}", head.trim());
    let body = rest.rsplit_once('}').map_or(rest, |(body, _)| body);
    let mut depth = 0_i32;
    let parts = body.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    parts.for_each(|part| write_out(&before, part, paths));
}

/// The file that a path names in the module `own`: the longest of its beginnings that is one.
fn file(path: &str, own: &str, modules: &BTreeSet<String>) -> Option<String> {
    let mut at: Vec<&str> = own.split("::").collect();
    let mut words: Vec<&str> = path.trim_start_matches(':').split("::").collect();
    match words.first() {
        Some(&"crate") => at.clear(),
        Some(&"super") => {
            at.pop();
        }
        _ => {
            // A path without a root is a child's, or another crate's.
            let child = format!("{own}::{}", words[0]);
            let is_child = modules.contains(&child);
            return deepest(at, &words, modules).filter(|_| is_child);
        }
    }
    words.remove(0);
    while words.first() == Some(&"super") {
        words.remove(0);
        at.pop();
    }
    deepest(at, &words, modules)
}

fn deepest<'a>(
    mut at: Vec<&'a str>,
    words: &[&'a str],
    modules: &BTreeSet<String>,
) -> Option<String> {
    let mut found = Some(at.join("::")).filter(|file| modules.contains(file));
    for word in words {
        at.push(word);
        let file = at.join("::");
        if modules.contains(&file) {
            found = Some(file);
        }
    }
    found
}

/// The shortest way from a file back to itself, if there is one.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    let ways = graph.keys().filter_map(|from| way_back(from, graph));
    ways.min_by_key(Vec::len)
}

fn way_back(from: &str, graph: &Graph) -> Option<Vec<String>> {
    let mut visited = BTreeSet::new();
    let mut ways = vec![vec![from.to_owned()]];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way
                .last()
                .and_then(|last| graph.get(last))
                .into_iter()
                .flatten()
            {
                let way: Vec<String> = way.iter().chain([next]).cloned().collect();
                if next == from {
                    return Some(way);
                }
                if visited.insert(next.clone()) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}
