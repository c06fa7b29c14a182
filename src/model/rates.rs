//! The hourly rates of a cluster, recorded at its creation, so that its meter and deadline do not
//! change with a price list.

use super::instance::InstanceType;
use super::instance_span::{InstanceSpan, Role};
use super::invalid::Invalid;
use super::money::Usd;
use super::parsed::serde_by_text;
use super::quantity::HourlyDollars;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The rate of one node of a role in dollars per hour, each part rounded up to [`DECIMALS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRate {
    ec2: Usd,
    emr: Usd,
    ebs: Usd,
    ipv4: Usd,
}

/// The decimals of a rate: with a hundred-millionth of a dollar per hour, a thousand nodes for a
/// year are off by nine cents.
pub const DECIMALS: u32 = 8;

/// More than the hourly price of any instance, and short enough for a tag.
const MAX_USD: u32 = 100_000;

impl NodeRate {
    /// A rate from dollars per hour for the instance, EMR's fee, all its volumes and its public
    /// address. Each is limited to the range from $0 to $100000.
    pub fn new(ec2: Usd, emr: Usd, ebs: Usd, ipv4: Usd) -> Self {
        let max = Usd::new(Decimal::from(MAX_USD));
        let [ec2, emr, ebs, ipv4] =
            [ec2, emr, ebs, ipv4].map(|part| part.up_to(DECIMALS).clamp(Usd::ZERO, max));
        Self {
            ec2,
            emr,
            ebs,
            ipv4,
        }
    }

    /// Dollars per hour for the instance.
    pub const fn ec2(&self) -> Usd {
        self.ec2
    }

    /// EMR's fee in dollars per hour.
    pub const fn emr(&self) -> Usd {
        self.emr
    }

    /// Dollars per hour for all its volumes.
    pub const fn ebs(&self) -> Usd {
        self.ebs
    }

    /// Dollars per hour for its public address.
    pub const fn ipv4(&self) -> Usd {
        self.ipv4
    }

    /// The rate of a machine without a public address.
    #[must_use]
    pub fn without_address(self) -> Self {
        Self {
            ipv4: Usd::ZERO,
            ..self
        }
    }

    /// The sum in dollars per hour.
    pub fn total(&self) -> Usd {
        self.ec2 + self.emr + self.ebs + self.ipv4
    }
}

/// Dollars per hour per node of each role. Text: `primary=0.192+0.048+0.01041096+0.005 core=…`,
/// with EC2, EMR, EBS and IPv4 as parts, in characters that AWS allows in tags, and short enough
/// for one if no role is a fleet. A type of a fleet follows as `task/m5.xlarge=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// The rate of the primary node.
    pub primary: NodeRate,
    /// The rate of each core node.
    pub core: Option<NodeRate>,
    /// The rate of each task node.
    pub task: Option<NodeRate>,
    /// The rates of a fleet's types. Its role's own rate is that of the dearest.
    pub types: BTreeMap<(Role, InstanceType), NodeRate>,
}

impl Rates {
    /// The rate of one instance of these: its type's, or else its role's.
    pub fn of_span(&self, span: &InstanceSpan) -> NodeRate {
        match &span.instance_type {
            Some(of) => self.of_type(span.role, of),
            None => self.of(span.role),
        }
    }

    /// The rate of an instance of a fleet: its type's, or else its role's.
    pub fn of_type(&self, role: Role, of: &InstanceType) -> NodeRate {
        let own = self.types.get(&(role, of.clone()));
        own.copied().unwrap_or_else(|| self.of(role))
    }

    /// These rates, with those of another list for the roles and types that they do not have. A role
    /// that gets a dearer type counts at its rate.
    #[must_use]
    pub fn completed_by(mut self, others: &Self) -> Self {
        self.core = self.core.or(others.core);
        self.task = self.task.or(others.task);
        for ((role, of), rate) in &others.types {
            if self.types.contains_key(&(*role, of.clone())) {
                continue;
            }
            self.types.insert((*role, of.clone()), *rate);
            let own = match role {
                Role::Primary => Some(&mut self.primary),
                Role::Core => self.core.as_mut(),
                Role::Task => self.task.as_mut(),
            };
            if let Some(own) = own
                && rate.total() > own.total()
            {
                *own = *rate;
            }
        }
        self
    }

    /// The rates of machines without public addresses.
    #[must_use]
    pub fn without_addresses(self) -> Self {
        Self {
            primary: self.primary.without_address(),
            core: self.core.map(NodeRate::without_address),
            task: self.task.map(NodeRate::without_address),
            types: (self.types.into_iter())
                .map(|(of, rate)| (of, rate.without_address()))
                .collect(),
        }
    }

