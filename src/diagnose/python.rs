//! Python's tracebacks, those of the driver and those of executors that Java carries inside its
//! own messages.

use super::java::is_record;

const HEADER: &str = "Traceback (most recent call last):";

pub(super) struct Raised {
    /// `ZeroDivisionError: division by zero (job.py, line 12)`.
    pub(super) text: String,
    /// Whether it only repeats what Java said.
    pub(super) passed_on: bool,
    /// The line where the driver's traceback begins.
    pub(super) line: usize,
}

struct Traceback {
    /// Script and line of the last frame that is the user's own.
    place: Option<(String, String)>,
    exception: String,
}

/// What ended the driver. A traceback that a log record reports of a lost task is no such thing:
/// Spark tries tasks again.
pub(super) fn raised(lines: &[&str]) -> Option<Raised> {
    let line = lines.iter().rposition(|line| *line == HEADER)?;
    // Java logs into the midst of what Python says.
    let region = &lines[line..];
    let said: Vec<&str> = region
        .iter()
        .filter(|line| !is_record(line))
        .copied()
        .collect();
    // Below it may be the worker's, which Java's message carries.
    let headers = (0..said.len()).filter(|&at| said[at].ends_with(HEADER));
    let mut blocks: Vec<Traceback> = headers.filter_map(|at| traceback(&said[at..])).collect();
    let original = blocks.iter().position(|block| !passes_on(&block.exception));
    let passed_on = original.is_none();
    let chosen = blocks.swap_remove(original.unwrap_or(0).min(blocks.len().checked_sub(1)?));
    Some(Raised {
        text: chosen.text(),
        passed_on,
        line,
    })
}

impl Traceback {
    fn text(&self) -> String {
        let exception = plain(&self.exception);
        match &self.place {
            Some((file, line)) => format!("{exception} ({file}, line {line})"),
            None => exception.to_owned(),
        }
    }
}

/// Reads frames up to the exception: the first line that is not indented.
fn traceback(lines: &[&str]) -> Option<Traceback> {
    let mut place = None;
    for line in &lines[1..] {
        if let Some(frame) = line.strip_prefix("  File \"") {
            place = own(frame).or(place);
        } else if !line.starts_with(' ') && !line.trim().is_empty() {
            let exception = (*line).to_owned();
            return Some(Traceback { place, exception });
        }
    }
    None
}

/// The script's name and line of a frame, unless it is in a library.
fn own(frame: &str) -> Option<(String, String)> {
    let (path, rest) = frame.split_once("\", line ")?;
    let library = [
        "/site-packages/",
        "/dist-packages/",
        "/pyspark/",
        "/pyspark.zip/",
        "/py4j",
    ];
    let standard = path.contains("/lib/python3") || path.starts_with('<');
    if standard || library.iter().any(|part| path.contains(part)) {
        return None;
    }
    let number = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let name = path.rsplit('/').next()?;
    Some((name.to_owned(), number.to_owned()))
}

/// Exceptions behind which is another one's message.
fn passes_on(exception: &str) -> bool {
    let name = exception.split(':').next().unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or_default();
    matches!(
        name,
        "Py4JJavaError"
            | "Py4JNetworkError"
            | "Py4JError"
            | "PythonException"
            | "ConnectionRefusedError"
    )
}

/// Without the modules that PySpark keeps its exceptions in.
fn plain(exception: &str) -> &str {
    let (name, _) = exception.split_once(':').unwrap_or((exception, ""));
    match name.rsplit_once('.') {
        Some((module, _)) if name.starts_with("pyspark.") => &exception[module.len() + 1..],
        Some(_) | None => exception,
    }
}
