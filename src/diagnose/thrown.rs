//! Java's exceptions with their stack traces.

use super::log::Log;
use super::raised::Place;

/// What Java and Scala themselves bring: a frame in it does not tell who used it.
const LANGUAGE: [&str; 6] = ["java.", "javax.", "jdk.", "sun.", "com.sun.", "scala."];

/// Packages of Spark, of Hadoop and of what they use.
const LIBRARIES: [&str; 20] = [
    "org.apache.",
    "com.amazon",
    "software.amazon.",
    "io.netty.",
    "com.google.",
    "com.fasterxml.",
    "com.esotericsoftware.",
    "com.twitter.",
    "py4j.",
    "org.json4s.",
    "org.codehaus.",
    "org.postgresql.",
    "com.mysql.",
    "io.delta.",
    "org.xerial.",
    "org.datanucleus.",
    "com.databricks.",
    "net.jpountz.",
    "com.ning.",
    "com.codahale.",
];

/// An exception that the user's own code threw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thrown<'a> {
    /// The index of the line that names it.
    pub(super) line: usize,
    /// Its class and message.
    pub(super) text: &'a str,
    /// Where it was thrown.
    pub(super) place: Place,
}

/// The last exception of a block that the user's own code threw: the deepest of its causes.
pub(super) fn thrown<'a>(log: &'a Log<'_>, block: usize) -> Option<Thrown<'a>> {
    let mut found = None;
    let mut open: Option<(usize, &str)> = None;
    for line in log.lines_of(block) {
        let text = log.text(line);
        let Some(frame) = text.trim_start().strip_prefix("at ") else {
            open = exception(text).map(|text| (line, text));
            continue;
        };
        let frame = frame.rsplit_once('/').map_or(frame, |(_, frame)| frame);
        if LANGUAGE.iter().any(|part| frame.starts_with(part)) {
            continue;
        }
        if let Some((named, text)) = open.take()
            && !LIBRARIES.iter().any(|part| frame.starts_with(part))
            && let Some(place) = place(frame, line)
        {
            found = Some(Thrown {
                line: named,
                text,
                place,
            });
        }
    }
    found
}

/// The class and message of the exception that a line names.
fn exception(line: &str) -> Option<&str> {
    let mut rest = line
        .trim_start_matches("Caused by: ")
        .trim_start_matches(": ");
    loop {
        let (class, after) = rest.split_once(": ").unwrap_or((rest, ""));
        let name = class.rsplit([' ', '.']).next().unwrap_or_default();
        let is_class = name.ends_with("Exception") || name.ends_with("Error");
        if is_class && class.contains('.') && !is_wrapper(name) {
            let start = class.rfind(' ').map_or(0, |at| at + 1);
            return Some(&rest[start..]);
        }
        if after.is_empty() {
            return None;
        }
        rest = after;
    }
}

/// Spark's own exceptions tell about another one, which follows.
fn is_wrapper(name: &str) -> bool {
    matches!(name, "SparkException" | "Py4JJavaError" | "PythonException")
}

/// `com.acme.Job$.main(Job.scala:12)`.
fn place(frame: &str, line: usize) -> Option<Place> {
    let (_, place) = frame.split_once('(')?;
    let (file, number) = place.split_once(')')?.0.split_once(':')?;
    Some(Place {
        file: file.to_owned(),
        number: number.parse().ok()?,
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::{Log, thrown};
    use crate::model::evidence::{LogRole, LogText};

    fn found(text: &str) -> Option<(String, String)> {
        let text = LogText::whole(LogRole::DriverLog, "stderr", text);
        let log = Log::read(&text);
        let thrown = thrown(&log, 0)?;
        let place = format!("{}:{}", thrown.place.file, thrown.place.number);
        Some((thrown.text.to_owned(), place))
    }

    #[test]
    fn the_users_own_code_is_told_from_libraries() {
        let text = "\
Exception in thread \"main\" java.lang.NumberFormatException: For input string: \"a\"
\tat java.base/java.lang.Integer.parseInt(Integer.java:652)
\tat scala.collection.immutable.StringOps.toInt(StringOps.scala:33)
\tat com.acme.Job$.main(Job.scala:12)
\tat org.apache.spark.deploy.SparkSubmit.main(SparkSubmit.scala)";
        let expected = "java.lang.NumberFormatException: For input string: \"a\"";
        let place = "Job.scala:12".to_owned();
        assert_eq!(found(text), Some((expected.to_owned(), place)));
        let inner = text.replace("com.acme.Job$", "org.apache.spark.sql.Dataset");
        assert_eq!(found(&inner), None);
    }

    #[test]
    fn the_exception_of_a_task_stands_behind_the_task() {
        let text = "\
26/11/21 04:31:24 WARN TaskSetManager: Lost task 0.0 in stage 0.0 (TID 0) (a executor 1): a.b.CException: d: e
\tat a.b.D.f(D.java:3)
Caused by: java.lang.IllegalStateException: g
\tat a.b.E.h(E.java:4)
\tat org.apache.spark.scheduler.Task.run(Task.scala:141)";
        let expected = "java.lang.IllegalStateException: g".to_owned();
        assert_eq!(found(text), Some((expected, "E.java:4".to_owned())));
    }
}
