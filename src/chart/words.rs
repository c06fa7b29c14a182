//! Formats dollars and lengths of time.

use crate::model::money::Usd;
use chrono::TimeDelta;
use rust_decimal::Decimal;

/// Formats dollars to the nearest cent; below ten cents, to the nearest hundredth of a cent.
pub fn dollars(amount: Usd) -> String {
    let exact = amount.amount();
    let small = !exact.is_zero() && exact.abs() < Decimal::new(1, 1);
    Usd::new(exact.round_dp(if small { 4 } else { 2 })).to_string()
}

/// Formats a length of time as `45s`, `12m`, `3h 05m` or `2d 4h`. `app.js` formats it alike.
pub fn span(delta: TimeDelta) -> String {
    let seconds = delta.num_seconds().max(0);
    let minutes = seconds / 60;
    let hours = seconds / 3_600;
    match seconds {
        i64::MIN..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m"),
        3_600..86_400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{}d {}h", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_dollars_are_short() {
        for (seconds, words) in [
            (-5, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3_599, "59m"),
            (3_900, "1h 05m"),
            (187_200, "2d 4h"),
        ] {
            assert_eq!(span(TimeDelta::seconds(seconds)), words);
        }
        for (text, words) in [
            ("$1.005", "$1.00"),
            ("$12.3456", "$12.35"),
            ("$0.01234", "$0.0123"),
        ] {
            assert_eq!(dollars(text.parse().unwrap()), words);
        }
        assert_eq!(dollars(Usd::ZERO), "$0.00");
    }
}
