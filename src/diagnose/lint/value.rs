//! What is known of the value of an expression.

use super::text::Text;

/// A value, as far as it is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Value {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// A text, or a path of `pathlib`.
    Text(Text),
    /// An integer.
    Int(i64),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    Nothing,
    /// A tuple, or a list that has not been changed.
    Items(Vec<Self>),
    /// `sys.argv` from this index on.
    Argv(usize),
    /// What an import or a built-in name stands for, such as `os.path.join`.
    Import(String),
    /// A function of the script.
    Function(FunctionId),
    /// A class of the script.
    Class(ClassId),
    /// An object of a class of the script.
    Instance(ClassId),
    /// A parser of `argparse`.
    Parser(usize),
    /// What a parser of `argparse` returns.
    Options(usize),
    /// An object of Spark.
    Spark(Spark),
}

/// Where a function begins in the script, which identifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FunctionId(pub(super) usize);

/// Where a class begins in the script, which identifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClassId(pub(super) usize);

/// An object of Spark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spark {
    Context,
    Conf,
    Builder,
    Session,
    Reader,
    /// The reader of a stream, whose input may come later.
    StreamReader,
    Writer,
    Rdd(Size),
    Frame(Size),
    /// A DataFrame after `groupBy`.
    Grouped,
}

/// How large an RDD or DataFrame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// As large as the data that it was read from.
    Whole,
    /// A limit or an aggregate made it small, or nothing is known.
    Other,
}

/// The longest list that is followed, with the items of its lists.
const MAX_ITEMS: usize = 200;

impl Value {
    /// A text that the script itself has.
    pub(super) fn known(text: &str) -> Self {
        Self::Text(Text::known(text))
    }

    /// An import by its dotted name.
    pub(super) fn import(name: impl Into<String>) -> Self {
        Self::Import(name.into())
    }

    /// A list or tuple.
    pub(super) fn items(items: Vec<Self>) -> Self {
        let nested = |item: &Self| {
            if let Self::Items(items) = item {
                items.len()
            } else {
                0
            }
        };
        let count = items.len() + items.iter().map(nested).sum::<usize>();
        let is_deep = |item: &Self| nested(item) > 0 && item.has_lists();
        if count > MAX_ITEMS || items.iter().any(is_deep) {
            return Self::Unknown;
        }
        Self::Items(items)
    }

    /// Whether it is a list of lists.
    fn has_lists(&self) -> bool {
        let Self::Items(items) = self else {
            return false;
        };
        items.iter().any(|item| matches!(item, Self::Items(_)))
    }

    /// The text, if it is one.
    pub(super) const fn text(&self) -> Option<&Text> {
        if let Self::Text(text) = self {
            return Some(text);
        }
        None
    }

    /// The whole text, if the script itself has all of it.
    pub(super) fn constant(&self) -> Option<&str> {
        self.text()?.constant()
    }

    /// The dotted name of an import.
    pub(super) fn import_name(&self) -> Option<&str> {
        if let Self::Import(name) = self {
            return Some(name);
        }
        None
    }

    /// Whether it is known to be true or false.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(it) => Some(*it),
            Self::Int(number) => Some(*number != 0),
            Self::Nothing => Some(false),
            Self::Items(items) => Some(!items.is_empty()),
            Self::Text(text) => text.whole().map(|text| !text.is_empty()),
            Self::Unknown
            | Self::Argv(_)
            | Self::Import(_)
            | Self::Function(_)
            | Self::Class(_)
            | Self::Instance(_)
            | Self::Parser(_)
            | Self::Options(_)
            | Self::Spark(_) => None,
        }
    }

    /// What is known where the value is one of two.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Spark(Spark::Rdd(_)), Self::Spark(Spark::Rdd(_))) => {
                Self::Spark(Spark::Rdd(Size::Other))
            }
            (Self::Spark(Spark::Frame(_)), Self::Spark(Spark::Frame(_))) => {
                Self::Spark(Spark::Frame(Size::Other))
            }
            _ => Self::Unknown,
        }
    }
}

impl From<Spark> for Value {
    fn from(spark: Spark) -> Self {
        Self::Spark(spark)
    }
}
