//! How deeply the expressions of a script are nested, before it is parsed: a syntax tree is dropped
//! and followed by functions that call themselves.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// The deepest nesting that is followed. Python itself stops at 200 brackets.
const MAX: usize = 400;

/// Whether no expression of the script is nested more deeply than is followed.
pub(super) fn is_bounded(text: &str) -> bool {
    let mut tokens = lexer::lex(text, Mode::Module);
    let mut depth = Depth::default();
    let mut indent = 0_usize;
    loop {
        let kind = tokens.next_token();
        if kind == TokenKind::EndOfFile {
            return true;
        }
        if kind == TokenKind::Indent {
            indent += 1;
        } else if kind == TokenKind::Dedent {
            indent = indent.saturating_sub(1);
        } else {
            depth.token(kind);
        }
        if depth.total > MAX || indent > MAX {
            return false;
        }
    }
}

/// The operators and brackets around a token. Each adds at most one level.
#[derive(Debug, Default)]
struct Depth {
    /// Those of each open bracket, and outside of all.
    levels: Vec<usize>,
    innermost: usize,
    total: usize,
}

/// None of these can be within an expression, even if a bracket is left open.
const STATEMENTS: [TokenKind; 11] = [
    TokenKind::Newline,
    TokenKind::Semi,
    TokenKind::Class,
    TokenKind::Def,
    TokenKind::Except,
    TokenKind::Import,
    TokenKind::Raise,
    TokenKind::Return,
    TokenKind::Try,
    TokenKind::While,
    TokenKind::With,
];
const OPENING: [TokenKind; 3] = [TokenKind::Lpar, TokenKind::Lsqb, TokenKind::Lbrace];
const CLOSING: [TokenKind; 3] = [TokenKind::Rpar, TokenKind::Rsqb, TokenKind::Rbrace];
/// Tokens that add no level.
const FLAT: [TokenKind; 10] = [
    TokenKind::Name,
    TokenKind::Int,
    TokenKind::Float,
    TokenKind::Complex,
    TokenKind::String,
    TokenKind::FStringStart,
    TokenKind::FStringMiddle,
    TokenKind::FStringEnd,
    TokenKind::Comment,
    TokenKind::NonLogicalNewline,
];

impl Depth {
    fn token(&mut self, kind: TokenKind) {
        if STATEMENTS.contains(&kind) {
            *self = Self::default();
        } else if OPENING.contains(&kind) {
            self.add(1);
            self.levels.push(std::mem::take(&mut self.innermost));
        } else if CLOSING.contains(&kind) {
            if let Some(outer) = self.levels.pop() {
                self.total -= self.innermost;
                self.innermost = outer;
            }
        } else if kind == TokenKind::Comma {
            self.total -= self.innermost;
            self.innermost = 0;
        } else if kind == TokenKind::Lambda {
            // Commas are in its parameters too.
            self.total += 1;
        } else if !FLAT.contains(&kind) {
            self.add(1);
        }
    }

    fn add(&mut self, levels: usize) {
        self.innermost += levels;
        self.total += levels;
    }
}
