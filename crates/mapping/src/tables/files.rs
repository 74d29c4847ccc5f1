//! The tables under `data/`, built in; a new file is named here, its rows need no Rust.

/// The files by name, in the order in which their rows are written.
pub(crate) const FILES: &[(&str, &str)] = &[
    (
        "segments/PID.Patient.tsv",
        include_str!("../../data/segments/PID.Patient.tsv"),
    ),
    (
        "segments/PD1.Patient.tsv",
        include_str!("../../data/segments/PD1.Patient.tsv"),
    ),
    (
        "segments/NK1.Patient.tsv",
        include_str!("../../data/segments/NK1.Patient.tsv"),
    ),
    (
        "segments/PV1.Encounter.tsv",
        include_str!("../../data/segments/PV1.Encounter.tsv"),
    ),
    (
        "segments/PV2.Encounter.tsv",
        include_str!("../../data/segments/PV2.Encounter.tsv"),
    ),
    (
        "segments/PID.Encounter.tsv",
        include_str!("../../data/segments/PID.Encounter.tsv"),
    ),
    (
        "segments/ORC.DiagnosticReport.tsv",
        include_str!("../../data/segments/ORC.DiagnosticReport.tsv"),
    ),
    (
        "segments/OBR.DiagnosticReport.tsv",
        include_str!("../../data/segments/OBR.DiagnosticReport.tsv"),
    ),
    (
        "segments/OBX.Observation.tsv",
        include_str!("../../data/segments/OBX.Observation.tsv"),
    ),
    (
        "segments/MRG.Merge.tsv",
        include_str!("../../data/segments/MRG.Merge.tsv"),
    ),
    (
        "segments/NTE.Observation.tsv",
        include_str!("../../data/segments/NTE.Observation.tsv"),
    ),
    (
        "segments/EVN.Provenance.tsv",
        include_str!("../../data/segments/EVN.Provenance.tsv"),
    ),
    (
        "datatypes/CNN.Practitioner.tsv",
        include_str!("../../data/datatypes/CNN.Practitioner.tsv"),
    ),
    (
        "datatypes/CWE.CodeableConcept.tsv",
        include_str!("../../data/datatypes/CWE.CodeableConcept.tsv"),
    ),
    (
        "datatypes/CWE.Coding.tsv",
        include_str!("../../data/datatypes/CWE.Coding.tsv"),
    ),
    (
        "datatypes/CWE.Organization.tsv",
        include_str!("../../data/datatypes/CWE.Organization.tsv"),
    ),
    (
        "datatypes/CX.Identifier.tsv",
        include_str!("../../data/datatypes/CX.Identifier.tsv"),
    ),
    (
        "datatypes/DLD.Location.tsv",
        include_str!("../../data/datatypes/DLD.Location.tsv"),
    ),
    (
        "datatypes/DLN.Identifier.tsv",
        include_str!("../../data/datatypes/DLN.Identifier.tsv"),
    ),
    (
        "datatypes/ED.Attachment.tsv",
        include_str!("../../data/datatypes/ED.Attachment.tsv"),
    ),
    (
        "datatypes/EI.Identifier.tsv",
        include_str!("../../data/datatypes/EI.Identifier.tsv"),
    ),
    (
        "datatypes/EIP.Identifier.tsv",
        include_str!("../../data/datatypes/EIP.Identifier.tsv"),
    ),
    (
        "datatypes/HD.Location.tsv",
        include_str!("../../data/datatypes/HD.Location.tsv"),
    ),
    (
        "datatypes/HD.Organization.tsv",
        include_str!("../../data/datatypes/HD.Organization.tsv"),
    ),
    (
        "datatypes/PL.Location.tsv",
        include_str!("../../data/datatypes/PL.Location.tsv"),
    ),
    (
        "datatypes/RP.Attachment.tsv",
        include_str!("../../data/datatypes/RP.Attachment.tsv"),
    ),
    (
        "datatypes/XAD.Address.tsv",
        include_str!("../../data/datatypes/XAD.Address.tsv"),
    ),
    (
        "datatypes/XCN.Practitioner.tsv",
        include_str!("../../data/datatypes/XCN.Practitioner.tsv"),
    ),
    (
        "datatypes/XON.Organization.tsv",
        include_str!("../../data/datatypes/XON.Organization.tsv"),
    ),
    (
        "datatypes/XPN.HumanName.tsv",
        include_str!("../../data/datatypes/XPN.HumanName.tsv"),
    ),
    (
        "datatypes/XTN.ContactPoint.tsv",
        include_str!("../../data/datatypes/XTN.ContactPoint.tsv"),
    ),
    ("codes/0001.tsv", include_str!("../../data/codes/0001.tsv")),
    ("codes/0002.tsv", include_str!("../../data/codes/0002.tsv")),
    (
        "codes/0004-status.tsv",
        include_str!("../../data/codes/0004-status.tsv"),
    ),
    ("codes/0004.tsv", include_str!("../../data/codes/0004.tsv")),
    ("codes/0005.tsv", include_str!("../../data/codes/0005.tsv")),
    ("codes/0006.tsv", include_str!("../../data/codes/0006.tsv")),
    ("codes/0007.tsv", include_str!("../../data/codes/0007.tsv")),
    ("codes/0009.tsv", include_str!("../../data/codes/0009.tsv")),
    ("codes/0023.tsv", include_str!("../../data/codes/0023.tsv")),
    ("codes/0062.tsv", include_str!("../../data/codes/0062.tsv")),
    ("codes/0063.tsv", include_str!("../../data/codes/0063.tsv")),
    ("codes/0069.tsv", include_str!("../../data/codes/0069.tsv")),
    ("codes/0074.tsv", include_str!("../../data/codes/0074.tsv")),
    ("codes/0078.tsv", include_str!("../../data/codes/0078.tsv")),
    ("codes/0080.tsv", include_str!("../../data/codes/0080.tsv")),
    ("codes/0085.tsv", include_str!("../../data/codes/0085.tsv")),
    ("codes/0092.tsv", include_str!("../../data/codes/0092.tsv")),
    ("codes/0099.tsv", include_str!("../../data/codes/0099.tsv")),
    ("codes/0112.tsv", include_str!("../../data/codes/0112.tsv")),
    ("codes/0113.tsv", include_str!("../../data/codes/0113.tsv")),
    ("codes/0114.tsv", include_str!("../../data/codes/0114.tsv")),
    ("codes/0123.tsv", include_str!("../../data/codes/0123.tsv")),
    ("codes/0131.tsv", include_str!("../../data/codes/0131.tsv")),
    ("codes/0136.tsv", include_str!("../../data/codes/0136.tsv")),
    ("codes/0171.tsv", include_str!("../../data/codes/0171.tsv")),
    ("codes/0189.tsv", include_str!("../../data/codes/0189.tsv")),
    (
        "codes/0190-type.tsv",
        include_str!("../../data/codes/0190-type.tsv"),
    ),
    (
        "codes/0190-use.tsv",
        include_str!("../../data/codes/0190-use.tsv"),
    ),
    ("codes/0200.tsv", include_str!("../../data/codes/0200.tsv")),
    ("codes/0201.tsv", include_str!("../../data/codes/0201.tsv")),
    ("codes/0202.tsv", include_str!("../../data/codes/0202.tsv")),
    ("codes/0212.tsv", include_str!("../../data/codes/0212.tsv")),
    ("codes/0217.tsv", include_str!("../../data/codes/0217.tsv")),
    ("codes/0295.tsv", include_str!("../../data/codes/0295.tsv")),
    ("codes/0296.tsv", include_str!("../../data/codes/0296.tsv")),
    ("codes/0430.tsv", include_str!("../../data/codes/0430.tsv")),
    ("codes/0936.tsv", include_str!("../../data/codes/0936.tsv")),
    (
        "codes/cdcrec.tsv",
        include_str!("../../data/codes/cdcrec.tsv"),
    ),
];
