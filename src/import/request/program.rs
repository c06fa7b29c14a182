//! What a step runs: a jar of EMR's with its arguments, as one of the kinds of steps of a stack. What no
//! kind can say stays a command of the same words.

use super::{Entry, spark};
use crate::import::secrets::without_secrets;
use crate::import::yaml::Yaml;
use crate::model::step_command::{COMMAND_RUNNER, script_runner_region};
use crate::model::step_launcher::is_launcher;
use crate::model::step_words::decoded;
use crate::model::work::ON_NODE;

/// The work of a step.
#[derive(Default)]
pub(super) struct Program {
    pub(super) entries: Vec<Entry>,
    pub(super) notes: Vec<String>,
    /// Arguments, by their numbers, that the step does not have, and why.
    pub(super) lost: Vec<(usize, String)>,
    /// Whether it has the request's main class.
    pub(super) uses_class: bool,
    pub(super) chooses_memory: bool,
}

/// The runners of EMR as older requests name them.
const OLD_RUNNERS: [&str; 2] = [
    "s3://elasticmapreduce/libs/script-runner/script-runner.jar",
    "s3n://elasticmapreduce/libs/script-runner/script-runner.jar",
];

/// The work of a step of this name, or why a stack cannot have it.
pub(super) fn of(
    name: &str,
    jar: &str,
    class: Option<&str>,
    words: Vec<String>,
) -> Result<Program, String> {
    if is_command_runner(jar) {
        return command(name, words);
    }
    if script_runner_region(jar).is_some() || OLD_RUNNERS.contains(&jar) {
        return script(name, words);
    }
    let on_primary = jar.strip_prefix("file://").unwrap_or(jar);
    if !on_primary.starts_with('/') {
        return Err(
            "a stack has no word for EMR's own start of a jar in S3; copy it to the primary in a \
             step `shell`, and run it with `command: [hadoop, jar, …]`"
                .to_owned(),
        );
    }
    let start = ["hadoop", "jar", on_primary].into_iter().chain(class);
    let all = start.map(str::to_owned).chain(words).collect();
    Ok(Program {
        uses_class: true,
        ..verbatim(all)
    })
}

/// Whether a jar is EMR's runner of commands, by its name or by its path on the primary.
fn is_command_runner(jar: &str) -> bool {
    let path = jar.strip_prefix("file://").unwrap_or(jar);
    let folders = ["/usr/share/aws/emr/", "/var/lib/aws/emr/"];
    let of_emr = folders.iter().any(|folder| path.starts_with(folder));
    jar == COMMAND_RUNNER || of_emr && path.ends_with("/command-runner.jar") && is_path(path)
}

/// A program of the primary and its arguments.
fn command(name: &str, words: Vec<String>) -> Result<Program, String> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let found = match texts.as_slice() {
        [] => return Err("a command without words".to_owned()),
        ["spark-submit" | "/usr/bin/spark-submit", ..] => spark::submit(name, &words, 1),
        ["env", ..] => match texts.iter().position(|word| *word == "spark-submit") {
            Some(at) => spark::submit(name, &words, at + 1),
            None => return Ok(verbatim(words)),
        },
        ["spark-sql", ..] => spark::sql(name, &words),
        ["hive-script", "--run-hive-script", "--args", "-f", file, ..] if is_file(file) => {
            Ok(of_file("hive", file, &words[5..]))
        }
        ["s3-dist-cp", ..] => return Ok(copy(&words).unwrap_or_else(|| verbatim(words))),
        ["bash" | "/bin/bash", path, ..] if is_path(path) => {
            Ok(of_file("shell", &format!("{ON_NODE}{path}"), &words[2..]))
        }
        _ => return Ok(verbatim(words)),
    };
    Ok(found.unwrap_or_else(|why| {
        let note =
            format!("note: it stays a command, since {why}; `summary` and the lint do not know it");
        let mut program = verbatim(words);
        program.notes.push(note);
        program
    }))
}

