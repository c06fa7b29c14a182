//! The end of what a step has printed, while it prints.

use crate::cloud::local_results;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// How many bytes of the end are read.
const END: u64 = 8 << 10;

/// Returns the last lines of a file; none if it cannot be read. Of a line that was printed over, the
/// last is returned. The first line may lack its beginning.
pub fn last_lines(path: &Path) -> Vec<String> {
    let mut bytes = Vec::new();
    let mut read = || -> std::io::Result<()> {
        // The job may have replaced the file by a link or a pipe.
        let mut file = local_results::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        file.take(END).read_to_end(&mut bytes)?;
        Ok(())
    };
    if read().is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let shown = |line: &str| {
        let line = line.trim_end();
        line.rsplit('\r').next().unwrap_or_default().to_owned()
    };
    text.lines().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_output_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout");
        assert_eq!(last_lines(&path), Vec::<String>::new());
        let long = "x".repeat(200);
        let all = format!(
            "{}10%\r100%\r\nlast, not ended",
            format!("{long}\n").repeat(999)
        );
        std::fs::write(&path, all).unwrap();
        let lines = last_lines(&path);
        assert!(lines.len() < 60, "{}", lines.len());
        assert_eq!(lines[lines.len() - 2..], ["100%", "last, not ended"]);
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stdout");
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        assert_eq!(last_lines(&path), Vec::<String>::new());
    }
}
