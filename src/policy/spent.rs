//! What was spent: our own figure, which is current, and that of AWS, which is late but complete.

use crate::model::money::Usd;
use rust_decimal::Decimal;
use serde::Serialize;

/// The figure for what was spent, and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SpentFigure {
    /// Dollars.
    pub usd: Usd,
    /// The source of the figure.
    pub source: Source,
}

/// The source of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The records of clusterup.
    Ours,
    /// AWS Budgets.
    Aws,
}

/// AWS's figure if it exceeds ours by more than a tenth, as then clusters are missing from our
/// records. Below that, AWS is late or rounds differently.
pub fn spent_figure(ours: Usd, aws: Option<Usd>) -> SpentFigure {
    let bound = ours.times(Decimal::new(11, 1));
    match aws {
        Some(usd) if usd > bound => SpentFigure {
            usd,
            source: Source::Aws,
        },
        Some(_) | None => SpentFigure {
            usd: ours,
            source: Source::Ours,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ours: i64, aws: Option<i64>, source: Source) {
        let cents = |cents| Usd::new(Decimal::new(cents, 2));
        let found = spent_figure(cents(ours), aws.map(cents));
        assert_eq!(found.source, source);
        let expected = if source == Source::Ours {
            Some(ours)
        } else {
            aws
        };
        assert_eq!(Some(found.usd), expected.map(cents));
    }

    #[test]
    fn aws_is_used_if_it_exceeds_ours_by_a_tenth() {
        check(10_000, None, Source::Ours);
        check(10_000, Some(0), Source::Ours);
        check(10_000, Some(10_999), Source::Ours);
        check(10_000, Some(11_000), Source::Ours);
        check(10_000, Some(11_001), Source::Aws);
        check(0, Some(0), Source::Ours);
        check(0, Some(1), Source::Aws);
    }
}
