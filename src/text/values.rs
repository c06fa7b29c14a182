//! Single values against what is declared of them: their format, their words, the names that
//! they refer to.

use super::arg::{self, Hole, Part};
use super::check::{Checker, Site};
use super::diag::{Code, Diagnostic};
use super::format::Format;
use super::nearest::{all_of, any_of, nearest, quote};
use super::node::{Node, Scalar};
use super::shape::{Names, Word};
use super::source::Mark;
use super::stack_shape::DATA_SETS;
use crate::model::Invalid;

impl Checker<'_> {
    /// The scalar, once whatever else stands there is told that it is none.
    fn scalar<'n>(&mut self, node: &'n Node, site: Site<'_>) -> Option<&'n Scalar> {
        if node.scalar().is_none() {
            self.wrong_kind(node, site, "a single value");
        }
        node.scalar()
    }

    pub(super) fn text(&mut self, format: &Format, node: &Node, site: Site<'_>) {
        if let Some(scalar) = self.scalar(node, site)
            && let Err(invalid) = (format.read)(&scalar.text)
        {
            self.found
                .push(bad(format, &scalar.text, node.mark, site.name, &invalid));
        }
    }

    pub(super) fn words(&mut self, words: &[Word], node: &Node, site: Site<'_>) {
        let known = || words.iter().map(|word| word.text);
        if let Some(scalar) = self.scalar(node, site)
            && !known().any(|word| word == scalar.text)
        {
            let message = format!("{} cannot be {}", site.name, quote(&scalar.text));
            self.found.push(
                Diagnostic::new(Code::BadValue, node.mark, message)
                    .expected(any_of(known()))
                    .meant(nearest(&scalar.text, known())),
            );
        }
    }

    pub(super) fn switch(&mut self, node: &Node, site: Site<'_>) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        if scalar.plain && matches!(scalar.text.as_str(), "true" | "false") {
            return;
        }
        let meant = match scalar.text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some("true"),
            "false" | "no" | "off" | "n" | "0" => Some("false"),
            _ => None,
        };
        let message = format!("{} cannot be {}", site.name, quote(&scalar.text));
        self.found.push(
            Diagnostic::new(Code::BadValue, node.mark, message)
                .expected("`true` or `false`, without quotes")
                .meant(meant),
        );
    }

    pub(super) fn whole(
        &mut self,
        (least, most): (u16, u16),
        what: &str,
        node: &Node,
        site: Site<'_>,
    ) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        if read_whole(scalar).is_some_and(|number| (least..=most).contains(&number)) {
            return;
        }
        let message = format!("{} cannot be {}", site.name, quote(&scalar.text));
        let expected = format!("{what} from {least} to {most}, without quotes");
        self.found
            .push(Diagnostic::new(Code::BadValue, node.mark, message).expected(expected));
    }

    pub(super) fn reference(&mut self, names: &Names, node: &Node, site: Site<'_>) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        let declared = names.declared(self.root);
        if declared.contains(&scalar.text.as_str()) {
            return;
        }
        if let Err(invalid) = (names.format.read)(&scalar.text) {
            return self.found.push(bad(
                names.format,
                &scalar.text,
                node.mark,
                site.name,
                &invalid,
            ));
        }
        self.found
            .push(dangling(names, &declared, &scalar.text, node.mark, ""));
    }

    pub(super) fn argument(&mut self, node: &Node, site: Site<'_>) {
        let Some(scalar) = self.scalar(node, site) else {
            return;
        };
        for part in arg::parts(&scalar.text) {
            if let Part::Hole(hole) = part {
                let at = self.within(node, &scalar.text, &hole);
                self.hole(hole.inside.as_deref(), at);
            }
        }
    }

    /// Where in the source a part of a scalar stands; all of the scalar where it was escaped.
    fn within(&self, node: &Node, text: &str, hole: &Hole) -> Mark {
        let source = &self.sources[node.mark.source].text;
        let raw = source.get(node.mark.range()).unwrap_or_default();
        match raw.find(text) {
            Some(quote) if raw.len() <= text.len() + 2 => {
                let start = node.mark.start + quote;
                Mark::new(
                    node.mark.source,
                    start + hole.range.start..start + hole.range.end,
                )
            }
            _ => node.mark,
        }
    }

    fn hole(&mut self, inside: Option<&str>, at: Mark) {
        let Some(inside) = inside else {
            self.found.push(
                Diagnostic::new(Code::UnclosedPlaceholder, at, "a `${` without its `}`")
                    .help("write `$${` where a plain `${` is meant"),
            );
            return;
        };
        let declared = DATA_SETS.declared(self.root);
        let missing = |name: &&str| !declared.contains(name);
        let data = inside
            .strip_prefix("data.")
            .filter(|name| (DATA_SETS.format.read)(name).is_ok());
        if let Some(name) = data.filter(missing) {
            self.found
                .push(dangling(&DATA_SETS, &declared, name, at, "data."));
        } else if arg::piece(inside).is_none() {
            let mut known = vec!["results".to_owned(), "scratch".to_owned()];
            known.extend(declared.iter().map(|name| format!("data.{name}")));
            let meant = nearest(inside.trim(), known.iter().map(String::as_str)).or_else(|| {
                known
                    .iter()
                    .map(String::as_str)
                    .find(|name| *name == inside.trim())
            });
            let message = format!("{} stands for nothing", quote(&format!("${{{inside}}}")));
            let mut found = Diagnostic::new(Code::UnknownPlaceholder, at, message)
                .expected("`${data.NAME}`, `${results}` or `${scratch}`")
                .meant(meant.map(|name| format!("${{{name}}}")));
            if found.help.is_none() {
                found = found.help("write `$${` where a plain `${` is meant");
            }
            self.found.push(found);
        }
    }
}

/// A whole number in plain digits; `022` and `0x16` mean different things to different readers.
pub(crate) fn read_whole(scalar: &Scalar) -> Option<u16> {
    let digits = scalar.text.bytes().all(|byte| byte.is_ascii_digit());
    let leading = scalar.text.len() > 1 && scalar.text.starts_with('0');
    if !scalar.plain || !digits || leading {
        return None;
    }
    scalar.text.parse().ok()
}

/// A value that its format does not read.
pub(crate) fn bad(
    format: &Format,
    text: &str,
    at: Mark,
    name: &str,
    invalid: &Invalid,
) -> Diagnostic {
    let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (code, message) = if bare && format.measured {
        (
            Code::NoUnit,
            format!("{name} has a number without its unit"),
        )
    } else if text.trim().is_empty() {
        (Code::BadValue, format!("{name} is empty"))
    } else {
        (Code::BadValue, format!("{name} cannot be {}", quote(text)))
    };
    Diagnostic::new(code, at, message)
        .expected(invalid.expected.as_str())
        .meant(format.meant(text))
}

fn dangling(names: &Names, declared: &[&str], text: &str, at: Mark, prefix: &str) -> Diagnostic {
    let Names { what, root, .. } = names;
    let message = format!("there is no {what} {}", quote(text));
    let found = Diagnostic::new(Code::DanglingReference, at, message)
        .expected(format!("a {what} that `{root}` declares"));
    match nearest(text, declared.iter().copied()) {
        Some(name) if prefix.is_empty() => found.meant(Some(name)),
        Some(name) => found.meant(Some(format!("${{{prefix}{name}}}"))),
        None if declared.is_empty() => found.help(format!("`{root}` declares none")),
        None => found.help(format!(
            "`{root}` declares {}",
            all_of(declared.iter().copied())
        )),
    }
}
