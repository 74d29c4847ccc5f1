//! Who is a member of a group and what each has, as its coordinator tells: for people to look at, no work goes by it.

use super::client::{ask, refused};
use super::{KafkaJournal, Prefix};
use crate::bytes::Fields;
use crate::{Error, TopicPartition};
use rdkafka::consumer::Consumer as _;
use std::time::Duration;

/// Every broker is asked; one that is away makes the answer incomplete, and that is soon said.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// A group as its coordinator knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Its state in the coordinator's own word, such as `Stable`; `Dead` or empty where it knows of no such group.
    pub state: String,
    /// Its members, by their ids.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// What the coordinator calls it: another one after each time it joins.
    pub id: String,
    /// What it calls itself.
    pub client: String,
    /// Where it connects from.
    pub host: String,
    /// What it has.
    pub partitions: Vec<TopicPartition>,
}

impl KafkaJournal {
    /// Asks who is a member of a group.
    ///
    /// # Errors
    /// When some broker does not answer.
    pub fn members(&self, group: &str) -> Result<Membership, Error> {
        let prefix = &self.cluster.prefix;
        let name = prefix.of(group);
        let groups = ask(
            &self.cluster.topics.asker,
            |asker| asker.fetch_group_list(Some(&name), ASK_TIMEOUT),
            |error| {
                let doing = "cannot ask who is a member of a group";
                refused(error, doing, "not every broker tells who its members are")
            },
        )?;
        // Brokers that are not its coordinator may say that they know of no such group.
        let mut found = Membership::default();
        for one in groups.groups().iter().filter(|one| one.name() == name) {
            if found.members.is_empty() {
                one.state().clone_into(&mut found.state);
            }
            found.members.extend(one.members().iter().map(|member| {
                let assigned = member.assignment().unwrap_or_default();
                Member {
                    id: member.id().to_owned(),
                    client: member.client_id().to_owned(),
                    host: member.client_host().trim_start_matches('/').to_owned(),
                    partitions: assignment(assigned, prefix).unwrap_or_default(),
                }
            }));
        }
        found.members.sort();
        Ok(found)
    }
}

/// Reads what a member has, as consumers lay it out: a version, then topics with their partitions, then bytes of the
/// assignor's. Nothing where it is cut off or no assignment at all.
fn assignment(bytes: &[u8], prefix: &Prefix) -> Option<Vec<TopicPartition>> {
    let mut fields = Fields(bytes);
    let _version = number_16(&mut fields)?;
    let topics = number_32(&mut fields)?;
    let mut found = Vec::new();
    for _ in 0..topics {
        let length = number_16(&mut fields)?;
        let name = std::str::from_utf8(fields.take(usize::from(length))?).ok()?;
        let partitions = number_32(&mut fields)?;
        for _ in 0..partitions {
            let partition = i32::try_from(number_32(&mut fields)?).ok()?;
            found.extend(prefix.partition(name, partition));
        }
    }
    found.sort();
    Some(found)
}

/// Reads a number of the protocol, none of which is negative here.
fn number_16(fields: &mut Fields<'_>) -> Option<u16> {
    let bytes = fields.take(2)?.try_into().ok()?;
    u16::try_from(i16::from_be_bytes(bytes)).ok()
}

fn number_32(fields: &mut Fields<'_>) -> Option<u32> {
    let bytes = fields.take(4)?.try_into().ok()?;
    u32::try_from(i32::from_be_bytes(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1; topics `n.a` with partitions 0 and 3, `n.b` with 1; no bytes of the assignor's.
    const TOLD: &[u8] = b"\x00\x01\x00\x00\x00\x02\
        \x00\x03n.a\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x00\
        \x00\x03n.b\x00\x00\x00\x01\x00\x00\x00\x01\
        \xff\xff\xff\xff";

    fn at(topic: &str, partition: u16) -> TopicPartition {
        TopicPartition::new(topic, partition)
    }

    #[test]
    fn what_a_member_has_is_read_in_order_and_without_the_prefix() {
        let read = assignment(TOLD, &Prefix("n.".into()));
        assert_eq!(read, Some(vec![at("a", 0), at("a", 3), at("b", 1)]));
        // Topics of others are none of ours.
        assert_eq!(assignment(TOLD, &Prefix("m.".into())), Some(vec![]));
    }

    #[test]
    fn what_is_cut_off_or_no_assignment_is_nothing_and_never_a_panic() {
        let prefix = Prefix("n.".into());
        let whole = TOLD.len() - 4;
        for length in 0..whole {
            let cut = TOLD.get(..length).expect("it is shorter");
            assert_eq!(assignment(cut, &prefix), None, "{length} bytes");
        }
        for place in 0..TOLD.len() {
            for value in [0, 0x7f, 0x80, 0xff] {
                let mut damaged = TOLD.to_vec();
                *damaged.get_mut(place).expect("it is inside") = value;
                let read = assignment(&damaged, &prefix).unwrap_or_default();
                assert!(read.len() <= 3, "byte {place} as {value:#x}: {read:?}");
            }
        }
    }
}
