//! Hints in messages: a sentence, or a command that can be pasted. Rooms that do not know the
//! command line name the stack; the command line completes the command with its own arguments.

use super::name::StackName;
use super::place::Place;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// A sentence about something that only a person can do.
    Help(String),
    /// A command that fixes it.
    Next(Command),
}

impl Hint {
    /// The hint on one line, with its command completed.
    pub fn text(&self, here: &CommandContext) -> String {
        match self {
            Self::Help(text) => text.clone(),
            Self::Next(command) => command.complete(here),
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(&CommandContext::default()))
    }
}

super::parsed::schema_like!(Hint, String);

impl Serialize for Hint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<T: Into<String>> From<T> for Hint {
    fn from(text: T) -> Self {
        Self::Help(text.into())
    }
}

impl From<Command> for Hint {
    fn from(command: Command) -> Self {
        Self::Next(command)
    }
}

/// Hints for a full disk: what to do, and how to find out which disk it is.
pub fn no_room(help: &str) -> Vec<Hint> {
    vec![help.into(), Command::other("df -h").into()]
}

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Plain(String),
    /// A stack and its target, with the flags for it.
    Stack(StackName, At),
    /// The stack of the current command line.
    ThisStack,
    /// Only the flags of the current command line's target.
    Target,
    /// The whole current command line, with other flags.
    Again {
        /// Words that are added.
        with: Vec<String>,
        /// Flags that are left out, and how many values each has.
        without: Vec<(&'static str, usize)>,
    },
    /// Text for a shell to evaluate.
    Shell(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// The target of the current command line.
    CommandContext,
    Place(Place),
}

/// The stack, target and arguments of the current command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandContext {
    /// The stack as it was given: its file or its name.
    pub stack: Option<String>,
    /// The target as it was given: `--local`, or `--region` and its value.
    pub target: Vec<String>,
    /// Other arguments of plan and apply: `--set`, `--policies`.
    pub more: Vec<String>,
    /// All words of the command line after the program's name.
    pub again: Vec<String>,
}

impl Command {
    /// A command of clusterup, such as `status` or `prices refresh`.
    pub fn clusterup(verb: &str) -> Self {
        Self::other("clusterup").args(verb)
    }

    /// A command of another program, as words separated by spaces.
    pub fn other(words: &str) -> Self {
        Self { words: Vec::new() }.args(words)
    }

    /// A whole command line, parsed as a shell does.
    pub fn line(text: &str) -> Self {
        let words = shlex::split(text).unwrap_or_default();
        let words = words.into_iter().map(Word::Plain).collect();
        Self { words }
    }

    /// A line for a shell to evaluate, such as `$(…)`; never made from untrusted text.
    pub fn shell(line: impl Into<String>) -> Self {
        Self {
            words: vec![Word::Shell(line.into())],
        }
    }

    /// The current command line again.
    pub fn again() -> Self {
        Self::again_with_words([])
    }

    /// The current command line again with this flag, placed before a `--`.
    pub fn again_with(flag: &str) -> Self {
        Self::again_with_words([flag.to_owned()])
    }

    /// The current command line again with these words, placed before a `--`.
    pub fn again_with_words(words: impl IntoIterator<Item = String>) -> Self {
        let mut command = Self::other("clusterup");
        command.words.push(Word::Again {
            with: words.into_iter().collect(),
            without: Vec::new(),
        });
        command
    }

    /// Leaves a flag of the current command line out, with its values.
    #[must_use]
    pub fn without(mut self, flag: &'static str, values: usize) -> Self {
        for word in &mut self.words {
            if let Word::Again { without, .. } = word {
                without.push((flag, values));
            }
        }
        self
    }

    /// Adds several words, separated by spaces.
    #[must_use]
    pub fn args(mut self, words: &str) -> Self {
        let words = words.split(' ').map(|word| Word::Plain(word.to_owned()));
        self.words.extend(words);
        self
    }

    /// Adds one word with any content.
    #[must_use]
    pub fn arg(mut self, word: impl Into<String>) -> Self {
        self.words.push(Word::Plain(word.into()));
        self
    }

    /// Adds a stack with its target: the file of the command line if it is that stack, otherwise
    /// the name.
    #[must_use]
    pub fn stack(mut self, stack: &StackName) -> Self {
        self.words
            .push(Word::Stack(stack.clone(), At::CommandContext));
        self
    }

    /// Adds a stack of a place.
    #[must_use]
    pub fn stack_at(mut self, stack: &StackName, place: &Place) -> Self {
        let at = At::Place(place.clone());
        self.words.push(Word::Stack(stack.clone(), at));
        self
    }

    /// Adds the stack of the current command line with its target.
    #[must_use]
    pub fn this_stack(mut self) -> Self {
        self.words.push(Word::ThisStack);
        self
    }

    /// Adds the target of the current command line.
    #[must_use]
    pub fn target(mut self) -> Self {
        self.words.push(Word::Target);
        self
    }

