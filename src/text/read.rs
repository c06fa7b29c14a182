//! Parses YAML into our own tree from the parser's events, which include duplicate keys, tags and
//! aliases that a deserializer would hide. Only this module and `syntax` use the YAML crate.

use super::diag::{Code, Diagnostic};
use super::node::{Entry, Key, Node, Scalar, Value};
use super::odd_characters;
use super::source::Mark;
use super::syntax;
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};
use std::collections::BTreeMap;

/// The maximum size of a file in bytes; larger ones are accidents or attacks.
pub const MAX_BYTES: usize = 256 * 1024;
const MAX_DEPTH: usize = 32;
/// The maximum number of nodes that aliases may copy, so that a few lines cannot expand to
/// millions.
const MAX_COPIES: usize = 10_000;

/// The result of parsing: the tree, if there is one, and the mistakes in the YAML.
pub(crate) struct Read {
    pub(crate) root: Option<Node>,
    pub(crate) found: Vec<Diagnostic>,
}

/// Reads the part of a source that begins at byte `at`.
pub(crate) fn read(text: &str, source: usize, at: usize) -> Read {
    build(text, Builder::new(source, at))
}

/// Reads a text whose tags are functions of CloudFormation: `!Sub x` is `{ "Fn::Sub": x }`.
pub(crate) fn with_functions(text: &str) -> Read {
    let has_functions = true;
    build(
        text,
        Builder {
            has_functions,
            ..Builder::new(0, 0)
        },
    )
}

fn build(text: &str, mut builder: Builder) -> Read {
    let Builder { source, at, .. } = builder;
    if text.len() > MAX_BYTES {
        let message = format!("the file is larger than {} KiB", MAX_BYTES / 1024);
        let found = Diagnostic::new(Code::TooLarge, Mark::new(source, at..at), message);
        return Read {
            root: None,
            found: vec![found],
        };
    }
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.set_emit_comments(false);
    let mut strange = Vec::new();
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                if let Event::Scalar(_, ScalarStyle::Plain, ..) = &event {
                    let range = span.byte_range().unwrap_or_default();
                    strange.extend(odd_characters::within(text, range, source, at));
                }
                if !builder.take(event, span) {
                    break;
                }
            }
            Err(error) => {
                let found = odd_characters::to_blame(text, source, at)
                    .unwrap_or_else(|| syntax::diagnostic(&error, text, source, at, MAX_DEPTH));
                return Read {
                    root: None,
                    found: vec![found],
                };
            }
        }
    }
    if !strange.is_empty() {
        // Other mistakes would be consequences of these characters.
        let (root, found) = (None, strange);
        return Read { root, found };
    }
    Read {
        root: builder.root,
        found: builder.found,
    }
}

/// A collection whose end is not reached yet.
struct Frame {
    start: Mark,
    anchor: usize,
    copies: usize,
    inside: Inside,
    /// The function that gets it.
    function: Option<String>,
}

enum Inside {
    Seq(Vec<Node>),
    Map(Vec<Entry>, Pending),
}

/// The state of a mapping's next entry.
enum Pending {
    None,
    Key(Key),
    /// The key is invalid, so its value is dropped as well.
    Broken,
}

struct Builder {
    source: usize,
    at: usize,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, (Node, usize)>,
    copies: usize,
    root: Option<Node>,
    found: Vec<Diagnostic>,
    /// Whether tags are functions, and no mistakes.
    has_functions: bool,
}

impl Builder {
    fn new(source: usize, at: usize) -> Self {
        Self {
            source,
            at,
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            copies: 0,
            root: None,
            found: Vec::new(),
            has_functions: false,
        }
    }

    fn mark(&self, span: Span) -> Mark {
        let range = span.byte_range().unwrap_or_default();
        Mark::new(self.source, self.at + range.start..self.at + range.end)
    }

