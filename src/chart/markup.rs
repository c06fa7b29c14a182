//! Elements of HTML and SVG as text.

use crate::model::shown;
use std::fmt::Write;

/// The maximum number of characters of one text.
const MAX_CHARS: usize = 500;

/// Escapes text for the content and the attributes of elements; it becomes one line without control
/// characters.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in shown::line(text, MAX_CHARS).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A point of a drawing, in its own units from the upper left corner.
pub(super) type Point = (f64, f64);

/// A rectangle of a drawing.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The elements of a drawing of a given size; the page scales it. Classes are ours, texts are escaped.
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    elements: String,
}

impl Drawing {
    pub(super) const fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            elements: String::new(),
        }
    }

    /// Adds a rectangle with a text that is shown when it is pointed at.
    pub(super) fn area(&mut self, class: &str, area: Area, hint: &str) {
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        self.add(&format!(
            "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" \
             height=\"{height:.2}\"><title>{}</title></rect>",
            escape(hint)
        ));
    }

    pub(super) fn line(&mut self, class: &str, from: Point, to: Point) {
        self.add(&format!(
            "<line class=\"{class}\" x1=\"{:.2}\" y1=\"{:.2}\" x2=\"{:.2}\" y2=\"{:.2}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    /// Adds a `polyline` or a `polygon`.
    pub(super) fn path(&mut self, element: &str, class: &str, points: &[Point]) {
        if points.is_empty() {
            return;
        }
        let pairs = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}"));
        let pairs = pairs.collect::<Vec<_>>().join(" ");
        self.add(&format!(
            "<{element} class=\"{class}\" points=\"{pairs}\"/>"
        ));
    }

    pub(super) fn dot(&mut self, class: &str, (x, y): Point, radius: f64, hint: &str) {
        self.add(&format!(
            "<circle class=\"{class}\" cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.1}\"><title>{}\
             </title></circle>",
            escape(hint)
        ));
    }

    pub(super) fn text(&mut self, class: &str, (x, y): Point, text: &str) {
        self.add(&format!(
            "<text class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\">{}</text>",
            escape(text)
        ));
    }

    fn add(&mut self, element: &str) {
        let _ = writeln!(self.elements, "{element}");
    }

    /// The drawing as an `svg` element. `id` is unique in its page.
    pub(super) fn html(&self, id: &str, title: &str, description: &str) -> String {
        let id = escape(id);
        format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>\n{}</svg>",
            self.width,
            self.height,
            escape(title),
            escape(description),
            self.elements
        )
    }
}
