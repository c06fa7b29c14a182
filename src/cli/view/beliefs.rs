//! What was seen of each belief about AWS, as a table.

use super::grid;
use crate::app::live::Checked;
use crate::model::belief::Verdict;

pub(in crate::cli) fn render(beliefs: &[Checked]) -> String {
    let header = ["belief", "AWS documents", "seen", "verdict"].map(str::to_owned);
    let rows: Vec<Vec<String>> = beliefs.iter().map(row).collect();
    grid::render(&header, &rows, usize::MAX)
}

fn row(checked: &Checked) -> Vec<String> {
    vec![
        checked.belief.as_str().to_owned(),
        checked.documented.to_owned(),
        checked.seen.clone(),
        words(checked.verdict).to_owned(),
    ]
}

const fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::True => "true",
        Verdict::False => "FALSE",
        Verdict::NotSeen => "not seen",
    }
}
