//! How often one place in the program may write to the log: whoever can make it write must not be able to fill a disk.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::callsite::Identifier;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::Stopwatch;

/// What a line costs its place: so long until it is forgotten.
const LINE: Duration = Duration::from_millis(200);
/// What a place may owe: 50 lines at once.
const AT_MOST: Duration = Duration::from_secs(10);

/// What each place has written of late.
#[derive(Default)]
pub(super) struct Repeats {
    by_place: Mutex<HashMap<Identifier, Place>>,
}

/// A place in the program: what it owes for its lines, since when, and how many were left out since the last one.
struct Place {
    owes: Duration,
    since: Stopwatch,
    left_out: u64,
}

/// What a place owes for one more line after a time; nothing where the line is too much.
fn after(owes: Duration, passed: Duration) -> Option<Duration> {
    let owes = owes.saturating_sub(passed) + LINE;
    (owes <= AT_MOST).then_some(owes)
}

impl Repeats {
    fn places(&self) -> MutexGuard<'_, HashMap<Identifier, Place>> {
        self.by_place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether a line of a place is written.
    fn take(&self, place: Identifier) -> bool {
        let mut places = self.places();
        let place = places.entry(place).or_insert_with(|| Place {
            owes: Duration::ZERO,
            since: Stopwatch::start(),
            left_out: 0,
        });
        let owes = after(place.owes, place.since.elapsed());
        match owes {
            Some(owes) => (place.owes, place.since) = (owes, Stopwatch::start()),
            None => place.left_out += 1,
        }
        owes.is_some()
    }

    /// Takes how many lines of a place were left out before this one.
    fn left_out(&self, place: &Identifier) -> u64 {
        let mut places = self.places();
        let place = places.get_mut(place);
        place.map_or(0, |place| std::mem::take(&mut place.left_out))
    }
}

/// Leaves out what is too much of one place.
pub(super) struct Cut(pub(super) Arc<Repeats>);

impl<S> Filter<S> for Cut {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.0.take(event.metadata().callsite())
    }
}

/// Writes a line, and how many like it were left out before.
pub(super) struct Telling<F> {
    format: F,
    repeats: Arc<Repeats>,
}

impl<F> Telling<F> {
    pub(super) fn of(format: F, repeats: &Arc<Repeats>) -> Self {
        let repeats = Arc::clone(repeats);
        Self { format, repeats }
    }
}

impl<S, N, F> FormatEvent<S, N> for Telling<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let left_out = self.repeats.left_out(&event.metadata().callsite());
        self.format.format_event(context, writer.by_ref(), event)?;
        match left_out {
            0 => Ok(()),
            _ => writeln!(
                writer,
                "  {left_out} lines like this one were left out before it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_place_that_wrote_much_is_forgiven_with_time() {
        assert_eq!(after(Duration::ZERO, Duration::ZERO), Some(LINE));
        assert_eq!(after(AT_MOST - LINE, Duration::ZERO), Some(AT_MOST));
        assert_eq!(after(AT_MOST, Duration::ZERO), None);
        assert_eq!(after(AT_MOST, LINE / 2), None);
        assert_eq!(after(AT_MOST, LINE), Some(AT_MOST));
        assert_eq!(after(AT_MOST, AT_MOST * 2), Some(LINE));
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flood_of_one_place_is_cut_and_leaves_others_alone() {
        let written = Written::default();
        let writer = written.clone();
        let lines = super::super::lines(move || writer.clone(), false);
        let flood = || (0..1_000).for_each(|number| tracing::warn!(number, "a flood"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            flood();
            tracing::warn!("somebody else");
        });
        let written = written.0.lock().unwrap().clone();
        let written = String::from_utf8(written).unwrap();
        let told = |words: &str| written.lines().filter(|line| line.contains(words)).count();
        // A machine may be so slow that a few more are forgiven meanwhile.
        assert!((50..500).contains(&told("a flood")), "{written}");
        assert_eq!(told("somebody else"), 1);
    }
}
