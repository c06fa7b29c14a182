//! The clock of a driver's log. Its records have the time of their machine, in an unknown timezone,
//! and what the program prints may begin with any date. So only differences of times are used.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

/// How far a log's clock and ours may differ, and how long a step may take to begin its log.
const SLACK: TimeDelta = TimeDelta::minutes(2);

/// How a log's times relate to ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTimes {
    /// Its lines are read as they are written. Its timezone may be any.
    Live,
    /// It is read in parts, later. Its timezone is UTC, as on EMR, if its first record agrees.
    Utc,
}

/// The time in a log.
#[derive(Debug)]
pub(super) struct LogClock {
    started: DateTime<Utc>,
    times: LogTimes,
    /// The time of the first record.
    first: Option<NaiveDateTime>,
    /// The latest time of a record.
    last: Option<NaiveDateTime>,
    /// Until when the log was complete when that record was read.
    seen: DateTime<Utc>,
    /// Until when the log is complete.
    until: DateTime<Utc>,
}

impl LogClock {
    /// The clock of the log of a step that started at an instant.
    pub(super) const fn new(started: DateTime<Utc>, times: LogTimes) -> Self {
        Self {
            started,
            times,
            first: None,
            last: None,
            seen: started,
            until: started,
        }
    }

    /// The log is complete until an instant.
    pub(super) fn advance(&mut self, until: DateTime<Utc>) {
        self.until = self.until.max(until);
    }

    /// The time at the end of what is known of the log.
    pub(super) fn now(&self) -> NaiveDateTime {
        match self.last {
            None => self.until.naive_utc(),
            Some(last) if self.times == LogTimes::Utc => last.max(self.until.naive_utc()),
            Some(last) => last + (self.until - self.seen),
        }
    }

    /// The time of a record: its own, unless the log cannot have come that far.
    pub(super) fn of_record(&mut self, time: NaiveDateTime) -> NaiveDateTime {
        let first = *self.first.get_or_insert(time);
        let is_earlier = first < self.started.naive_utc() - SLACK;
        if is_earlier || first > self.until.naive_utc() + SLACK {
            self.times = LogTimes::Live;
        }
        if time > first + (self.until - self.started) + SLACK {
            return self.now();
        }
        let time = self.last.map_or(time, |last| last.max(time));
        self.last = Some(time);
        self.seen = self.until;
        time
    }

    /// The time of a line that has none.
    pub(super) fn of_line(&self) -> NaiveDateTime {
        match self.last {
            Some(last) if self.times == LogTimes::Utc => last,
            Some(_) | None => self.now(),
        }
    }

    /// A time of the log as an instant.
    pub(super) fn instant(&self, time: NaiveDateTime) -> DateTime<Utc> {
        let ago = (self.now() - time).max(TimeDelta::zero());
        (self.until - ago).max(self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn local(hour: u32, minute: u32) -> NaiveDateTime {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        day.and_hms_opt(hour, minute, 0).unwrap()
    }

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        local(hour, minute).and_utc()
    }

    #[test]
    fn a_log_in_utc_is_silent_since_its_last_record() {
        let mut clock = LogClock::new(at(4, 0), LogTimes::Utc);
        clock.advance(at(4, 10));
        assert_eq!(clock.of_record(local(4, 1)), local(4, 1));
        assert_eq!(clock.of_line(), local(4, 1));
        assert_eq!(clock.now(), local(4, 10));
        assert_eq!(clock.instant(local(4, 1)), at(4, 1));
    }

    #[test]
    fn a_log_of_another_timezone_is_silent_since_it_was_read() {
        for first in [local(13, 1), local(1, 1)] {
            let mut clock = LogClock::new(at(4, 0), LogTimes::Utc);
            clock.advance(at(4, 10));
            clock.of_record(first);
            assert_eq!(clock.now(), first, "{first}");
            clock.advance(at(4, 15));
            assert_eq!(clock.now(), first + TimeDelta::minutes(5));
            assert_eq!(clock.instant(first), at(4, 10));
        }
    }

    #[test]
    fn a_date_that_the_program_prints_does_not_move_it() {
        let mut clock = LogClock::new(at(4, 0), LogTimes::Live);
        clock.advance(at(4, 1));
        assert_eq!(clock.of_record(local(9, 0)), local(9, 0));
        clock.advance(at(4, 2));
        assert_eq!(clock.of_record(local(23, 0)), local(9, 1));
        assert_eq!(clock.of_record(local(2, 0)), local(9, 0));
        clock.advance(at(4, 5));
        assert_eq!(clock.now(), local(9, 3));
    }
}
