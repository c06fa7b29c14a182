//! Tables of figures.

use super::markup::escape;
use std::fmt::Write;

/// A table: its first column names the rows, the others have figures unless they are texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The caption, which screen readers say first.
    pub caption: String,
    /// The names of the columns.
    pub head: Vec<String>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
    /// How many of the first columns are texts, at least one.
    pub texts: usize,
}

impl Table {
    /// The table as a `table` element in a box that scrolls sideways.
    pub fn html(&self) -> String {
        let caption = escape(&self.caption);
        let mut html = format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table \
             class=\"figures\"><caption>{caption}</caption>\n<thead><tr>"
        );
        for (column, name) in self.head.iter().enumerate() {
            let class = self.class(column);
            let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(name));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                let class = self.class(column);
                let cell = escape(cell);
                let _ = match column {
                    0 => write!(html, "<th scope=\"row\"{class}>{cell}</th>"),
                    _ => write!(html, "<td{class}>{cell}</td>"),
                };
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>");
        html
    }

    fn class(&self, column: usize) -> &'static str {
        if column < self.texts.max(1) {
            ""
        } else {
            " class=\"num\""
        }
    }
}
