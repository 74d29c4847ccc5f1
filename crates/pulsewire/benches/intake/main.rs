//! Measures the shell from outside, beside the least that a server can do: acknowledgements, resources, samples, alerts,
//! restarts.
//!
//! `cargo bench -p pulsewire --bench intake` prints all but attacks and restarts; a word after `--` runs one part alone:
//! `acknowledge`, `fhir`, `devices`, `alert`, or `attack` and `restart`, which take minutes and are not run otherwise.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a benchmark reads the clock and may stop at the first mistake"
)]

mod acknowledge;
mod alert;
mod attack;
mod devices;
mod fhir;
mod restart;

mod load;
mod messages;
mod requests;

mod floor;
mod server;

mod probe;
mod table;

use std::path::Path;

use messages::Messages;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, folder] = &arguments[..]
        && mode == "floor"
    {
        floor::serve(folder.into());
    }
    if let [mode, http, mllp] = &arguments[..]
        && mode == attack::MODE
    {
        let address = |text: &String| text.parse().expect("it is an address");
        attack::go_on(address(http), address(mllp));
    }
    let asked = |part: &str| arguments.iter().any(|argument| argument == part);
    let parts = [
        "acknowledge",
        "fhir",
        "devices",
        "alert",
        "attack",
        "restart",
    ];
    let all = !parts.into_iter().any(asked);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let messages = Messages::new();
    if all || asked("acknowledge") {
        for connections in [16, 128] {
            acknowledge::measure(folder.path(), &messages, connections);
        }
    }
    if all || asked("fhir") {
        fhir::measure(folder.path());
    }
    if all || asked("devices") {
        devices::measure(folder.path());
    }
    if all || asked("alert") {
        alert::measure(folder.path(), &messages);
    }
    if asked("attack") {
        attack::measure(folder.path(), &messages);
    }
    if asked("restart") {
        restart::measure(Path::new(&folder.path().join("restart")), &messages);
    }
}
