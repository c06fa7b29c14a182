//! Names of staged files that Hadoop reads correctly. It skips names that begin with `_` or `.` or
//! end in `._COPYING_` (FileInputFormat, HadoopFSUtils.shouldFilterOutPathName), treats some
//! characters as part of a pattern, a list or a scheme (Globber, Path), and chooses the codec by
//! the end of the name.

/// The maximum length of a name. The end determines the codec, so a longer name is cut in the
/// middle.
const MAX_CHARS: usize = 200;
/// How much of the end of a longer name is kept.
const END: usize = 100;

const COPYING: &str = "._COPYING_";

/// The name under which a file is staged: its own if that is safe, otherwise the nearest safe one.
pub fn staged_name(name: &str) -> String {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => c,
        _ => '-',
    };
    let mut safe: String = name.chars().map(plain).collect();
    if safe.ends_with(COPYING) {
        safe.pop();
    }
    if !safe.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        safe.insert_str(0, "file");
    }
    if safe.len() > MAX_CHARS {
        // The name is ASCII by now.
        let end = safe.split_off(safe.len() - END);
        safe.truncate(MAX_CHARS - END - 1);
        safe = format!("{safe}-{end}");
    }
    safe
}

/// Whether Hadoop skips a file or folder of this name, because it begins with `_` or `.`. A partition may
/// begin like this: `_date=1`.
pub fn is_skipped(name: &str) -> bool {
    name.starts_with(['_', '.']) && !name.contains('=')
}

/// Why Hadoop does not read an object with this key as one object; `None` if it does.
pub fn unread(key: &str) -> Option<String> {
    let last = key.trim_end_matches('/').rsplit('/').next().unwrap_or(key);
    if is_skipped(last) {
        return Some("Hadoop skips names that begin with `_` or `.`".to_owned());
    }
    if last.ends_with(COPYING) {
        return Some(format!("Hadoop skips names that end in `{COPYING}`"));
    }
    let odd = key.chars().find(|c| ":\\,*?[]{}".contains(*c))?;
    Some(match odd {
        ',' => "Hadoop takes `,` for the end of a path".to_owned(),
        ':' | '\\' => format!("Hadoop cannot read paths with `{odd}`"),
        _ => format!("Hadoop takes `{odd}` for a part of a pattern"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_staged_is_read() {
        for (name, staged) in [
            ("ratings.dat", "ratings.dat"),
            ("part-0_1.csv.gz", "part-0_1.csv.gz"),
            ("_ratings.csv", "file_ratings.csv"),
            (".hidden.csv.bz2", "file.hidden.csv.bz2"),
            ("._x", "file._x"),
            ("x.csv._COPYING_", "x.csv._COPYING"),
            ("_COPYING_", "file_COPYING_"),
            ("a:b.csv", "a-b.csv"),
            ("a\\b,c.csv", "a-b-c.csv"),
            ("a*b?[c]{d}.gz", "a-b--c--d-.gz"),
            ("a b%41#c+d=e.csv", "a-b-41-c-d-e.csv"),
            ("a;rm -rf $(x)`y`.py", "a-rm--rf---x--y-.py"),
            ("日本.csv.gz", "file--.csv.gz"),
            ("é.py", "file-.py"),
            ("-rf.py", "file-rf.py"),
            ("a\nb\u{202e}.py", "a-b-.py"),
            ("", "file"),
        ] {
            assert_eq!(staged_name(name), staged, "{name:?}");
            assert_eq!(unread(&staged_name(name)), None, "{name:?}");
            assert_eq!(staged_name(staged), staged, "and it stays: {name:?}");
        }
        let long = staged_name(&format!("{}.csv.gz", "é".repeat(250)));
        assert!(long.len() == 200 && long.ends_with("-.csv.gz"), "{long}");
        assert_eq!(staged_name(&long), long);
    }

    #[test]
    fn what_hadoop_skips_or_takes_apart_is_known() {
        for key in [
            "_x.csv",
            "a/_x",
            "a/.x",
            "a/.x/",
            "a/x.csv._COPYING_",
            "a/b:c.csv",
            "a\\b",
            "a,b",
            "a/*.csv",
            "a/x?.csv",
            "a/[0-9]",
            "a/{b,c}",
        ] {
            assert!(unread(key).is_some(), "{key}");
        }
        for key in [
            "x.csv",
            "_old/x.csv",
            "a/b c%20+#é.csv",
            "t/_date=1",
            "a/COPYING_",
            "a/x_",
            "a/b/",
        ] {
            assert_eq!(unread(key), None, "{key}");
        }
    }
}
