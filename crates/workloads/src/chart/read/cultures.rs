//! What laboratories write of cultures: whether something grew.

use clinical::Value;

use super::answers::said;
use super::{POSITIVE, RESULTED};

/// SNOMED CT, Positive.
const POSITIVE_SNOMED: &str = "10828004";

/// Genera of bacteria, as words begin with them, that blood grows. Those of one ending (`-coccus`, `-bacillus`, `-bacter`) are in
/// `PARTS`. Names as in the NHSN Organism List of the Centers for Disease Control and Prevention (Patient Safety Component
/// Manual, chapter 4, Bloodstream Infection Event); which of them are common: Wisplinghoff H et al. Clin Infect Dis
/// 2004;39:309-17, Laupland KB, Church DL. Clin Microbiol Rev 2014;27:647-64.
const BACTERIA: [&str; 77] = [
    "abiotrophia",
    "actinomyces",
    "actinotignum",
    "aeromonas",
    "alcaligenes",
    "bacteroides",
    "bartonella",
    "bordetella",
    "borrelia",
    "brevundimonas",
    "brucella",
    "burkholderia",
    "capnocytophaga",
    "clostridi",
    "comamonas",
    "coxiella",
    "delftia",
    "dialister",
    "edwardsiella",
    "eggerthella",
    "eikenella",
    "elizabethkingia",
    "erysipelothrix",
    "escherichia",
    "finegoldia",
    "francisella",
    "gardnerella",
    "gemella",
    "globicatella",
    "gordonia",
    "granulicatella",
    "haemophilus",
    "hafnia",
    "hemophilus",
    "kingella",
    "klebsiella",
    "kluyvera",
    "kocuria",
    "leclercia",
    "legionella",
    "leptospira",
    "leptotrichia",
    "leuconostoc",
    "listeria",
    "moraxella",
    "morganella",
    "mycoplasma",
    "neisseria",
    "nocardia",
    "ochrobactrum",
    "pantoea",
    "parvimonas",
    "pasteurella",
    "plesiomonas",
    "porphyromonas",
    "prevotella",
    "proteus",
    "providencia",
    "pseudomonas",
    "ralstonia",
    "raoultella",
    "roseomonas",
    "rothia",
    "salmonella",
    "serratia",
    "shewanella",
    "shigella",
    "sphingomonas",
    "staph",
    "stenotrophomonas",
    "treponema",
    "trueperella",
    "tsukamurella",
    "ureaplasma",
    "veillonella",
    "vibrio",
    "yersinia",
];
/// Genera of fungi, as words begin with them; their source is that of the bacteria.
const FUNGI: [&str; 20] = [
    "aspergillus",
    "blastomyces",
    "candida",
    "clavispora",
    "fusarium",
    "geotrichum",
    "histoplasma",
    "lomentospora",
    "magnusiomyces",
    "malassezia",
    "meyerozyma",
    "mucor",
    "nakaseomyces",
    "pichia",
    "rhizopus",
    "rhodotorula",
    "saccharomyces",
    "scedosporium",
    "talaromyces",
    "trichosporon",
];
/// Species of these genera whose genus is often one letter, as in `K. pneumoniae`.
const SPECIES: [&str; 44] = [
    "aerogenes",
    "aeruginosa",
    "agalactiae",
    "albicans",
    "anginosus",
    "aureus",
    "auris",
    "baumannii",
    "bovis",
    "catarrhalis",
    "cepacia",
    "cereus",
    "cloacae",
    "coli",
    "epidermidis",
    "faecalis",
    "faecium",
    "fragilis",
    "freundii",
    "gallolyticus",
    "glabrata",
    "haemolyticus",
    "hominis",
    "influenzae",
    "koseri",
    "krusei",
    "lugdunensis",
    "maltophilia",
    "marcescens",
    "melitensis",
    "meningitidis",
    "mirabilis",
    "mitis",
    "monocytogenes",
    "morganii",
    "oxytoca",
    "parapsilosis",
    "perfringens",
    "pneumoniae",
    "pyogenes",
    "tropicalis",
    "typhi",
    "viridans",
    "vulgaris",
];
/// What stands in the names of many, or for how they look.
const PARTS: [&str; 4] = ["cocci", "coccus", "bacill", "bacter"];
/// Words that say that something grew: how it looks under the microscope, and what laboratories shorten it to.
const WORDS: [&str; 41] = [
    "afb",
    "anaerobes",
    "bacteria",
    "bacterium",
    "cns",
    "coliform",
    "coliforms",
    "cons",
    "cre",
    "diphtheroid",
    "diphtheroids",
    "esbl",
    "fermenter",
    "fungi",
    "fungus",
    "gnb",
    "gnc",
    "gndc",
    "gnr",
    "gpb",
    "gpc",
    "gpr",
    "gramneg",
    "gramnegative",
    "gramnegatives",
    "hyphae",
    "mold",
    "mould",
    "mrsa",
    "mrse",
    "mssa",
    "msse",
    "pos",
    "positive",
    "rod",
    "rods",
    "strep",
    "vre",
    "yeast",
    "yeasts",
    "yeastlike",
];
/// What may be negative of that which grew.
const TRAITS: [&str; 8] = [
    "gram",
    "coagulase",
    "coag",
    "catalase",
    "oxidase",
    "lactamase",
    "esbl",
    "indole",
];
/// Words that deny all of their sentence.
const DENIALS: [&str; 8] = [
    "no", "not", "none", "nil", "negative", "neg", "without", "absent",
];
/// How words begin that say how what grew answers to drugs: what is denied before them is that, where an organism is named first.
const ANSWERS: [&str; 6] = [
    "carbapenemase",
    "esbl",
    "mec",
    "resist",
    "sensitiv",
    "suscept",
];
/// Words behind which something else is said, as a sentence may.
const TURNS: [&str; 3] = ["but", "except", "however"];
/// What begins another sentence behind a single letter and a full stop: `in bottle A. No growth in B.`
const BEGINNINGS: [&str; 8] = [
    "aerobic",
    "anaerobic",
    "bottle",
    "final",
    "growth",
    "second",
    "set",
    "the",
];
/// How a culture is spoken of that has no result yet: what it looks for is no finding.
const NOT_YET: [&str; 3] = [
    " culture pending ",
    " culture in progress ",
    " culture to follow ",
];

