//! Writes the YAML of a stack, with comments at their places.

use super::fates::Loss;
use super::path::Path;
use super::yaml::{Value, Yaml};
use crate::model::shown::line;
use crate::text::scalar;
use std::collections::BTreeMap;

/// The longest comment, in characters.
const MAX_COMMENT: usize = 600;

/// The longest line of a comment with several words.
const WIDTH: usize = 90;

/// The numbers that lead from the root to a value.
pub(super) type Numbers = Vec<usize>;

/// A text, and which value begins on each of its lines.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) lines: Vec<Numbers>,
}

/// Writes a tree with its notes and the losses of the document.
pub(super) fn written(root: &Yaml, losses: &[Loss]) -> Written {
    let mut comments = BTreeMap::new();
    notes(root, &mut Vec::new(), &mut comments);
    let mut known = BTreeMap::new();
    places(root, &mut Vec::new(), &mut known);
    for loss in losses {
        let Loss {
            place,
            fate,
            reason,
            ..
        } = loss;
        let comment = format!("{}: {place}: {reason}", fate.as_str());
        let at = nearest(&known, loss);
        comments.entry(at).or_insert_with(Vec::new).push(comment);
    }
    let mut writer = Writer {
        comments,
        text: String::new(),
        lines: Vec::new(),
    };
    writer.comments(&Vec::new(), 0);
    writer.entries(root, 0, &mut Vec::new(), false);
    let Writer { text, lines, .. } = writer;
    Written { text, lines }
}

fn notes(of: &Yaml, at: &mut Numbers, all: &mut BTreeMap<Numbers, Vec<String>>) {
    if !of.notes.is_empty() {
        all.entry(at.clone()).or_default().extend(of.notes.clone());
    }
    for number in 0..of.len() {
        if let Some(child) = of.child(number) {
            at.push(number);
            notes(child, at, all);
            at.pop();
        }
    }
}

/// The value whose place in the document is nearest to that of a loss: the innermost one that the loss
/// is in.
fn nearest(places: &BTreeMap<Path, Numbers>, loss: &Loss) -> Numbers {
    let above = (1..=loss.path.len())
        .rev()
        .map(|keys| loss.path.up_to(keys));
    let mut known = above.filter_map(|above| places.get(&above));
    known.next().cloned().unwrap_or_default()
}

/// The values by their places in the document. The items of a list on one line have no comments of
/// their own.
fn places(of: &Yaml, at: &mut Numbers, all: &mut BTreeMap<Path, Numbers>) {
    for place in &of.from {
        all.entry(place.clone()).or_insert_with(|| at.clone());
    }
    if is_flow(of) {
        return;
    }
    for number in 0..of.len() {
        if let Some(child) = of.child(number) {
            at.push(number);
            places(child, at, all);
            at.pop();
        }
    }
}

/// Whether it is a list on one line: of single values, none of which has a place of its own.
fn is_flow(of: &Yaml) -> bool {
    let is_scalar = |item: &Yaml| matches!(item.value, Value::Scalar(_)) && item.from.is_empty();
    matches!(&of.value, Value::List(items) if items.iter().all(is_scalar))
}

struct Writer {
    comments: BTreeMap<Numbers, Vec<String>>,
    text: String,
    lines: Vec<Numbers>,
}

impl Writer {
    fn line(&mut self, text: &str, at: &Numbers) {
        self.text.push_str(text);
        self.text.push('\n');
        self.lines.push(at.clone());
    }

    fn comments(&mut self, at: &Numbers, indent: usize) {
        for comment in self.comments.remove(at).unwrap_or_default() {
            let comment = line(&comment, MAX_COMMENT);
            let mut text = format!("{:indent$}#", "");
            let mut chars = text.chars().count();
            for word in comment.split(' ') {
                let more = word.chars().count() + 1;
                if chars + more > WIDTH && chars > indent + 3 {
                    self.line(&text, at);
                    text = format!("{:indent$}#  ", "");
                    chars = indent + 3;
                }
                text.push(' ');
                text.push_str(word);
                chars += more;
            }
            self.line(&text, at);
        }
    }

