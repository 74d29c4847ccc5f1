//! Which segments of a message speak of the same thing.

use formats::hl7v2::{Message, Segment};

/// The segments that one resource is made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group<'m>(pub(crate) Vec<Segment<'m>>);

impl<'m> Group<'m> {
    /// Gives the segments with this name.
    pub(crate) fn named(&self, name: &'static str) -> impl Iterator<Item = Segment<'m>> + '_ {
        self.0
            .iter()
            .filter(move |segment| is_named(segment, name))
            .copied()
    }

    fn with(&self, more: impl IntoIterator<Item = Segment<'m>>) -> Self {
        let mut segments = self.0.clone();
        segments.extend(more);
        Self(segments)
    }
}

/// Says whether a segment has this name.
pub(crate) fn is_named(segment: &Segment<'_>, name: &str) -> bool {
    // Two names of three letters are compared as numbers; the general way is a call.
    match (
        segment.name().as_array::<3>(),
        name.as_bytes().as_array::<3>(),
    ) {
        (Some(one), Some(other)) => one == other,
        _ => segment.name() == name.as_bytes(),
    }
}

/// One order with its results.
#[derive(Debug, Default)]
pub(crate) struct Order<'m> {
    /// ORC, OBR and the notes of the order.
    pub(crate) head: Vec<Segment<'m>>,
    /// Each OBX with its notes.
    pub(crate) results: Vec<Vec<Segment<'m>>>,
}

impl<'m> Order<'m> {
    /// Says whether there is an OBR, which makes a report.
    pub(crate) fn is_report(&self) -> bool {
        self.head.iter().any(|segment| segment.name() == b"OBR")
    }

    /// Gives the segments of the report.
    pub(crate) fn report(&self, shared: &Group<'m>) -> Group<'m> {
        shared.with(self.head.iter().copied())
    }

    /// Gives the segments of each result; notes of the order are not theirs.
    pub(crate) fn observations<'o>(
        &'o self,
        shared: &'o Group<'m>,
    ) -> impl Iterator<Item = Group<'m>> + 'o {
        self.results.iter().map(move |result| {
            let head = self.head.iter().filter(|segment| segment.name() != b"NTE");
            shared.with(head.chain(result).copied())
        })
    }
}

/// A message's segments by what they belong to.
#[derive(Debug, Default)]
pub(crate) struct Groups<'m> {
    /// The segments of message, patient and stay.
    pub(crate) shared: Group<'m>,
    /// The orders; results before any OBR are an order without one.
    pub(crate) orders: Vec<Order<'m>>,
}

impl<'m> Groups<'m> {
    /// Groups by order of appearance: a result belongs to the last OBR wherever a specimen or an unknown segment
    /// stands between, a note to the last of OBX, OBR and PID, and an ORC to the OBR after it.
    pub(crate) fn of(message: &'m Message<'m>) -> Self {
        let mut groups = Self::default();
        let mut note_of = NoteOf::Patient;
        let mut pending: Option<Segment<'m>> = None;
        let mut patients = 0;
        for segment in message.segments() {
            match segment.name() {
                b"PID" => {
                    patients += 1;
                    if patients > 1 {
                        break;
                    }
                    groups.shared.0.push(segment);
                }
                b"ORC" => pending = Some(segment),
                b"OBR" => {
                    let head = pending.take().into_iter().chain([segment]).collect();
                    groups.orders.push(Order {
                        head,
                        results: Vec::new(),
                    });
                    note_of = NoteOf::Order;
                }
                b"OBX" => {
                    groups.last_order().results.push(vec![segment]);
                    note_of = NoteOf::Result;
                }
                b"NTE" => groups.add_note(note_of, segment),
                b"MSH" | b"EVN" | b"PD1" | b"NK1" | b"PV1" | b"PV2" | b"MRG" => {
                    groups.shared.0.push(segment);
                }
                _ => {}
            }
        }
        groups
    }

    fn last_order(&mut self) -> &mut Order<'m> {
        if self.orders.is_empty() {
            self.orders.push(Order::default());
        }
        self.orders
            .last_mut()
            .expect("one was pushed if there was none")
    }

    fn add_note(&mut self, note_of: NoteOf, note: Segment<'m>) {
        match note_of {
            NoteOf::Patient => {}
            NoteOf::Order => self.last_order().head.push(note),
            NoteOf::Result => {
                if let Some(result) = self.last_order().results.last_mut() {
                    result.push(note);
                }
            }
        }
    }
}

/// What a note is of.
#[derive(Clone, Copy)]
enum NoteOf {
    Patient,
    Order,
    Result,
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use formats::hl7v2;

    use super::*;

    fn check(names: &str, expected: Expect) {
        let text = names.replace(' ', "|\r").replacen("MSH|", "MSH|^~\\&|", 1);
        let message = hl7v2::parse(text.as_bytes());
        let groups = Groups::of(&message);
        let join = |segments: &[Segment<'_>]| {
            let names = segments
                .iter()
                .map(|one| String::from_utf8_lossy(one.name()));
            names.collect::<Vec<_>>().join(" ")
        };
        let mut text = join(&groups.shared.0);
        for order in &groups.orders {
            text.push_str(&format!(" | {}:", join(&order.head)));
            for result in &order.results {
                text.push_str(&format!(" ({})", join(result)));
            }
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn results_belong_to_the_order_before_them() {
        check(
            "MSH PID PV1 ORC OBR NTE OBX NTE NTE OBX SPM OBX ZXX NTE OBR OBX ",
            expect!["MSH PID PV1 | ORC OBR NTE: (OBX NTE NTE) (OBX) (OBX NTE) | OBR: (OBX)"],
        );
    }

    #[test]
    fn results_without_an_order_stay_together() {
        check("MSH PID NTE OBX OBX ", expect!["MSH PID | : (OBX) (OBX)"]);
    }

    #[test]
    fn the_next_patient_is_another_message() {
        check("MSH PID OBR OBX PID OBR ", expect!["MSH PID | OBR: (OBX)"]);
    }
}
