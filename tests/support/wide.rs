//! Lines that do not fit a terminal.

/// The lines that are too long, but for a word alone, a command to paste, and what is quoted from a file.
pub(crate) fn long_lines(text: &str, columns: usize) -> Vec<String> {
    let wrong = text.lines().filter(|line| {
        let begin = line.trim_start();
        let is_word = begin.split(' ').count() == 1;
        let quoted = begin.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_whole = begin.starts_with("next: ") || quoted.trim_start().starts_with('|');
        line.chars().count() > columns && !is_word && !is_whole
    });
    wrong.map(str::to_owned).collect()
}
