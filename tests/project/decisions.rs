//! The records of decisions are whole, numbered and linked, and no document links to nothing.

use super::{at, text};
use std::path::{Path, PathBuf};

const PARTS: [&str; 5] = ["Context", "Options", "Decision", "Why", "Consequences"];

/// A record has half a page, in words.
const LONGEST: usize = 400;

/// The records' files, in order of their numbers.
fn records() -> Vec<String> {
    let files = std::fs::read_dir(at("docs/adr")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != "README.md").collect();
    names.sort();
    names
}

#[test]
fn each_record_has_its_parts_in_half_a_page() {
    assert!(records().len() >= 10);
    for (index, name) in records().iter().enumerate() {
        let record = text(&format!("docs/adr/{name}"));
        assert!(name.starts_with(&format!("{:04}-", index + 1)), "{name}");
        assert!(record.starts_with(&format!("# {}. ", index + 1)), "{name}");
        let parts = record.lines().filter_map(|line| line.strip_prefix("## "));
        assert_eq!(parts.collect::<Vec<_>>(), PARTS, "{name}");
        let words = record.split_whitespace().count();
        assert!(words <= LONGEST, "{name} has {words} words");
    }
}

#[test]
fn the_index_and_the_map_have_each_record_by_its_title() {
    let (index, map) = (text("docs/adr/README.md"), text("ARCHITECTURE.md"));
    for name in records() {
        let record = text(&format!("docs/adr/{name}"));
        let (_, title) = record.lines().next().unwrap().split_once(". ").unwrap();
        assert!(index.contains(&format!("]({name}) | {title} |")), "{name}");
        assert!(
            map.contains(&format!("[{title}](docs/adr/{name})")),
            "{name}"
        );
    }
}

/// The documents, from the root.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["", "docs", "docs/adr", "deploy", ".github"] {
        for file in std::fs::read_dir(at(folder)).unwrap() {
            let name = file.unwrap().file_name();
            let path = Path::new(folder).join(name);
            found.extend((path.extension().is_some_and(|it| it == "md")).then_some(path));
        }
    }
    found
}

/// Where the links of a text lead, without their parts; those within the text are left out.
fn links(text: &str) -> Vec<&str> {
    let behind = text.split("](").skip(1);
    let targets = behind.map(|rest| rest.split([')', '#']).next().unwrap());
    targets.filter(|it| !it.is_empty()).collect()
}

#[test]
fn no_document_links_to_a_file_that_is_not_there() {
    let mut seen = 0;
    for document in documents() {
        let text = text(document.to_str().unwrap());
        for link in links(&text) {
            if link.contains("://") {
                continue;
            }
            seen += 1;
            let target = document.parent().unwrap().join(link);
            assert!(
                at(target.to_str().unwrap()).exists(),
                "{}: {link}",
                document.display()
            );
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn links_are_found() {
    let found = links("[a](b.md) and ![c](d.png), [e](#f), [g](h.md#i)");
    assert_eq!(found, ["b.md", "d.png", "h.md"]);
}
