//! Steps of spark-submit and spark-sql.

use super::Entry;
use super::program::{Program, arguments, is_file};
use super::spark_options::{self, Options};
use crate::import::yaml::Yaml;
use crate::model::event_log;
use crate::model::memory::Memory;
use crate::model::step_words::has_double_braces;
use std::collections::BTreeMap;

/// A step of spark-submit, whose options begin at word `from`. Before it there may be `env` with
/// variables.
///
/// # Errors
/// Why it can only be a command.
pub(super) fn submit(name: &str, words: &[String], from: usize) -> Result<Program, String> {
    let mut options = spark_options::read(words, from, "")?;
    let Some((file, args)) = words.get(options.rest..).and_then(<[_]>::split_first) else {
        return Err("it names no script and no jar".to_owned());
    };
    let mode = mode(&mut options)?;
    let is_script = file.ends_with(".py");
    if !is_script && !file.ends_with(".jar") {
        return Err("it runs neither a script of Python nor a jar".to_owned());
    }
    let class = options.keys.remove("class");
    if is_script && class.is_some() {
        return Err("it has a class for a script".to_owned());
    }
    let is_cluster = mode == "cluster";
    if is_cluster && args.iter().any(|arg| has_double_braces(arg)) {
        return Err("YARN changes `{{` in the arguments of a driver in a container".to_owned());
    }
    let file = located(file, is_cluster)?;
    let before = words.get(1..from.saturating_sub(1)).unwrap_or_default();
    let env = variables(before, is_cluster, &mut options)?;
    let mut program = Program::default();
    let kind = if is_script { "script" } else { "jar" };
    program.entries.push((kind, Yaml::text(&file)));
    program
        .entries
        .extend(class.map(|class| ("class", Yaml::text(&class))));
    program.entries.extend(arguments(args));
    finish(program, name, options, is_cluster, env)
}

/// A file of statements for spark-sql.
///
/// # Errors
/// Why it can only be a command.
pub(super) fn sql(name: &str, words: &[String]) -> Result<Program, String> {
    let mut options = spark_options::read(words, 1, "-f")?;
    let (Some("-f"), Some(file)) = (
        words.get(options.rest).map(String::as_str),
        words.get(options.rest + 1),
    ) else {
        return Err("it does not begin with a file of statements, `-f FILE`".to_owned());
    };
    if mode(&mut options)? == "cluster" || !is_file(file) {
        return Err("a stack runs statements of S3, with the driver on the primary".to_owned());
    }
    let mut program = Program::default();
    program.entries.push(("sql", Yaml::text(file)));
    let args = words.get(options.rest + 2..).unwrap_or_default();
    program.entries.extend(arguments(args));
    finish(program, name, options, false, BTreeMap::new())
}

fn mode(options: &mut Options) -> Result<String, String> {
    if let Some((_, master)) = options.conf.remove("spark.master") {
        options.setting_of_master(&master)?;
    }
    let mode = options.take_key("deploy_mode", "spark.submit.deployMode");
    let mode = mode.unwrap_or_else(|| "client".to_owned());
    let is_known = ["client", "cluster"].contains(&mode.as_str());
    is_known
        .then_some(mode)
        .ok_or_else(|| "its deploy mode is unknown".to_owned())
}

/// The script or jar. A path is one on the primary, where a driver in a container is not.
fn located(file: &str, is_cluster: bool) -> Result<String, String> {
    let path = file.strip_prefix("file://").unwrap_or(file);
    let local = format!("local://{path}");
    if path.starts_with('/') && !is_cluster && is_file(&local) {
        return Ok(local);
    }
    if is_file(file) {
        return Ok(file.to_owned());
    }
    Err("its script or jar is not in S3, in HDFS or on the primary".to_owned())
}

