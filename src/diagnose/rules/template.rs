//! What a message looks like: text with holes.

use regex::Regex;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What the holes of a template held, by their names.
pub(in crate::diagnose) type Holes = BTreeMap<String, String>;

/// The length at which what a hole held is cut, in characters.
const MAX_HELD: usize = 200;

/// A message of Spark, YARN, Python or AWS. `{word}` stands for a word, `{words…}` for one or more,
/// `…` for anything.
#[derive(Debug)]
pub(in crate::diagnose) struct Template {
    /// The longest part without a hole.
    pub(super) literal: String,
    pattern: String,
    has_holes: bool,
    /// Made when the literal is found for the first time: most logs need few of them.
    regex: OnceLock<Option<Regex>>,
}

impl Template {
    /// Reads the form of the data file. `None` if a hole is not closed or there is no text.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (mut literals, mut pattern, mut rest) = (Vec::new(), String::new(), text);
        let mut has_holes = false;
        while let Some(at) = rest.find(['{', '…']) {
            let (literal, hole) = rest.split_at(at);
            pattern.push_str(&regex::escape(literal));
            literals.push(literal);
            has_holes = true;
            rest = match hole.strip_prefix('…') {
                Some(after) => {
                    pattern.push_str(".*?");
                    after
                }
                None => {
                    let (name, after) = hole[1..].split_once('}')?;
                    pattern.push_str(&held(name, after.is_empty()));
                    after
                }
            };
        }
        pattern.push_str(&regex::escape(rest));
        literals.push(rest);
        let literal = literals.into_iter().max_by_key(|literal| literal.len())?;
        (literal.trim().len() > 2).then(|| Self {
            literal: literal.to_owned(),
            pattern,
            has_holes,
            regex: OnceLock::new(),
        })
    }

    /// What the holes hold in a line; `None` if the line is not of this form.
    pub(in crate::diagnose) fn matched(&self, line: &str) -> Option<Holes> {
        if !self.has_holes {
            return line.contains(&self.literal).then(Holes::new);
        }
        let regex = self.regex.get_or_init(|| Regex::new(&self.pattern).ok());
        let regex = regex.as_ref()?;
        let captures = regex.captures(line)?;
        let names = regex.capture_names().flatten();
        let holes = names.filter_map(|name| {
            let held = captures.name(name)?.as_str();
            let held = held.trim_matches(|c: char| c.is_whitespace() || ".,;:'\"()".contains(c));
            let held: String = held.chars().take(MAX_HELD).collect();
            (!held.is_empty()).then(|| (name.to_owned(), held))
        });
        Some(holes.collect())
    }

    /// Whether the pattern can be compiled, for the test of the data file.
    #[cfg(test)]
    pub(super) fn compiles(&self) -> bool {
        Regex::new(&self.pattern).is_ok()
    }
}

/// The pattern of a hole.
fn held(name: &str, is_last: bool) -> String {
    let (name, any) = match name.strip_suffix('…') {
        Some(name) => (name, "."),
        None => (name, r"\S"),
    };
    let amount = if is_last { "+" } else { "+?" };
    format!("(?P<{name}>{any}{amount})")
}

#[cfg(test)]
mod tests {
    use super::Template;

    fn held(template: &str, line: &str) -> Option<String> {
        let holes = Template::read(template).unwrap().matched(line)?;
        let holes = holes.iter().map(|(name, held)| format!("{name}={held}"));
        Some(holes.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn holes_hold_words_or_more() {
        let line = "killed for exceeding memory limits. 5.5 GB of 6 GB used.";
        let template = "exceeding …memory limits. {used…} of {limit…} used";
        assert_eq!(held(template, line).unwrap(), "limit=6 GB used=5.5 GB");
        assert_eq!(
            held("No module named {m}", "E: No module named 'a.b'").unwrap(),
            "m=a.b"
        );
        assert_eq!(
            held("path: {path…}", "path: s3://b/c d;").unwrap(),
            "path=s3://b/c d"
        );
        assert_eq!(held("a (b) [c]", "xa (b) [c]y").unwrap(), "");
        assert_eq!(
            held("status: {code}.", "status: 137. More").unwrap(),
            "code=137"
        );
        assert_eq!(held("status: {code}.", "status: none"), None);
    }

    #[test]
    fn a_template_needs_text_and_closed_holes() {
        for template in ["", "{a}", "a{b", "…"] {
            assert!(Template::read(template).is_none(), "{template}");
        }
    }
}