/// A script that EMR's runner fetches from S3. One is clusterup's own: it decodes a command.
fn script(name: &str, words: Vec<String>) -> Result<Program, String> {
    let Some((location, args)) = words.split_first() else {
        return Err("the runner of scripts gets no script".to_owned());
    };
    if is_launcher(location) {
        let inner: Option<Vec<String>> = args.iter().map(|word| decoded(word)).collect();
        let inner = inner.ok_or("clusterup's launcher gets arguments that it cannot decode")?;
        let (_, has_secret) = without_secrets(&inner);
        if has_secret {
            return Err("its arguments contain a secret".to_owned());
        }
        let is_script = inner.first().is_some_and(|word| word.starts_with("s3://"));
        let mut program = if is_script {
            script(name, inner)?
        } else {
            command(name, inner)?
        };
        // The numbers of arguments are those behind the launcher.
        program.lost.iter_mut().for_each(|(number, _)| *number += 1);
        return Ok(program);
    }
    if !location.starts_with("s3://") {
        return Err("the runner of scripts gets no script of S3".to_owned());
    }
    Ok(of_file("shell", location, args))
}

/// A step of one file and its arguments.
fn of_file(kind: &'static str, file: &str, args: &[String]) -> Program {
    let mut entries = vec![(kind, Yaml::text(file))];
    entries.extend(arguments(args));
    Program {
        entries,
        ..Program::default()
    }
}

/// `args`, if there are any.
pub(super) fn arguments(args: &[String]) -> Option<Entry> {
    let literal: Vec<String> = args.iter().map(|arg| literal(arg)).collect();
    (!literal.is_empty()).then(|| ("args", Yaml::texts(&literal)))
}

/// The text of an argument in a stack, where `${` begins a placeholder.
fn literal(arg: &str) -> String {
    arg.replace("${", "$${")
}

fn verbatim(words: Vec<String>) -> Program {
    let words: Vec<String> = words.iter().map(|word| literal(word)).collect();
    Program {
        entries: vec![("command", Yaml::texts(&words))],
        ..Program::default()
    }
}

/// A copy by s3-dist-cp with one source and one destination.
fn copy(words: &[String]) -> Option<Program> {
    let (mut from, mut to, mut rest) = (None, None, Vec::new());
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word.as_str(), None),
        };
        let place = match flag {
            "--src" => &mut from,
            "--dest" => &mut to,
            _ => {
                rest.push(word.clone());
                continue;
            }
        };
        let value = value.or_else(|| words.next().map(String::as_str))?;
        if place.replace(value.to_owned()).is_some() {
            return None;
        }
    }
    let folders = vec![
        ("from", Yaml::text(&literal(&from?)).fixed()),
        ("to", Yaml::text(&literal(&to?)).fixed()),
    ];
    let mut entries = vec![("copy", Yaml::map(folders))];
    entries.extend(arguments(&rest));
    Some(Program {
        entries,
        ..Program::default()
    })
}

/// A file that a step of a stack can name: in S3, or one of the cluster.
pub(super) fn is_file(text: &str) -> bool {
    let of_cluster = ["hdfs://", ON_NODE]
        .iter()
        .find_map(|it| text.strip_prefix(it));
    match of_cluster {
        Some(path) => is_path(path),
        None => {
            let odd = |c: char| c == ',' || c == '#' || c.is_control();
            text.starts_with("s3://") && !text.contains(odd) && !text.contains("${")
        }
    }
}