    /// The command as it can be pasted into a shell.
    pub fn complete(&self, here: &CommandContext) -> String {
        let words = self.words.iter().flat_map(|word| {
            if let Word::Shell(line) = word {
                return vec![line.clone()];
            }
            self.word(word, here).iter().map(|it| quoted(it)).collect()
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn word(&self, word: &Word, here: &CommandContext) -> Vec<String> {
        match word {
            Word::Plain(word) => vec![word.clone()],
            Word::Target => here.target.clone(),
            Word::Again { with, without } => {
                let end = here.again.iter().position(|word| word == "--");
                let (flags, rest) = here.again.split_at(end.unwrap_or(here.again.len()));
                let kept = kept(flags, without);
                kept.chain(with.iter()).chain(rest).cloned().collect()
            }
            Word::Shell(line) => vec![line.clone()],
            Word::ThisStack => self.given(here).unwrap_or_default(),
            Word::Stack(name, at) => self.given(here).unwrap_or_else(|| {
                let target = match at {
                    At::CommandContext => here.target.clone(),
                    At::Place(place) => place.flags(),
                };
                std::iter::once(name.to_string()).chain(target).collect()
            }),
        }
    }

    /// The stack as the command line gave it, with the other arguments that are needed again.
    fn given(&self, here: &CommandContext) -> Option<Vec<String>> {
        let stack = here.stack.clone()?;
        let mut words = vec![stack];
        words.extend(here.target.clone());
        let reads = |word: &&Word| matches!(word, Word::Plain(it) if it == "apply" || it == "plan");
        if self.words.get(1).filter(reads).is_some() {
            words.extend(here.more.clone());
        }
        Some(words)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.complete(&CommandContext::default()))
    }
}

super::parsed::schema_like!(Command, String);

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::line(&text))
    }
}

/// The words without these flags and their values, which may follow `=`.
fn kept<'a>(
    words: &'a [String],
    without: &[(&'static str, usize)],
) -> impl Iterator<Item = &'a String> {
    let mut values = 0;
    words.iter().filter(move |word| {
        if values > 0 {
            values -= 1;
            return false;
        }
        let dropped = without.iter().find_map(|(flag, values)| {
            let rest = word.strip_prefix(flag)?;
            let is_it = rest.is_empty() || rest.starts_with('=');
            is_it.then_some(if rest.is_empty() { *values } else { 0 })
        });
        values = dropped.unwrap_or(0);
        dropped.is_none()
    })
}

/// The word quoted for a POSIX shell, without control characters.
fn quoted(word: &str) -> String {
    let printable: String = word.chars().filter(|c| !c.is_control()).collect();
    shlex::try_quote(&printable).map_or(String::new(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> CommandContext {
        CommandContext {
            stack: Some("my stacks/a.yaml".to_owned()),
            target: vec!["--local".to_owned()],
            more: vec!["--set".to_owned(), "cluster.size=3 x m5.xlarge".to_owned()],
            again: vec!["extend".to_owned(), "a b".to_owned()],
        }
    }

    #[test]
    fn a_command_names_the_stack_as_it_was_given() {
        let name: StackName = "movies".parse().unwrap();
        let region: Place = "eu-west-1".parse().unwrap();
        let status = Command::clusterup("status").stack(&name);
        assert_eq!(
            status.complete(&here()),
            "clusterup status 'my stacks/a.yaml' --local"
        );
        assert_eq!(status.to_string(), "clusterup status movies");
        let apply = Command::clusterup("apply").this_stack().arg("--yes");
        assert_eq!(
            apply.complete(&here()),
            "clusterup apply 'my stacks/a.yaml' --local --set 'cluster.size=3 x m5.xlarge' --yes"
        );
        let again = Command::again().arg("--yes").complete(&here());
        assert_eq!(again, "clusterup extend 'a b' --yes");
        let mut here = here();
        let again = Command::again_with("--print");
        assert_eq!(again.complete(&here), "clusterup extend 'a b' --print");
        here.again.extend(["--", "--local"].map(str::to_owned));
        assert_eq!(
            again.complete(&here),
            "clusterup extend 'a b' --print -- --local"
        );
        let flags = ["--all", "--step", "a", "--step=b", "--alle", "--", "--all"];
        here.again = flags.map(str::to_owned).to_vec();
        let again = Command::again_with_words(["--executor", "3"].map(str::to_owned));
        assert_eq!(
            again
                .without("--all", 0)
                .without("--step", 1)
                .complete(&here),
            "clusterup --alle --executor 3 -- --all"
        );
        let logs = Command::clusterup("logs").stack_at(&name, &region);
        assert_eq!(logs.to_string(), "clusterup logs movies --region eu-west-1");
    }

    #[test]
    fn untrusted_words_stay_one_word() {
        for word in ["a b", "a;rm -rf /", "$(x)", "`x`", "a'b", "a\nb", "*"] {
            let text = Command::other("echo").arg(word).to_string();
            let words = shlex::split(&text).unwrap();
            assert_eq!(words.len(), 2, "{text}");
            assert!(!text.contains('\n'));
        }
    }
}
