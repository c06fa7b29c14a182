//! Configurations of EMR's applications: properties by classification, as a set of values by their
//! places. Equal sets are equal, however EMR nests, orders or splits them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The place of a property.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Property {
    /// Its classification, such as `spark-env`, and the one nested in that, such as `export`.
    pub within: Vec<String>,
    /// Its name.
    pub name: String,
}

/// As in `spark-env/export/PYSPARK_PYTHON`.
impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for classification in &self.within {
            write!(f, "{classification}/")?;
        }
        f.write_str(&self.name)
    }
}

/// Values by the places of their properties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configurations(BTreeMap<Property, String>);

/// A classification with its own properties and those nested in it, as in EMR's calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Classification {
    /// Values by name.
    pub properties: BTreeMap<String, String>,
    /// Nested classifications by name.
    pub nested: BTreeMap<String, Self>,
}

impl Configurations {
    /// Sets a property; one that was there is replaced.
    pub fn set(&mut self, within: &[&str], name: &str, value: impl Into<String>) {
        self.0.insert(property(within, name), value.into());
    }

    /// The value of a property.
    pub fn get(&self, within: &[&str], name: &str) -> Option<&str> {
        self.0.get(&property(within, name)).map(String::as_str)
    }

    /// Removes a property that has this value.
    pub fn remove(&mut self, within: &[&str], name: &str, value: &str) {
        if self.get(within, name) == Some(value) {
            self.0.remove(&property(within, name));
        }
    }

    /// All properties in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Property, &str)> {
        self.0.iter().map(|(place, value)| (place, value.as_str()))
    }

    /// The properties of one classification, without those nested in it.
    pub fn of<'a>(&'a self, classification: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let own = move |(place, _): &(&Property, &str)| place.within == [classification];
        let named = |(place, value): (&'a Property, &'a str)| (place.name.as_str(), value);
        self.iter().filter(own).map(named)
    }

    /// The names of the outermost classifications, each once.
    pub fn classifications(&self) -> Vec<&str> {
        let outermost = self.0.keys().filter_map(|place| place.within.first());
        let mut names: Vec<&str> = outermost.map(String::as_str).collect();
        names.dedup();
        names
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first property that differs: its place, its value here and there.
    pub fn difference<'a>(
        &'a self,
        other: &'a Self,
    ) -> Option<(&'a Property, Option<&'a str>, Option<&'a str>)> {
        let places = self.0.keys().chain(other.0.keys());
        let value = |of: &'a Self, place| of.0.get(place).map(String::as_str);
        let differ = |place: &&Property| self.0.get(*place) != other.0.get(*place);
        let first = places.filter(differ).min()?;
        Some((first, value(self, first), value(other, first)))
    }

    /// The outermost classifications by name.
    pub fn tree(&self) -> BTreeMap<String, Classification> {
        let mut root = Classification::default();
        for (place, value) in &self.0 {
            let mut at = &mut root;
            for classification in &place.within {
                at = at.nested.entry(classification.clone()).or_default();
            }
            at.properties.insert(place.name.clone(), value.clone());
        }
        root.nested
    }

    /// Adds the properties of a classification and of those nested in it.
    pub fn add(&mut self, within: &[String], classification: Classification) {
        for (name, value) in classification.properties {
            let within = within.to_vec();
            self.0.insert(Property { within, name }, value);
        }
        for (name, nested) in classification.nested {
            self.add(&[within, &[name]].concat(), nested);
        }
    }
}

fn property(within: &[&str], name: &str) -> Property {
    Property {
        within: within.iter().map(|name| (*name).to_owned()).collect(),
        name: name.to_owned(),
    }
}

/// A value or a classification, as a stack writes them below a classification.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Below {
    Value(String),
    Nested(BTreeMap<String, Self>),
}

impl Below {
    fn of(classification: Classification) -> Self {
        let properties = classification.properties.into_iter();
        let values = properties.map(|(name, value)| (name, Self::Value(value)));
        let nested = classification.nested.into_iter();
        let nested = nested.map(|(name, below)| (name, Self::of(below)));
        Self::Nested(values.chain(nested).collect())
    }

    fn add_to(self, all: &mut Configurations, within: &[String], name: String) {
        match self {
            Self::Value(value) => {
                let within = within.to_vec();
                all.0.insert(Property { within, name }, value);
            }
            Self::Nested(below) => {
                let within = [within, &[name]].concat();
                for (name, below) in below {
                    below.add_to(all, &within, name);
                }
            }
        }
    }
}

super::parsed::schema_like!(Configurations, BTreeMap<String, serde_json::Value>);

/// As a stack writes them: `{ "spark-env": { "export": { "A": "1" } } }`.
impl Serialize for Configurations {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let tree = self.tree().into_iter();
        to.collect_map(tree.map(|(name, classification)| (name, Below::of(classification))))
    }
}

impl<'de> Deserialize<'de> for Configurations {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut all = Self::default();
        for (name, below) in BTreeMap::<String, Below>::deserialize(from)? {
            below.add_to(&mut all, &[], name);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Configurations {
        let mut all = Configurations::default();
        all.set(&["spark-defaults"], "spark.a", "1");
        all.set(&["spark-defaults"], "spark.b", "2");
        all.set(&["spark-env", "export"], "HOME", "/x");
        all
    }

    #[test]
    fn they_are_written_as_a_stack_writes_them_and_read_again() {
        let json = serde_json::to_string(&sample()).unwrap();
        let nested = r#"{"spark-defaults":{"spark.a":"1","spark.b":"2"},"#.to_owned()
            + r#""spark-env":{"export":{"HOME":"/x"}}}"#;
        assert_eq!(json, nested);
        let read: Configurations = serde_json::from_str(&json).unwrap();
        assert_eq!(read, sample());
        let mut added = Configurations::default();
        for (name, classification) in sample().tree() {
            added.add(&[name], classification);
        }
        assert_eq!(added, sample());
        assert_eq!(sample().classifications(), ["spark-defaults", "spark-env"]);
        let own: Vec<_> = added.of("spark-defaults").collect();
        assert_eq!(own, [("spark.a", "1"), ("spark.b", "2")]);
        assert_eq!(added.of("spark-env").count(), 0);
    }

    #[test]
    fn the_first_difference_names_its_property() {
        let have = sample();
        assert_eq!(have.difference(&sample()), None);
        let differ = |want: &Configurations| {
            let (place, from, to) = have.difference(want)?;
            Some(format!("{place}: {from:?} {to:?}"))
        };
        let mut want = sample();
        want.set(&["spark-env", "export"], "HOME", "/y");
        let nested = r#"spark-env/export/HOME: Some("/x") Some("/y")"#;
        assert_eq!(differ(&want).as_deref(), Some(nested));
        want.set(&["core-site"], "a", "1");
        assert_eq!(
            differ(&want).as_deref(),
            Some(r#"core-site/a: None Some("1")"#)
        );
        let mut want = sample();
        want.remove(&["spark-defaults"], "spark.b", "3");
        assert_eq!(differ(&want), None);
        want.remove(&["spark-defaults"], "spark.b", "2");
        let gone = r#"spark-defaults/spark.b: Some("2") None"#;
        assert_eq!(differ(&want).as_deref(), Some(gone));
    }
}