/// A path of plain characters from the root.
fn is_path(text: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || b"._=+-".contains(&b);
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(byte);
    text.strip_prefix('/')
        .is_some_and(|path| path.split('/').all(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::emit::written;

    fn shown(jar: &str, class: Option<&str>, words: &[&str]) -> String {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        match of("one", jar, class, words) {
            Ok(program) => {
                let text = written(&Yaml::map(program.entries), &[]).text;
                text.trim().replace("\n\n", "\n").replace('\n', "; ")
            }
            Err(why) => format!("error: {why}"),
        }
    }

    #[test]
    fn each_program_has_its_kind_of_step() {
        let runner = "s3://eu-west-1.elasticmapreduce/libs/script-runner/script-runner.jar";
        for (jar, words, expected) in [
            (
                COMMAND_RUNNER,
                &["hdfs", "dfs", "-ls", "/"][..],
                "command: [hdfs, dfs, -ls, /]",
            ),
            (
                COMMAND_RUNNER,
                &[
                    "s3-dist-cp",
                    "--src",
                    "s3://a/b",
                    "--dest=hdfs:///c",
                    "--groupBy",
                    "x",
                ],
                "copy:;   from: s3://a/b;   to: hdfs:///c; args: [--groupBy, x]",
            ),
            (
                COMMAND_RUNNER,
                &["s3-dist-cp", "--src", "s3://a/b"],
                "command: [s3-dist-cp, --src, \"s3://a/b\"]",
            ),
            (
                COMMAND_RUNNER,
                &[
                    "hive-script",
                    "--run-hive-script",
                    "--args",
                    "-f",
                    "s3://b/q.hql",
                    "-d",
                    "x=1",
                ],
                "hive: s3://b/q.hql; args: [-d, x=1]",
            ),
            (
                COMMAND_RUNNER,
                &["bash", "/home/hadoop/a.sh", "${x}"],
                "shell: local:///home/hadoop/a.sh; args: [\"$${x}\"]",
            ),
            (
                COMMAND_RUNNER,
                &["bash", "-c", "ls"],
                "command: [bash, -c, ls]",
            ),
            (
                runner,
                &["s3://b/a.sh", "x"],
                "shell: s3://b/a.sh; args: [x]",
            ),
            (OLD_RUNNERS[0], &["s3://b/a.sh"], "shell: s3://b/a.sh"),
        ] {
            assert_eq!(shown(jar, None, words), expected);
        }
        let jar = "file:///usr/lib/hadoop/streaming.jar";
        let command = "command: [hadoop, jar, /usr/lib/hadoop/streaming.jar, org.x.Main, a]";
        assert_eq!(shown(jar, Some("org.x.Main"), &["a"]), command);
        let own = shown("s3://b/command-runner.jar", None, &["ls"]);
        assert!(own.starts_with("error: a stack has no word"), "{own}");
        let path = "/var/lib/aws/emr/step-runner/hadoop-jars/command-runner.jar";
        assert_eq!(shown(path, None, &["ls"]), "command: [ls]");
        assert!(shown("s3://b/x.jar", None, &[]).starts_with("error: a stack has no word"));
    }

    #[test]
    fn what_clusterup_encoded_is_read_as_it_was() {
        let launcher = "s3://clusterup-123456789012-us-east-1/stacks/t/bootstrap/\
                        launch-0123456789abcdef.sh";
        let runner = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar";
        let encode = crate::model::step_words::encoded;
        let inner = [
            "s3-dist-cp",
            "--src",
            "a",
            "--dest",
            "b",
            "--groupBy",
            "(\\w+)",
        ];
        let inner = inner.map(encode);
        let mut words = vec![launcher];
        words.extend(inner.iter().map(String::as_str));
        let expected = "copy:;   from: a;   to: b; args: [--groupBy, \"(\\\\w+)\"]";
        assert_eq!(shown(runner, None, &words), expected);
        assert!(shown(runner, None, &[launcher, "x"]).starts_with("error: clusterup's launcher"));
        let secret = ["run", "--password", "hunter2"].map(encode);
        let mut words = vec![launcher];
        words.extend(secret.iter().map(String::as_str));
        assert_eq!(
            shown(runner, None, &words),
            "error: its arguments contain a secret"
        );
    }
}
