//! Wrong tokens: whoever shows several waits longer and longer before the next is looked at.

use super::token::Token;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A person mistypes so often.
const FREE: u32 = 5;
const LONGEST: Duration = Duration::from_secs(60);
/// After so long without a wrong token an address is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);
/// Addresses that are remembered; of more the oldest is forgotten.
const MOST: usize = 1_024;

#[derive(Default)]
pub(super) struct TokenAttempts(Mutex<BTreeMap<IpAddr, Wrong>>);

struct Wrong {
    times: u32,
    last: Instant,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Checked {
    Right,
    Wrong,
    /// It was not looked at; the next may be, after so long.
    TooSoon(Duration),
}

impl TokenAttempts {
    /// Looks at what somebody at an address shows as the token.
    pub(super) fn check(&self, token: &Token, shown: &str, from: IpAddr) -> Checked {
        let now = Instant::now();
        let from = network(from);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, wrong| now - wrong.last < FORGOTTEN);
        if let Some(wrong) = all.get(&from) {
            let wait = wait(wrong.times).saturating_sub(now - wrong.last);
            if !wait.is_zero() {
                return Checked::TooSoon(wait);
            }
        }
        if token.is(shown) {
            all.remove(&from);
            return Checked::Right;
        }
        if all.len() >= MOST && !all.contains_key(&from) {
            let oldest = all.iter().min_by_key(|(_, wrong)| wrong.last);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                all.remove(&oldest);
            }
        }
        let wrong = all.entry(from).or_insert(Wrong {
            times: 0,
            last: now,
        });
        (wrong.times, wrong.last) = (wrong.times.saturating_add(1), now);
        Checked::Wrong
    }
}

/// How long after so many wrong tokens the next is not looked at: 1 s, 2 s, 4 s, … a minute.
fn wait(times: u32) -> Duration {
    match times.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << more.min(6)).min(LONGEST),
    }
}

/// One address of IPv4; of IPv6 the network, whose 2^64 addresses one machine may have.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        "correct-horse-battery".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_are_slowed() {
        let token_attempts = TokenAttempts::default();
        let token = token();
        let from = "10.0.0.1".parse().unwrap();
        let began = Instant::now();
        let mut looked_at = 0;
        while began.elapsed() < Duration::from_secs(3_600) {
            match token_attempts.check(&token, "a-guess-of-somebody", from) {
                Checked::TooSoon(wait) => tokio::time::sleep(wait).await,
                Checked::Wrong => looked_at += 1,
                Checked::Right => unreachable!(),
            }
        }
        assert!(
            (60..80).contains(&looked_at),
            "{looked_at} guesses in an hour"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_right_token_is_not_looked_at_too_soon_either_and_then_is() {
        let token_attempts = TokenAttempts::default();
        let token = token();
        let check = |shown, from: &str| token_attempts.check(&token, shown, from.parse().unwrap());
        let right = "correct-horse-battery";
        for _ in 0..4 {
            assert_eq!(check("", "::ffff:10.0.0.1"), Checked::Wrong);
        }
        assert_eq!(check(right, "10.0.0.1"), Checked::Right, "who mistypes");
        for host in 0..5 {
            assert_eq!(check("", &format!("2001:db8::{host}")), Checked::Wrong);
        }
        let soon = Checked::TooSoon(Duration::from_secs(1));
        assert_eq!(check(right, "2001:db8::77"), soon);
        assert_eq!(
            check(right, "2001:db8:0:1::1"),
            Checked::Right,
            "another network"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(check(right, "2001:db8::77"), Checked::Right);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_has_a_bound() {
        let token_attempts = TokenAttempts::default();
        let token = token();
        for host in 0..3_000_u32 {
            let from = IpAddr::from((0x0a00_0000 + host).to_be_bytes());
            assert_eq!(token_attempts.check(&token, "", from), Checked::Wrong);
        }
        assert_eq!(token_attempts.0.lock().unwrap().len(), MOST);
    }
}