    /// Handles an event; returns false at the end of the document.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let mark = self.mark(span);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let several = "the file holds more than one document";
                self.found.push(
                    Diagnostic::new(Code::SeveralDocuments, mark, several)
                        .expected("the end of the file")
                        .help("one file has one document; move the rest to its own file"),
                );
                return false;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let function = self.tag(tag.as_deref(), span, mark);
                let plain = style == ScalarStyle::Plain;
                let value = Value::Scalar(Scalar {
                    text: text.into_owned(),
                    plain,
                });
                self.done(called(Node { mark, value }, function), anchor, 1);
            }
            Event::SequenceStart(_, anchor, tag) => {
                let function = self.tag(tag.as_deref(), span, mark);
                self.open(mark, anchor, Inside::Seq(Vec::new()), function);
            }
            Event::MappingStart(_, anchor, tag) => {
                let function = self.tag(tag.as_deref(), span, mark);
                let inside = Inside::Map(Vec::new(), Pending::None);
                self.open(mark, anchor, inside, function);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(mark),
            Event::Alias(anchor) => self.alias(anchor, mark),
            Event::UnresolvedAlias(name) => {
                let message = format!("the alias `*{name}` refers to no anchor above it");
                self.broken(
                    mark,
                    Diagnostic::new(Code::Alias, mark, message).help(
                        "`*` at the start of a value has a meaning in YAML; write the value in \
                         quotes if it is part of the text",
                    ),
                );
            }
            // Stream and document boundaries, and events of later versions of the parser.
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | _ => {}
        }
        true
    }

    /// The function that a tag stands for; any other tag is a mistake.
    fn tag(&mut self, tag: Option<&Tag>, span: Span, mark: Mark) -> Option<String> {
        let tag = tag?;
        if self.has_functions && tag.handle() == "!" {
            return Some(match tag.suffix() {
                "Ref" => "Ref".to_owned(),
                name => format!("Fn::{name}"),
            });
        }
        let at = span.tag_span().map_or(mark, |tag| self.mark(tag));
        self.found.push(
            Diagnostic::new(Code::YamlTag, at, "YAML tags are not supported")
                .help("remove it, or write the value in quotes if the `!` belongs to it"),
        );
        None
    }

    fn open(&mut self, start: Mark, anchor: usize, inside: Inside, function: Option<String>) {
        self.stack.push(Frame {
            start,
            anchor,
            copies: 1,
            inside,
            function,
        });
    }

    fn close(&mut self, end: Mark) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let last = match &frame.inside {
            Inside::Seq(items) => items.last().map(|node| node.mark),
            Inside::Map(entries, _) => entries.last().map(|entry| entry.value.mark),
        };
        // A block ends where the next node begins; `[…]` and `{…}` end with a character.
        let end = match last {
            Some(last) if end.start == end.end => last,
            _ => end,
        };
        let value = match frame.inside {
            Inside::Seq(items) => Value::Seq(items),
            Inside::Map(entries, _) => Value::Map(entries),
        };
        let mark = frame.start.to(end);
        let node = called(Node { mark, value }, frame.function);
        self.done(node, frame.anchor, frame.copies);
    }

    fn alias(&mut self, anchor: usize, mark: Mark) {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            let message = "the alias refers to a value that contains the alias itself";
            self.broken(mark, Diagnostic::new(Code::Alias, mark, message));
            return;
        };
        let size = *size;
        self.copies += size;
        if self.copies > MAX_COPIES {
            if self.found.iter().any(|found| found.code == Code::TooLarge) {
                self.done(
                    Node {
                        mark,
                        value: Value::Broken,
                    },
                    0,
                    1,
                );
                return;
            }
            let message = "the aliases make this text too large";
            self.broken(
                mark,
                Diagnostic::new(Code::TooLarge, mark, message)
                    .help(format!("aliases may copy {MAX_COPIES} values in all")),
            );
            return;
        }
        let node = node.clone();
        self.done(node, 0, size);
    }

    fn broken(&mut self, mark: Mark, found: Diagnostic) {
        self.found.push(found);
        self.done(
            Node {
                mark,
                value: Value::Broken,
            },
            0,
            1,
        );
    }

    /// Adds a complete node to the enclosing collection.
    fn done(&mut self, node: Node, anchor: usize, size: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.copies += size;
        match &mut frame.inside {
            Inside::Seq(items) => items.push(node),
            Inside::Map(entries, pending) => match std::mem::replace(pending, Pending::None) {
                Pending::None => *pending = key(node, &mut self.found),
                Pending::Key(key) => entries.push(Entry { key, value: node }),
                Pending::Broken => {}
            },
        }
    }
}

/// A value with the function that gets it.
fn called(node: Node, function: Option<String>) -> Node {
    let mark = node.mark;
    let entry = |text| Entry {
        key: Key { text, mark },
        value: node.clone(),
    };
    let entry = function.map(entry);
    entry.map_or(node, |entry| Node::map(mark, vec![entry]))
}

fn key(node: Node, found: &mut Vec<Diagnostic>) -> Pending {
    let mark = node.mark;
    match node.value {
        Value::Scalar(scalar) if scalar.plain && scalar.text == "<<" => {
            found.push(
                Diagnostic::new(
                    Code::MergeKey,
                    mark,
                    "YAML's merge key `<<` is not supported",
                )
                .help("write the keys out"),
            );
            Pending::Broken
        }
        Value::Scalar(scalar) if !scalar.text.is_empty() => Pending::Key(Key {
            text: scalar.text,
            mark,
        }),
        Value::Broken => Pending::Broken,
        Value::Scalar(_) => {
            let message = "a key cannot be empty";
            found.push(Diagnostic::new(Code::BadKey, mark, message).expected("a word"));
            Pending::Broken
        }
        Value::Seq(_) | Value::Map(_) => {
            let message = "a key cannot be a list or a mapping";
            found.push(
                Diagnostic::new(Code::BadKey, mark, message)
                    .expected("a word")
                    .help("a value that begins with `{` or `[` has to be in quotes"),
            );
            Pending::Broken
        }
    }
}