    /// The entries of a mapping. `begun`: the first one continues the line of an item, whose comments
    /// are written.
    fn entries(&mut self, of: &Yaml, indent: usize, at: &mut Numbers, begun: bool) {
        for number in 0..of.len() {
            let (key, value) = match &of.value {
                Value::Map(entries) => match entries.get(number) {
                    Some((key, value)) => ((*key).to_owned(), value),
                    None => continue,
                },
                Value::Names(entries) => match entries.get(number) {
                    Some((key, value)) => (scalar(key), value),
                    None => continue,
                },
                Value::Scalar(_) | Value::List(_) => continue,
            };
            at.push(number);
            if indent == 0 && !matches!(value.value, Value::Scalar(_)) {
                self.line("", at);
            }
            if begun && number == 0 {
                self.entry(&format!("{:1$}- {key}:", "", indent - 2), value, indent, at);
            } else {
                self.comments(at, indent);
                self.entry(&format!("{:indent$}{key}:", ""), value, indent, at);
            }
            at.pop();
        }
    }

    fn entry(&mut self, head: &str, value: &Yaml, indent: usize, at: &mut Numbers) {
        match &value.value {
            Value::Scalar(text) => self.line(&format!("{head} {text}"), at),
            Value::List(items) if is_flow(value) => {
                let texts = items.iter().filter_map(|item| match &item.value {
                    Value::Scalar(text) => Some(text.as_str()),
                    Value::List(_) | Value::Map(_) | Value::Names(_) => None,
                });
                // In brackets, a colon needs quotes.
                let quoted = |text: &str| {
                    if text.contains(':') && !text.starts_with('"') {
                        format!("\"{text}\"")
                    } else {
                        text.to_owned()
                    }
                };
                let texts: Vec<String> = texts.map(quoted).collect();
                self.line(&format!("{head} [{}]", texts.join(", ")), at);
            }
            Value::List(items) => {
                self.line(head, at);
                for (number, item) in items.iter().enumerate() {
                    at.push(number);
                    self.item(item, indent + 2, at);
                    at.pop();
                }
            }
            Value::Map(_) | Value::Names(_) => {
                self.line(head, at);
                self.entries(value, indent + 2, at, false);
            }
        }
    }

    fn item(&mut self, item: &Yaml, indent: usize, at: &mut Numbers) {
        self.comments(at, indent);
        match &item.value {
            Value::Scalar(text) => self.line(&format!("{:indent$}- {text}", ""), at),
            Value::List(_) => {}
            Value::Map(_) | Value::Names(_) => {
                at.push(0);
                self.comments(at, indent);
                at.pop();
                self.entries(item, indent + 2, at, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fates::{Fate, Ledger};
    use super::super::form::Places;
    use super::super::path::Path;
    use super::*;

    #[test]
    fn comments_stand_above_what_they_are_about() {
        let document = serde_json::json!({ "Steps": [{ "A": 1, "B": 2 }], "X": 3 });
        let ledger = Ledger::of(&document, Places::default());
        let step = Path::default().name("Steps").item(0);
        ledger.lose(&step.name("A"), Fate::Lost, "a\nb");
        ledger.lose(&step.name("B"), Fate::Fatal, "c");
        ledger.lose(&Path::default().name("X"), Fate::Lost, "d");
        let mut one = Yaml::map(vec![
            ("name", Yaml::text("one").note("added: e")),
            ("args", Yaml::texts(&["--x".to_owned(), "a b".to_owned()])),
        ]);
        one.from.push(step);
        let root = Yaml::map(vec![
            ("stack", Yaml::text("t")),
            ("job", Yaml::map(vec![("steps", Yaml::list(vec![one]))])),
        ]);
        let Written { text, lines } = written(&root, &ledger.losses());
        let expected = "\
            # lost: X: d\n\
            stack: t\n\
            \n\
            job:\n\
            \x20 steps:\n\
            \x20   # lost: Steps[0].A: a b\n\
            \x20   # fatal: Steps[0].B: c\n\
            \x20   # added: e\n\
            \x20   - name: one\n\
            \x20     args: [--x, \"a b\"]\n";
        assert_eq!(text, expected);
        assert_eq!(lines.len(), text.lines().count());
        assert_eq!(lines[8], [1, 0, 0, 0]);
        assert_eq!(lines[9], [1, 0, 0, 1]);
    }
}
