//! Where clusters run: an AWS region, or this machine.

use super::invalid::Invalid;
use super::name::{AccountId, Region};
use super::parsed::serde_by_text;
use std::fmt;
use std::str::FromStr;

/// The place of clusters: an AWS region, or this machine. Text: `us-east-1`, `local`, and
/// `222222222222:us-east-1` for a region of another account. Tags, the ledger, teams' accounts and
/// JSON have that text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// This machine.
    Local,
    /// An AWS region, in the account of the user's own credentials.
    Region(Region),
    /// An AWS region of another account, which the watchdog watches through a role.
    Account(AccountId, Region),
}

impl Place {
    /// The region; `None` for this machine.
    pub const fn region(&self) -> Option<&Region> {
        match self {
            Self::Local => None,
            Self::Region(region) | Self::Account(_, region) => Some(region),
        }
    }

    /// The account, if it is not that of the user's own credentials.
    pub const fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Local | Self::Region(_) => None,
            Self::Account(account, _) => Some(account),
        }
    }

    /// In a sentence: `on this machine`, `in us-east-1`, `in us-east-1 of account 222222222222`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Local => "on this machine".to_owned(),
            Self::Region(region) => format!("in {region}"),
            Self::Account(account, region) => format!("in {region} of account {account}"),
        }
    }

    /// The flags that mean it on the command line: `--local`, or `--region` and its value. A command
    /// reaches another account only with that account's credentials.
    pub fn flags(&self) -> Vec<String> {
        match self {
            Self::Local => vec!["--local".to_owned()],
            Self::Region(region) | Self::Account(_, region) => {
                vec!["--region".to_owned(), region.to_string()]
            }
        }
    }
}

impl FromStr for Place {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "local" => Ok(Self::Local),
            _ => match text.split_once(':') {
                Some((account, region)) => Ok(Self::Account(account.parse()?, region.parse()?)),
                None => text.parse().map(Self::Region),
            },
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.pad("local"),
            Self::Region(region) => region.fmt(f),
            Self::Account(account, region) => f.pad(&format!("{account}:{region}")),
        }
    }
}
serde_by_text!(Place);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_back() {
        for text in [
            "local",
            "eu-west-1",
            "us-gov-west-1",
            "222222222222:eu-west-1",
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place.to_string(), text);
            let json = serde_json::to_string(&place).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Place>(&json).unwrap(), place);
        }
    }

    #[test]
    fn other_texts_are_no_places() {
        for text in [
            "",
            "here",
            "Local",
            " local",
            "local\n",
            "us-east",
            "US-EAST-1",
            "us-east-1/..",
            "222222222222",
            "222222222222:",
            ":us-east-1",
            "22222222222:us-east-1",
            "222222222222:local",
            "222222222222:us-east-1:us-east-1",
        ] {
            assert!(text.parse::<Place>().is_err(), "{text:?}");
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<Place>(&json).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_place_in_words_and_as_flags() {
        let region: Place = "us-east-1".parse().unwrap();
        assert_eq!(region.in_words(), "in us-east-1");
        assert_eq!(region.flags(), ["--region", "us-east-1"]);
        assert_eq!(region.region().unwrap().as_str(), "us-east-1");
        assert_eq!(Place::Local.in_words(), "on this machine");
        assert_eq!(Place::Local.flags(), ["--local"]);
        assert_eq!(Place::Local.region(), None);
    }

    #[test]
    fn regions_of_two_accounts_are_two_places() {
        let [own, one, other] = [
            "us-east-1",
            "111111111111:us-east-1",
            "222222222222:us-east-1",
        ]
        .map(|text| text.parse::<Place>().unwrap());
        assert!(own < one && one < other);
        assert_eq!(own.account(), None);
        assert_eq!(one.account().unwrap().as_str(), "111111111111");
        assert_eq!(one.region(), other.region());
        assert_eq!(one.flags(), ["--region", "us-east-1"]);
        assert_eq!(one.in_words(), "in us-east-1 of account 111111111111");
    }
}
