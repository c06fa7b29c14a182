//! Records in JSON, as Spark 4's structured logging writes them.

use serde::Deserialize;

#[derive(Deserialize)]
struct Record {
    ts: String,
    level: String,
    msg: String,
    #[serde(default)]
    logger: String,
    exception: Option<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    class: Option<String>,
    msg: Option<String>,
    stacktrace: Option<Stack>,
}

/// Frames, or a stack trace as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stack {
    Frames(Vec<Frame>),
    Text(String),
}

#[derive(Deserialize)]
struct Frame {
    class: Option<String>,
    method: Option<String>,
    file: Option<String>,
    line: Option<serde_json::Value>,
}

/// The record in the form of Spark's plain logs: its header, then its other lines. `None` if the
/// line is none.
pub(super) fn lines(line: &str) -> Option<Vec<String>> {
    if !line.starts_with("{\"") {
        return None;
    }
    let record: Record = serde_json::from_str(line).ok()?;
    let Record {
        ts,
        level,
        msg,
        logger,
        exception,
    } = record;
    let mut text = format!("{ts} {level} {logger}: {msg}");
    if let Some(exception) = exception {
        text.push_str(&exception.text());
    }
    Some(text.lines().map(str::to_owned).collect())
}

impl Exception {
    fn text(&self) -> String {
        let class = self.class.as_deref().unwrap_or_default();
        let message = self.msg.as_deref().unwrap_or_default();
        let stack = match &self.stacktrace {
            Some(Stack::Text(text)) => format!("\n{text}"),
            Some(Stack::Frames(frames)) => frames.iter().map(Frame::text).collect(),
            None => String::new(),
        };
        format!("\n{class}: {message}{stack}")
    }
}

impl Frame {
    fn text(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let line = match &self.line {
            Some(serde_json::Value::String(line)) => line.clone(),
            Some(line) => line.to_string(),
            None => String::new(),
        };
        let (class, method, file) = (part(&self.class), part(&self.method), part(&self.file));
        format!("\n\tat {class}.{method}({file}:{line})")
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_record_with_an_exception() {
        let record = r#"{"ts":"2026-11-21T04:31:24.123Z","level":"ERROR","msg":"Exception in task 0.0","context":{"task_id":"3"},"exception":{"class":"java.lang.OutOfMemoryError","msg":"Java heap space","stacktrace":[{"class":"a.B","method":"c","file":"B.scala","line":7}]},"logger":"Executor"}"#;
        let found = lines(record).unwrap();
        assert_eq!(
            found,
            [
                "2026-11-21T04:31:24.123Z ERROR Executor: Exception in task 0.0",
                "java.lang.OutOfMemoryError: Java heap space",
                "\tat a.B.c(B.scala:7)"
            ]
        );
    }

    #[test]
    fn other_lines_are_left_alone() {
        for line in ["{", "{}", "{\"a\": 1}", "text", "", "{\"ts\":\"x\",\"le"] {
            assert_eq!(lines(line), None, "{line}");
        }
    }
}
