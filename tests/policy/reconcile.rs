//! An account is reconciled with listings: late, repeated, out of order, or of other accounts.

use crate::team_account::{ask, ended, figures, living, nobody, reserved, scope, team_account};
use crate::{at, usd};
use chrono::{DateTime, TimeDelta, Utc};
use clusterup::cost::ledger::Record;
use clusterup::model::money::Usd;
use clusterup::policy::team_account::TeamAccount;
use std::collections::BTreeSet;

/// Minutes after noon.
fn after(minutes: i64) -> DateTime<Utc> {
    at("2026-11-10T12:00:00") + TimeDelta::minutes(minutes)
}

fn see(team_account: &mut TeamAccount, records: &[Record], minutes: i64) {
    team_account.reconcile(&scope("us-east-1"), records, &nobody(), after(minutes));
}

/// The spent and reserved amounts of November.
fn money(team_account: &TeamAccount, minutes: i64) -> (Usd, Usd) {
    let it = figures(team_account, "2026-11", "UTC", after(minutes));
    (it.spent, it.reserved)
}

fn keys(team_account: &TeamAccount) -> Vec<&str> {
    team_account
        .reservations
        .keys()
        .map(String::as_str)
        .collect()
}

/// Two hours are set aside at noon for stack `films`.
fn noon() -> TeamAccount {
    let mut team_account = team_account();
    team_account.reservation(reserved("films", after(0), after(120)));
    team_account
}

/// The cluster that comes of it a minute later.
fn films() -> Record {
    living("j-1", "films", after(1), after(121))
}

fn films_ended(minutes: i64) -> Record {
    ended("j-1", "films", after(1), after(minutes))
}

#[test]
fn a_released_cluster_counts_up_to_its_release_until_it_is_adopted_again() {
    let mut team_account = noon();
    see(&mut team_account, &[films()], 31);
    let seen_at = after(31);
    let released = Record { seen_at, ..films() };
    see(&mut team_account, &[released.released()], 32);
    assert_eq!(money(&team_account, 60), (usd("1.80"), usd("0")));
    see(&mut team_account, &[films()], 61);
    assert_eq!(money(&team_account, 61), (usd("3.60"), usd("3.60")));
    team_account.give_back(&films().id);
    assert_eq!(money(&team_account, 61), (usd("0"), usd("0")));
}

#[test]
fn a_reservation_becomes_a_cluster_and_then_its_cost() {
    let mut team_account = noon();
    assert_eq!(money(&team_account, 0), (usd("0"), usd("7.20")));
    assert_eq!(keys(&team_account), ["us-east-1/films"]);
    see(&mut team_account, &[films()], 31);
    assert_eq!(keys(&team_account), ["j-1"]);
    assert_eq!(money(&team_account, 31), (usd("1.80"), usd("5.40")));
    let bound = &team_account.reservations["j-1"];
    assert_eq!(
        (bound.by.as_str(), bound.at),
        ("ana@here", after(1).min(bound.at))
    );
    see(&mut team_account, &[films_ended(61)], 62);
    assert_eq!(team_account.reservations.len(), 0);
    assert_eq!(money(&team_account, 62), (usd("3.60"), usd("0")));
    assert_eq!(team_account.settled_records().count(), 1);
}

#[test]
fn the_same_listing_twice_changes_nothing() {
    let mut once = noon();
    for record in [films(), films_ended(61)] {
        see(&mut once, std::slice::from_ref(&record), 62);
        let mut twice = once.clone();
        see(&mut twice, &[record.clone(), record], 62);
        assert_eq!(twice, once);
    }
}

#[test]
fn a_late_listing_changes_nothing_until_it_arrives() {
    let mut team_account = noon();
    for minutes in [0, 5, 9] {
        see(&mut team_account, &[], minutes);
        assert_eq!(money(&team_account, minutes), (usd("0"), usd("7.20")));
    }
    see(&mut team_account, &[films()], 9);
    assert_eq!(keys(&team_account), ["j-1"]);
    // What is bound is not returned, even if the listing omits it for a while.
    see(&mut team_account, &[], 40);
    assert_eq!(keys(&team_account), ["j-1"]);
}

