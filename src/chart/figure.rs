//! A chart: its drawing, its legend and the table of its figures.

use super::markup::{Drawing, escape};
use super::table::Table;
use std::fmt::Write;

/// A chart.
pub struct Chart {
    /// Unique in its page.
    pub(super) id: String,
    pub(super) title: String,
    /// What the chart shows, in a sentence for those who cannot see it.
    pub(super) description: String,
    pub(super) drawing: Drawing,
    /// The class of each colour, and what it stands for.
    pub(super) legend: Vec<(String, String)>,
    pub(super) table: Table,
}

impl Chart {
    /// The chart as a `figure` element.
    pub fn html(&self) -> String {
        let mut html = format!(
            "<figure class=\"chart\">\n<figcaption>{}</figcaption>\n",
            escape(&self.title)
        );
        html.push_str(&self.drawing());
        if !self.legend.is_empty() {
            html.push_str("\n<ul class=\"key\">");
            for (class, name) in &self.legend {
                let name = escape(name);
                let _ = write!(html, "<li><i class=\"{class}\"></i>{name}</li>");
            }
            html.push_str("</ul>");
        }
        let _ = write!(html, "\n{}\n</figure>\n", self.figures());
        html
    }

    /// The `svg` element alone.
    pub fn drawing(&self) -> String {
        self.drawing.html(&self.id, &self.title, &self.description)
    }

    /// The table alone, folded.
    pub fn figures(&self) -> String {
        format!(
            "<details data-keep=\"{}-figures\"><summary>Figures</summary>{}</details>",
            escape(&self.id),
            self.table.html()
        )
    }
}
