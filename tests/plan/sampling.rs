//! What is staged of files and folders, whole and as a sample.

use super::{STACK, facts, stack};
use clusterup::model::facts::{Facts, File, Folder, Input, Member};
use clusterup::model::stack::Stack;
use clusterup::plan::expand::expand;
use std::path::Path;

fn file(name: &str, digest: u8) -> File {
    File {
        path: Path::new("/s/data").join(name),
        bytes: 10,
        sha256: format!("{digest:02x}").repeat(32),
        crc32: 0,
    }
}

fn folder(files: &[(&str, u8)]) -> Input {
    let member = |(name, digest): &(&str, u8)| Member {
        name: (*name).to_owned(),
        file: file(name, *digest),
    };
    Input::Folder(Folder {
        path: "/s/data".into(),
        files: files.iter().map(member).collect(),
    })
}

fn with(stack: &Stack, input: Input, sample: Option<&str>) -> Facts {
    let mut facts = facts(stack);
    facts.sample = sample.map(|share| share.parse().unwrap());
    facts.data.insert("ratings".parse().unwrap(), input);
    facts
}

/// The keys below `data/`, which lines of them are sampled, the notes, and the job's argument.
fn staged(stack: &Stack, facts: &Facts) -> (Vec<String>, Vec<String>, String) {
    let (desired, notes) = expand(stack, facts).unwrap();
    let data = desired
        .objects
        .iter()
        .filter(|object| object.key.starts_with("data/"));
    let keys = data.map(|object| {
        let how = match object.sample {
            None => "whole",
            Some(sampling) if sampling.header => "lines and header",
            Some(_) => "lines",
        };
        let (_, name) = object.key.split_at("data/0123456789abcdef".len());
        format!("{name}: {how}")
    });
    let argument = desired.job.unwrap().steps[0].args[0].clone();
    (keys.collect(), notes, argument)
}

#[test]
fn a_folder_is_one_location_with_its_files_below() {
    let stack = stack(STACK);
    let files = [("a.csv", 1), ("d=1/b.parquet", 2)];
    let (keys, _, argument) = staged(&stack, &with(&stack, folder(&files), None));
    assert_eq!(keys, ["/data/a.csv: whole", "/data/d=1/b.parquet: whole"]);
    assert!(
        argument.starts_with("/bucket/data/") && argument.ends_with("/data"),
        "{argument}"
    );
    let other = |files: &[(&str, u8)]| staged(&stack, &with(&stack, folder(files), None)).2;
    assert_eq!(other(&files), argument);
    for changed in [[("a.csv", 3), files[1]], [("c.csv", 1), files[1]]] {
        assert_ne!(other(&changed), argument, "{changed:?}");
    }
}

#[test]
fn a_sample_takes_lines_of_text_and_some_of_the_other_files() {
    let stack = stack(STACK);
    let files = [
        ("a.csv", 1),
        ("b.dat", 2),
        ("c.parquet", 3),
        ("d.parquet", 4),
        ("e.gz", 5),
    ];
    let (keys, notes, part) = staged(&stack, &with(&stack, folder(&files), Some("0.1%")));
    assert_eq!(
        keys,
        [
            "-sample-1000-header/data/a.csv: lines and header",
            "-sample-1000-header/data/b.dat: lines",
            "-sample-1000-header/data/c.parquet: whole",
        ]
    );
    assert!(
        notes
            .iter()
            .any(|note| note.contains("first line of ratings")),
        "{notes:?}"
    );
    let of_lines = |notes: &[String]| {
        notes
            .iter()
            .filter(|it| it.contains("of the lines"))
            .count()
    };
    let of_whole = |notes: &[String]| notes.iter().filter(|it| it.contains("all of")).count();
    assert_eq!((of_lines(&notes), of_whole(&notes)), (1, 0));
    let zipped = [("e.gz", 5)];
    let (_, notes, _) = staged(&stack, &with(&stack, folder(&zipped), Some("0.1%")));
    assert_eq!((of_lines(&notes), of_whole(&notes)), (0, 1));
    let (_, _, all) = staged(&stack, &with(&stack, folder(&files), Some("100%")));
    assert_ne!(part, all);
    let whole = [
        ("c.parquet", 3),
        ("d.parquet", 4),
        ("e.parquet", 5),
        ("f.parquet", 6),
    ];
    let (keys, notes, _) = staged(&stack, &with(&stack, folder(&whole), Some("0.1%")));
    assert_eq!(keys.len(), 1);
    assert!(
        notes.iter().any(|note| note.contains("1 of the 4 files")),
        "{notes:?}"
    );
}

#[test]
fn one_file_is_sampled_by_its_kind_and_what_the_stack_says() {
    for (name, header, how) in [
        ("a.csv", "", "-sample-50000-header/a.csv: lines and header"),
        ("a.TSV", "", "-sample-50000-header/a.TSV: lines and header"),
        ("a.csv", "header: false", "-sample-50000/a.csv: lines"),
        ("a.dat", "", "-sample-50000/a.dat: lines"),
        (
            "a.dat",
            "header: true",
            "-sample-50000-header/a.dat: lines and header",
        ),
        ("a.csv.gz", "", "/a.csv.gz: whole"),
        ("a.parquet", "header: true", "/a.parquet: whole"),
        ("a.csv", "sampled: false", "/a.csv: whole"),
    ] {
        let data =
            format!("data: {{ other: {{ path: o.dat }}, ratings: {{ path: a, {header} }} }}");
        let text = STACK.replace("data: { ratings: { path: ratings.dat } }", &data);
        let stack = stack(&text);
        let mut facts = with(&stack, Input::Local(file(name, 9)), Some("5%"));
        facts.data.insert(
            "other".parse().unwrap(),
            Input::Remote("s3://b/o".to_owned()),
        );
        if header == "sampled: false" {
            assert!(
                expand(&stack, &facts).is_err(),
                "nothing to take a sample of"
            );
            continue;
        }
        let (keys, notes, _) = staged(&stack, &facts);
        assert_eq!(keys, [how], "{name} {header}: {notes:?}");
        let guessed = how.contains("header") && header.is_empty();
        let noted = notes.iter().any(|note| note.contains("header: false"));
        assert_eq!(noted, guessed, "{name} {header}: {notes:?}");
    }
}
