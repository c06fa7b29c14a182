//! What is known of an input in S3.

/// What an input may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputForm {
    /// One object.
    Object,
    /// What Hadoop reads: an object, all objects below a prefix, or those that match a pattern.
    Data,
}

/// Begins a pattern of names (Hadoop, `GlobPattern`).
pub const PATTERN: [char; 4] = ['*', '?', '[', '{'];

/// Whether an input exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputState {
    /// It does. The objects that Hadoop reads of it, each with its key and its bytes; `None` if they
    /// are not known.
    Exists(Option<Vec<(String, u64)>>),
    /// Its bucket does not exist.
    NoBucket,
    /// The bucket has no such object, nor any below it.
    NoObject,
    /// That is not known, for this reason.
    Unknown(String),
    /// S3 did not answer, and probably does not answer for others.
    NoAnswer,
}