    /// The rate of a role. A role that did not exist when rates were recorded has the highest rate
    /// of the others, so that it is never free.
    pub fn of(&self, role: Role) -> NodeRate {
        let own = match role {
            Role::Primary => Some(self.primary),
            Role::Core => self.core,
            Role::Task => self.task,
        };
        own.unwrap_or_else(|| {
            [self.core, self.task]
                .into_iter()
                .flatten()
                .fold(self.primary, |dearest, rate| {
                    if rate.total() > dearest.total() {
                        rate
                    } else {
                        dearest
                    }
                })
        })
    }
}

impl fmt::Display for NodeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ec2, emr, ebs, ipv4] = [self.ec2, self.emr, self.ebs, self.ipv4].map(Usd::amount);
        write!(f, "{ec2}+{emr}+{ebs}+{ipv4}")
    }
}

impl FromStr for NodeRate {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("four amounts such as `0.192+0.048+0.01+0.005`");
        let mut parts = Vec::new();
        for part in text.split('+') {
            let plain = |b: u8| b.is_ascii_digit() || b == b'.';
            let amount: Decimal = if part.bytes().all(plain) {
                part.parse().map_err(|_| wrong())?
            } else {
                return Err(wrong());
            };
            if amount.scale() > DECIMALS || amount > Decimal::from(MAX_USD) {
                return Err(wrong());
            }
            parts.push(Usd::new(amount));
        }
        match parts.as_slice() {
            [ec2, emr, ebs, ipv4] => Ok(Self::new(*ec2, *emr, *ebs, *ipv4)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", Role::Primary, self.primary)?;
        for (role, rate) in [(Role::Core, self.core), (Role::Task, self.task)] {
            if let Some(rate) = rate {
                write!(f, " {role}={rate}")?;
            }
        }
        for ((role, of), rate) in &self.types {
            write!(f, " {role}/{of}={rate}")?;
        }
        Ok(())
    }
}

impl FromStr for Rates {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut found = [None; Role::ALL.len()];
        let mut types = BTreeMap::new();
        for word in text.split(' ') {
            if let Some((of, rate)) = of_type(word) {
                types.insert(of, rate.parse()?);
                continue;
            }
            let part = Role::ALL.iter().zip(&mut found).find_map(|(role, place)| {
                let rate = word.strip_prefix(role.as_str())?.strip_prefix('=')?;
                Some((place, rate))
            });
            match part {
                Some((place @ None, rate)) => *place = Some(rate.parse()?),
                _ => {
                    return Err(Invalid::new(
                        "each role once, as `primary=…`, with its rate",
                    ));
                }
            }
        }
        let [primary, core, task] = found;
        let primary = primary.ok_or_else(|| Invalid::new("the rate of the primary"))?;
        Ok(Self {
            primary,
            core,
            task,
            types,
        })
    }
}

/// The role and the type before a rate: `task/m5.xlarge=…`.
fn of_type(word: &str) -> Option<((Role, InstanceType), &str)> {
    let (of, rate) = word.split_once('=')?;
    let (role, of) = of.split_once('/')?;
    let role = Role::ALL.into_iter().find(|it| it.as_str() == role)?;
    Some(((role, of.parse().ok()?), rate))
}

/// Rates in documents.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct RatesForm {
    /// The rate of the primary node.
    primary: NodeRateForm,
    /// The rate of each core node.
    core: Option<NodeRateForm>,
    /// The rate of each task node.
    task: Option<NodeRateForm>,
    /// The rates of a fleet's types.
    types: Vec<TypeRateForm>,
}

/// The rate of one node in documents.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct NodeRateForm {
    /// The instance.
    ec2: HourlyDollars,
    /// EMR's fee.
    emr: HourlyDollars,
    /// All its volumes.
    ebs: HourlyDollars,
    /// Its public address.
    ipv4: HourlyDollars,
}

/// The rate of one type of a fleet in documents.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TypeRateForm {
    /// The role of the fleet.
    role: Role,
    /// The type.
    instance_type: InstanceType,
    /// The rate of each node.
    #[serde(flatten)]
    rate: NodeRateForm,
}

impl NodeRate {
    fn form(self) -> NodeRateForm {
        let [ec2, emr, ebs, ipv4] = [self.ec2, self.emr, self.ebs, self.ipv4].map(Into::into);
        NodeRateForm {
            ec2,
            emr,
            ebs,
            ipv4,
        }
    }
}

