//! What the workload emits, as JSON.

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x100_0000_01b3;

/// A finding about a patient.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finding<'a> {
    /// The patient's key.
    pub(crate) key: &'a [u8],
    /// `score`, `correction` or `gap`.
    pub(crate) kind: &'a str,
    /// The code that caused it, or `gap`.
    pub(crate) code: &'a str,
    /// The time that it is about, in milliseconds since the epoch.
    pub(crate) effective: i64,
    pub(crate) score: u32,
    pub(crate) band: u8,
    pub(crate) previous: u8,
}

impl Finding<'_> {
    /// Gives its JSON.
    pub(crate) fn to_json(self) -> String {
        let Self {
            key,
            kind,
            code,
            effective,
            score,
            band,
            previous,
        } = self;
        let id = self.id();
        let patient = hex(key);
        format!(
            r#"{{"id":"{id:016x}","patient":"{patient}","kind":"{kind}","code":"{code}","effective_ms":{effective},"score":{score},"band":{band},"previous":{previous}}}"#
        )
    }

    /// Derives the id: FNV-1a over key, code and time.
    fn id(&self) -> u64 {
        let time = self.effective.to_be_bytes();
        let bytes = self.key.iter().chain(self.code.as_bytes()).chain(&time);
        bytes.fold(FNV_START, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME)
        })
    }
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| {
        let digit = DIGITS.get(usize::from(nibble)).copied();
        char::from(digit.expect("a nibble is below 16"))
    };
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
