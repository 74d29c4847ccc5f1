//! What a process does of all that there is to do: on Kafka, a deployment starts more of what it needs more of.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// One part of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Takes messages and answers senders.
    Intake,
    /// Makes FHIR events of messages.
    Normalize,
    /// Concludes from events.
    Workloads,
    /// Decides who is to be told.
    Alerts,
    /// Tells them.
    Delivery,
    /// Copies events to FHIR stores and the warehouse.
    Sinks,
    /// Shows the pages.
    Ui,
}

/// Every role, in the order of the data's way.
const ALL: [(Role, &str); 7] = [
    (Role::Intake, "intake"),
    (Role::Normalize, "normalize"),
    (Role::Workloads, "workloads"),
    (Role::Alerts, "alerts"),
    (Role::Delivery, "delivery"),
    (Role::Sinks, "sinks"),
    (Role::Ui, "ui"),
];

impl Role {
    /// Its name, as it is configured.
    pub(crate) fn name(self) -> &'static str {
        let named = ALL.iter().find(|(role, _)| *role == self);
        named.map_or("", |(_, name)| name)
    }
}

/// The roles of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roles(BTreeSet<Role>);

impl Roles {
    /// Everything: what one process does that has nobody beside it.
    pub(crate) fn all() -> Self {
        Self(ALL.iter().map(|(role, _)| *role).collect())
    }

    /// Messages are kept, and nothing is made of them.
    pub(crate) fn intake_only() -> Self {
        Self([Role::Intake, Role::Ui].into())
    }

    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether there is nothing to do: what [`Role::Sinks`] is for is not there yet.
    pub(crate) fn do_nothing(&self) -> bool {
        self.0.iter().all(|role| *role == Role::Sinks)
    }

    /// Whether anything is made of messages here.
    pub(crate) fn has_a_stage(&self) -> bool {
        let stages = [Role::Normalize, Role::Workloads, Role::Alerts];
        stages.iter().any(|role| self.has(*role))
    }

    /// Their names, in the order of the data's way.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let named = ALL.iter().filter(|(role, _)| self.has(*role));
        named.map(|(_, name)| *name).collect()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<_> = ALL.iter().map(|(_, name)| *name).collect();
        let role = |word: &str| {
            let found = ALL.iter().find(|(_, name)| *name == word);
            let found = found.map(|(role, _)| *role);
            found
                .ok_or_else(|| format!("there is no role {word:?}; there are {}", names.join(", ")))
        };
        let words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let roles: BTreeSet<_> = words.map(role).collect::<Result<_, _>>()?;
        match roles.is_empty() {
            true => Err(format!("name at least one of {}", names.join(", "))),
            false => Ok(Self(roles)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_written_and_others_are_refused_with_those_there_are() {
        assert_eq!(
            "ui, intake".parse::<Roles>().map(|roles| roles.to_string()),
            Ok("intake,ui".to_owned())
        );
        assert_eq!(Roles::all().to_string().parse::<Roles>(), Ok(Roles::all()));
        let nothing = |text: &str| text.parse::<Roles>().map(|roles| roles.do_nothing());
        assert_eq!(nothing("sinks"), Ok(true));
        assert_eq!(nothing("sinks,ui"), Ok(false));
        for wrong in ["", ",", "Intake", "intake,everything"] {
            let error = wrong.parse::<Roles>().expect_err("it is no role");
            assert!(error.contains("normalize"), "{error}");
        }
    }
}
