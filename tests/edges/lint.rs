//! The lint of scripts at the command line.

use crate::room::Room;

const LOCAL_MASTER: &str = "import sys\n\
    from pyspark import SparkContext\n\
    sc = SparkContext(\"local\", \"x\")\n\
    sc.setLogLevel(\"ERROR\")\n";

#[test]
fn an_error_is_underlined_and_stops_what_would_apply_it() {
    let room = Room::new();
    room.stack("");
    room.write("job.py", LOCAL_MASTER);
    for args in [
        vec!["validate", "t.yaml"],
        vec!["plan", "t.yaml", "--local"],
        vec!["apply", "t.yaml", "--local"],
    ] {
        let done = room.expect(2, &args);
        done.says("error[hard-coded-master]: the script sets Spark's master to \"local\"")
            .says("job.py:3:6")
            .says("warning[hides-logs]")
            .says("1 error and 1 warning in job.py");
        let again = format!("next: clusterup {} --no-lint", args.join(" "));
        assert!(done.err.contains(&again), "{}", done.err);
    }
    assert!(!room.at("state").exists(), "nothing is created");
    let json = room.json(&["plan", "t.yaml", "--local"]);
    let found = &json["error"]["diagnostics"];
    assert_eq!(
        (&json["exit"], found.as_array().unwrap().len()),
        (&2.into(), 2)
    );
    assert_eq!(
        (&found[0]["code"], &found[0]["severity"]),
        (&"hard-coded-master".into(), &"error".into())
    );
    assert_eq!(
        (&found[0]["line"], &found[0]["column"]),
        (&3.into(), &6.into())
    );
}

#[test]
fn warnings_are_shown_and_stop_nothing() {
    let room = Room::new();
    room.stack("");
    room.write(
        "job.py",
        "from pyspark import SparkContext\nSparkContext().setLogLevel('OFF')\n",
    );
    let done = room.expect(0, &["validate", "t.yaml"]);
    done.says("warning[hides-logs]").says("t.yaml is valid");
    let json = room.json(&["validate", "t.yaml"]);
    assert_eq!(json["lint"][0]["severity"], "warning");
}

#[test]
fn a_plan_says_that_its_scripts_are_not_checked() {
    let room = Room::new();
    room.stack("");
    room.write("job.py", LOCAL_MASTER);
    let note = "the scripts of its steps are not checked (--no-lint)";
    room.expect(0, &["plan", "t.yaml", "--local", "--no-lint"])
        .says(note);
    room.expect(0, &["validate", "t.yaml", "--no-lint"]);
    room.write("job.py", "print(1)\n");
    let done = room.expect(0, &["plan", "t.yaml", "--local"]);
    assert!(!done.out.contains(note), "{}", done.out);
}

#[test]
fn scripts_that_are_not_text_are_reported_and_not_printed() {
    let room = Room::new();
    room.stack("");
    room.write(
        "job.py",
        [b"x = 1\nname = '\xe9t\xe9 \x1b[2J'\n".as_slice()].concat(),
    );
    let done = room.expect(2, &["validate", "t.yaml"]);
    done.says("script-syntax")
        .says("not UTF-8")
        .says("job.py:2:");
    assert!(!done.err.contains('\u{1b}'), "{:?}", done.err);
    room.write("job.py", b"# -*- coding: latin-1 -*-\nname = '\xe9t\xe9'\n");
    room.expect(0, &["validate", "t.yaml"]);
    room.write("job.py", "(".repeat(5 << 20));
    room.expect(0, &["validate", "t.yaml"])
        .says("warning[not-checked]: the script is too long");
}

#[test]
fn data_of_one_file_that_cannot_be_split_is_reported_here_too() {
    let room = Room::new();
    room.write("job.py", "print(1)\n");
    let text = "stack: t\nregion: us-east-1\n\
        data: { in: { path: in.csv.gz }, other: { path: in.csv } }\n\
        cluster: { release: emr-7.x, size: 3 x m5.xlarge }\n\
        job: { steps: [{ name: s, script: job.py, args: [\"${data.in}\", \"${data.other}\"] }] }\n";
    room.write("t.yaml", text);
    room.write("in.csv", "1\n");
    let file = std::fs::File::create(room.at("in.csv.gz")).unwrap();
    file.set_len(16 << 20).unwrap();
    let done = room.expect(0, &["plan", "t.yaml", "--local"]);
    done.says("warning[few-files]: a .gz file cannot be split, and step \"s\" has ")
        .says("only 1 task reads it")
        .says("t.yaml:3:21");
    let json = room.json(&["plan", "t.yaml", "--local"]);
    assert_eq!(json["inputs"].as_array().unwrap().len(), 1, "{json:#}");
    file.set_len(1 << 20).unwrap();
    let done = room.expect(0, &["plan", "t.yaml", "--local"]);
    assert!(!done.err.contains("few-files"), "{}", done.err);
}

#[test]
fn sizes_under_conf_are_held_to_the_same_rules() {
    let room = Room::new();
    room.write("job.py", "print(1)\n");
    let stack = |spark: &str| {
        let text = format!(
            "stack: t\nregion: us-east-1\ncluster: {{ release: emr-7.x, size: 3 x m5.xlarge }}\n\
             job:\n  steps:\n    - name: s\n      script: job.py\n      spark: {{ {spark} }}\n"
        );
        room.write("t.yaml", text);
    };
    for (spark, said) in [
        (
            "conf: { spark.executor.cores: 5 }",
            "error[executor-cores]: an executor of 5 cores",
        ),
        (
            "conf: { spark.driver.memory: 20g }",
            "error[driver-memory]: a driver of 20g does not fit the primary",
        ),
        (
            "conf: { spark.driver.memory: 400m }",
            "error[driver-memory]: a driver of 400m has less",
        ),
        (
            "executor_memory: 9g, conf: { spark.executor.pyspark.memory: 4g }",
            "error[executor-memory]: an executor of 9g takes 15040m with 1728m overhead and 4g for",
        ),
    ] {
        stack(spark);
        let done = room.expect(2, &["validate", "t.yaml"]);
        done.says(said).says("t.yaml:8:");
        room.expect(0, &["validate", "t.yaml", "--no-lint"]);
    }
    stack("executors: 5, conf: { spark.executor.cores: 2 }");
    let done = room.expect(0, &["validate", "t.yaml"]);
    done.says("warning[too-many-executors]: 5 executors are asked for, and the 2 nodes hold 4");
    let json = room.json(&["validate", "t.yaml"]);
    assert_eq!(json["sizes"][0]["code"], "too-many-executors", "{json:#}");
}
