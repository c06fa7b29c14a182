//! Standard input, which is read without waiting for long: a program may write to it now and then.

use std::io::{self, Cursor, ErrorKind, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// How long a read waits.
const MAX_WAIT: Duration = Duration::from_millis(100);

/// How much is read at a time, in bytes, and how many such pieces wait.
const PIECE: usize = 64 << 10;
const PIECES: usize = 4;

/// Standard input, read by a thread of its own. A read fails with `WouldBlock` if nothing is there
/// for a tenth of a second, and can be repeated.
pub(super) struct Input {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
}

impl Input {
    pub(super) fn open() -> io::Result<Self> {
        Self::of(io::stdin())
    }

    fn of(from: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(PIECES);
        let work = move || forward(from, &sender);
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(work)?;
        let piece = Cursor::default();
        Ok(Self { pieces, piece })
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.piece.read(buffer)?;
        if read > 0 {
            return Ok(read);
        }
        match self.pieces.recv_timeout(MAX_WAIT) {
            Ok(piece) => {
                self.piece = Cursor::new(piece?);
                self.piece.read(buffer)
            }
            Err(RecvTimeoutError::Timeout) => Err(ErrorKind::WouldBlock.into()),
            Err(RecvTimeoutError::Disconnected) => Ok(0),
        }
    }
}

/// Reads until the end, an error, or until nobody wants more.
fn forward(mut from: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => Ok(buffer.get(..read).unwrap_or_default().to_vec()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = piece.is_err();
        if sender.send(piece).is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_written_late_is_read_after_a_pause() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut input = Input::of(reader).unwrap();
        let mut buffer = [0; 3];
        let error = input.read(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        writer.write_all(b"abcd").unwrap();
        drop(writer);
        let mut all = Vec::new();
        while let Err(error) = input.read_to_end(&mut all) {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        assert_eq!(all, b"abcd");
    }
}