impl Rates {
    fn form(&self) -> RatesForm {
        let types = self.types.iter().map(|((role, of), rate)| TypeRateForm {
            role: *role,
            instance_type: of.clone(),
            rate: rate.form(),
        });
        RatesForm {
            primary: self.primary.form(),
            core: self.core.map(NodeRate::form),
            task: self.task.map(NodeRate::form),
            types: types.collect(),
        }
    }
}

serde_by_text!(Rates, in documents RatesForm = Self::form);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> NodeRate {
        text.parse().unwrap()
    }

    #[test]
    fn invalid_rates_are_refused() {
        for bad in [
            "",
            "primary",
            "primary=1",
            "primary=1+2+3",
            "primary=1+2+3+4+5",
            "primary=1+2+3+-4",
            "primary=1+2+3+100001",
            "primary=1+2+3+0.123456789",
            "primary=1+2+3+4  core=1+2+3+4",
            "core=1+2+3+4",
            "primary=1+2+3+4 primary=1+2+3+4",
            "primary=1+2+3+4 spare=1+2+3+4",
        ] {
            assert!(bad.parse::<Rates>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_type_of_a_fleet_has_its_own_rate() {
        let text = "primary=1+0+0+0 task=3+0+0+0 task/m5.2xlarge=3+0+0+0 task/m5.xlarge=2+0+0+0";
        let rates: Rates = text.parse().unwrap();
        assert_eq!(rates.to_string(), text);
        let of = |role, instance_type: Option<&str>| {
            let span = InstanceSpan {
                role,
                from: chrono::DateTime::UNIX_EPOCH,
                until: None,
                count: 1,
                instance_type: instance_type.map(|of| of.parse().unwrap()),
            };
            rates.of_span(&span).total().to_string()
        };
        assert_eq!(of(Role::Task, Some("m5.xlarge")), "$2.00");
        // A type that was not recorded, or is not known, costs as much as the dearest.
        assert_eq!(of(Role::Task, Some("m5.large")), "$3.00");
        assert_eq!(of(Role::Task, None), "$3.00");
        assert_eq!(of(Role::Core, Some("m5.xlarge")), "$3.00");
    }

    #[test]
    fn a_role_without_a_rate_costs_the_dearest() {
        let small = rate("0.1+0.02+0+0.005");
        let large = rate("0.4+0.1+0+0.005");
        let rates = Rates {
            primary: small,
            core: Some(large),
            task: None,
            types: BTreeMap::new(),
        };
        assert_eq!(rates.of(Role::Task), large);
        assert_eq!(rates.of(Role::Primary), small);
    }

    #[test]
    fn missing_roles_and_types_are_completed() {
        let recorded: Rates = "primary=1+0+0+0 task=2+0+0+0 task/m5.xlarge=2+0+0+0"
            .parse()
            .unwrap();
        let today = "primary=9+0+0+0 core=4+0+0+0 task=5+0+0+0 \
                     task/m5.2xlarge=5+0+0+0 task/m5.xlarge=9+0+0+0";
        let completed = recorded.completed_by(&today.parse().unwrap());
        let expected = "primary=1+0+0+0 core=4+0+0+0 task=5+0+0+0 \
                        task/m5.2xlarge=5+0+0+0 task/m5.xlarge=2+0+0+0";
        assert_eq!(completed.to_string(), expected);
    }

    fn any_rate() -> impl Strategy<Value = NodeRate> {
        let max = i64::from(MAX_USD) * 10_i64.pow(DECIMALS);
        proptest::array::uniform4(0..=max).prop_map(|parts| {
            let [a, b, c, d] = parts.map(|part| Usd::new(Decimal::new(part, DECIMALS)));
            NodeRate::new(a, b, c, d)
        })
    }

    proptest! {
        #[test]
        fn text_fits_a_tag_and_comes_back(
            primary in any_rate(),
            core in proptest::option::of(any_rate()),
            task in proptest::option::of(any_rate()),
        ) {
            let types = BTreeMap::new();
            let rates = Rates { primary, core, task, types };
            let text = rates.to_string();
            let allowed = |c: char| c.is_ascii_alphanumeric() || " +-=._:/@".contains(c);
            prop_assert!(text.len() <= 256 && text.chars().all(allowed), "{text}");
            prop_assert_eq!(text.parse::<Rates>().unwrap(), rates);
        }
    }
}
