//! How devices are looked after.

use std::path::Path;
use std::time::Duration;

use super::reader::Reader;
use crate::stages::{DevicePlaces, DeviceRules, DeviceSettings};

/// A device that may rest less than this between two reports would be silent all the time.
const SILENT_LEAST: Duration = Duration::from_secs(60);

/// Reads `[devices]`.
pub(super) fn read(reader: &mut Reader<'_>) -> DeviceSettings {
    let at = "devices";
    DeviceSettings {
        rules: table(reader, "rules", DeviceRules::load),
        places: table(reader, "places", DevicePlaces::load),
        silent_after: reader.duration_from(at, "silent_after", SILENT_LEAST),
        rebind_window: reader.duration(at, "rebind_window"),
    }
}

/// What a file says, or what holds without one.
fn table<T: Default>(
    reader: &mut Reader<'_>,
    key: &str,
    load: fn(&Path) -> Result<T, String>,
) -> T {
    match reader.path("devices", key).map(|path| load(&path)) {
        None => T::default(),
        Some(Ok(table)) => table,
        Some(Err(why)) => {
            let hint = format!("name a file of {key} as docs/devices.md describes it");
            reader.refuse("devices", key, &why, &hint);
            T::default()
        }
    }
}
