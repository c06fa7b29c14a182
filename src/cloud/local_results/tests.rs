//! What is downloaded, what stays, and what is left alone, with hostile input.

use super::proof::Proof;
use super::*;
use crate::model::event::NoListener;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

/// A machine with a run's results in a bucket, a results folder, and unrelated files.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for file in [
            "bucket/similar/part-0.csv",
            "others/thesis.tex",
            "home/mine.txt",
        ] {
            machine.write(file, "precious");
        }
        machine
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_default()
    }

    fn marker(&self, entries: &[&str]) {
        let entries = serde_json::to_string(entries).unwrap();
        let run = r#"{"job":"0123456789abcdef","cluster":"local-0","number":1}"#;
        let text = format!(r#"{{"stack":"t","run":{run},"entries":{entries}}}"#);
        self.write("home/.clusterup.json", &text);
    }

    fn download(&self, number: u32) -> Result<Downloaded, CloudError> {
        let results = Results {
            run: run(number),
            key: "results/x".parse().unwrap(),
            to: self.at("home"),
        };
        let lock = FolderLock::take(&results.to, &self.at("state"))?;
        download(&self.at("bucket"), &stack(), &results, &lock, &NoListener)
    }

    /// Whether the unrelated files are unchanged.
    fn is_unchanged(&self) -> bool {
        self.read("others/thesis.tex") == "precious" && self.read("home/mine.txt") == "precious"
    }
}

fn stack() -> StackName {
    "t".parse().unwrap()
}

fn run(number: u32) -> Run {
    Run {
        job: "0123456789abcdef".parse().unwrap(),
        cluster: "local-0".parse().unwrap(),
        number,
    }
}

fn at_home(machine: &Machine) -> Option<(u32, bool)> {
    let seen = observe(&stack(), &machine.at("home"))?;
    Some((seen.run.number, seen.empty))
}

#[test]
fn files_outside_the_folder_that_a_marker_names_stay() {
    let machine = Machine::new();
    let others = machine.at("others").to_string_lossy().into_owned();
    for entry in [
        others.as_str(),
        "../others",
        "..",
        ".",
        "",
        "/",
        "similar/../../others",
        "similar/part-0.csv",
        "a\0b",
        ".clusterup.json",
    ] {
        machine.marker(&["similar", entry]);
        let error = machine.download(2).unwrap_err();
        assert!(
            error.message.contains("nothing in its folder is deleted"),
            "{}",
            error.message
        );
        assert!(
            error.hints[1].to_string().contains("mv -n "),
            "{:?}",
            error.hints
        );
        assert!(
            check(&stack(), &machine.at("home"), None).is_err(),
            "known before the job runs"
        );
        assert!(machine.is_unchanged(), "{entry:?}");
        assert_eq!(at_home(&machine), None);
        assert!(!machine.at("home/similar").exists());
    }
}