/// Reads the result of a culture. Of blood what grew is positive by its name, too: elsewhere something always grows.
pub(super) fn culture(value: &Value, interpretation: &[Box<str>], is_of_blood: bool) -> u8 {
    let is_positive = match value {
        Value::Coded(codes) => codes.iter().any(|code| &*code.code == POSITIVE_SNOMED),
        Value::Text(text) => text.trim().to_lowercase().starts_with("positive"),
        Value::Quantity(_) => false,
    };
    let has_grown = || is_of_blood && said(value).iter().any(|words| grew(words));
    let mut judged = interpretation.iter();
    if is_positive || judged.any(|flag| matches!(&**flag, "POS" | "AA")) || has_grown() {
        POSITIVE
    } else {
        RESULTED
    }
}

/// Says whether words of a laboratory say that something grew; each bottle may have a sentence of its own. What names an
/// organism and denies nothing is positive.
fn grew(words: &str) -> bool {
    let words = without_traits(words);
    let mut parts = words.split([';', ',', '\n', '\r', '|']);
    parts.any(|part| {
        let sentences = sentences(part);
        let mut said = sentences
            .iter()
            .flat_map(|sentence| sentence.split(|word| TURNS.contains(word)));
        said.any(|sentence| is_named(sentence) && !is_denied(sentence))
    })
}

/// Joins what a negative trait of an organism is called, so that it denies nothing; `0/2` is said as `0 of 2`.
fn without_traits(words: &str) -> String {
    let mut words = words
        .replace("+ve", "positive")
        .replace("-ve", "negative")
        .replace('/', " of ");
    for named in TRAITS {
        for between in ["-", " "] {
            words = words.replace(&format!("{named}{between}neg"), &format!("{named}neg"));
        }
    }
    words
}

