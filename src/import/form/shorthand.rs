//! The shorthand syntax of AWS's command line: `Name=x,Args=[a,b],Nested={Key=value}` (AWS CLI User
//! Guide, "Using shorthand syntax").

use serde_json::{Map, Value};

/// How deep lists and mappings may be nested.
const MAX_DEPTH: usize = 16;

/// Reads a value of an option.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut reader = Reader { rest: text };
    let read = reader.entries("", 0).and_then(|value| match reader.rest {
        "" => Ok(value),
        _ => Err("this was not expected"),
    });
    // The text itself can be a secret.
    read.map_err(|message| {
        let before = text.len().saturating_sub(reader.rest.len());
        let before = text.get(..before).unwrap_or_default();
        format!("{message}, at character {}", before.chars().count() + 1)
    })
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// `key=value` entries up to one of the characters of `end`, or to the end of the text.
    fn entries(&mut self, end: &str, depth: usize) -> Result<Value, &'static str> {
        if depth > MAX_DEPTH {
            return Err("its values are nested too deep");
        }
        let mut entries = Map::new();
        loop {
            self.blanks();
            if self.is_at(end) {
                return Ok(Value::Object(entries));
            }
            let key = self.key()?;
            let mut value = self.value(end, depth)?;
            // `key=a,b` is a list: a part without `=` belongs to the value before it.
            while self.rest.starts_with(',') && !self.has_key(end) {
                self.skip();
                let more = self.value(end, depth)?;
                if let Value::Array(items) = &mut value {
                    items.push(more);
                } else {
                    value = Value::Array(vec![value, more]);
                }
            }
            if entries.insert(key, value).is_some() {
                return Err("the key before is there twice");
            }
            self.comma(end)?;
        }
    }

    /// Skips a comma; without one, the end has to follow.
    fn comma(&mut self, end: &str) -> Result<(), &'static str> {
        self.blanks();
        if self.rest.starts_with(',') {
            self.skip();
            return Ok(());
        }
        if self.is_at(end) {
            return Ok(());
        }
        Err("a comma is missing")
    }

    fn key(&mut self) -> Result<String, &'static str> {
        let sign = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
        let end = self.rest.find(|c| !sign(c)).unwrap_or(self.rest.len());
        let (key, rest) = self.rest.split_at(end);
        let Some(after) = rest.strip_prefix('=').filter(|_| !key.is_empty()) else {
            return Err("this is not written KEY=VALUE");
        };
        self.rest = after;
        Ok(key.to_owned())
    }

    /// Whether a key follows the comma at which the reader is.
    fn has_key(&self, end: &str) -> bool {
        let rest = self.rest.trim_start_matches([',', ' ', '\n', '\t']);
        if rest.is_empty() || rest.starts_with(|c| end.contains(c)) {
            return true;
        }
        Reader { rest }.key().is_ok()
    }

    fn value(&mut self, end: &str, depth: usize) -> Result<Value, &'static str> {
        self.blanks();
        match self.rest.chars().next() {
            Some('[') => {
                self.skip();
                self.items(depth + 1)
            }
            Some('{') => {
                self.skip();
                let value = self.entries("}", depth + 1)?;
                self.close('}')?;
                Ok(value)
            }
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(Value::String),
            Some(_) | None => Ok(Value::String(self.plain(end))),
        }
    }

    fn items(&mut self, depth: usize) -> Result<Value, &'static str> {
        if depth > MAX_DEPTH {
            return Err("its values are nested too deep");
        }
        let mut items = Vec::new();
        loop {
            self.blanks();
            if self.is_at("]") {
                self.close(']')?;
                return Ok(Value::Array(items));
            }
            items.push(self.value("]", depth)?);
            self.comma("]")?;
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, &'static str> {
        self.skip();
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => {
                    if let Some((_, next)) = chars.next() {
                        let is_escape = next == quote || next == '\\';
                        text.extend((!is_escape).then_some('\\'));
                        text.push(next);
                    }
                }
                c if c == quote => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err("a quotation mark is not closed")
    }

    /// Text up to a comma or the end; `\,` stands for a comma.
    fn plain(&mut self, end: &str) -> String {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        let mut stop = self.rest.len();
        while let Some((at, c)) = chars.next() {
            let next = self.rest[at + c.len_utf8()..].chars().next();
            if c == '\\' && next == Some(',') {
                text.push(',');
                chars.next();
            } else if c == ',' || end.contains(c) {
                stop = at;
                break;
            } else {
                text.push(c);
            }
        }
        self.rest = &self.rest[stop..];
        text.trim_end().to_owned()
    }

    fn close(&mut self, bracket: char) -> Result<(), &'static str> {
        match self.rest.strip_prefix(bracket) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err("a closing bracket is missing"),
        }
    }

    fn is_at(&self, end: &str) -> bool {
        self.rest.is_empty() || self.rest.starts_with(|c| end.contains(c))
    }

    fn skip(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shorthand_is_read_as_the_command_line_reads_it() {
        for (text, expected) in [
            ("Name=Spark", json!({ "Name": "Spark" })),
            (
                "InstanceGroupType=MASTER,InstanceCount=1,InstanceType=m5.xlarge",
                json!({ "InstanceGroupType": "MASTER", "InstanceCount": "1",
                    "InstanceType": "m5.xlarge" }),
            ),
            (
                "Type=Spark,Name=\"Spark, program\",Args=[--conf,spark.a=1,s3://b/x.py,'a,b']",
                json!({ "Type": "Spark", "Name": "Spark, program",
                    "Args": ["--conf", "spark.a=1", "s3://b/x.py", "a,b"] }),
            ),
            (
                "Args=--class,org.x.Main,10,Name=y",
                json!({ "Args": ["--class", "org.x.Main", "10"], "Name": "y" }),
            ),
            (
                "Path=s3://b/a\\,b.sh,Args=[]",
                json!({ "Path": "s3://b/a,b.sh", "Args": [] }),
            ),
            (
                "A={B=[{C=d,E=2},{C=f}],G=h}",
                json!({ "A": { "B": [{ "C": "d", "E": "2" }, { "C": "f" }], "G": "h" } }),
            ),
            ("", json!({})),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        let deep = format!("A={}", "[".repeat(1_000));
        for bad in [
            "x", "=y", "A=[b", "A={B=c", "A='b", "A=1,A=2", "A=[b]c", &deep,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let expected = "this is not written KEY=VALUE, at character 11";
        assert_eq!(read("Name=a,B={hunter2 x}").unwrap_err(), expected);
    }
}
