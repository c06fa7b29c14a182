//! Several logs as one stream in the order of time. Threads unpack and split them; of each log only a
//! small part is in memory at a time.

use super::file::LogFile;
use super::tail::Tail;
use crate::diagnose::records::{Filter, Merge, Record};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::cell::Cell;
use std::io::{self, BufRead, ErrorKind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How much of a log is read at a time: bytes of shown records, and bytes of all.
const SHOWN: usize = 16 << 10;
const READ: u64 = 1 << 20;

/// The number of waiting records of a log from which more of it is read.
const LOW: usize = 32;

/// With more logs than this, a log stays closed until its first record's turn comes.
const MAX_OPEN: usize = 256;

/// The most threads.
const MAX_THREADS: usize = 4;

/// Several logs as one stream.
#[derive(Debug)]
pub struct MergedLogs {
    merge: Merge,
    /// Those that no thread reads now.
    idle: Vec<Option<Source>>,
    ended: Vec<Option<Ended>>,
    jobs: Sender<Job>,
    done: Receiver<Done>,
}

/// What comes next in the stream.
#[derive(Debug)]
pub enum Next {
    /// A record, and before it the index of its log.
    Record(usize, Record),
    /// The next record has not been read yet.
    Unread,
    /// All logs have ended.
    End,
}

/// How a log ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// How far it was read.
    pub tail: Tail,
    /// Why the rest of it cannot be read. EMR may still be writing it.
    pub problem: Option<io::Error>,
}

struct Source {
    file: LogFile,
    tail: Tail,
    /// `None` until it is opened.
    reader: Option<Box<dyn BufRead + Send>>,
    /// Whether only the time of its first record is wanted.
    peeks: bool,
    /// Whether it may grow: its last line may not be complete.
    grows: bool,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Source").field(&self.file).finish()
    }
}

struct Job {
    index: usize,
    source: Source,
}

struct Done {
    index: usize,
    source: Source,
    records: Vec<Record>,
    /// Whether it has no more records, and why, if it was not read to its end.
    end: Option<Option<io::Error>>,
}

impl MergedLogs {
    /// Begins to read logs, each from where it was left. The first comes first where times are
    /// alike. If they `grow`, a line without its end is left for the next time.
    ///
    /// # Errors
    /// Returns an error if no thread can be started.
    pub fn read(logs: Vec<(LogFile, Tail)>, filter: &Filter, grow: bool) -> io::Result<Self> {
        let count = logs.len();
        let peeks = count > MAX_OPEN;
        if peeks {
            raise_open_files();
        }
        let (jobs, todo) = channel();
        let (sender, done) = channel();
        let todo = Arc::new(Mutex::new(todo));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores.min(MAX_THREADS).min(count) {
            let (todo, sender, filter) = (todo.clone(), sender.clone(), filter.clone());
            let work = move || work(&todo, &sender, &filter);
            thread::Builder::new().name("logs".to_owned()).spawn(work)?;
        }
        let mut merged = Self {
            merge: Merge::new(count),
            idle: Vec::new(),
            ended: Vec::new(),
            jobs,
            done,
        };
        merged.ended.resize_with(count, || None);
        for (index, (file, tail)) in logs.into_iter().enumerate() {
            merged.idle.push(Some(Source {
                file,
                tail,
                reader: None,
                peeks,
                grows: grow,
            }));
            merged.send(index);
        }
        Ok(merged)
    }

    /// The next record if it has been read.
    pub fn next_read(&mut self) -> Next {
        while let Ok(done) = self.done.try_recv() {
            self.receive(done);
        }
        if let Some((source, record)) = self.merge.next_record() {
            self.refill(source);
            return Next::Record(source, record);
        }
        if let Some(due) = self.merge.take_due() {
            self.send(due);
        }
        if self.merge.is_waiting() {
            Next::Unread
        } else {
            Next::End
        }
    }

