//! Off hours: weekly hours in which no cluster may run, in one timezone.

use super::invalid::Invalid;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// When clusters end, such as `Mon-Fri 20:00-07:00, Sat-Sun` in `Asia/Seoul`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OffHours {
    /// The timezone of the hours.
    pub timezone: Zone,
    /// The hours.
    pub terminate: Week,
}

/// The hours and their timezone, such as `Sat-Sun Asia/Seoul`.
impl fmt::Display for OffHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.terminate, self.timezone)
    }
}

/// A timezone by its name in the IANA database, such as `Asia/Seoul`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

/// One or more weekly windows. Text: days, followed by hours unless the whole day; a window that
/// ends before it begins continues on the next day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week(Vec<Window>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    first: Weekday,
    last: Weekday,
    /// `None` for the whole day.
    time: Option<(NaiveTime, NaiveTime)>,
}

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Mon),
    ("Tue", Weekday::Tue),
    ("Wed", Weekday::Wed),
    ("Thu", Weekday::Thu),
    ("Fri", Weekday::Fri),
    ("Sat", Weekday::Sat),
    ("Sun", Weekday::Sun),
];

impl OffHours {
    /// When off hours begin next after an instant, not counting those that are under way. `None` if
    /// they never end and so never begin.
    pub fn next_start(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = after.with_timezone(&self.timezone.0).date_naive();
        let days = (0..=8).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
        let mut starts: Vec<DateTime<Utc>> = days
            .flat_map(|day| self.terminate.0.iter().map(move |window| (day, window)))
            .filter(|(day, window)| window.is_on(day.weekday()))
            .filter_map(|(day, window)| self.timezone.instant(day, window.begins()))
            .filter(|start| *start > after && !self.holds(*start - TimeDelta::seconds(1)))
            .collect();
        starts.sort_unstable();
        starts.first().copied()
    }

    /// Whether an instant is in off hours.
    pub fn holds(&self, instant: DateTime<Utc>) -> bool {
        let local = instant.with_timezone(&self.timezone.0).naive_local();
        let day = local.weekday();
        let time = local.time();
        self.terminate
            .0
            .iter()
            .any(|window| window.holds(day, time))
    }
}

impl Zone {
    /// The local date at an instant.
    pub fn date(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// The first instant of a day.
    pub fn midnight(self, day: NaiveDate) -> DateTime<Utc> {
        let found = self.instant(day, NaiveTime::MIN);
        found.unwrap_or_else(|| day.and_time(NaiveTime::MIN).and_utc())
    }

    /// The instant of a local time: the first after a gap of the clocks, and the first of two.
    fn instant(self, day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
        let local = day.and_time(time);
        // The longest gap in any timezone is a day (Samoa skipped one).
        let minutes = (0..=24 * 60).map(|minute| local + TimeDelta::minutes(minute));
        minutes
            .filter_map(|local| self.0.from_local_datetime(&local).earliest())
            .map(|found| found.with_timezone(&Utc))
            .next()
    }
}

impl Window {
    fn is_on(self, day: Weekday) -> bool {
        let from_first = |day: Weekday| day.days_since(self.first);
        from_first(day) <= from_first(self.last)
    }

    fn begins(self) -> NaiveTime {
        self.time.map_or(NaiveTime::MIN, |(from, _)| from)
    }

    fn holds(self, day: Weekday, time: NaiveTime) -> bool {
        match self.time {
            None => self.is_on(day),
            Some((from, to)) if from < to => self.is_on(day) && from <= time && time < to,
            Some((from, to)) => {
                (self.is_on(day) && from <= time) || (self.is_on(day.pred()) && time < to)
            }
        }
    }
}

impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = |_| Invalid::new("a time zone such as `Asia/Seoul`, `Europe/Berlin` or `UTC`");
        text.parse().map(Self).map_err(wrong)
    }
}

impl FromStr for Week {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let windows: Option<Vec<Window>> = text.split(',').map(window).collect();
        windows
            .map(Self)
            .ok_or_else(|| Invalid::new("days and hours such as `Mon-Fri 20:00-07:00, Sat-Sun`"))
    }
}

