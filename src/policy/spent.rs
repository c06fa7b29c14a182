//! What was spent: our own figure, which is current, and that of AWS, which is late but complete.

use crate::model::money::Usd;
use rust_decimal::Decimal;

/// AWS's figure if it exceeds ours by more than a tenth, as then clusters are missing from our
/// records. Below that, AWS is late or rounds differently.
pub(super) fn spent_figure(ours: Usd, aws: Option<Usd>) -> Usd {
    let bound = ours.times(Decimal::new(11, 1));
    aws.filter(|aws| *aws > bound).unwrap_or(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_is_used_if_it_exceeds_ours_by_a_tenth() {
        let cents = |cents| Usd::new(Decimal::new(cents, 2));
        for (ours, aws, figure) in [
            (10_000, None, 10_000),
            (10_000, Some(0), 10_000),
            (10_000, Some(10_999), 10_000),
            (10_000, Some(11_000), 10_000),
            (10_000, Some(11_001), 11_001),
            (0, Some(0), 0),
            (0, Some(1), 1),
        ] {
            let found = spent_figure(cents(ours), aws.map(cents));
            assert_eq!(found, cents(figure), "{ours} {aws:?}");
        }
    }
}
