//! One Spark standalone cluster in a folder.