    /// Waits until something has been read, at most so long; false if nothing ever will be.
    pub fn wait(&mut self, at_most: Duration) -> bool {
        match self.done.recv_timeout(at_most) {
            Ok(done) => {
                self.receive(done);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// How each log ended, in their order. Those that were not read to their end begin again.
    pub fn finish(self) -> Vec<Ended> {
        let ended = self.ended.into_iter();
        ended.map(Option::unwrap_or_default).collect()
    }

    fn refill(&mut self, index: usize) {
        if self.merge.waiting(index) <= LOW {
            self.send(index);
        }
    }

    /// Has a log read further, unless that is under way.
    fn send(&mut self, index: usize) {
        let source = self.idle.get_mut(index).and_then(Option::take);
        if let Some(source) = source {
            // The threads live as long as this.
            let _ = self.jobs.send(Job { index, source });
        }
    }

    fn receive(&mut self, done: Done) {
        let Done {
            index,
            source,
            records,
            end,
        } = done;
        let first = records.first().filter(|_| source.peeks);
        let promised = first.map(|record| record.time);
        if let Some(time) = promised {
            self.merge.promise(index, time);
        } else {
            self.merge.add(index, records);
            if let Some(problem) = end {
                self.merge.end(index);
                let tail = source.tail;
                self.ended[index] = Some(Ended { tail, problem });
                return;
            }
        }
        let peeks = source.peeks && promised.is_none();
        self.idle[index] = Some(Source { peeks, ..source });
        if promised.is_none() {
            self.refill(index);
        }
    }
}

/// What each thread does until the stream is dropped.
fn work(todo: &Mutex<Receiver<Job>>, sender: &Sender<Done>, filter: &Filter) {
    loop {
        let job = todo.lock().ok().and_then(|jobs| jobs.recv().ok());
        let Some(Job { index, mut source }) = job else {
            return;
        };
        let before = source.peeks.then(|| source.tail.clone());
        let mut records = Vec::new();
        let end = match source.read(filter, &mut records) {
            Ok(true) => None,
            Ok(false) => Some(None),
            Err(problem) => Some(Some(problem)),
        };
        if let Some(tail) = before.filter(|_| !records.is_empty()) {
            (source.tail, source.reader) = (tail, None);
        }
        let done = Done {
            index,
            source,
            records,
            end,
        };
        if sender.send(done).is_err() {
            return;
        }
    }
}

impl Source {
    /// Reads a part; false at the end.
    fn read(&mut self, filter: &Filter, records: &mut Vec<Record>) -> io::Result<bool> {
        let mut shown = 0;
        let is_enough = Cell::new(false);
        // What comes from a program is shown as it comes.
        let enough = if self.file.is_input() { 0 } else { SHOWN };
        let mut each = |record: Record| {
            shown += record.text.len();
            records.push(record);
            is_enough.set(shown > enough);
        };
        let until = self.tail.read() + READ;
        let read = loop {
            let reader = match &mut self.reader {
                Some(reader) => reader,
                none => none.insert(opened(&self.file, &mut self.tail)?),
            };
            match self.tail.next_line(&mut **reader, filter, &mut each) {
                Ok(true) if is_enough.get() || self.tail.read() >= until => return Ok(true),
                Ok(true) => {}
                Ok(false) => break Ok(false),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.tail.flush(filter, each);
                    return Ok(true);
                }
                Err(error) => break Err(error),
            }
        };
        self.reader = None;
        if self.grows {
            self.tail.flush(filter, each);
        } else {
            self.tail.finish(filter, each);
        }
        read
    }
}

/// Opens a log where it was left, or at its beginning if it was replaced by a shorter one.
fn opened(file: &LogFile, tail: &mut Tail) -> io::Result<Box<dyn BufRead + Send>> {
    if let Some(reader) = file.open(tail.read())? {
        return Ok(reader);
    }
    *tail = Tail::default();
    Ok(file.open(0)?.unwrap_or_else(|| Box::new(io::empty())))
}

/// Allows this process as many open files as the system lets it have.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = maximum;
    // With fewer, the logs that cannot be opened are reported.
    let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
}

#[cfg(test)]
mod tests;
