//! How devices are looked after.

use std::time::Duration;

use super::reader::Reader;
use crate::stages::{DeviceRules, DeviceSettings};

/// A device that may rest less than this between two reports would be silent all the time.
const SILENT_LEAST: Duration = Duration::from_secs(60);

/// Reads `[devices]`.
pub(super) fn read(reader: &mut Reader<'_>) -> DeviceSettings {
    let at = "devices";
    let rules = match reader
        .path(at, "rules")
        .map(|path| DeviceRules::load(&path))
    {
        None => DeviceRules::default(),
        Some(Ok(rules)) => rules,
        Some(Err(why)) => {
            reader.refuse(
                at,
                "rules",
                &why,
                "name a file of rules as docs/devices.md describes it",
            );
            DeviceRules::default()
        }
    };
    DeviceSettings {
        rules,
        silent_after: reader.duration_from(at, "silent_after", SILENT_LEAST),
        rebind_window: reader.duration(at, "rebind_window"),
    }
}
