//! The places in S3 that a script reads and writes through Spark.

use super::text::Text;
use std::collections::BTreeSet;

/// The places that are read and written, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Reads {
    read: BTreeSet<String>,
    written: Vec<Written>,
}

/// A place that is written.
#[derive(Debug)]
struct Written {
    /// What is known of its address, from its beginning.
    start: String,
    is_whole: bool,
}

impl Reads {
    /// Notes a read that surely happens.
    pub(super) fn read(&mut self, path: &Text) {
        // To Hadoop, a comma divides paths.
        let one = |whole: &String| whole.starts_with("s3://") && !whole.contains(',');
        self.read.extend(path.whole().filter(one));
    }

    /// Notes a write. `path`: `None` if nothing is known of it.
    pub(super) fn write(&mut self, path: Option<&Text>) {
        let start = path.map(Text::beginning).unwrap_or_default();
        // What begins with a location of the stack has no address of its own.
        if path.is_some_and(|path| path.place().is_some()) {
            return;
        }
        self.written.push(Written {
            is_whole: path.is_some_and(|path| path.whole().is_some()),
            start,
        });
    }

    /// The addresses that are read, but for those around or below a place that the script writes: these
    /// may be its own outputs.
    pub(super) fn sure(mut self) -> BTreeSet<String> {
        let written = self.written;
        self.read
            .retain(|read| !written.iter().any(|one| one.may_be(read)));
        self.read
    }
}

impl Written {
    /// Whether something that is read there may have been written.
    fn may_be(&self, read: &str) -> bool {
        let around = if self.is_whole {
            is_below(read, &self.start)
        } else {
            read.starts_with(&self.start)
        };
        around || is_below(&self.start, read)
    }
}

/// Whether a place is a folder, or below it.
fn is_below(place: &str, folder: &str) -> bool {
    let rest = place.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sure(read: &str, written: &Text) -> bool {
        let mut reads = Reads::default();
        reads.read(&Text::known(read));
        reads.write(Some(written));
        reads.sure().contains(read)
    }

    #[test]
    fn what_is_written_may_be_an_output() {
        let read = "s3://b/a/x";
        for (written, expected) in [
            ("s3://b/a/x", false),
            ("s3://b/a/x/", false),
            ("s3://b/a/x/y", false),
            ("s3://b/a", false),
            ("s3://b/a/x-clean", true),
            ("s3://b/a/y", true),
            ("s3://c/a/x", true),
        ] {
            assert_eq!(sure(read, &Text::known(written)), expected, "{written}");
        }
        for (start, expected) in [
            ("", false),
            ("s3://b/", false),
            ("s3://b/a/x/", false),
            ("s3://b/a/x-", true),
            ("s3://c/", true),
        ] {
            let written = Text::known(start).and(&Text::unknown());
            assert_eq!(sure(read, &written), expected, "{start}…");
        }
    }

    #[test]
    fn lists_of_paths_are_no_address() {
        assert!(!sure("s3://b/a,s3://b/c", &Text::known("s3://b/d")));
    }
}
