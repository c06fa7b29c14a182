//! The shell: it alone acts in time.

pub mod clock;
pub mod supervisor;