fn window(text: &str) -> Option<Window> {
    let mut words = text.split_whitespace();
    let days = words.next()?;
    let hours = words.next();
    let day = |name: &str| {
        DAYS.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, day)| *day)
    };
    let (first, last) = match days.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(days)?, day(days)?),
    };
    let time = match hours {
        None => None,
        Some(hours) => {
            let (from, to) = hours.split_once('-')?;
            let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
            let from = time(from)?;
            let to = time(to)?;
            Some((from, to))
        }
    };
    let window = Window { first, last, time };
    words.next().is_none().then_some(window)
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name())
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let windows: Vec<String> = self.0.iter().map(Window::to_string).collect();
        f.pad(&windows.join(", "))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.first != self.last {
            write!(f, "-{}", self.last)?;
        }
        match self.time {
            Some((from, to)) => write!(f, " {}-{}", from.format("%H:%M"), to.format("%H:%M")),
            None => Ok(()),
        }
    }
}

super::parsed::serde_by_text!(Zone);
super::parsed::serde_by_text!(Week);

#[cfg(test)]
mod tests {
    use super::*;

    fn off(timezone: &str, terminate: &str) -> OffHours {
        OffHours {
            timezone: timezone.parse().unwrap(),
            terminate: terminate.parse().unwrap(),
        }
    }

    fn next(off: &OffHours, after: &str) -> String {
        let start = off.next_start(after.parse().unwrap()).unwrap();
        start.format("%FT%TZ").to_string()
    }

    #[test]
    fn a_week_in_seoul() {
        let off = off("Asia/Seoul", "Mon-Fri 20:00-07:00, Sat-Sun");
        // Thursday noon there: next is the evening at 20:00, which is 11:00 UTC.
        assert_eq!(next(&off, "2026-11-19T03:00:00Z"), "2026-11-19T11:00:00Z");
        // Within the night: next is the following evening.
        assert_eq!(next(&off, "2026-11-19T14:00:00Z"), "2026-11-20T11:00:00Z");
        // Friday night continues into the weekend, which ends on Monday.
        assert_eq!(next(&off, "2026-11-20T12:00:00Z"), "2026-11-23T11:00:00Z");
        assert!(off.holds("2026-11-21T00:00:00Z".parse().unwrap()));
        assert!(!off.holds("2026-11-23T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn clocks_that_change() {
        let off = off("Europe/Berlin", "Mon-Sun 02:30-05:00");
        // On 29 March 2026 there is no 02:30: the gap ends at 03:00, which is 01:00 UTC.
        assert_eq!(next(&off, "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
        // On 25 October 2026 there are two: the first counts.
        assert_eq!(next(&off, "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next(&off, "2026-10-25T12:00:00Z"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn off_hours_that_begin_within_a_gap_of_the_clocks_begin_at_its_end() {
        for begin in ["02:01", "02:40", "02:59"] {
            let off = off("Europe/Berlin", &format!("Mon-Sun {begin}-05:00"));
            let start = next(&off, "2026-03-28T12:00:00Z");
            assert_eq!(start, "2026-03-29T01:00:00Z", "{begin}");
        }
    }

    #[test]
    fn for_ever_off_never_begins() {
        let off = off("UTC", "Mon-Sun");
        assert_eq!(
            off.next_start("2026-11-19T03:00:00Z".parse().unwrap()),
            None
        );
    }

    #[test]
    fn text_and_back() {
        for text in ["Mon-Fri 20:00-07:00, Sat-Sun", "Fri-Mon", "Wed 12:00-13:30"] {
            assert_eq!(text.parse::<Week>().unwrap().to_string(), text);
        }
        for bad in ["", "Mon-", "mon", "Mon 20-07", "Mon 25:00-07:00", "Mon,"] {
            assert!(bad.parse::<Week>().is_err(), "{bad}");
        }
        assert!("Seoul".parse::<Zone>().is_err());
    }
}
