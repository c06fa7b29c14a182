//! Chooses a script's arguments: which of its options get the data, and which the results. Pure.

use crate::diagnose::lint::{Interface, ScriptOption};
use crate::model::name::DataName;
use crate::text::RESULTS;
use std::collections::BTreeMap;

/// Parts of the names of options that say where results go.
const OUTPUT: [&str; 12] = [
    "dest",
    "destination",
    "export",
    "out",
    "outdir",
    "outfile",
    "output",
    "result",
    "results",
    "save",
    "sink",
    "target",
];

/// Parts of the names of options that say where data is.
const INPUT: [&str; 14] = [
    "csv", "data", "dataset", "file", "folder", "in", "infile", "input", "inputs", "json",
    "parquet", "path", "source", "src",
];

/// The arguments of a script.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wiring {
    pub(super) args: Vec<String>,
    /// What the script requires and nothing is known of, such as `--movie`.
    pub(super) unmet: Vec<String>,
    /// The data sets that no argument of the script takes.
    pub(super) unread: Vec<DataName>,
}

/// Gives a script its data sets and the folder of the results. `answers`: values for what is unmet, by
/// its name.
pub(super) fn wire(
    interface: &Interface,
    data: &[DataName],
    answers: &BTreeMap<String, String>,
) -> Wiring {
    let mut wiring = Wiring::default();
    let mut left: Vec<&DataName> = data.iter().collect();
    let named = |option: &ScriptOption, name: &&DataName| {
        let parts = parts(&option.name);
        parts
            .iter()
            .any(|part| *part == name.as_str().to_lowercase())
    };
    let is = |option: &ScriptOption, words: &[&str]| {
        let parts = parts(&option.name);
        parts.iter().any(|part| words.contains(&part.as_str()))
    };
    // A data set goes to the option of its name before others take it.
    let mut own: BTreeMap<&str, &DataName> = BTreeMap::new();
    for option in &interface.options {
        if let Some(at) = left.iter().position(|name| named(option, name)) {
            own.insert(&option.name, left.remove(at));
        }
    }
    for option in &interface.options {
        let value = if let Some(name) = own.get(option.name.as_str()) {
            Some(reference(name))
        } else if is(option, &OUTPUT) {
            Some(RESULTS.to_owned())
        } else if (is(option, &INPUT) || option.is_required && option.flag.is_none())
            && !left.is_empty()
        {
            Some(reference(left.remove(0)))
        } else {
            answers.get(&shown(option)).cloned()
        };
        match value {
            Some(value) => {
                wiring.args.extend(option.flag.clone());
                wiring.args.push(value);
            }
            None if option.is_required => wiring.unmet.push(shown(option)),
            None => {}
        }
    }
    if interface.options.is_empty() {
        by_position(interface.words, &mut left, answers, &mut wiring);
    }
    wiring.unread = left.into_iter().cloned().collect();
    wiring
}

/// Of a script that reads `sys.argv`: the data sets first, then the results.
fn by_position(
    words: usize,
    left: &mut Vec<&DataName>,
    answers: &BTreeMap<String, String>,
    wiring: &mut Wiring,
) {
    let mut has_results = false;
    for number in 1..=words {
        let what = format!("argument {number}");
        if !left.is_empty() {
            wiring.args.push(reference(left.remove(0)));
        } else if let Some(answer) = answers.get(&what) {
            wiring.args.push(answer.clone());
        } else if has_results {
            wiring.unmet.push(what);
        } else {
            has_results = true;
            wiring.args.push(RESULTS.to_owned());
        }
    }
}

fn reference(name: &DataName) -> String {
    format!("${{data.{name}}}")
}

/// An option as a person reads it.
fn shown(option: &ScriptOption) -> String {
    option.flag.clone().unwrap_or_else(|| option.name.clone())
}

fn parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = name.split(['-', '_', '.']).map(str::to_lowercase).collect();
    parts.push(name.to_lowercase());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(flag: &str, is_required: bool) -> ScriptOption {
        ScriptOption {
            flag: flag.starts_with('-').then(|| flag.to_owned()),
            name: flag.trim_start_matches('-').to_owned(),
            is_required,
        }
    }

    fn wired(options: &[(&str, bool)], words: usize, data: &[&str]) -> (String, String, usize) {
        let interface = Interface {
            options: options
                .iter()
                .map(|(flag, must)| option(flag, *must))
                .collect(),
            words,
            packages: [].into(),
        };
        let data: Vec<DataName> = data.iter().map(|name| name.parse().unwrap()).collect();
        let wiring = wire(&interface, &data, &BTreeMap::new());
        (
            wiring.args.join(" "),
            wiring.unmet.join(" "),
            wiring.unread.len(),
        )
    }

    #[test]
    fn options_get_data_and_results_by_their_names() {
        let of = |args: &str, unmet: &str, unread| (args.to_owned(), unmet.to_owned(), unread);
        let movie = [
            ("--ratings", true),
            ("--movies", false),
            ("--movie", true),
            ("--out", true),
        ];
        assert_eq!(
            wired(&movie, 0, &["movies", "ratings"]),
            of(
                "--ratings ${data.ratings} --movies ${data.movies} --out ${results}",
                "--movie",
                0
            )
        );
        assert_eq!(
            wired(
                &[
                    ("--input-path", false),
                    ("--output_dir", false),
                    ("--top", false)
                ],
                0,
                &["sales"]
            ),
            of("--input-path ${data.sales} --output_dir ${results}", "", 0)
        );
        assert_eq!(
            wired(&[("source", true)], 0, &["a"]),
            of("${data.a}", "", 0)
        );
        assert_eq!(wired(&[("source", true)], 0, &[]), of("", "source", 0));
        assert_eq!(
            wired(&[], 3, &["a", "b"]),
            of("${data.a} ${data.b} ${results}", "", 0)
        );
        assert_eq!(wired(&[], 2, &[]), of("${results}", "argument 2", 0));
        assert_eq!(wired(&[], 0, &["a"]), of("", "", 1));
    }

    #[test]
    fn an_answer_is_an_argument() {
        let interface = Interface {
            options: vec![option("--movie", true)],
            ..Interface::default()
        };
        let answers = BTreeMap::from([("--movie".to_owned(), "260".to_owned())]);
        let wiring = wire(&interface, &[], &answers);
        assert_eq!(wiring.args, ["--movie", "260"]);
        assert!(wiring.unmet.is_empty());
    }
}