#[test]
fn a_listing_older_than_the_end_does_not_bring_a_cluster_back() {
    let mut team_account = noon();
    see(&mut team_account, &[films_ended(61)], 62);
    see(&mut team_account, &[films()], 62);
    assert_eq!(keys(&team_account), Vec::<&str>::new());
    assert_eq!(money(&team_account, 62), (usd("3.60"), usd("0")));
}

#[test]
fn a_reservation_without_a_cluster_is_returned_after_ten_minutes() {
    let mut team_account = noon();
    let almost = after(10) - TimeDelta::seconds(1);
    assert!(team_account.unseen(&scope("us-east-1"), almost).is_empty());
    team_account.reconcile(&scope("us-east-1"), &[], &nobody(), almost);
    assert_eq!(keys(&team_account), ["us-east-1/films"]);
    let held: BTreeSet<_> = team_account.unseen(&scope("us-east-1"), after(10));
    assert_eq!(held.len(), 1);
    // Who holds the stack may be about to make it.
    team_account.reconcile(&scope("us-east-1"), &[], &held, after(50));
    assert_eq!(keys(&team_account), ["us-east-1/films"]);
    see(&mut team_account, &[], 10);
    assert_eq!(keys(&team_account), Vec::<&str>::new());
}

#[test]
fn a_listing_of_another_region_or_account_returns_nothing() {
    let mut team_account = noon();
    team_account.reconcile(&scope("eu-west-1"), &[], &nobody(), after(60));
    assert_eq!(keys(&team_account), ["us-east-1/films"]);
    assert!(
        team_account
            .unseen(&scope("eu-west-1"), after(60))
            .is_empty()
    );
    let mut theirs = reserved("films", after(0), after(120));
    theirs.account = Some("999999999999".to_owned());
    team_account.reservation(theirs);
    see(&mut team_account, &[], 60);
    assert_eq!(keys(&team_account), ["us-east-1/films"]);
}

#[test]
fn foreign_clusters_do_not_use_a_reservation() {
    let mut region = films();
    region.place = "eu-west-1".parse().unwrap();
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
        let mut team_account = noon();
        see(&mut team_account, &[record], 5);
        assert_eq!(keys(&team_account), keys_after);
    }
}

#[test]
fn a_cluster_that_moved_to_another_team_is_returned_after_ten_minutes() {
    let mut team_account = noon();
    see(&mut team_account, &[films()], 5);
    let mut moved = films();
    moved.team = Some("ads".parse().unwrap());
    see(&mut team_account, std::slice::from_ref(&moved), 9);
    assert_eq!(keys(&team_account), ["j-1"]);
    see(&mut team_account, &[moved], 10);
    assert_eq!(keys(&team_account), Vec::<&str>::new());
}

#[test]
fn an_older_cluster_of_the_stack_does_not_use_the_next_ones_reservation() {
    // Ended minutes ago, and known or not known to the account.
    for (from, until) in [(-90, -1), (-4, -1), (-4, 0)] {
        let older = ended("j-0", "films", after(from), after(until));
        let mut team_account = noon();
        see(&mut team_account, std::slice::from_ref(&older), 1);
        assert_eq!(keys(&team_account), ["us-east-1/films"], "{from}");
        assert_eq!(money(&team_account, 1).1, usd("7.20"));
        see(&mut team_account, &[older, films()], 2);
        assert_eq!(keys(&team_account), ["j-1"]);
    }
    // Still ending, begun long ago.
    let ending = living("j-0", "films", after(-90), after(10));
    let mut team_account = noon();
    see(&mut team_account, &[ending], 1);
    assert_eq!(keys(&team_account), ["j-0", "us-east-1/films"]);
}

#[test]
fn clocks_of_two_machines_differ_a_little() {
    let keys = |created: i64| {
        let early = living("j-1", "films", after(created), after(116));
        let mut team_account = noon();
        see(&mut team_account, &[early], 1);
        keys(&team_account).join(" ")
    };
    assert_eq!(keys(-4), "j-1");
    assert_eq!(keys(-5), "j-1");
    assert_eq!(keys(-6), "j-1 us-east-1/films");
}

