//! A task of a stage of Spark that read far more than the others.

/// A failed task that had read far more than the others of its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskSkew {
    /// The stage.
    pub stage: u32,
    /// Where most of it came from.
    pub of: Excess,
    /// How much it had read, in bytes: a lower bound, because the task failed.
    pub task: u64,
    /// The median of the tasks that ended well, in bytes.
    pub median: u64,
}

/// Where a task read more than the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// From a shuffle, which has the rows of a key in one task.
    Shuffled,
    /// From storage.
    Stored,
}