/// Environment variables that the driver and the executors both have. `before`: `NAME=VALUE` each.
fn variables(
    before: &[String],
    is_cluster: bool,
    options: &mut Options,
) -> Result<BTreeMap<String, String>, String> {
    const EXECUTORS: &str = "spark.executorEnv.";
    const DRIVER: &str = "spark.yarn.appMasterEnv.";
    let mut of_driver = BTreeMap::new();
    for word in before {
        let split = word.split_once('=').ok_or("`env` has other options")?;
        of_driver.insert(split.0.to_owned(), split.1.to_owned());
    }
    let own = of_driver.len();
    if own > 0 && is_cluster {
        return Err("`env` does not reach a driver in a container".to_owned());
    }
    if is_cluster {
        let settings = options.conf.iter();
        let named = settings.filter_map(|(key, (_, value))| {
            Some((key.strip_prefix(DRIVER)?.to_owned(), value.clone()))
        });
        of_driver.extend(named.collect::<Vec<_>>());
    }
    let mut env = BTreeMap::new();
    for (name, value) in of_driver {
        let key = format!("{EXECUTORS}{name}");
        if options
            .conf
            .get(&key)
            .is_some_and(|(_, other)| *other == value)
        {
            options.conf.remove(&key);
            options.conf.remove(&format!("{DRIVER}{name}"));
            env.insert(name, value);
        } else if own > 0 {
            return Err("its driver has other variables than its executors".to_owned());
        }
    }
    Ok(env)
}

/// Adds what Spark gets.
fn finish(
    mut program: Program,
    name: &str,
    mut options: Options,
    is_cluster: bool,
    env: BTreeMap<String, String>,
) -> Result<Program, String> {
    without_event_log(&mut options, name);
    let mut spark: Vec<Entry> = Vec::new();
    if is_cluster {
        spark.push(("deploy_mode", Yaml::plain("cluster")));
    }
    for (key, setting) in [
        ("executor_memory", "spark.executor.memory"),
        ("driver_memory", "spark.driver.memory"),
    ] {
        match options.take_key(key, setting) {
            Some(size) => {
                let size: Memory = size.parse().map_err(|_| format!("its {key} has no unit"))?;
                spark.push((key, Yaml::plain(size)));
            }
            None => program.chooses_memory |= key == "executor_memory",
        }
    }
    for (key, setting, most) in [
        ("executors", "spark.executor.instances", 10_000),
        ("executor_cores", "spark.executor.cores", 256),
    ] {
        if let Some(number) = options.take_key(key, setting) {
            let number: Option<u16> = number.parse().ok();
            let number = number.filter(|number| (1..=most).contains(number));
            let number = number.ok_or_else(|| format!("its number of {key} is out of range"))?;
            spark.push((key, Yaml::plain(number)));
        }
    }
    spark.extend(lists(&mut options)?);
    if !env.is_empty() {
        let env = env
            .into_iter()
            .map(|(name, value)| (name, Yaml::text(&value)));
        spark.push(("env", Yaml::names(env.collect())));
    }
    if let Some(key) = options.conf.keys().find(|key| !is_setting(key)) {
        let key = crate::model::shown::line(key, 60);
        return Err(format!("Spark's setting {key} has a strange name"));
    }
    if !options.conf.is_empty() {
        let conf = options.conf.into_iter();
        let conf = conf.map(|(key, (_, value))| (key, Yaml::text(&value)));
        spark.push(("conf", Yaml::names(conf.collect())));
    }
    if !spark.is_empty() {
        let fixed = spark.into_iter().map(|(key, value)| (key, value.fixed()));
        program.entries.push(("spark", Yaml::map(fixed.collect())));
    }
    if let Some((number, other)) = options.name
        && other != name
    {
        let why = "the application gets the name of the step";
        program.lost.push((number, why.to_owned()));
    }
    program.lost.extend(options.lost);
    Ok(program)
}

fn is_setting(key: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    key.len() > "spark.".len() && key.bytes().all(byte)
}

/// The settings of event logs that clusterup added, which it adds again.
fn without_event_log(options: &mut Options, name: &str) {
    if !options.conf.contains_key(event_log::STEP) {
        return;
    }
    let Ok(step) = name.parse() else { return };
    for (key, _) in event_log::settings("", &step, event_log::Form::Rolling) {
        if let Some((number, _)) = options.conf.remove(key) {
            let why = "clusterup has Spark write an event log of its own";
            options.lost.push((number, why.to_owned()));
        }
    }
}

