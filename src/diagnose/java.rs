//! Java's errors: in log records, in stack traces, and in messages of the JVM itself.

/// Loggers whose errors explain nothing: they appear at shutdown, or before the cause.
const NOISE: [&str; 8] = [
    "ShutdownHookManager",
    "TransportRequestHandler",
    "TransportResponseHandler",
    "TransportClient",
    "AsyncEventQueue",
    "Inbox: Ignoring",
    "LiveListenerBus",
    "Utils: Aborting task",
];

/// An out-of-memory error explains everything after it.
pub(super) fn out_of_memory(lines: &[&str]) -> Option<String> {
    let found = |line: &&str| {
        line.find("java.lang.OutOfMemoryError")
            .map(|at| line[at..].to_owned())
    };
    lines.iter().find_map(found)
}

/// Returns the root of the last chain of causes, or else the last error of the log.
pub(super) fn root(lines: &[&str]) -> Option<String> {
    let error = lines.iter().rposition(|line| is_error(line))?;
    let record = lines[error..]
        .iter()
        .skip(1)
        .take_while(|line| !is_record(line));
    let cause = record
        .filter_map(|line| line.strip_prefix("Caused by: "))
        .last();
    Some(cause.map_or_else(|| message(lines, error), str::to_owned))
}

/// Returns why the JVM or its launcher could not start.
pub(super) fn jvm_start(lines: &[&str]) -> Option<String> {
    let matches = |line: &&&str| {
        let starts = ["Error", "Unrecognized", "Could not"];
        starts.iter().any(|start| line.starts_with(start))
    };
    lines.iter().find(matches).map(|line| (*line).to_owned())
}

fn is_error(line: &str) -> bool {
    let record = is_record(line)
        && [" ERROR ", " FATAL "]
            .iter()
            .any(|level| line.contains(level));
    let thrown = line.starts_with("Exception in thread ") || line.starts_with(": ");
    (record || thrown) && !NOISE.iter().any(|noise| line.contains(noise))
}

/// `26/11/21 04:31:24 LEVEL Class: message`.
pub(super) fn is_record(line: &str) -> bool {
    let shape = b"dd/dd/dd dd:dd:dd ";
    let start = line.as_bytes().get(..shape.len()).unwrap_or_default();
    let start = start.iter().map(|byte| match byte {
        b'0'..=b'9' => b'd',
        other => *other,
    });
    start.eq(shape.iter().copied())
}

/// Returns the text of the error. An exception right under a record says more than the record.
fn message(lines: &[&str], error: usize) -> String {
    let line = lines[error];
    if let Some(thrown) = line.strip_prefix("Exception in thread ") {
        let (_, thrown) = thrown.rsplit_once("\" ").unwrap_or(("", thrown));
        return thrown.to_owned();
    }
    if let Some(thrown) = line.strip_prefix(": ") {
        return thrown.to_owned();
    }
    let under = lines.get(error + 1).filter(|next| {
        let class = next.split(':').next().unwrap_or_default();
        class.contains('.') && !class.contains(' ') && !is_record(next)
    });
    let text = line.split_once(": ").map_or(line, |(_, text)| text);
    under.map_or(text, |next| next).to_owned()
}
