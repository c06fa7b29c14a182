//! The records of decisions are complete, numbered and linked.

use super::{at, text};

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
