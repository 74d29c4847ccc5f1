//! Finds the segments that a line feed starts in a message whose segments otherwise end with carriage returns.

/// The segments of the messages that hospitals send; a site's own start with Z.
///
/// A line of text that is one of these alone, just before a field separator, would be taken for a segment; that is
/// much rarer than a sender that mixes segment ends, and reported.
const NAMES: &[&[u8; 3]] = &[
    b"ACC", b"AIG", b"AIL", b"AIP", b"AIS", b"AL1", b"ARV", b"AUT", b"BHS", b"BLG", b"BTS", b"CDO",
    b"CNS", b"CON", b"CTD", b"CTI", b"DB1", b"DG1", b"DON", b"DRG", b"DSC", b"EDU", b"ERR", b"EVN",
    b"FAC", b"FHS", b"FT1", b"FTS", b"GOL", b"GP1", b"GP2", b"GT1", b"IAM", b"IAR", b"IN1", b"IN2",
    b"IN3", b"INV", b"LOC", b"MFE", b"MFI", b"MRG", b"MSA", b"MSH", b"NK1", b"NPU", b"NTE", b"OBR",
    b"OBX", b"ODS", b"OM1", b"ORC", b"ORG", b"PD1", b"PDA", b"PID", b"PKG", b"PR1", b"PRA", b"PRB",
    b"PRC", b"PRD", b"PRT", b"PSH", b"PTH", b"PV1", b"PV2", b"QAK", b"QPD", b"QRD", b"RCP", b"RF1",
    b"RGS", b"ROL", b"RQ1", b"RQD", b"RXA", b"RXC", b"RXD", b"RXE", b"RXG", b"RXO", b"RXR", b"RXV",
    b"SAC", b"SCD", b"SCH", b"SFT", b"SHP", b"SID", b"SPM", b"STF", b"TCD", b"TQ1", b"TQ2", b"TXA",
    b"UAC", b"UB1", b"UB2", b"VAR",
];

/// Returns the places of line feeds that end a segment.
///
/// Anything after such a line feed would otherwise be taken for further fields of the segment before, and a result
/// could go unread.
pub(super) fn ends(body: &[u8], field: u8) -> Vec<usize> {
    let is_end = |place: &usize| {
        let before = place.checked_sub(1).and_then(|place| body.get(place));
        let is_first = !matches!(before, None | Some(b'\r' | b'\n'));
        let after = body.get(place + 1..).unwrap_or_default();
        is_first && starts_segment(after, field)
    };
    memchr::memchr_iter(b'\n', body).filter(is_end).collect()
}

fn starts_segment(bytes: &[u8], field: u8) -> bool {
    let Some([first, second, third, end]) = bytes.first_chunk::<4>() else {
        return false;
    };
    let name = [*first, *second, *third];
    let is_own =
        name.first() == Some(&b'Z') && name.iter().copied().all(super::builder::is_in_name);
    *end == field && (is_own || NAMES.contains(&&name))
}
