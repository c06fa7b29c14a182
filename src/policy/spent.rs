//! Two accounts of what was spent: ours, which is quick, and AWS's, which is late and has all.

use crate::model::money::Usd;
use rust_decimal::Decimal;
use serde::Serialize;

/// What is taken for spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SpentFigure {
    pub usd: Usd,
    pub source: Source,
}

/// Whose word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Ours,
    Aws,
}

/// AWS's figure where it is more than a tenth above ours: then somebody spends whom we do not see.
/// Below that it is late, or rounds otherwise.
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
    fn aws_is_believed_where_it_knows_of_a_tenth_more() {
        check(10_000, None, Source::Ours);
        check(10_000, Some(0), Source::Ours);
        check(10_000, Some(10_999), Source::Ours);
        check(10_000, Some(11_000), Source::Ours);
        check(10_000, Some(11_001), Source::Aws);
        check(0, Some(0), Source::Ours);
        check(0, Some(1), Source::Aws);
    }
}
