//! The state of a station that concludes once at the end of a message: whether one has begun comes first, then what is known.

use stream::StepError;

const WHOLE: u8 = 0;
const BEGUN: u8 = 1;

/// Writes whether a message has begun, and what is known; nothing, and says so, where neither is worth keeping.
pub(super) fn encode(
    has_begun: bool,
    out: &mut Vec<u8>,
    known: impl FnOnce(&mut Vec<u8>) -> bool,
) -> bool {
    let start = out.len();
    out.push(if has_begun { BEGUN } else { WHOLE });
    let is_kept = known(out) || has_begun;
    if !is_kept {
        out.truncate(start);
    }
    is_kept
}

/// Reads the same.
pub(super) fn decode<T: Default>(
    bytes: &[u8],
    known: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<(bool, T), StepError> {
    let undecodable = |why: String| StepError::new("undecodable-state", why);
    let (begun, rest) = match bytes.split_first() {
        None => return Ok((false, T::default())),
        Some((begun @ (&WHOLE | &BEGUN), rest)) => (*begun, rest),
        Some((other, _)) => {
            return Err(undecodable(format!(
                "it begins with {other}, which this version does not know"
            )));
        }
    };
    let known = known(rest).map_err(undecodable)?;
    Ok((begun == BEGUN, known))
}
