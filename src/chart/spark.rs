//! Bars and sparklines of characters, for terminals.

use super::scale::float;
use crate::model::money::Usd;

/// The characters of a sparkline by rising height, in UTF-8 and in ASCII; the first is for zero.
const LEVELS: [[char; 9]; 2] = [
    [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    [' ', '_', '.', ',', '-', '=', '+', '*', '#'],
];

/// One character for each amount. An amount that is not zero is always visible.
pub fn spark(amounts: &[Usd], utf8: bool) -> String {
    let levels = &LEVELS[usize::from(!utf8)];
    let largest = amounts.iter().copied().max().map_or(0.0, float);
    let of = |amount: &Usd| {
        let share = float(*amount) / largest.max(f64::MIN_POSITIVE);
        let level = (share * 8.0).round().clamp(0.0, 8.0) as usize;
        let least = usize::from(*amount > Usd::ZERO);
        levels.get(level.max(least)).copied().unwrap_or(' ')
    };
    amounts.iter().map(of).collect()
}

/// A bar whose length is a part of `width`; an amount that is not zero has at least one character.
pub fn bar(amount: Usd, largest: Usd, width: usize, utf8: bool) -> String {
    let share = float(amount) / float(largest).max(f64::MIN_POSITIVE);
    let length = (share * width as f64).round().clamp(0.0, width as f64) as usize;
    let length = length.max(usize::from(amount > Usd::ZERO && width > 0));
    if utf8 { "█" } else { "#" }.repeat(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(cents: &[i64]) -> Vec<Usd> {
        let usd = |cents: &i64| Usd::new(rust_decimal::Decimal::new(*cents, 2));
        cents.iter().map(usd).collect()
    }

    #[test]
    fn the_largest_amount_is_full_and_the_smallest_visible() {
        let all = amounts(&[0, 1, 400, 800]);
        assert_eq!(spark(&all, true), " ▁▄█");
        assert_eq!(spark(&all, false), " _-#");
        assert_eq!(spark(&amounts(&[0, 0]), true), "  ");
        assert_eq!(bar(all[2], all[3], 10, false), "#####");
        assert_eq!(bar(all[1], all[3], 10, true), "█");
        assert_eq!(bar(all[0], all[3], 10, true), "");
        assert_eq!(bar(all[0], all[0], 10, true), "");
    }
}
