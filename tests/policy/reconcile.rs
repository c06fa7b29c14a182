//! An account that is brought up to what a listing tells: late, twice, out of order, of others.

use crate::book::{ask, book, ended, figures, living, nobody, reserved, scope};
use crate::{at, usd};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::ledger::Record;
use clusterup::model::money::Usd;
use clusterup::policy::book::Book;
use std::collections::BTreeSet;

/// Minutes after noon.
fn after(minutes: i64) -> DateTime<Utc> {
    at("2026-11-10T12:00:00") + TimeDelta::minutes(minutes)
}

fn see(book: &mut Book, records: &[Record], minutes: i64) {
    book.reconcile(&scope("us-east-1"), records, &nobody(), after(minutes));
}

/// What is spent and what is promised in November.
fn money(book: &Book, minutes: i64) -> (Usd, Usd) {
    let it = figures(book, "2026-11", "UTC", after(minutes));
    (it.spent, it.promised)
}

fn keys(book: &Book) -> Vec<&str> {
    book.promises.keys().map(String::as_str).collect()
}

/// Two hours are set aside at noon for stack `films`.
fn noon() -> Book {
    let mut book = book();
    book.promise(reserved("films", after(0), after(120)));
    book
}

/// The cluster that comes of it a minute later.
fn films() -> Record {
    living("j-1", "films", after(1), after(121))
}

fn films_ended(minutes: i64) -> Record {
    ended("j-1", "films", after(1), after(minutes))
}

#[test]
fn a_promise_becomes_a_cluster_and_then_its_cost() {
    let mut book = noon();
    assert_eq!(money(&book, 0), (usd("0"), usd("7.20")));
    assert_eq!(keys(&book), ["us-east-1/films"]);
    see(&mut book, &[films()], 31);
    assert_eq!(keys(&book), ["j-1"]);
    assert_eq!(money(&book, 31), (usd("1.80"), usd("5.40")));
    let bound = &book.promises["j-1"];
    assert_eq!(
        (bound.by.as_str(), bound.at),
        ("ana@here", after(1).min(bound.at))
    );
    see(&mut book, &[films_ended(61)], 62);
    assert_eq!(book.promises.len(), 0);
    assert_eq!(money(&book, 62), (usd("3.60"), usd("0")));
    assert_eq!(book.settled_records().count(), 1);
}

#[test]
fn the_same_told_twice_is_the_same() {
    let mut once = noon();
    for record in [films(), films_ended(61)] {
        see(&mut once, std::slice::from_ref(&record), 62);
        let mut twice = once.clone();
        see(&mut twice, &[record.clone(), record], 62);
        assert_eq!(twice, once);
    }
}

#[test]
fn a_listing_that_comes_late_changes_nothing_until_it_comes() {
    let mut book = noon();
    for minutes in [0, 5, 9] {
        see(&mut book, &[], minutes);
        assert_eq!(money(&book, minutes), (usd("0"), usd("7.20")));
    }
    see(&mut book, &[films()], 9);
    assert_eq!(keys(&book), ["j-1"]);
    // Nobody takes back what is bound, even where the listing lacks it for a while.
    see(&mut book, &[], 40);
    assert_eq!(keys(&book), ["j-1"]);
}

#[test]
fn a_listing_older_than_the_end_does_not_bring_a_cluster_back() {
    let mut book = noon();
    see(&mut book, &[films_ended(61)], 62);
    see(&mut book, &[films()], 62);
    assert_eq!(keys(&book), Vec::<&str>::new());
    assert_eq!(money(&book, 62), (usd("3.60"), usd("0")));
}

#[test]
fn a_promise_of_which_nothing_came_is_given_back_after_ten_minutes() {
    let mut book = noon();
    let almost = after(10) - TimeDelta::seconds(1);
    assert!(book.unseen(&scope("us-east-1"), almost).is_empty());
    book.reconcile(&scope("us-east-1"), &[], &nobody(), almost);
    assert_eq!(keys(&book), ["us-east-1/films"]);
    let held: BTreeSet<_> = book.unseen(&scope("us-east-1"), after(10));
    assert_eq!(held.len(), 1);
    // Who holds the stack may be about to make it.
    book.reconcile(&scope("us-east-1"), &[], &held, after(50));
    assert_eq!(keys(&book), ["us-east-1/films"]);
    see(&mut book, &[], 10);
    assert_eq!(keys(&book), Vec::<&str>::new());
}

#[test]
fn a_look_at_another_region_or_account_gives_nothing_back() {
    let mut book = noon();
    book.reconcile(&scope("eu-west-1"), &[], &nobody(), after(60));
    assert_eq!(keys(&book), ["us-east-1/films"]);
    assert!(book.unseen(&scope("eu-west-1"), after(60)).is_empty());
    let mut theirs = reserved("films", after(0), after(120));
    theirs.account = Some("999999999999".to_owned());
    book.promise(theirs);
    see(&mut book, &[], 60);
    assert_eq!(keys(&book), ["us-east-1/films"]);
}

#[test]
fn clusters_of_others_do_not_take_a_promise() {
    let mut region = films();
    region.target = "eu-west-1".to_owned();
    let other = living("j-2", "other", after(1), after(121));
    let mut team = films();
    team.team = Some("ads".parse().unwrap());
    let mut nobodys = films();
    nobodys.team = None;
    for (record, keys_after) in [
        (region, vec!["j-1", "us-east-1/films"]),
        (other, vec!["j-2", "us-east-1/films"]),
        (team, vec!["us-east-1/films"]),
        (nobodys, vec!["us-east-1/films"]),
    ] {
        let mut book = noon();
        see(&mut book, &[record], 5);
        assert_eq!(keys(&book), keys_after);
    }
}

