//! Python's tracebacks: those of the driver, and those of executors inside Java's messages.

use super::java::is_record;

/// The first line of a traceback.
const HEADER: &str = "Traceback (most recent call last):";

/// The exception that ended the driver.
pub(super) struct Raised {
    /// `ZeroDivisionError: division by zero (job.py, line 12)`.
    pub(super) text: String,
    /// Whether it only wraps an exception of Java's.
    pub(super) wraps_java: bool,
    /// The index of the line where the driver's traceback begins.
    pub(super) line: usize,
}

/// A traceback and the exception that ends it.
struct Traceback {
    /// Script and line of the last frame in the user's own code.
    place: Option<(String, String)>,
    exception: String,
}

/// Returns the exception that ended the driver. Tracebacks inside log records are of lost tasks,
/// which Spark retries, and do not count.
pub(super) fn raised(lines: &[&str]) -> Option<Raised> {
    let Some(line) = lines.iter().rposition(|line| *line == HEADER) else {
        return unparsed(lines);
    };
    // Java's log records may interrupt Python's output.
    let region = &lines[line..];
    let output: Vec<&str> = region
        .iter()
        .filter(|line| !is_record(line))
        .copied()
        .collect();
    // Further tracebacks may follow: those of workers, inside Java's message.
    let headers = (0..output.len()).filter(|&at| output[at].ends_with(HEADER));
    let mut blocks: Vec<Traceback> = headers.filter_map(|at| traceback(&output[at..])).collect();
    let original = blocks.iter().position(|block| !wraps(&block.exception));
    let wraps_java = original.is_none();
    let chosen = blocks.swap_remove(original.unwrap_or(0).min(blocks.len().checked_sub(1)?));
    Some(Raised {
        text: chosen.text(),
        wraps_java,
        line,
    })
}

/// A script that Python cannot parse has a place and an exception, without a header.
fn unparsed(lines: &[&str]) -> Option<Raised> {
    const NAMES: [&str; 3] = ["SyntaxError: ", "IndentationError: ", "TabError: "];
    let named = |line: &&str| NAMES.iter().any(|name| line.starts_with(name));
    let end = lines.iter().position(named)?;
    let line = lines[..end]
        .iter()
        .rposition(|line| line.starts_with("  File \""))?;
    let place = lines[line].strip_prefix("  File \"").and_then(own);
    let found = Traceback {
        place,
        exception: lines[end].to_owned(),
    };
    Some(Raised {
        text: found.text(),
        wraps_java: false,
        line,
    })
}

impl Traceback {
    fn text(&self) -> String {
        let exception = without_module(&self.exception);
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

/// Returns the script's name and line of a frame, unless it is in a library.
pub(super) fn own(frame: &str) -> Option<(String, String)> {
    let (path, rest) = frame.split_once("\", line ")?;
    let library = [
        "/site-packages/",
        "/dist-packages/",
        "/pyspark/",
        "/pyspark.zip/",
        "/py4j",
    ];
    let standard = ["/lib/python", "/lib64/python"]
        .iter()
        .any(|part| path.contains(part))
        || path.starts_with('<');
    if standard || library.iter().any(|part| path.contains(part)) {
        return None;
    }
    let number = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let name = path.rsplit('/').next()?;
    Some((name.to_owned(), number.to_owned()))
}

/// Whether an exception only wraps another one's message.
pub(super) fn wraps(exception: &str) -> bool {
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

/// Returns the exception without PySpark's module prefix.
pub(super) fn without_module(exception: &str) -> &str {
    let (name, _) = exception.split_once(':').unwrap_or((exception, ""));
    match name.rsplit_once('.') {
        Some((module, _)) if name.starts_with("pyspark.") => &exception[module.len() + 1..],
        Some(_) | None => exception,
    }
}