/// Files, archives, jars and packages, which Spark takes as lists.
fn lists(options: &mut Options) -> Result<Vec<Entry>, String> {
    type Check = fn(&str) -> bool;
    let linked: Check = |item| {
        let file = item.rsplit_once('#').map_or(item, |(file, _)| file);
        is_file(file) && !file.starts_with("local:")
    };
    let lists: [(&'static str, &str, Check); 5] = [
        ("py_files", "spark.submit.pyFiles", is_file),
        ("files", "spark.files", linked),
        ("archives", "spark.archives", linked),
        ("jars", "spark.jars", is_file),
        ("packages", "spark.jars.packages", |item| {
            item.split(':').count() == 3
        }),
    ];
    let mut entries = Vec::new();
    for (key, setting, is_right) in lists {
        let given = options.keys.remove(key);
        let Some(given) = given else { continue };
        options.conf.remove(setting);
        let mut items: Vec<String> = Vec::new();
        for item in given
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            if !is_right(item) {
                return Err(format!("one of its {key} is not one that a stack can name"));
            }
            if !items.iter().any(|there| there == item) {
                items.push(item.to_owned());
            }
        }
        if !items.is_empty() {
            entries.push((key, Yaml::texts(&items)));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::emit::written;

    fn shown(line: &str) -> Result<String, String> {
        let words = shlex::split(line).unwrap();
        let from = words
            .iter()
            .position(|word| word == "spark-submit")
            .unwrap()
            + 1;
        let program = submit("one", &words, from)?;
        let lost: Vec<String> = program
            .lost
            .iter()
            .map(|(n, _)| words[*n].clone())
            .collect();
        let text = written(&Yaml::map(program.entries), &[]).text;
        let text = text.trim().replace("\n\n", "\n").replace('\n', ";");
        Ok(format!("{}|{}", text.replace("; ", ";"), lost.join(" ")))
    }

    #[test]
    fn options_of_spark_submit_have_their_places() {
        for (line, expected) in [
            ("spark-submit s3://b/a.py", "script: s3://b/a.py|"),
            (
                "spark-submit --deploy-mode cluster --class org.x.M --name other \
                 --executor-memory 4G --num-executors 3 --conf spark.executor.cores=2 -v \
                 --conf x=1 --queue q s3://b/a.jar --in z",
                "jar: s3://b/a.jar;class: org.x.M;args: [--in, z];spark:;\
                 \u{20}deploy_mode: cluster; executor_memory: 4g; executors: 3; \
                 executor_cores: 2; conf:;   spark.yarn.queue: q|other -v x=1",
            ),
            (
                "spark-submit --master yarn --conf spark.master=local[4] --queue q \
                 --conf spark.yarn.queue=z s3://b/a.py",
                "script: s3://b/a.py;spark:; conf:;   spark.yarn.queue: q|spark.yarn.queue=z",
            ),
            (
                "spark-submit --conf spark.master=yarn-cluster s3://b/a.py",
                "script: s3://b/a.py;spark:; deploy_mode: cluster|",
            ),
            (
                "spark-submit --master=yarn --py-files s3://b/a.zip,s3://b/a.zip \
                 --files s3://b/x#y /home/hadoop/a.py",
                "script: local:///home/hadoop/a.py;spark:; py_files: [\"s3://b/a.zip\"]; \
                 files: [\"s3://b/x#y\"]|",
            ),
            (
                "env A=b spark-submit --conf spark.executorEnv.A=b s3://b/a.py",
                "script: s3://b/a.py;spark:; env:;   A: b|",
            ),
        ] {
            assert_eq!(shown(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_a_stack_cannot_say_stays_a_command() {
        for line in [
            "spark-submit",
            "spark-submit --master local[2] s3://b/a.py",
            "spark-submit --conf spark.master=local[4] s3://b/a.py",
            "spark-submit --properties-file x s3://b/a.py",
            "spark-submit --no-such s3://b/a.py",
            "spark-submit --conf spark.x s3://b/a.py",
            "spark-submit --deploy-mode cluster /home/hadoop/a.py",
            "spark-submit --deploy-mode cluster s3://b/a.py '{{ ds }}'",
            "spark-submit --executor-memory 4096 s3://b/a.py",
            "spark-submit --num-executors 0 s3://b/a.py",
            "spark-submit --jars /usr/lib/x.jar s3://b/a.py",
            "spark-submit --packages a:b s3://b/a.py",
            "spark-submit s3a://b/a.py",
            "spark-submit s3://b/a.R",
            "env A=b spark-submit s3://b/a.py",
            "env -i spark-submit s3://b/a.py",
        ] {
            assert!(shown(line).is_err(), "{line}");
        }
    }
}