#[test]
fn a_cluster_without_a_price_keeps_its_reservation() {
    let mut no_lives = films();
    no_lives.instance_spans.clear();
    let mut no_end = films();
    no_end.ends_by = None;
    let mut no_rates = films();
    no_rates.rates = None;
    for record in [no_lives, no_end, no_rates] {
        let mut team_account = noon();
        see(&mut team_account, std::slice::from_ref(&record), 5);
        assert_eq!(keys(&team_account), ["j-1"], "{record:?}");
        let (spent, reserved) = money(&team_account, 5);
        assert_eq!(spent + reserved, usd("7.20"));
        // Bound as it is, it is not given back, and the next look may know more.
        see(&mut team_account, &[record], 30);
        assert_eq!(keys(&team_account), ["j-1"]);
        see(&mut team_account, &[films()], 31);
        assert_eq!(money(&team_account, 31), (usd("1.80"), usd("5.40")));
    }
}

#[test]
fn a_cluster_that_lost_its_prices_is_charged_by_its_reservation() {
    let mut lost = films_ended(61);
    lost.rates = None;
    // Whether or not it was seen alive, and however often.
    for seen in [vec![films()], vec![]] {
        let mut team_account = noon();
        see(&mut team_account, &seen, 5);
        for _ in 0..2 {
            see(&mut team_account, std::slice::from_ref(&lost), 62);
            assert_eq!(team_account.reservations.len(), 0);
            assert_eq!(money(&team_account, 62), (usd("3.60"), usd("0")));
        }
    }
    // A cluster without a reservation has no known price.
    let mut team_account = team_account();
    see(&mut team_account, &[lost], 62);
    assert_eq!(money(&team_account, 62), (usd("0"), usd("0")));
}

#[test]
fn an_ended_cluster_with_unknown_instances_is_not_free() {
    let mut blind = films_ended(61);
    blind.instance_spans.clear();
    let mut team_account = noon();
    see(&mut team_account, &[blind], 62);
    let (spent, reserved) = money(&team_account, 62);
    assert_eq!(spent + reserved, usd("7.20"));
    see(&mut team_account, &[films_ended(61)], 63);
    assert_eq!(money(&team_account, 63), (usd("3.60"), usd("0")));
}

#[test]
fn a_reservation_for_a_change_is_kept_until_the_change_is_observed() {
    let mut team_account = noon();
    see(&mut team_account, &[films()], 30);
    // It may live for four hours now; listings show that a minute later.
    let mut longer = team_account.reservations["j-1"].clone();
    (longer.ask, longer.at) = (ask(after(1), after(241)), after(30));
    team_account.reservation(longer);
    for minutes in [30, 35, 39] {
        see(&mut team_account, &[films()], minutes);
        let (spent, reserved) = money(&team_account, minutes);
        assert_eq!(spent + reserved, usd("14.40"), "{minutes}");
    }
    let mut changed = films();
    changed.ends_by = Some(after(241));
    let mut seen = team_account.clone();
    see(&mut seen, &[changed], 39);
    let (spent, reserved) = money(&seen, 39);
    assert_eq!(spent + reserved, usd("14.40"));
    // A reservation for a change that did not happen is returned like any other.
    see(&mut team_account, &[films()], 40);
    let (spent, reserved) = money(&team_account, 40);
    assert_eq!(spent + reserved, usd("7.20"));
}

#[test]
fn records_are_dropped_seventy_days_after_the_end() {
    let mut team_account = noon();
    see(&mut team_account, &[films_ended(61)], 62);
    let day = 24 * 60;
    see(&mut team_account, &[films_ended(61)], 61 + 70 * day);
    assert_eq!(team_account.settled_records().count(), 1);
    for records in [vec![films_ended(61)], vec![]] {
        let mut later = team_account.clone();
        see(&mut later, &records, 62 + 70 * day);
        assert_eq!(later.settled_records().count(), 0);
    }
    let mut new = crate::team_account::team_account();
    see(&mut new, &[films_ended(61)], 61 + 70 * day);
    assert_eq!(new.settled_records().count(), 1);
    // A cluster that no listing tells of any more does not stay promised for ever either.
    let mut lost = noon();
    see(&mut lost, &[films()], 5);
    see(&mut lost, &[], 121 + 70 * day);
    assert_eq!(keys(&lost), ["j-1"]);
    see(&mut lost, &[], 122 + 70 * day);
    assert_eq!(keys(&lost), Vec::<&str>::new());
}
