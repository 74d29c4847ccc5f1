//! Whether a segment begins a result of earlier (PRIOR_RESULT), or the next order.
//!
//! ORC and OBR begin both. What only an earlier result has says that it is one: the control code `PR` (previous results with new
//! order, table 0119), or the status of a report (OBR-25) with its results, which who orders does not know yet. Whose PID
//! comes first has it from there.

use formats::hl7v2::{Message, Segment};

/// Previous results with new order/service (HL7 table 0119).
const PREVIOUS: &[u8] = b"PR";
/// Control codes that say nothing of an order: observations that follow (`RE`), and none.
const NEUTRAL: [&[u8]; 2] = [b"RE", b""];
/// Segments that begin something else than the results of an OBR.
const ENDS: [&[u8]; 4] = [b"ORC", b"OBR", b"PID", b"SPM"];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// Whether the first earlier result of an order begins.
    First,
    /// Whether another one follows those that began.
    Another,
}

/// Says whether the segment of a message at a place begins an earlier result.
pub(super) fn begins(message: &Message<'_>, at: usize, opens: Opens) -> bool {
    let mut rest = message.segments().skip(at);
    let Some(first) = rest.next() else {
        return false;
    };
    match first.name() {
        b"ORC" => match first.field(1).component(1).raw() {
            PREVIOUS => true,
            code if NEUTRAL.contains(&code) => {
                let next = rest.find(|one| ENDS.contains(&one.name()));
                next.is_some_and(|next| next.name() == b"OBR" && reports(&next, rest, opens))
            }
            _ => false,
        },
        b"OBR" => reports(&first, rest, opens),
        // An earlier result has its OBR at once; an order to others has specimens before it.
        b"NK1" => {
            let next = rest.find(|one| matches!(one.name(), b"OBR" | b"ORC" | b"SPM"));
            next.is_some_and(|next| next.name() == b"OBR")
        }
        _ => true,
    }
}

/// Says whether an OBR reports results.
fn reports<'m>(
    request: &Segment<'_>,
    rest: impl Iterator<Item = Segment<'m>>,
    opens: Opens,
) -> bool {
    let mut own = rest.take_while(|one| !ENDS.contains(&one.name()));
    (opens == Opens::Another || request.field(25).is_valued())
        && own.any(|one| one.name() == b"OBX")
}
