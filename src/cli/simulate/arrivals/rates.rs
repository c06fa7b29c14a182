//! How many clusters of each stack are created in a day, as `--arrivals` says it.

use crate::app::failure::Failure;
use crate::model::hint::Command;
use crate::model::name::StackName;
use crate::model::shown::line;
use crate::model::stack::Stack;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The most clusters of a stack in a day.
const MOST: u32 = 10_000;

/// One `--arrivals`: of all stacks, such as `4`, or of one, such as `films=4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Arrivals {
    /// `None` for all stacks without a number of their own.
    stack: Option<StackName>,
    /// From 1 to [`MOST`].
    per_day: u32,
}

impl FromStr for Arrivals {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (stack, number) = match text.split_once('=') {
            Some((stack, number)) => (Some(stack.trim()), number),
            None => (None, text),
        };
        let parse = |name: &str| {
            let name: Result<StackName, _> = name.parse();
            name.map_err(|invalid| format!("the name of the stack: {invalid}"))
        };
        let per_day = number.trim().parse().ok();
        let per_day = per_day.filter(|number| (1..=MOST).contains(number));
        Ok(Self {
            stack: stack.map(parse).transpose()?,
            per_day: per_day.ok_or_else(|| {
                format!(
                    "expected a number from 1 to {MOST}, such as `4`, or `films=4` for one stack"
                )
            })?,
        })
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stack {
            Some(stack) => write!(f, "{stack}={}", self.per_day),
            None => write!(f, "{}", self.per_day),
        }
    }
}

/// How many clusters of each of the stacks are created in a day, in their order.
pub(super) fn of(
    arrivals: &[Arrivals],
    stacks: &BTreeMap<StackName, Stack>,
) -> Result<Vec<u32>, Failure> {
    let names: Vec<&StackName> = stacks.keys().collect();
    numbers(arrivals, &names).map_err(|why| {
        let corrected = names.iter().flat_map(|name| {
            let per_day = number(arrivals, name).unwrap_or(1);
            let stack = Some((*name).clone());
            [
                "--arrivals".to_owned(),
                Arrivals { stack, per_day }.to_string(),
            ]
        });
        let next = Command::again_with_words(corrected).without("--arrivals", 1);
        Failure::input(why).hint(next)
    })
}

/// The number of a stack: its own, or else that of all.
fn number(arrivals: &[Arrivals], name: &StackName) -> Option<u32> {
    let of = |stack: Option<&StackName>| arrivals.iter().find(|it| it.stack.as_ref() == stack);
    let found = of(Some(name)).or_else(|| of(None));
    found.map(|it| it.per_day)
}

fn numbers(arrivals: &[Arrivals], names: &[&StackName]) -> Result<Vec<u32>, String> {
    for (at, one) in arrivals.iter().enumerate() {
        let earlier = arrivals.iter().take(at).find(|it| it.stack == one.stack);
        if let Some(earlier) = earlier {
            return Err(format!(
                "--arrivals {earlier} and --arrivals {one} contradict each other"
            ));
        }
        if let Some(stack) = one.stack.as_ref().filter(|it| !names.contains(it)) {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            let names = line(&names.join(", "), 200);
            return Err(format!(
                "--arrivals {one}: none of the files is of stack {stack}; they are of {names}"
            ));
        }
    }
    let missing = |name: &StackName| format!("--arrivals does not say how many of stack {name}");
    let one = |name: &&StackName| number(arrivals, name).ok_or_else(|| missing(name));
    names.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<u32>, String> {
        let arrivals: Result<Vec<Arrivals>, String> = texts.iter().map(|it| it.parse()).collect();
        let names: [StackName; 2] = ["etl", "films"].map(|name| name.parse().unwrap());
        numbers(&arrivals?, &names.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_number_is_of_one_stack_or_of_those_without_one() {
        for (texts, expected) in [
            (&["4"][..], [4, 4]),
            (&["4", "films=9"], [4, 9]),
            (&["films=9", "4"], [4, 9]),
            (&["films=9", "etl = 1"], [1, 9]),
            (&["10000"], [10_000, 10_000]),
        ] {
            assert_eq!(read(texts).unwrap(), expected, "{texts:?}");
        }
    }

    #[test]
    fn what_contradicts_or_names_no_file_is_refused() {
        for (texts, says) in [
            (&["films=9"][..], "does not say how many of stack etl"),
            (&["4", "5"], "--arrivals 4 and --arrivals 5 contradict"),
            (
                &["etl=4", "1", "etl=4"],
                "--arrivals etl=4 and --arrivals etl=4",
            ),
            (
                &["4", "x=1"],
                "none of the files is of stack x; they are of etl, films",
            ),
            (&["0"], "from 1 to 10000"),
            (&["films=0"], "from 1 to 10000"),
            (&["10001"], "from 1 to 10000"),
            (&["films="], "from 1 to 10000"),
            (&["a=b=1"], "from 1 to 10000"),
            (&["=4"], "the name of the stack"),
            (&["a b=4"], "the name of the stack"),
            (&[""], "from 1 to 10000"),
        ] {
            let refused = read(texts).unwrap_err();
            assert!(refused.contains(says), "{texts:?}: {refused}");
        }
    }
}