/// Gives the words of each sentence; the full stop of `S. aureus` and of `neg. for` ends none.
fn sentences(part: &str) -> Vec<Vec<&str>> {
    let mut sentences: Vec<Vec<&str>> = Vec::new();
    for next in part.split('.') {
        let words = next.split(|c: char| !c.is_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        match sentences.last_mut() {
            Some(last) if goes_on(last, &words) => last.extend(words),
            Some(_) | None => sentences.push(words),
        }
    }
    sentences
}

fn goes_on(before: &[&str], next: &[&str]) -> bool {
    let (Some(before), Some(next)) = (before.last(), next.first()) else {
        return false;
    };
    let begins = BEGINNINGS.contains(next) || DENIALS.contains(next);
    let is_letter = before.len() == 1 && before.chars().all(char::is_alphabetic);
    is_letter && !begins || *before == "neg" && *next == "for"
}

fn is_named(sentence: &[&str]) -> bool {
    let is_name = |word: &&str| {
        let begins = |names: &[&str]| names.iter().any(|name| word.starts_with(name));
        // A bacterial culture, or bacteriology, names nothing that grew.
        let is_kind = word.starts_with("bacter") || word.contains("bacterial");
        let has = |part: &&str| word.contains(*part) && !(*part == "bacter" && is_kind);
        WORDS.contains(word)
            || SPECIES.contains(word)
            || begins(&BACTERIA)
            || begins(&FUNGI)
            || PARTS.iter().any(has)
    };
    let text = format!(" {} ", sentence.join(" "));
    let is_open = NOT_YET.iter().any(|words| text.contains(words));
    !is_open && (sentence.iter().any(is_name) || text.contains(" growth of "))
}

fn is_denied(sentence: &[&str]) -> bool {
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let mut words = sentence.iter().enumerate();
    words.any(|(place, word)| {
        let next = sentence.get(place + 1);
        let denies = match *word {
            // `Bottle no. 1` denies nothing.
            "no" => !next.is_some_and(is_number),
            "0" => next.is_some_and(|next| *next == "of"),
            other => DENIALS.contains(&other),
        };
        denies && !is_of_drugs(sentence, place)
    })
}

/// Says whether what is denied at a place is how the organism named before it answers to drugs, as in `E. coli with no resistance`.
fn is_of_drugs(sentence: &[&str], place: usize) -> bool {
    let (before, after) = sentence.split_at(place);
    let is_answer = |word: &&str| ANSWERS.iter().any(|answer| word.starts_with(answer));
    is_named(before) && after.iter().any(is_answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_positive(words: &str) -> bool {
        culture(&Value::Text(words.into()), &[], true) == POSITIVE
    }

    #[test]
    fn a_culture_is_positive_where_something_grew() {
        for grew in [
            "Positive: gram-negative rods, 2 of 4 bottles",
            "Staphylococcus aureus",
            "Gram negative bacilli",
            "Aerobic bottle: no growth. Anaerobic bottle: Escherichia coli",
            "Coagulase-negative staphylococci",
        ] {
            assert!(is_positive(grew), "{grew}");
        }
        for nothing in [
            "No growth to date",
            "NO GROWTH 5 DAYS",
            "Negative",
            "Negative for group B streptococcus",
            "No Staphylococcus aureus isolated",
            "Staphylococcus aureus not isolated",
            "pending",
            "",
        ] {
            assert!(!is_positive(nothing), "{nothing}");
        }
        let urine = Value::Text("Escherichia coli".into());
        assert_eq!(culture(&urine, &[], false), RESULTED);
        assert_eq!(culture(&urine, &["U".into(), "AA".into()], false), POSITIVE);
    }

    #[test]
    fn what_is_denied_anywhere_in_its_sentence_did_not_grow() {
        for nothing in [
            "Bacterial culture: negative",
            "Not positive",
            "0 of 2 bottles positive",
            "0/2 bottles positive",
            "Yeast: none seen",
            "Staphylococcus aureus: negative",
            "Negative for S. aureus",
            "Neg. for S. aureus",
            "No S. aureus isolated",
            "No gram-negative rods seen",
            "Bacterial culture pending",
            "Mycobacterial culture in progress",
            "Nil growth of E. coli",
            "No resistant Escherichia coli",
            "Escherichia coli: no growth",
        ] {
            assert!(!is_positive(nothing), "{nothing}");
        }
        for grew in [
            "No anaerobes but E. coli",
            "Staphylococcus aureus in bottle A. No growth in bottle B.",
            "Bottle no. 2 Klebsiella pneumoniae",
            "Escherichia coli ESBL negative",
            "10 of 12 bottles positive",
            "Staphylococcus aureus, susceptibilities pending",
            "E. coli with no resistance",
            "Staphylococcus aureus without inducible clindamycin resistance",
        ] {
            assert!(is_positive(grew), "{grew}");
        }
    }

    #[test]
    fn what_blood_grows_is_known_by_its_genus_its_looks_and_its_short_names() {
        for grew in [
            "Stenotrophomonas maltophilia",
            "Burkholderia cepacia",
            "Brucella melitensis",
            "Morganella morganii",
            "MRSA",
            "GNR in aerobic bottle",
            "K. pneumoniae",
            "S. AUREUS",
            "Gram -ve rods",
            "Acinetobacter baumannii",
            "Corynebacterium striatum",
            "Enterococcus faecium (VRE)",
            "Bacteroides fragilis",
            "Cryptococcus neoformans",
            "Budding yeast",
            "CoNS",
        ] {
            assert!(is_positive(grew), "{grew}");
        }
    }
}
