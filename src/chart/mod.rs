//! Charts of money and time as HTML with SVG in it, and documents of such charts. They need no
//! script and request nothing. Each chart has a description for screen readers and a table of its
//! figures. All text passes through [`markup::escape`]; colours are in the style sheet alone.

mod budget;
mod document;
mod figure;
pub mod markup;
mod scale;
mod spark;
mod split;
mod stacked;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod words;

pub use budget::budget;
pub use document::{Document, START};
pub use scale::float;
pub use spark::{bar, spark};
pub use split::{Part, Split};
pub use stacked::{Column, Series, Stacked};
pub use table::Table;
pub use timeline::{Item, Lane, Ticks, Timeline, Tone};
pub use words::{dollars, span};

/// The style sheet of the charts. It needs the colours that a page defines: `--panel`, `--ink`,
/// `--muted`, `--line`, `--faint`, `--accent`, `--good`, `--warn` and `--bad`.
pub const CSS: &str = include_str!("../../templates/chart/chart.css");
