//! Parses tokens into a tree by CEL's grammar. The first mistake ends parsing.

use super::flaw::Flaw;
use super::lex::{Class, Token, tokens};
use super::tree::{Kind, Node, Word};
use std::ops::Range;

/// Limits on nested brackets and stacked operators, so that CEL's own recursive parser does not
/// overflow a thread's stack.
const MAX_DEPTH: usize = 12;
const MAX_HEIGHT: usize = 32;

/// Reserved words of CEL.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

pub(super) fn parse(text: &str) -> Result<Node, Flaw> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        depth: 0,
    };
    if parser.peek().kind == Class::End {
        let empty = Flaw::new(0..text.len(), "the rule is empty");
        return Err(empty.expected("an expression such as `stack.cluster.nodes > 10`"));
    }
    let root = parser.choice()?;
    if parser.peek().kind == Class::End {
        return Ok(root);
    }
    Err(parser.wrong("an operator, or the end of the rule"))
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

type Parsed = Result<Node, Flaw>;

impl<'a> Parser<'a> {
    fn peek(&self) -> &Token {
        // `End` is the last token and is never passed.
        &self.tokens[self.at]
    }

    fn here(&self) -> &'a str {
        &self.text[self.peek().range.clone()]
    }

    fn next(&mut self) -> Word {
        let range = self.peek().range.clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        Word {
            text: self.text[range.clone()].to_owned(),
            range,
        }
    }

    fn is(&self, marks: &[&str]) -> bool {
        self.peek().kind == Class::Mark && marks.contains(&self.here())
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(&[mark]);
        if found {
            self.next();
        }
        found
    }

    /// Consumes the given mark and returns its end.
    fn close(&mut self, mark: &str, or: &str) -> Result<usize, Flaw> {
        if self.is(&[mark]) {
            return Ok(self.next().range.end);
        }
        Err(self.wrong(&format!("{or}`{mark}`")))
    }

    fn wrong(&self, expected: &str) -> Flaw {
        let token = self.peek();
        let word = self.here();
        let message = if token.kind == Class::End {
            "the rule ends too early".to_owned()
        } else {
            format!("`{word}` is not allowed here")
        };
        let flaw = Flaw::new(token.range.clone(), message).expected(expected);
        match word.to_lowercase().as_str() {
            "and" => flaw.help("CEL writes `&&`"),
            "or" => flaw.help("CEL writes `||`"),
            "not" => flaw.help("CEL writes `!(a in b)`"),
            _ => flaw,
        }
    }

    fn deeper(&mut self, by: fn(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        let parsed = if self.depth > MAX_DEPTH {
            Err(too_deep(self.peek().range.clone()))
        } else {
            by(self)
        };
        self.depth -= 1;
        parsed
    }

    fn choice(&mut self) -> Parsed {
        let condition = self.or()?;
        if !self.take("?") {
            return Ok(condition);
        }
        let yes = self.or()?;
        self.close(":", "")?;
        let no = self.deeper(Self::choice)?;
        let range = condition.range.start..no.range.end;
        node(range, Kind::Choice(Box::new([condition, yes, no])))
    }

    fn or(&mut self) -> Parsed {
        self.logic("||", |parser| parser.logic("&&", Self::relation))
    }

    fn logic(&mut self, mark: &str, each: fn(&mut Self) -> Parsed) -> Parsed {
        let first = each(self)?;
        if !self.is(&[mark]) {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.take(mark) {
            all.push(each(self)?);
        }
        let range = span(&all);
        node(range, Kind::Logic(all))
    }

    fn relation(&mut self) -> Parsed {
        let marks = ["==", "!=", "<", "<=", ">", ">=", "in"];
        self.binary(&marks, |parser| {
            parser.binary(&["+", "-"], |parser| {
                parser.binary(&["*", "/", "%"], Self::unary)
            })
        })
    }

    fn binary(&mut self, marks: &[&str], each: fn(&mut Self) -> Parsed) -> Parsed {
        let mut left = each(self)?;
        while self.is(marks) {
            let mark = self.next();
            let right = each(self)?;
            let range = left.range.start..right.range.end;
            left = node(range, Kind::Binary(Box::new(left), mark, Box::new(right)))?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        let start = self.peek().range.start;
        if self.take("!") {
            let mut odd = true;
            while self.take("!") {
                odd = !odd;
            }
            let inner = self.member()?;
            let range = start..inner.range.end;
            // CEL, too, drops a double negation.
            let kind = if odd {
                Kind::Not(Box::new(inner))
            } else {
                inner.kind
            };
            return node(range, kind);
        }
        if self.is(&["-"]) && !self.signed() {
            self.next();
            let inner = self.member()?;
            return node(start..inner.range.end, Kind::Negate(Box::new(inner)));
        }
        self.member()
    }

    /// Whether the minus here is the sign of a number.
    fn signed(&self) -> bool {
        let next = self.tokens.get(self.at + 1).map(|token| token.kind);
        self.is(&["-"]) && matches!(next, Some(Class::Int | Class::Double))
    }

    fn member(&mut self) -> Parsed {
        let mut member = self.primary()?;
        while self.is(&[".", "["]) {
            let start = member.range.start;
            if self.take("[") {
                let key = self.deeper(Self::choice)?;
                let end = self.close("]", "")?;
                member = node(start..end, Kind::Index(Box::new(member), Box::new(key)))?;
                continue;
            }
            self.next();
            if self.peek().kind != Class::Name {
                let flaw = self.wrong("a name");
                return Err(if ["in", "true", "false"].contains(&self.here()) {
                    flaw.help("read a key that is a word of CEL with `[\"…\"]`")
                } else {
                    flaw
                });
            }
            let word = self.next();
            if self.is(&["("]) {
                let (args, end) = self.args()?;
                member = node(start..end, Kind::Call(Some(Box::new(member)), word, args))?;
            } else {
                let end = word.range.end;
                member = node(start..end, Kind::Field(Box::new(member), word))?;
            }
        }
        Ok(member)
    }

    fn args(&mut self) -> Result<(Vec<Node>, usize), Flaw> {
        self.next();
        let mut args = Vec::new();
        if !self.is(&[")"]) {
            args.push(self.deeper(Self::choice)?);
            while self.take(",") {
                args.push(self.deeper(Self::choice)?);
            }
        }
        let end = self.close(")", "`,` or ")?;
        Ok((args, end))
    }

    fn primary(&mut self) -> Parsed {
        let mut range = self.peek().range.clone();
        if self.signed() {
            self.next();
            range.end = self.peek().range.end;
        }
        let kind = match self.peek().kind {
            Class::Name => return self.name(),
            Class::Bool => Kind::Bool,
            Class::Int => Kind::Int,
            Class::Double => Kind::Double,
            Class::Text => Kind::Text,
            Class::Mark if self.is(&["("]) => {
                self.next();
                let mut inner = self.deeper(Self::choice)?;
                inner.range = range.start..self.close(")", "an operator or ")?;
                return Ok(inner);
            }
            Class::Mark if self.is(&["["]) => return self.list(),
            Class::Mark | Class::End => return Err(self.wrong("a name or a value")),
        };
        self.next();
        node(range, kind)
    }

    fn list(&mut self) -> Parsed {
        let start = self.next().range.start;
        let mut all = Vec::new();
        while !self.is(&["]"]) {
            all.push(self.deeper(Self::choice)?);
            if !self.take(",") {
                break;
            }
        }
        let end = self.close("]", "`,` or ")?;
        node(start..end, Kind::List(all))
    }

    fn name(&mut self) -> Parsed {
        if RESERVED.contains(&self.here()) {
            let flaw = self.wrong("a name or a value");
            return Err(flaw.help("CEL reserves this word"));
        }
        if self.here() == "not" && self.tokens[self.at + 1].kind == Class::Name {
            return Err(self.wrong("a name or a value").help("CEL writes `!`"));
        }
        let word = self.next();
        let start = word.range.start;
        if self.is(&["("]) {
            let (args, end) = self.args()?;
            return node(start..end, Kind::Call(None, word, args));
        }
        node(word.range, Kind::Name(word.text))
    }
}

fn node(range: Range<usize>, kind: Kind) -> Parsed {
    let below = kind.children().iter().map(|node| node.height).max();
    let height = below.unwrap_or(0) + 1;
    if height > MAX_HEIGHT {
        return Err(too_deep(range));
    }
    Ok(Node {
        range,
        kind,
        height,
    })
}

fn too_deep(range: Range<usize>) -> Flaw {
    Flaw::new(range, "the rule is nested too deeply").help("split it into several rules")
}

fn span(all: &[Node]) -> Range<usize> {
    let start = all.first().map_or(0, |node| node.range.start);
    start..all.last().map_or(start, |node| node.range.end)
}