#[test]
fn an_older_cluster_of_the_stack_does_not_take_the_next_ones_promise() {
    // Ended minutes ago, and known or not known to the account.
    for from in [-90, -4] {
        let older = ended("j-0", "films", after(from), after(-1));
        let mut book = noon();
        see(&mut book, std::slice::from_ref(&older), 1);
        assert_eq!(keys(&book), ["us-east-1/films"], "{from}");
        assert_eq!(money(&book, 1).1, usd("7.20"));
        see(&mut book, &[older, films()], 2);
        assert_eq!(keys(&book), ["j-1"]);
    }
    // Still ending, begun long ago.
    let ending = living("j-0", "films", after(-90), after(10));
    let mut book = noon();
    see(&mut book, &[ending], 1);
    assert_eq!(keys(&book), ["j-0", "us-east-1/films"]);
}

#[test]
fn clocks_of_two_machines_differ_a_little() {
    let early = living("j-1", "films", after(-4), after(116));
    let mut book = noon();
    see(&mut book, &[early], 1);
    assert_eq!(keys(&book), ["j-1"]);
}

#[test]
fn what_nobody_can_price_now_keeps_what_was_promised() {
    let mut no_lives = films();
    no_lives.lives.clear();
    let mut no_end = films();
    no_end.ends_by = None;
    let mut no_rates = films();
    no_rates.rates = None;
    for record in [no_lives, no_end, no_rates] {
        let mut book = noon();
        see(&mut book, std::slice::from_ref(&record), 5);
        assert_eq!(keys(&book), ["j-1"], "{record:?}");
        let (spent, promised) = money(&book, 5);
        assert_eq!(spent + promised, usd("7.20"));
        // Bound as it is, it is not given back, and the next look may know more.
        see(&mut book, &[record], 30);
        assert_eq!(keys(&book), ["j-1"]);
        see(&mut book, &[films()], 31);
        assert_eq!(money(&book, 31), (usd("1.80"), usd("5.40")));
    }
}

#[test]
fn what_lost_its_prices_is_priced_as_it_was_promised() {
    let mut lost = films_ended(61);
    lost.rates = None;
    // Whether or not it was seen alive, and however often.
    for seen in [vec![films()], vec![]] {
        let mut book = noon();
        see(&mut book, &seen, 5);
        for _ in 0..2 {
            see(&mut book, std::slice::from_ref(&lost), 62);
            assert_eq!(book.promises.len(), 0);
            assert_eq!(money(&book, 62), (usd("3.60"), usd("0")));
        }
    }
    // Of what was never promised nobody knows a price.
    let mut book = book();
    see(&mut book, &[lost], 62);
    assert_eq!(money(&book, 62), (usd("0"), usd("0")));
}

#[test]
fn what_is_over_and_whose_instances_nobody_knows_is_not_free() {
    let mut blind = films_ended(61);
    blind.lives.clear();
    let mut book = noon();
    see(&mut book, &[blind], 62);
    let (spent, promised) = money(&book, 62);
    assert_eq!(spent + promised, usd("7.20"));
    see(&mut book, &[films_ended(61)], 63);
    assert_eq!(money(&book, 63), (usd("3.60"), usd("0")));
}

#[test]
fn money_for_a_change_is_not_given_back_before_the_change_is_seen() {
    let mut book = noon();
    see(&mut book, &[films()], 30);
    // It may live for four hours now, and is told so a minute later.
    let mut longer = book.promises["j-1"].clone();
    (longer.ask, longer.at) = (ask(after(1), after(241)), after(30));
    book.promise(longer);
    for minutes in [30, 35, 39] {
        see(&mut book, &[films()], minutes);
        let (spent, promised) = money(&book, minutes);
        assert_eq!(spent + promised, usd("14.40"), "{minutes}");
    }
    let mut changed = films();
    changed.ends_by = Some(after(241));
    let mut seen = book.clone();
    see(&mut seen, &[changed], 39);
    let (spent, promised) = money(&seen, 39);
    assert_eq!(spent + promised, usd("14.40"));
    // A change of which nothing came is given back as anything else.
    see(&mut book, &[films()], 40);
    let (spent, promised) = money(&book, 40);
    assert_eq!(spent + promised, usd("7.20"));
}

#[test]
fn what_is_over_for_seventy_days_is_forgotten() {
    let mut book = noon();
    see(&mut book, &[films_ended(61)], 62);
    let day = 24 * 60;
    see(&mut book, &[films_ended(61)], 61 + 70 * day);
    assert_eq!(book.settled_records().count(), 1);
    for records in [vec![films_ended(61)], vec![]] {
        let mut later = book.clone();
        see(&mut later, &records, 62 + 70 * day);
        assert_eq!(later.settled_records().count(), 0);
    }
    // A cluster that no listing tells of any more does not stay promised for ever either.
    let mut lost = noon();
    see(&mut lost, &[films()], 5);
    see(&mut lost, &[], 121 + 70 * day);
    assert_eq!(keys(&lost), ["j-1"]);
    see(&mut lost, &[], 122 + 70 * day);
    assert_eq!(keys(&lost), Vec::<&str>::new());
}
