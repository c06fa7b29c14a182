//! Renders diagnostics for people: the line with the mistake underlined.

use super::diag::{Diagnostic, Diagnostics};
use super::source::Mark;
use crate::model::lint::Severity;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;

/// The widest line at which a label is placed beside its underline instead of below it.
const WIDEST: usize = 96;

/// The width of the text below a snippet.
const WIDTH: usize = 76;

impl Diagnostics {
    /// The diagnostics with ANSI colours.
    pub fn coloured(&self) -> String {
        self.rendered(&Renderer::styled())
    }

    fn rendered(&self, renderer: &Renderer) -> String {
        let mut text = String::new();
        for found in self.iter() {
            text += &renderer.render(&[self.group(found)]);
            text += "\n\n";
        }
        if self.more > 0 {
            text = text + "… and " + &self.more.to_string() + " more\n\n";
        }
        text + &self.summary() + "\n"
    }

    fn group<'a>(&'a self, found: &'a Diagnostic) -> Group<'a> {
        let expected = found
            .expected
            .as_ref()
            .map(|what| format!("expected {what}"));
        let source = &self.sources[found.at.source];
        let (_, end) = source.place(found.at.end);
        let (beside, below): (Vec<_>, Vec<_>) = expected
            .into_iter()
            .partition(|text| end + text.chars().count() <= WIDEST);
        let level = match found.code.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&found.message).id(found.code.as_str());
        let mut group = title.element(self.snippet(found, beside.into_iter().next()));
        for text in below {
            group = group.element(Level::NOTE.message(wrapped(&text)));
        }
        if let Some((at, text)) = &found.related
            && at.source != found.at.source
        {
            let (file, line, _) = self.place(*at);
            group = group.element(Level::NOTE.message(format!("{text}: {file}, line {line}")));
        }
        if let Some(help) = &found.help {
            group = group.element(Level::HELP.message(wrapped(help)));
        }
        group
    }

    /// The lines from the first to the last mark; cutting them out bounds the cost of rendering.
    fn snippet<'a>(
        &'a self,
        found: &'a Diagnostic,
        label: Option<String>,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let source = &self.sources[found.at.source];
        let related = found
            .related
            .as_ref()
            .filter(|(at, _)| at.source == found.at.source);
        let other = related.map_or(found.at, |(at, _)| *at);
        let shown = found.at.start.min(other.start)..found.at.end.max(other.end);
        let lines = source.lines(shown);
        let within = |mark: Mark| mark.start - lines.start..mark.end - lines.start;
        let mut snippet = Snippet::source(&source.text[lines.clone()])
            .line_start(source.place(lines.start).0)
            .path(source.name.as_str())
            .annotation(AnnotationKind::Primary.span(within(found.at)).label(label));
        if let Some((at, text)) = related {
            let context = AnnotationKind::Context.span(within(*at));
            snippet = snippet.annotation(context.label(text.as_str()));
        }
        snippet
    }
}

/// The text in lines of at most `WIDTH` characters, broken between words if possible.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let long = word.chars().count();
        if column > 0 && column + 1 + long > WIDTH {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += long;
    }
    out
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered(&Renderer::plain()))
    }
}
