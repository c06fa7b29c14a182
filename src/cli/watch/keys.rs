//! Keys as they are pressed. Ctrl-C stays a signal, and output stays as it is: only the echo and the wait
//! for the end of a line are off, until this is dropped.

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::io::{IsTerminal, Stdin, stdin};

/// A key that has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Up,
    Down,
    Logs,
    Extend,
    End,
    Quit,
}

/// The terminal, and the modes that it had.
pub(super) struct Keys {
    stdin: Stdin,
    saved: Termios,
}

impl Keys {
    /// `None` if standard input is not a terminal.
    pub(super) fn open() -> Option<Self> {
        let stdin = stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let keys = Self {
            saved: tcgetattr(&stdin).ok()?,
            stdin,
        };
        keys.resume();
        Some(keys)
    }

    /// Gives lines and echo back to the terminal, for others that read it.
    pub(super) fn pause(&self) {
        // A terminal that is gone needs no modes.
        let _ = tcsetattr(&self.stdin, OptionalActions::Flush, &self.saved);
    }

    /// Takes them again.
    pub(super) fn resume(&self) {
        let mut modes = self.saved.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        // A read returns at once with what there is.
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        let _ = tcsetattr(&self.stdin, OptionalActions::Flush, &modes);
    }

    /// The keys that were pressed since the last call.
    pub(super) fn pressed(&self) -> Vec<Key> {
        let mut buffer = [0; 64];
        let read = rustix::io::read(&self.stdin, &mut buffer).unwrap_or(0);
        parse(buffer.get(..read).unwrap_or_default())
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.pause();
    }
}

/// The keys in what a terminal sends. An arrow is a sequence (ECMA-48, CUU and CUD); other sequences
/// are skipped.
fn parse(bytes: &[u8]) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == 0x1b {
            let end = after.iter().skip(1).position(u8::is_ascii_alphabetic);
            let (sequence, after) = after.split_at(end.map_or(after.len(), |end| end + 2));
            rest = after;
            keys.extend(match sequence {
                [b'[' | b'O', b'A'] => Some(Key::Up),
                [b'[' | b'O', b'B'] => Some(Key::Down),
                _ => None,
            });
            continue;
        }
        keys.extend(match first {
            b'k' => Some(Key::Up),
            b'j' => Some(Key::Down),
            b'l' => Some(Key::Logs),
            b'e' => Some(Key::Extend),
            b'd' => Some(Key::End),
            b'q' => Some(Key::Quit),
            _ => None,
        });
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_arrows_are_keys_and_other_sequences_are_not() {
        assert_eq!(parse(b"jkq"), [Key::Down, Key::Up, Key::Quit]);
        assert_eq!(parse(b"\x1b[A\x1bOB"), [Key::Up, Key::Down]);
        assert_eq!(
            parse(b"\x1b[15~d"),
            [],
            "a function key and what follows in its sequence"
        );
        assert_eq!(parse(b"\x1b[1;5Ae"), [Key::Extend]);
        assert_eq!(parse(b"x\x1b"), []);
        assert_eq!(parse(b"led"), [Key::Logs, Key::Extend, Key::End]);
    }
}
