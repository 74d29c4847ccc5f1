//! Which devices stand at which bed, from a table: who lies there is on them.

use std::path::Path;

/// A device of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) source: Box<str>,
    pub(super) device: Box<str>,
}

/// All devices that stand somewhere, by the place: as Encounter.location names it, or by its reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(Vec<(Box<str>, Standing)>);

impl Places {
    /// Reads a table.
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        let text =
            std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
        Self::parse(&text)
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().enumerate();
        let rows = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let places = rows.map(|(number, line)| {
            let wrong = "needs a place, a source and a device, separated by tabs";
            row(line).ok_or_else(|| format!("line {} {wrong}", number + 1))
        });
        let places: Vec<_> = places.collect::<Result<_, _>>()?;
        let of = |(_, standing): &(Box<str>, Standing)| standing.clone();
        for (number, row) in places.iter().enumerate() {
            if places
                .iter()
                .take(number)
                .any(|before| of(before) == of(row))
            {
                let device = &row.1.device;
                return Err(format!(
                    "{device} stands at two places: keep one of its lines"
                ));
            }
        }
        Ok(Self(places))
    }

    /// What stands at a place.
    pub(super) fn at<'p>(&'p self, place: &'p str) -> impl Iterator<Item = &'p Standing> {
        let there = self.0.iter().filter(move |(known, _)| **known == *place);
        there.map(|(_, standing)| standing)
    }

    /// Whether nothing is known of where devices stand.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything stands there.
    pub(super) fn has(&self, place: &str) -> bool {
        self.at(place).next().is_some()
    }
}

fn row(line: &str) -> Option<(Box<str>, Standing)> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [place, source, device] = cells.try_into().ok()?;
    let is_whole = ![place, source, device].contains(&"");
    let standing = Standing {
        source: source.into(),
        device: device.into(),
    };
    is_whole.then(|| (place.into(), standing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_its_devices_and_no_device_is_at_two() {
        let text = "# place\tsource\tdevice\nICU / 12 / A\tdevices\tmonitor-3\nICU / 12 / A\tdevices\tpump-8\n\nLocation/7\tvents\tv1\n";
        let places = Places::parse(text).unwrap();
        let at = |place| {
            let names: Vec<_> = places.at(place).map(|one| one.device.to_string()).collect();
            names.join(" ")
        };
        assert_eq!(
            ["ICU / 12 / A", "Location/7", "ICU"].map(at),
            ["monitor-3 pump-8", "v1", ""]
        );
        let wrong = |text| Places::parse(text).unwrap_err();
        assert_eq!(
            wrong("a\tb\n"),
            "line 1 needs a place, a source and a device, separated by tabs"
        );
        assert_eq!(
            wrong("a\ts\td\nb\ts\td\n"),
            "d stands at two places: keep one of its lines"
        );
    }
}