#[test]
fn an_invalid_marker_lists_nothing() {
    let machine = Machine::new();
    let long = format!("{:1$}", "[", 100);
    for text in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        &long,
        r#"{"entries":["../others"]}"#,
    ] {
        machine.write("home/.clusterup.json", text);
        assert!(machine.download(2).is_err(), "{text}");
        assert!(machine.is_unchanged());
    }
    fs::remove_file(machine.at("home/.clusterup.json")).unwrap();
    machine.write("elsewhere.json", r#"{"stack":"t"}"#);
    symlink(
        machine.at("elsewhere.json"),
        machine.at("home/.clusterup.json"),
    )
    .unwrap();
    assert!(machine.download(2).is_err(), "a link is no marker");
    fs::remove_file(machine.at("home/.clusterup.json")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        machine.at("home/.clusterup.json"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    assert!(
        machine.download(2).is_err(),
        "nor is a FIFO, which is not waited for"
    );
    assert!(machine.is_unchanged());
}

#[test]
fn a_marker_that_the_job_wrote_is_ignored() {
    let machine = Machine::new();
    for name in [".clusterup.json", ".clusterup.partial.0", ".Clusterup.JSON"] {
        machine.write(&format!("bucket/{name}"), r#"{"entries":["mine.txt"]}"#);
    }
    let downloaded = machine.download(1).unwrap();
    assert_eq!(downloaded.skipped.len(), 3);
    assert!(
        downloaded
            .warning()
            .unwrap()
            .contains(".clusterup.json (names with this prefix")
    );
    assert_eq!(at_home(&machine), Some((1, false)));
    machine.download(2).unwrap();
    assert!(machine.is_unchanged());
    assert!(!machine.at("home/.Clusterup.JSON").exists());
}

#[test]
fn only_regular_files_and_folders_are_downloaded() {
    let machine = Machine::new();
    let fifo = |path: &str| {
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, machine.at(path), kind, 0o600.into(), 0).unwrap();
    };
    fifo("bucket/fifo");
    fifo("bucket/similar/part-1.csv");
    let _socket = UnixListener::bind(machine.at("bucket/socket")).unwrap();
    let link = |to: &Path, path: &str| symlink(to, machine.at(path)).unwrap();
    link(&machine.at("others"), "bucket/out");
    link(&machine.at("others/thesis.tex"), "bucket/out.tex");
    link(Path::new("../others/thesis.tex"), "bucket/up.tex");
    link(Path::new("/dev/zero"), "bucket/zero");
    link(Path::new("nowhere"), "bucket/dangling");
    link(Path::new("similar"), "bucket/latest");
    link(Path::new("loop"), "bucket/loop");
    link(Path::new("similar/part-0.csv"), "bucket/newest.csv");
    let downloaded = machine.download(1).unwrap();
    let skipped: Vec<&str> = downloaded
        .skipped
        .iter()
        .map(|machine| machine.name.as_str())
        .collect();
    let expected = [
        "dangling",
        "fifo",
        "latest",
        "loop",
        "out",
        "out.tex",
        "similar/part-1.csv",
        "socket",
        "up.tex",
        "zero",
    ];
    assert_eq!(skipped, expected);
    let warning = downloaded.warning().unwrap();
    assert!(
        warning.contains("fifo (a FIFO)") && warning.ends_with("and 5 more"),
        "{warning}"
    );
    assert_eq!(machine.read("home/similar/part-0.csv"), "precious");
    let newest = fs::symlink_metadata(machine.at("home/newest.csv")).unwrap();
    assert!(
        newest.is_file(),
        "a link within the results is what it leads to"
    );
    assert!(!machine.at("home/out").exists() && machine.is_unchanged());
}

#[test]
fn earlier_results_stay_until_there_are_new_ones() {
    let machine = Machine::new();
    assert!(!machine.download(1).unwrap().empty);
    assert_eq!(at_home(&machine), Some((1, false)));
    fs::remove_dir_all(machine.at("bucket")).unwrap();
    for (number, folder) in [(2, None), (3, Some("bucket")), (4, Some("bucket/similar"))] {
        if let Some(folder) = folder {
            fs::create_dir_all(machine.at(folder)).unwrap();
        }
        assert!(machine.download(number).unwrap().empty);
        assert_eq!(at_home(&machine), Some((number, true)));
        assert_eq!(machine.read("home/similar/part-0.csv"), "precious");
    }
    machine.write("bucket/other.csv", "new");
    assert!(!machine.download(5).unwrap().empty);
    assert_eq!(at_home(&machine), Some((5, false)));
    assert_eq!(machine.read("home/other.csv"), "new");
    assert!(
        !machine.at("home/similar/part-0.csv").exists(),
        "they are of a run that was"
    );
    assert!(machine.is_unchanged());
}

#[test]
fn no_link_in_the_results_folder_is_followed() {
    let machine = Machine::new();
    machine.download(1).unwrap();
    fs::remove_dir_all(machine.at("home/similar")).unwrap();
    symlink(machine.at("others"), machine.at("home/similar")).unwrap();
    symlink(
        machine.at("others"),
        machine.at("home/.clusterup.partial.0"),
    )
    .unwrap();
    machine.download(2).unwrap();
    assert!(machine.is_unchanged());
    assert!(
        fs::symlink_metadata(machine.at("home/similar"))
            .unwrap()
            .is_dir()
    );
    symlink(machine.at("nowhere"), machine.at("home/new.csv")).unwrap();
    machine.write("bucket/new.csv", "new");
    let error = machine.download(3).unwrap_err();
    assert!(
        error.message.contains("is not a result of this stack"),
        "{}",
        error.message
    );
    assert!(
        fs::symlink_metadata(machine.at("home/new.csv"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn unusual_names_are_downloaded_unchanged() {
    let machine = Machine::new();
    let long = "x".repeat(255);
    let names = [
        "a b", "é", "a\nb", "-rf", "%41", "a\\b", "_hidden", ".dot", "a:b", &long,
    ];
    for name in names {
        machine.write(&format!("bucket/{name}/part"), name);
    }
    assert_eq!(machine.download(1).unwrap().skipped, []);
    for name in names {
        assert_eq!(machine.read(&format!("home/{name}/part")), name);
    }
    assert_eq!(at_home(&machine), Some((1, false)));
    machine.download(2).unwrap();
    assert_eq!(at_home(&machine), Some((2, false)), "and are known again");
}

#[test]
fn what_an_older_clusterup_downloaded_is_kept() {
    let machine = Machine::new();
    machine.write("home/similar/old.csv", "old");
    machine.write("home/gone.csv", "old too");
    machine.marker(&["similar", "gone.csv"]);
    assert_eq!(at_home(&machine), Some((1, false)));
    let downloaded = machine.download(2).unwrap();
    let kept = format!("{:?}", kept_event(&downloaded.kept).unwrap());
    assert!(kept.contains("home/.clusterup.kept.1/similar"), "{kept}");
    assert!(kept.contains("home/gone.csv"), "{kept}");
    assert_eq!(
        machine.read("home/.clusterup.kept.1/similar/old.csv"),
        "old"
    );
    assert_eq!(machine.read("home/gone.csv"), "old too");
    assert!(!machine.at("home/similar/old.csv").exists());
    assert_eq!(
        machine.download(3).unwrap().kept,
        Vec::<PathBuf>::new(),
        "from now on it knows"
    );
}

#[test]
fn changed_entries_are_kept() {
    let machine = Machine::new();
    machine.write("bucket/table.csv", "a table");
    type Harm = fn(&Machine);
    let harms: [(&str, Harm); 6] = [
        ("similar/part-0.csv", |machine| {
            // The length is the same; only the modification time differs.
            machine.write("home/similar/part-0.csv", "PRECIOUS");
        }),
        ("similar/part-0.csv", |machine| {
            machine.write("home/similar/part-0.csv", "an edit");
        }),
        ("similar/notes.txt", |machine| {
            machine.write("home/similar/notes.txt", "notes");
        }),
        ("similar/a/b", |machine| {
            machine.write("home/similar/a/b", "deep");
        }),
        ("similar/mine", |machine| {
            symlink(machine.at("others"), machine.at("home/similar/mine")).unwrap();
        }),
        ("similar", |machine| {
            machine.download(1).unwrap();
            fs::remove_dir_all(machine.at("home/similar")).unwrap();
            machine.write("home/similar", "a file of the user");
        }),
    ];
    for (number, (name, harm)) in (1..).zip(harms) {
        machine.download(number).unwrap();
        harm(&machine);
        let is = |path: String| fs::symlink_metadata(machine.at(&path)).unwrap().modified();
        let was = is(format!("home/{name}")).unwrap();
        let kept = machine.download(number + 100).unwrap().kept;
        assert!(!kept.is_empty(), "{name}");
        let now = is(format!("home/.clusterup.kept.{number}/{name}")).unwrap();
        assert_eq!(now, was, "{name}");
        assert_eq!(machine.read("home/similar/part-0.csv"), "precious");
        assert!(machine.download(number + 200).unwrap().kept.is_empty());
    }
    assert!(machine.is_unchanged());
}

#[test]
fn a_marker_that_lists_the_users_own_files_removes_nothing() {
    let machine = Machine::new();
    machine.download(1).unwrap();
    machine.write("home/notes/a.txt", "precious");
    machine.marker(&["similar", "mine.txt", "notes"]);
    let downloaded = machine.download(2).unwrap();
    assert_eq!(downloaded.kept.len(), 2, "{:?}", downloaded.kept);
    assert_eq!(machine.read("home/notes/a.txt"), "precious");
    assert!(machine.is_unchanged());
    // Neither the record of another folder nor an invalid one proves anything.
    for broken in ["", "{", "[{}]", "null"] {
        machine.marker(&["similar", "mine.txt"]);
        for record in fs::read_dir(machine.at("state")).unwrap().flatten() {
            fs::write(record.path(), broken).unwrap();
        }
        machine.write("bucket/similar/part-0.csv", broken);
        assert_eq!(machine.download(3).unwrap().kept.len(), 2, "{broken}");
        assert!(machine.is_unchanged(), "{broken}");
    }
}

#[test]
fn the_next_run_may_replace_what_an_interrupted_one_left() {
    let machine = Machine::new();
    machine.download(1).unwrap();
    machine.write("bucket/similar/part-1.csv", "new");
    // Interrupted after the first move: on record are the earlier and the new entries.
    let entry: FileName = "similar".parse().unwrap();
    let mut proofs = Proofs::read(&machine.at("state"), &machine.at("home")).unwrap();
    machine.write("home/similar/part-1.csv", "new");
    let came = Proof::of(&entry, &machine.at("home/similar")).unwrap();
    proofs.add(&[came]).unwrap();
    assert!(machine.download(2).unwrap().kept.is_empty());
    assert_eq!(machine.read("home/similar/part-1.csv"), "new");
}

#[test]
fn an_entry_kept_in_place_can_be_replaced_by_a_later_run() {
    let machine = Machine::new();
    machine.write("bucket/a.csv", "one");
    machine.download(1).unwrap();
    machine.write("home/a.csv", "edited");
    fs::remove_file(machine.at("bucket/a.csv")).unwrap();
    let kept = machine.download(2).unwrap().kept;
    assert_eq!(kept, [machine.at("home/a.csv")]);
    assert!(
        machine.download(3).unwrap().kept.is_empty(),
        "reported once"
    );
    machine.write("bucket/a.csv", "three");
    let kept = machine.download(4).unwrap().kept;
    assert_eq!(kept, [machine.at("home/.clusterup.kept.1/a.csv")]);
    assert_eq!(machine.read("home/.clusterup.kept.1/a.csv"), "edited");
    assert_eq!(machine.read("home/a.csv"), "three");
    assert!(machine.is_unchanged());
}

#[test]
fn only_one_process_at_a_time_downloads_to_a_folder() {
    let machine = Machine::new();
    let lock = FolderLock::take(&machine.at("home"), &machine.at("state")).unwrap();
    let error = machine.download(1).unwrap_err();
    assert_eq!(error.class, Class::Busy);
    drop(lock);
    machine.download(1).unwrap();
}

#[test]
fn leftovers_of_killed_runs_are_removed_or_kept() {
    let machine = Machine::new();
    machine.download(1).unwrap();
    machine.write("home/.clusterup.partial.7/x", "half");
    machine.write("home/.clusterup.partial.gone.3/x", "half removed");
    machine.write("home/.clusterup.aside.0/x", "whose is it");
    let kept = machine.download(2).unwrap().kept;
    assert_eq!(kept, [machine.at("home/.clusterup.kept.1/results")]);
    assert_eq!(
        machine.read("home/.clusterup.kept.1/results/x"),
        "whose is it"
    );
    let names = fs::read_dir(machine.at("home")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let hidden = names.filter(|name| name.starts_with(".clusterup.partial"));
    assert_eq!(hidden.count(), 0);
}

#[test]
fn an_unwritable_record_is_reported_before_the_job_runs() {
    let machine = Machine::new();
    machine.write("state", "a file");
    let error = check(&stack(), &machine.at("home"), Some(&machine.at("state"))).unwrap_err();
    assert!(
        error.message.contains("state is not a folder"),
        "{}",
        error.message
    );
    assert!(machine.download(1).is_err());
    assert!(machine.is_unchanged());
}

#[test]
fn paths_with_spaces_are_quoted_in_commands() {
    let machine = Machine::new();
    let home = machine.at("my results");
    fs::create_dir(&home).unwrap();
    fs::write(home.join(MARKER), "{").unwrap();
    let error = marker(&home).unwrap_err();
    let from = home.join(MARKER).display().to_string();
    let words = shlex::split(&error.hints[1].to_string()).unwrap();
    assert_eq!(
        (&words[..2], &words[2]),
        (&["mv".into(), "-n".into()][..], &from)
    );
    assert_eq!(words.len(), 4);
    let words = shlex::split(&list_command(&home).to_string()).unwrap();
    assert_eq!(words, ["ls", "-la", &home.display().to_string()]);
}
