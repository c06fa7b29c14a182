//! Slows down guessing: after several wrong tokens, an address has to wait longer and longer before
//! the next is checked.

use super::token::Token;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many wrong tokens are allowed without a wait, since people mistype.
const FREE_ATTEMPTS: u32 = 5;
/// The longest wait.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// After this time without a wrong token, an address is forgotten.
const RETENTION: Duration = Duration::from_secs(600);
/// How many addresses are remembered; beyond that the oldest is forgotten.
const MAX_ADDRESSES: usize = 1_024;

#[derive(Default)]
pub(super) struct TokenAttempts(Mutex<BTreeMap<IpAddr, Wrong>>);

struct Wrong {
    times: u32,
    last: Instant,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum TokenCheck {
    Right,
    Wrong,
    /// It was not checked; the next will be after this wait.
    TooSoon(Duration),
}

impl TokenAttempts {
    /// Checks a token that was sent from an address.
    pub(super) fn check(&self, token: &Token, text: &str, from: IpAddr) -> TokenCheck {
        let now = Instant::now();
        let from = network(from);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, wrong| now - wrong.last < RETENTION);
        if let Some(wrong) = all.get(&from) {
            let wait = wait(wrong.times).saturating_sub(now - wrong.last);
            if !wait.is_zero() {
                return TokenCheck::TooSoon(wait);
            }
        }
        if token.matches(text) {
            all.remove(&from);
            return TokenCheck::Right;
        }
        if all.len() >= MAX_ADDRESSES && !all.contains_key(&from) {
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
        TokenCheck::Wrong
    }
}

/// Returns how long after this many wrong tokens the next is not checked: 1 s, 2 s, 4 s, up to a
/// minute.
fn wait(times: u32) -> Duration {
    match times.checked_sub(FREE_ATTEMPTS) {
        None => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << more.min(6)).min(MAX_WAIT),
    }
}

/// Returns an IPv4 address, or the /64 network of an IPv6 address, since one machine may have all
/// its 2^64 addresses.
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
        let mut checked = 0;
        while began.elapsed() < Duration::from_secs(3_600) {
            match token_attempts.check(&token, "a-guess-of-somebody", from) {
                TokenCheck::TooSoon(wait) => tokio::time::sleep(wait).await,
                TokenCheck::Wrong => checked += 1,
                TokenCheck::Right => unreachable!(),
            }
        }
        assert!((60..80).contains(&checked), "{checked} guesses in an hour");
    }

    #[tokio::test(start_paused = true)]
    async fn the_right_token_has_to_wait_too() {
        let token_attempts = TokenAttempts::default();
        let token = token();
        let check = |text, from: &str| token_attempts.check(&token, text, from.parse().unwrap());
        let right = "correct-horse-battery";
        for _ in 0..4 {
            assert_eq!(check("", "::ffff:10.0.0.1"), TokenCheck::Wrong);
        }
        assert_eq!(check(right, "10.0.0.1"), TokenCheck::Right, "who mistypes");
        for host in 0..5 {
            assert_eq!(check("", &format!("2001:db8::{host}")), TokenCheck::Wrong);
        }
        let soon = TokenCheck::TooSoon(Duration::from_secs(1));
        assert_eq!(check(right, "2001:db8::77"), soon);
        assert_eq!(
            check(right, "2001:db8:0:1::1"),
            TokenCheck::Right,
            "another network"
        );
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(check(right, "2001:db8::77"), TokenCheck::Right);
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_remembered_addresses_is_bounded() {
        let token_attempts = TokenAttempts::default();
        let token = token();
        for host in 0..3_000_u32 {
            let from = IpAddr::from((0x0a00_0000 + host).to_be_bytes());
            assert_eq!(token_attempts.check(&token, "", from), TokenCheck::Wrong);
        }
        assert_eq!(token_attempts.0.lock().unwrap().len(), MAX_ADDRESSES);
    }
}
