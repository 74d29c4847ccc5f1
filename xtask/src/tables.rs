//! The mapping tables that come from elsewhere: compiles the official guide and the dictionary of structures into our own form.

mod segments;

mod row;

mod path;

mod condition;

mod types;

mod label;

mod codes;

mod corrections;

mod definition;

mod csv;

mod structures;

mod events;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use codes::Vocabularies;
use condition::FieldTypes;
use definition::Definitions;
use row::Context;
use segments::{Counts, Sheet};
use types::TypeTables;

use crate::step::{Failed, root};

/// Where the compiled tables are.
const GUIDE: &str = "crates/mapping/data/guide";

/// The folders in the shared corpora that are read.
const DICTIONARY: &str = "corpora/hl7v2-dictionary-hl7apy";
const MAPPINGS: &str = "corpora/hl7-v2-to-fhir-ig/mappings";
const DEFINITIONS: &str = "corpora/fhir-r4-compact/elements.json";

/// Data types whose names look like segments' ones.
const DATA_TYPES: [&str; 17] = [
    "CNE", "CNN", "CWE", "DLD", "DLN", "DTM", "EIP", "MSG", "NDL", "PLN", "RPT", "SPS", "XAD",
    "XCN", "XON", "XPN", "XTN",
];

/// A file's name and text.
type File = (String, String);

/// What was compiled, and how much of it.
type Counted = (&'static str, Counts);

/// Compiles all tables, writes what changed, and says what was left out.
pub(crate) fn run() -> Result<(), Failed> {
    let (files, counts) = compile(&shared())?;
    for (name, text) in files {
        let path = root().join(GUIDE).join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
            continue;
        }
        let folder = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
        std::fs::write(&path, text).map_err(|error| wrong(&path, error))?;
        println!("wrote {GUIDE}/{name}");
    }
    for (what, counts) in &counts {
        println!("{what}: {} rows compiled", counts.compiled);
        for (reason, count) in &counts.left_out {
            println!("{count:>8}  {reason}");
        }
    }
    Ok(())
}

/// Gives all files, and what became of the guide's rows.
fn compile(shared: &Path) -> Result<(Vec<File>, Vec<Counted>), Failed> {
    let mappings = shared.join(MAPPINGS);
    let segments = Sheet::read_all(&mappings.join("segments"))?;
    let types = Sheet::read_all(&mappings.join("datatypes"))?;
    let codes = Sheet::read_all(&mappings.join("codesystems"))?;
    let mut context = Context {
        definitions: Definitions::read(&shared.join(DEFINITIONS))?,
        tables: TypeTables::default(),
        vocabularies: Vocabularies::default(),
        fields: field_types(&segments),
    };
    types
        .iter()
        .for_each(|sheet| context.tables.add(&sheet.name));
    codes
        .iter()
        .for_each(|sheet| context.vocabularies.add(sheet));
    let mut files: Vec<File> = structures::compile(&shared.join(DICTIONARY))?.into();
    let mut of_segments = Counts::default();
    let mut of_types = Counts::default();
    let mut of_codes = Counts::default();
    for sheet in &segments {
        let text = segments::compile(&context, sheet, true, &mut of_segments);
        files.push((table_name("segments", sheet), text));
    }
    for sheet in &types {
        let text = segments::compile(&context, sheet, false, &mut of_types);
        files.push((table_name("datatypes", sheet), text));
    }
    for sheet in &codes {
        let name = format!("codes/{}.tsv", codes::file(sheet));
        files.push((name, codes::compile(sheet, &mut of_codes)));
    }
    let counts = vec![
        ("segments", of_segments),
        ("data types", of_types),
        ("codes", of_codes),
    ];
    Ok((files, counts))
}

fn table_name(folder: &str, sheet: &Sheet) -> String {
    let (source, target) = sheet.parts();
    format!("{folder}/{source}.{target}.tsv")
}

/// Gives the data types that the sheets say of their fields.
fn field_types(sheets: &[Sheet]) -> FieldTypes {
    let rows = sheets.iter().flat_map(Sheet::rows);
    rows.filter_map(|(_, record)| Some((record.get(1)?.clone(), record.get(3)?.clone())))
        .collect()
}

/// Says whether a name before a number is a segment's.
fn is_segment(name: &str) -> bool {
    name.len() == 3 && !DATA_TYPES.contains(&name)
}

fn shared() -> PathBuf {
    std::env::var_os("PULSEWIRE_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from)
}

fn wrong(path: &Path, problem: impl Display) -> Failed {
    Failed(format!("{}: {problem}", path.display()))
}
