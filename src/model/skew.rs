//! A task of a stage of Spark that had far more to do than the others.

/// A failed task that had far more to do than the others of its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskSkew {
    /// The stage.
    pub stage: u32,
    /// What it had more of.
    pub of: Excess,
    /// How much, in the unit of `of`: a lower bound, because the task failed.
    pub task: u64,
    /// The median of the tasks that ended well.
    pub median: u64,
}

/// What a task had more of than the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Bytes, most of them of a shuffle, which has the rows of a key in one task.
    Shuffled,
    /// Bytes, most of them from storage.
    Stored,
    /// Milliseconds that it ran; what it read is not known.
    Time,
}
