//! `status`: asks running processes how they are, and shows it as one picture of the site.

pub(super) mod ask;
mod words;

use std::io::Write;

use clap::Args;

use super::{Configured, Failure};
use crate::control::status::{
    EngineStatus, GroupStatus, MemberStatus, STABLE, StationStatus, Status,
};
pub(super) use words::age;
use words::ranges;

/// Show how running processes are: stations, groups, members, lag
///
/// Asks the process of the configuration (control.listen), or those named with --at. Exits with 1 if one does not answer, if
/// anything is failing, or if nobody does a part of the work.
#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    configured: Configured,
    /// Where a process has its pages and checks, such as 127.0.0.1:8080; more than once for several
    #[arg(long, value_name = "ADDRESS")]
    at: Vec<String>,
    /// As JSON, one process a line
    #[arg(long)]
    json: bool,
}

impl Ask {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        let addresses = match self.at.is_empty() {
            false => self.at.clone(),
            true => vec![self.configured.load()?.control_listen.to_string()],
        };
        let mut well = true;
        let mut shown: Vec<EngineStatus> = Vec::new();
        for (number, address) in addresses.iter().enumerate() {
            if number > 0 && !self.json {
                writeln!(out)?;
            }
            let (text, status) = match ask::status(address) {
                Ok(answer) => answer,
                Err(failure) => {
                    well = false;
                    failure.tell(&mut std::io::stderr())?;
                    continue;
                }
            };
            well &= is_well(&status);
            if self.json {
                writeln!(out, "{text}")?;
                continue;
            }
            process(&status, address, out)?;
            stations(&status, out)?;
            // Processes that share a journal have the same groups, and one answer tells of them.
            if !shown.contains(&site(&status.engine)) {
                groups(&status.groups, out)?;
                shown.push(site(&status.engine));
            }
            for trouble in &status.troubles {
                writeln!(out, "trouble: {trouble}")?;
            }
        }
        if well { Ok(()) } else { Err(Failure::Said) }
    }
}

/// Whether all the work is done as it should be.
fn is_well(status: &Status) -> bool {
    let failing = status.stations.iter().any(|station| station.failing);
    let undone = status.groups.iter().any(nobody);
    let unknown = status.groups.iter().any(|group| !group.unknown.is_empty());
    !failing && !undone && !unknown && status.troubles.is_empty()
}

/// Whether a group has no members, as far as that is known.
fn nobody(group: &GroupStatus) -> bool {
    group.members.is_empty() && group.unknown.is_empty()
}

/// What processes of one site have in common.
fn site(engine: &EngineStatus) -> EngineStatus {
    match engine {
        EngineStatus::Embedded { directory } => EngineStatus::Embedded {
            directory: directory.clone(),
        },
        EngineStatus::Kafka {
            brokers, prefix, ..
        } => EngineStatus::Kafka {
            brokers: brokers.clone(),
            prefix: prefix.clone(),
            instance: None,
            transaction_protocol: String::new(),
        },
    }
}

fn process(status: &Status, address: &str, out: &mut dyn Write) -> std::io::Result<()> {
    let up = age(&status.started, &status.now).unwrap_or_default();
    writeln!(
        out,
        "Pulsewire {} at {address}: process {}, up {up}",
        status.version, status.process
    )?;
    writeln!(out, "  roles    {}", status.roles.join(", "))?;
    match &status.engine {
        EngineStatus::Embedded { directory } => writeln!(out, "  journal  in {directory}"),
        EngineStatus::Kafka {
            brokers,
            prefix,
            instance,
            transaction_protocol,
        } => {
            let named = |what: &str, name: &str| match name.is_empty() {
                true => String::new(),
                false => format!(", {what} {name}"),
            };
            writeln!(
                out,
                "  journal  on Apache Kafka at {brokers}{}{}, transactions by {transaction_protocol}",
                named("prefix", prefix),
                named("instance", instance.as_deref().unwrap_or_default())
            )
        }
    }
}

fn stations(status: &Status, out: &mut dyn Write) -> std::io::Result<()> {
    if status.stations.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{:<20} {:>12} {:>12} {:>10} {:>10}  state",
        "station", "partitions", "records", "lag", "watermark"
    )?;
    status.stations.iter().try_for_each(|station| {
        let behind = station.watermark.as_deref();
        let behind = behind.and_then(|watermark| age(watermark, &status.now));
        writeln!(
            out,
            "{:<20} {:>12} {:>12} {:>10} {:>10}  {}",
            station.name,
            ranges(&station.partitions),
            station.records,
            number(station.lag),
            behind.map_or_else(|| "-".to_owned(), |behind| format!("{behind} ago")),
            state(station)
        )
    })
}

fn state(station: &StationStatus) -> String {
    if station.resting > 0 {
        return format!("resting, {} partitions: {}", station.resting, station.cause);
    }
    if station.failing {
        return format!("failing: {}", station.cause);
    }
    if station.recovering {
        return format!("restoring, {} records left", station.left_to_restore);
    }
    match (station.partitions.is_empty(), station.lag) {
        (true, _) => "waiting for partitions".to_owned(),
        (false, None) => "starting".to_owned(),
        (false, Some(_)) => "running".to_owned(),
    }
}

fn groups(groups: &[GroupStatus], out: &mut dyn Write) -> std::io::Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{:<20} {:<32} {:<16} {:>12} {:>10}",
        "group", "member", "host", "partitions", "lag"
    )?;
    groups.iter().try_for_each(|group| one_group(group, out))
}

fn one_group(group: &GroupStatus, out: &mut dyn Write) -> std::io::Result<()> {
    let mut name = group.name.as_str();
    for member in &group.members {
        writeln!(
            out,
            "{name:<20} {:<32} {:<16} {:>12} {:>10}",
            called(member, &group.members),
            member.host,
            ranges(&member.partitions),
            number(group.lag.map(|_| lag_of(group, &member.partitions)))
        )?;
        name = "";
    }
    if nobody(group) {
        writeln!(
            out,
            "{name:<20} nobody: start a process with the role {}; {} records wait",
            group.role,
            number(group.lag)
        )?;
        name = "";
    }
    for why in &group.unknown {
        writeln!(out, "{name:<20} not known: {why}")?;
        name = "";
    }
    if !group.members.is_empty() && group.state != STABLE {
        writeln!(
            out,
            "{name:<20} the partitions are being shared out anew ({})",
            group.state
        )?;
    }
    Ok(())
}

/// What a member calls itself, and where that is not its alone, the end of its id.
fn called(member: &MemberStatus, all: &[MemberStatus]) -> String {
    let alike = all.iter().filter(|other| other.client == member.client);
    if alike.count() < 2 {
        return member.client.clone();
    }
    let end = member.id.rsplit('-').next().unwrap_or_default();
    format!("{} {end}", member.client)
}

fn lag_of(group: &GroupStatus, partitions: &[u16]) -> u64 {
    let theirs = group.positions.iter();
    let theirs = theirs.filter(|position| partitions.contains(&position.partition));
    theirs.map(|position| position.lag).sum()
}

fn number(known: Option<u64>) -> String {
    known.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests;
