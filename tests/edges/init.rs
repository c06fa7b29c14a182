//! `init`: what it writes is valid and runs as it is, for scripts of many shapes.

use crate::room::{Done, Room};
use std::fs;

fn stack(room: &Room) -> String {
    fs::read_to_string(room.at("stack.yaml")).unwrap()
}

/// The stack that `init` writes, which is valid without a warning.
fn made(room: &Room, args: &[&str]) -> (String, Done) {
    let done = room.expect(0, &[&["init"], args].concat());
    let checked = room.expect(0, &["validate", "stack.yaml"]);
    assert_eq!(checked.err, "", "{}", stack(room));
    (stack(room), done)
}

#[test]
fn an_empty_folder_gets_an_example_that_runs() {
    let room = Room::new();
    let (text, done) = made(&room, &[]);
    assert!(text.contains("script: job.py\n"), "{text}");
    assert!(text.contains("args: [--out, \"${results}\"]\n"), "{text}");
    assert!(
        done.out.contains("wrote job.py, an example\n"),
        "{}",
        done.out
    );
    let example = fs::read_to_string(room.at("job.py")).unwrap();
    // It stays as it is, and is the script of the next stack.
    fs::remove_file(room.at("stack.yaml")).unwrap();
    fs::write(room.at("job.py"), example.replace("show(5)", "show(6)")).unwrap();
    let (_, done) = made(&room, &[]);
    assert!(!done.out.contains("an example"), "{}", done.out);
    let kept = fs::read_to_string(room.at("job.py")).unwrap();
    assert!(kept.contains("show(6)"));
    let again = room.expect(2, &["init"]);
    assert!(again.err.contains("exists already"), "{}", again.err);
}

#[test]
fn a_script_gets_its_data_packages_and_results() {
    let room = Room::new();
    room.write(
        "jobs/top.py",
        "import argparse\nimport numpy as np\nimport sklearn\n\
         from pyspark.sql import SparkSession\n\
         parser = argparse.ArgumentParser()\n\
         parser.add_argument('--sales', required=True)\n\
         parser.add_argument('-o', '--out-dir', default='x')\n\
         parser.add_argument('--top', type=int, default=3)\n\
         parser.add_argument('--verbose', action='store_true')\n\
         args = parser.parse_args()\n\
         spark = SparkSession.builder.getOrCreate()\n\
         frame = spark.read.csv(args.sales, header=True)\n\
         frame.write.parquet(args.out_dir)\n\
         print(np.mean([1]), sklearn.__version__)\n",
    );
    room.write("sales 2026.csv", "a,b\n1,2\n");
    let place = "sales=sales 2026.csv";
    let (text, done) = made(&room, &["--from", "jobs/top.py", "--data", place]);
    for line in [
        "  sales: { path: \"sales 2026.csv\" }",
        "  python_packages: [numpy, scikit-learn]",
        "      script: jobs/top.py\n",
        "      args: [--sales, \"${data.sales}\", --out-dir, \"${results}\"]\n",
        "  size: 2 x m5.xlarge ",
        "  budget: $",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(
        done.out.contains("packages  numpy, scikit-learn"),
        "{}",
        done.out
    );
    assert!(done.out.contains("less than 1 MB of data"), "{}", done.out);
}

#[test]
fn what_cannot_be_known_is_named() {
    let room = Room::new();
    let script = "import sys\nfrom pyspark.sql import SparkSession\n\
                  spark = SparkSession.builder.getOrCreate()\n\
                  spark.read.csv(sys.argv[1]).write.csv(sys.argv[2])\nprint(sys.argv[3])\n";
    room.write("a.py", script);
    let args = ["init", "--from", "a.py", "--data", "s3://bucket/logs/"];
    let done = room.expect(0, &args);
    assert!(
        done.out.contains("a.py also requires argument 3"),
        "{}",
        done.out
    );
    let text = stack(&room);
    assert!(text.contains("logs: { s3: s3://bucket/logs/ }"), "{text}");
    assert!(
        text.contains("# The script also requires argument 3"),
        "{text}"
    );
    let printing = "print('no arguments')\n";
    room.write("b.py", printing);
    room.write("x.csv", "1\n");
    let args = [
        "init", "b.yaml", "--from", "b.py", "--data", "x.csv", "--output", "json",
    ];
    let document = room.json(&args[..args.len() - 2]);
    assert_eq!(document["args"], serde_json::json!([]));
    let data = room.expect(0, &["init", "c.yaml", "--from", "b.py", "--data", "x.csv"]);
    assert!(data.out.contains("takes no argument for x"), "{}", data.out);
}

#[test]
fn what_is_not_there_writes_nothing() {
    let room = Room::new();
    room.write("job.jar", "");
    for (args, why) in [
        (&["--from", "gone.py"][..], "there is no script gone.py"),
        (&["--from", "job.jar"], "is not a Python script"),
        (&["--data", "gone.csv"], "there is no data at gone.csv"),
        (&["--data", "???.csv"], "--data NAME=PLACE"),
    ] {
        let done = room.expect(2, &[&["init"], args].concat());
        assert!(done.err.contains(why), "{args:?}: {}", done.err);
        assert!(!room.at("stack.yaml").exists() && !room.at("job.py").exists());
    }
}
