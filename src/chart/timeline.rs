//! What happens when: lanes of periods and instants.

use super::figure::Chart;
use super::markup::{Area, Drawing};
use super::scale::{Time, WIDTH, label_at};
use super::table::Table;
use super::words::span;
use chrono::{DateTime, Timelike, Utc};

/// The height of a lane: its names, and the bar below them.
const LANE: f64 = 46.0;
const BAR: f64 = 12.0;
const AXIS: f64 = 28.0;
/// The smallest width of a period.
const MIN_WIDTH: f64 = 3.0;

/// The meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// No meaning.
    Plain,
    /// Work, or what is as it should be.
    Good,
    /// A warning.
    Warn,
    /// An end or a failure.
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A period or an instant of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends; `None` for an instant.
    pub until: Option<DateTime<Utc>>,
    /// Its colour.
    pub tone: Tone,
    /// What it is.
    pub text: String,
}

/// A lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// What is said at its end.
    pub note: String,
    /// What is in it.
    pub items: Vec<Item>,
}

/// What the ticks of the axis say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticks {
    /// The time since the start.
    Since,
    /// The time of day in UTC.
    Clock,
}

/// Lanes over one axis of time.
pub struct Timeline<'a> {
    /// Unique in its page.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Where the axis begins.
    pub from: DateTime<Utc>,
    /// Where it ends; what is later is at its end.
    pub until: DateTime<Utc>,
    /// An instant that is marked in all lanes.
    pub now: Option<DateTime<Utc>>,
    /// The labels.
    pub ticks: Ticks,
    /// The lanes from above.
    pub lanes: Vec<Lane>,
}

impl Timeline<'_> {
    /// Draws the lanes.
    pub fn chart(self) -> Chart {
        let time = Time {
            from: self.from,
            until: self.until,
            left: 8.0,
        };
        let height = LANE.mul_add(self.lanes.len() as f64, AXIS);
        let mut drawing = Drawing::new(WIDTH, height);
        self.axis(&mut drawing, time, height);
        if let Some(now) = self.now {
            let x = time.x(now);
            drawing.line("now-line", (x, 0.0), (x, height - AXIS));
        }
        for (n, lane) in self.lanes.iter().enumerate() {
            let top = LANE * n as f64;
            draw(lane, top, time, &mut drawing);
        }
        let words = self.lanes.iter().map(words);
        Chart {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            description: format!("{}.", words.collect::<Vec<_>>().join("; ")),
            drawing,
            legend: Vec::new(),
            table: self.table(),
        }
    }

    fn axis(&self, drawing: &mut Drawing, time: Time, height: f64) {
        let step = time.step();
        // Ticks of the clock are at round times.
        let mut at = match self.ticks {
            Ticks::Since => self.from,
            Ticks::Clock => {
                let second = i64::from(self.from.num_seconds_from_midnight());
                let over = chrono::TimeDelta::seconds(second % step.num_seconds().max(1));
                self.from + (step - over)
            }
        };
        let days = self.until - self.from > chrono::TimeDelta::days(2);
        while at < self.until {
            let x = time.x(at);
            drawing.line("grid", (x, 0.0), (x, height - AXIS));
            let label = match self.ticks {
                Ticks::Since if at == self.from => "start".to_owned(),
                Ticks::Since => span(at - self.from),
                Ticks::Clock if days => at.format("%-d %b %H:%M").to_string(),
                Ticks::Clock => at.format("%H:%M").to_string(),
            };
            drawing.text("tick mid", label_at((x, height - 8.0)), &label);
            at += step;
        }
    }

    fn table(&self) -> Table {
        let instant = |at: DateTime<Utc>| match self.ticks {
            Ticks::Since => format!("+{}", span(at - self.from)),
            Ticks::Clock => at.format("%F %T").to_string(),
        };
        let items = self.lanes.iter();
        let items = items.flat_map(|lane| lane.items.iter().map(move |item| (lane, item)));
        let zone = match self.ticks {
            Ticks::Since => "",
            Ticks::Clock => " (UTC)",
        };
        Table {
            caption: format!("{}{zone}", self.title),
            head: ["", "what", "from", "until"].map(str::to_owned).into(),
            rows: items
                .map(|(lane, item)| {
                    let until = item.until.map(instant).unwrap_or_default();
                    let cells = [
                        lane.name.clone(),
                        item.text.clone(),
                        instant(item.from),
                        until,
                    ];
                    cells.into()
                })
                .collect(),
            texts: 2,
        }
    }
}

fn words(lane: &Lane) -> String {
    if lane.note.is_empty() {
        let texts: Vec<&str> = lane.items.iter().map(|item| item.text.as_str()).collect();
        return format!("{}: {}", lane.name, texts.join(", "));
    }
    format!("{}: {}", lane.name, lane.note)
}

fn draw(lane: &Lane, top: f64, time: Time, drawing: &mut Drawing) {
    let right = WIDTH - 8.0;
    drawing.text("lane", (8.0, top + 20.0), &lane.name);
    drawing.text("note end", (right, top + 20.0), &lane.note);
    let y = top + 26.0;
    drawing.line("track", (8.0, y + BAR / 2.0), (right, y + BAR / 2.0));
    for item in &lane.items {
        let class = format!("item {}", item.tone.class());
        let x = time.x(item.from);
        match item.until {
            None => drawing.dot(
                &class,
                (x.clamp(6.0, right), y + BAR / 2.0),
                6.0,
                &item.text,
            ),
            Some(until) => {
                let width = (time.x(until) - x).max(MIN_WIDTH);
                let area = Area {
                    x: x.min(right - MIN_WIDTH),
                    y,
                    width,
                    height: BAR,
                };
                drawing.area(&class, area, &item.text);
            }
        }
    }
}
