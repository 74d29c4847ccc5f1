//! Acknowledged after the disk has it: each server between two runs of the floor, which must agree.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use crate::load::{self, Measured};
use crate::messages::Messages;
use crate::probe::{FLOORS_DIFFER_AT_MOST, Probe};
use crate::server::{Kind, Server};

/// How often each server is measured.
const ROUNDS: usize = 3;
/// How long each time.
const SLOT: Duration = Duration::from_millis(2500);
/// One run of one server.
struct Run {
    rate: f64,
    p50: Duration,
    p99: Duration,
    cpu_micros: f64,
}

/// A server beside the floors before and after it.
struct Beside {
    share: f64,
    tail: f64,
    valid: bool,
}

/// Measures at so many connections and prints.
pub(crate) fn measure(folder: &Path, messages: &Messages, connections: u64) {
    println!(
        "\nacknowledged after the disk has it, {connections} connections, stop and wait, {} B a message",
        messages.mean_bytes()
    );
    let mut results = [(Kind::Intake, Vec::new()), (Kind::Platform, Vec::new())];
    let mut probe = Probe::take(folder);
    let mut before = run(Kind::Floor, folder, messages, connections);
    for _ in 0..ROUNDS {
        for (kind, beside) in &mut results {
            let run_of_it = run(*kind, folder, messages, connections);
            let after = run(Kind::Floor, folder, messages, connections);
            let probe_after = Probe::take(folder);
            let floor = f64::midpoint(before.rate, after.rate);
            let agree = (before.rate - after.rate).abs() / before.rate.min(after.rate)
                <= FLOORS_DIFFER_AT_MOST;
            let tail = f64::midpoint(before.p99.as_secs_f64(), after.p99.as_secs_f64());
            beside.push(Beside {
                share: run_of_it.rate / floor,
                tail: run_of_it.p99.as_secs_f64() / tail,
                valid: agree && probe.is_valid() && probe_after.is_valid(),
            });
            (before, probe) = (after, probe_after);
        }
    }
    println!(
        "  last fdatasync probe of 4 KiB: p50 {} us, p99 {} us",
        probe.p50.as_micros(),
        probe.p99.as_micros()
    );
    for (kind, beside) in &results {
        tell(*kind, beside);
    }
}

fn run(kind: Kind, folder: &Path, messages: &Messages, connections: u64) -> Run {
    let folder = tempfile::tempdir_in(folder).unwrap();
    let server = Server::start(kind, folder.path(), "[delivery.console]\nenabled = false\n");
    let cpu = Cell::new(Duration::ZERO);
    let measured: Measured = load::closed(server.mllp, messages, connections, SLOT, || {
        cpu.set(server.cpu());
    });
    let used = server.cpu() - cpu.get();
    let done = if kind == Kind::Platform {
        format!(
            ", {} of {} normalized by then",
            server.normalized(),
            measured.sent
        )
    } else {
        String::new()
    };
    server.kill();
    let run = Run {
        rate: measured.rate(),
        p50: measured.at(0.5),
        p99: measured.at(0.99),
        cpu_micros: used.as_secs_f64() * 1e6 / measured.acknowledged as f64,
    };
    let refused = if measured.refused == 0 {
        String::new()
    } else {
        format!(", {} NOT ACCEPTED", measured.refused)
    };
    println!(
        "  {:<15} {:>7.0}/s  p50 {:>6} us  p99 {:>6} us  {:>5.1} us of processor{refused}{done}",
        name(kind),
        run.rate,
        run.p50.as_micros(),
        run.p99.as_micros(),
        run.cpu_micros
    );
    run
}

pub(crate) const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Floor => "floor",
        Kind::Intake => "intake alone",
        Kind::Platform => "whole platform",
        Kind::Door => "FHIR intake alone",
        Kind::Fhir => "whole platform, FHIR",
    }
}

/// The median of the ratios of the valid rounds, or of all if none is.
fn tell(kind: Kind, all: &[Beside]) {
    let valid = all.iter().filter(|beside| beside.valid).count();
    let counted: Vec<_> = all
        .iter()
        .filter(|beside| beside.valid || valid == 0)
        .collect();
    let median = |of: fn(&Beside) -> f64| {
        let mut values: Vec<f64> = counted.iter().map(|beside| of(beside)).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let mark = if valid == 0 {
        "INVALID: the machine was too busy"
    } else {
        "valid"
    };
    println!(
        "  => {}: {:.0} % of the floor (at least 60), p99 {:.2} times the floor's (at most 2); {valid} of {} rounds valid: {mark}",
        name(kind),
        median(|beside| beside.share) * 100.0,
        median(|beside| beside.tail),
        all.len()
    );
}
