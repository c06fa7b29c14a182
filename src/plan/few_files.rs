//! Inputs of fewer files than a step has slots, in a form that Spark cannot split: each file is one task,
//! so the other slots are idle while it is read.

/// The ends of names of files that Hadoop reads from their beginning only: codecs that are no
/// `SplittableCompressionCodec`, and archives.
const WHOLE: [&str; 7] = [".gz", ".zip", ".tgz", ".deflate", ".zst", ".snappy", ".lz4"];

/// Smaller inputs are read soon by one task, in bytes.
const SMALL: u64 = 16 << 20;

/// What is wrong with an input, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FewFiles {
    /// With the arithmetic, as a sentence without a full stop.
    pub message: String,
    /// What helps.
    pub help: String,
}

/// Compares the files of an input, each with its name and bytes, with the slots of the step that reads
/// them. `None` if they can be split, are enough, or are small.
pub fn check(files: &[(&str, u64)], step: &str, slots: u64) -> Option<FewFiles> {
    let full: Vec<_> = files.iter().filter(|(_, bytes)| *bytes > 0).collect();
    let count = full.len() as u64;
    let bytes = full.iter().map(|(_, bytes)| *bytes).sum::<u64>();
    let forms: Option<Vec<&str>> = full.iter().map(|(name, _)| form(name)).collect();
    let mut forms = forms?;
    forms.sort_unstable();
    forms.dedup();
    if count == 0 || count >= slots || bytes < SMALL {
        return None;
    }
    let forms = forms.join(" and ");
    let message = if count == 1 {
        format!(
            "a {forms} file cannot be split, and step {step:?} has {slots} slots: only 1 task reads it"
        )
    } else {
        format!(
            "{count} {forms} files cannot be split, and step {step:?} has {slots} slots: at most \
             {count} tasks read at once"
        )
    };
    let help = format!(
        "divide it into {slots} files or more, store it as Parquet or bzip2, or repartition it \
         directly after it is read"
    );
    Some(FewFiles { message, help })
}

/// The end of a name, if the file cannot be split.
fn form(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    WHOLE.into_iter().find(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: u64 = 100 << 20;

    fn message(files: &[(&str, u64)], slots: u64) -> Option<String> {
        check(files, "one", slots).map(|found| found.message)
    }

    #[test]
    fn the_arithmetic_is_stated() {
        let three = [("a.gz", BIG), ("b.gz", BIG), ("C.GZ", BIG)];
        assert_eq!(
            message(&three, 8).unwrap(),
            "3 .gz files cannot be split, and step \"one\" has 8 slots: at most 3 tasks read at once"
        );
        assert_eq!(
            message(&[("a.csv.zip", BIG)], 4).unwrap(),
            "a .zip file cannot be split, and step \"one\" has 4 slots: only 1 task reads it"
        );
        // An empty file is none, and a small one is read by one task in any case.
        let one = message(&[("a.gz", SMALL), ("_SUCCESS.gz", 0)], 4).unwrap();
        assert!(one.starts_with("a .gz file"), "{one}");
        assert_eq!(message(&[("a.gz", SMALL - 1)], 4), None);
        let mixed = [("a.gz", BIG), ("b.zst", BIG)];
        assert!(
            message(&mixed, 4)
                .unwrap()
                .starts_with("2 .gz and .zst files")
        );
    }

    #[test]
    fn what_splits_suffices_or_is_small_is_not_reported() {
        let gz = ("a.gz", BIG);
        for (files, slots) in [
            (&[gz, gz][..], 2),
            (&[gz], 1),
            (&[gz, ("b.csv", BIG)], 8),
            (&[("a.bz2", BIG)], 8),
            (&[("a.snappy.parquet", BIG)], 8),
            (&[("a.gz", 1_000_000)], 8),
            (&[("a.gz", 0)], 8),
            (&[], 8),
        ] {
            assert_eq!(message(files, slots), None, "{files:?}");
        }
    }
}
