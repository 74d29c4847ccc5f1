//! News as a line on the program's own output.

use std::io::Write as _;

use clinical::Delivery;

use super::Carry;
use super::queue::Failed;

/// Writes each piece of news as one line; it names no patient.
pub(super) struct Console;

impl Carry for Console {
    fn carry(&mut self, delivery: &Delivery, _json: &[u8]) -> Result<(), Failed> {
        let alert = &delivery.alert;
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "ALERT {kind:<10} {severity:<8} {condition}: {reason} (as of {as_of}, alert {id})",
            kind = delivery.kind.word(),
            severity = alert.severity.word(),
            condition = alert.condition,
            reason = alert.reason,
            as_of = alert.as_of,
            id = alert.id,
        )
        .and_then(|()| out.flush())
        .map_err(|error| format!("the output is closed: {error}").into())
    }
}
