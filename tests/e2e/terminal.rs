//! What a person sees of a command on a terminal of 80 columns and 24 rows, with all that has scrolled
//! out of it.

use std::num::NonZero;
use std::process::Command;

const COLUMNS: u16 = 80;
const ROWS: u16 = 24;
const SCROLLED: usize = 10_000;

/// Starts the program whose words follow on a terminal of its own, whose output it copies.
const SPAWN: &str = "import pty,sys; sys.exit(pty.spawn(sys.argv[1:]) and 1)";

/// The lines that a shell's commands leave, without those at the end that are empty. Fails if one of
/// them is wider than the terminal.
pub(crate) fn shown(script: &str, prepare: impl FnOnce(&mut Command)) -> String {
    let script = format!("stty rows {ROWS} cols {COLUMNS} -echo\n{script}");
    let mut command = Command::new("python3");
    command.args(["-c", SPAWN, "sh", "-c", &script]);
    command.env("TERM", "xterm-256color");
    prepare(&mut command);
    let output = command.output().unwrap();
    let mut terminal = vt100::Parser::new(number(ROWS), number(COLUMNS), SCROLLED);
    terminal.process(&output.stdout);
    rows(&mut terminal)
}

/// A line of one word, such as a path, may continue in the next row: it stays one line if it is copied.
fn rows(terminal: &mut vt100::Parser) -> String {
    let screen = terminal.screen_mut();
    screen.set_scrollback(SCROLLED);
    let mut text = String::new();
    let mut add = |row: String, continues: bool| {
        text.push_str(if continues { &row } else { row.trim_end() });
        text.push_str(if continues { "" } else { "\n" });
    };
    for above in (1..=screen.scrollback()).rev() {
        screen.set_scrollback(above);
        let row = screen.rows(0, COLUMNS).next().unwrap();
        add(row, screen.row_wrapped(0));
    }
    screen.set_scrollback(0);
    for (row, number) in screen.rows(0, COLUMNS).zip(0..) {
        add(row, screen.row_wrapped(number));
    }
    for line in text.lines().filter(|line| line.trim().contains(' ')) {
        let columns = line.chars().count();
        assert!(columns <= usize::from(COLUMNS), "too wide: {line}");
    }
    format!("{}\n", text.trim_end())
}

fn number(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}
