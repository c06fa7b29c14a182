//! The kinds of files that are read: their nouns, first lines and shapes. Diagnostics are the same
//! for all kinds but for these words.

use super::accounts::ACCOUNTS;
use super::diag::{Code, Diagnostic};
use super::example::EXAMPLES;
use super::nearest::quote;
use super::node::{Node, Value};
use super::policy::POLICY;
use super::read::{Read, read};
use super::shape::Object;
use super::source::Mark;
use super::stack::STACK;

pub(crate) struct Document {
    /// The noun with its article, and the noun for the file as a whole.
    pub(crate) noun: &'static str,
    pub(crate) whole: &'static str,
    /// The key that identifies this kind of file.
    key: &'static str,
    /// The first line of such a file, and how to get one.
    begins: &'static str,
    help: &'static str,
    pub(crate) shape: fn() -> Object,
}

pub(crate) static STACK_FILE: Document = Document {
    noun: "a stack",
    whole: "the stack",
    key: STACK.key("stack"),
    begins: "stack: NAME",
    help: "`clusterup init` writes a new stack",
    shape: || STACK.object(),
};

pub(crate) static POLICY_FILE: Document = Document {
    noun: "a policy",
    whole: "the policy",
    key: POLICY.key("policy"),
    begins: "policy: NAME",
    help: "a policy begins with `policy: NAME`, followed by `limits`, `rules` or a `budget`",
    shape: || POLICY.object(),
};

pub(crate) static EXAMPLES_FILE: Document = Document {
    noun: "a file of examples",
    whole: "the file",
    key: EXAMPLES.key("examples"),
    begins: "examples: […]",
    help: "it begins with `examples:`, followed by stacks and their expected verdicts, such as `- \
           { name: too many nodes, stack: big.yaml, expect: deny }`",
    shape: || EXAMPLES.object(),
};

pub(crate) static ACCOUNTS_FILE: Document = Document {
    noun: "a file of accounts",
    whole: "the file",
    key: ACCOUNTS.key("accounts"),
    begins: "accounts: […]",
    help: "it begins with `accounts:`, followed by accounts and roles, such as `- { id: \
           222222222222, role: arn:aws:iam::222222222222:role/clusterup-watchdog }`",
    shape: || ACCOUNTS.object(),
};

impl Document {
    /// The root mapping, if there is one, and the mistakes so far.
    pub(crate) fn tree(&self, text: &str) -> (Option<Node>, Vec<Diagnostic>) {
        let Read { root, mut found } = read(text, 0, 0);
        match root {
            Some(root) if root.is_null() => {
                found.push(self.nothing("the file has no content"));
                (None, found)
            }
            None if found.is_empty() && text.trim().is_empty() => {
                (None, vec![self.nothing("the file is empty")])
            }
            None if found.is_empty() => (None, vec![self.nothing("the file has no content")]),
            Some(root) if !matches!(root.value, Value::Map(_)) => {
                if root.value != Value::Broken {
                    let message = format!("{} is a mapping, not {}", self.noun, root.word());
                    let expected = format!("keys and values, such as `{}`", self.begins);
                    let wrong = Diagnostic::new(Code::WrongKind, root.mark, message);
                    found.push(wrong.expected(expected).help(self.help));
                }
                (None, found)
            }
            Some(root) => match self.another(&root) {
                Some(another) => (None, vec![another]),
                None => (Some(root), found),
            },
            None => (None, found),
        }
    }

    fn nothing(&self, message: &str) -> Diagnostic {
        Diagnostic::new(Code::Empty, Mark::new(0, 0..0), message).help(self.help)
    }

    /// One mistake instead of many if the file is of another kind.
    fn another(&self, root: &Node) -> Option<Diagnostic> {
        if root.entry(self.key).is_some() {
            return None;
        }
        [&STACK_FILE, &POLICY_FILE, &EXAMPLES_FILE, &ACCOUNTS_FILE]
            .into_iter()
            .filter(|other| other.key != self.key)
            .find_map(|other| {
                let key = &root.entry(other.key)?.key;
                let message = format!("this is {}, not {}", other.noun, self.noun);
                let wrong = Diagnostic::new(Code::WrongKind, key.mark, message);
                let expected = format!("a file with the key {}", quote(self.key));
                Some(wrong.expected(expected))
            })
    }
}
