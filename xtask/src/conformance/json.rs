//! JSON whose numbers keep their digits: `9.60` is not `9.6`.

use serde_json::Value;

/// Stands before a number that was made a string; no JSON text holds it unescaped.
pub(super) const NUMBER: char = '\u{1}';

/// Reads JSON; each number becomes a string after [`NUMBER`].
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut quoted = String::with_capacity(text.len() + 64);
    let mut in_string = false;
    let mut escaped = false;
    let mut in_number = false;
    for letter in text.chars() {
        if in_string {
            in_string = escaped || letter != '"';
            escaped = !escaped && letter == '\\';
            quoted.push(letter);
            continue;
        }
        let numeric = letter.is_ascii_digit() || (in_number && "+-.eE".contains(letter));
        if (numeric || letter == '-') && !in_number {
            quoted.push_str("\"\\u0001");
            in_number = true;
        } else if in_number && !numeric {
            quoted.push('"');
            in_number = false;
        }
        in_string = letter == '"';
        quoted.push(letter);
    }
    serde_json::from_str(&quoted).map_err(|error| format!("it is no JSON: {error}"))
}
