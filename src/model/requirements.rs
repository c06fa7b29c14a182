//! Packages of Python by the names that pip resolves, alone and in a file of requirements.

use super::invalid::Invalid;

/// A line of a file that is not a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Its number, from 1.
    pub number: usize,
    /// Its text, without the comment.
    pub text: String,
}

/// A requirement that pip resolves by name, without spaces. Options, addresses and paths are
/// rejected, as they would let a stack's file install from anywhere.
///
/// # Errors
/// Returns what a package looks like.
pub fn package(text: &str) -> Result<String, Invalid> {
    let end = text
        .find(['[', '=', '<', '>', '~', '!'])
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (extras, versions) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extras, versions)) => (Some(extras), versions),
        None => (None, rest),
    };
    let extras = extras.is_none_or(|extras| extras.split(',').all(project));
    let versions = versions.is_empty() || versions.split(',').all(version);
    if project(name) && extras && versions {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "a package that pip knows by name, such as `numpy` or `numpy==2.3.1`",
    ))
}

fn project(name: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.bytes().all(byte) && end(name.chars().next()) && end(name.chars().last())
}

fn version(text: &str) -> bool {
    let number = ["==", ">=", "<=", "~=", "!=", "<", ">"]
        .iter()
        .find_map(|sign| text.strip_prefix(sign))
        .unwrap_or_default();
    let byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'*' | b'+' | b'!');
    !number.is_empty() && number.bytes().all(byte)
}

/// The packages of a file with one per line, as `pip freeze` writes it: comments and empty lines are
/// allowed, pip's options are not.
///
/// # Errors
/// Returns the first line that is not a package.
pub fn requirements(text: &str) -> Result<Vec<String>, BadLine> {
    let mut packages = Vec::new();
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let comment = line.find(" #").or_else(|| line.find("\t#"));
        let line = comment.map_or(line, |at| &line[..at]).trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let plain: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        // `a b` is not the package `ab`.
        let words = line.split_whitespace();
        let is_split = words.clone().zip(words.skip(1)).any(|(one, next)| {
            let ends = |c: char| c.is_ascii_alphanumeric();
            one.ends_with(ends) && next.starts_with(ends)
        });
        match package(&plain) {
            Ok(package) if !is_split => packages.push(package),
            Ok(_) | Err(_) => {
                return Err(BadLine {
                    number: index + 1,
                    text: line.to_owned(),
                });
            }
        }
    }
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_names_and_nothing_else() {
        for good in [
            "numpy",
            "numpy==2.3.1",
            "pandas[parquet,s3]>=2,<3",
            "zope.interface",
        ] {
            assert!(package(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-r",
            "--index-url=http://x",
            "git+https://x/y",
            "numpy @ http://x",
            "./numpy",
            "numpy;true",
            "numpy==",
            "numpy[",
            "a b",
            "numpy==1 ; x",
            "-",
            "numpy>=2,",
        ] {
            assert!(package(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_has_one_package_per_line() {
        let text = "\u{feff}# made by pip freeze\r\nnumpy==1.26.4\r\n\n  pandas >= 2, < 3  # why\n\
            s3fs[boto3]\t# also\n";
        assert_eq!(
            requirements(text),
            Ok(["numpy==1.26.4", "pandas>=2,<3", "s3fs[boto3]"]
                .map(str::to_owned)
                .into())
        );
        assert_eq!(requirements(""), Ok(vec![]));
        for bad in [
            "-r other.txt",
            "--index-url https://example.com",
            "-e .",
            "numpy @ https://example.com/numpy.whl",
            "git+https://example.com/x.git",
            "./local",
            "numpy==1.0 --hash=sha256:00",
            "numpy; python_version < \"3.9\"",
            "numpy pandas",
            "numpy \\",
        ] {
            let refused = requirements(&format!("a\n\n{bad} # x\n")).unwrap_err();
            assert_eq!((refused.number, refused.text.as_str()), (3, bad));
        }
    }
}
