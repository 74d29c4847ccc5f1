//! Writes every page with invented data, and the assets, into a folder, so that a person can look at them.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use ui::{AlertState, Theme, sample};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("name a folder to write the pages to"))?;
    fs::create_dir_all(folder.join("assets"))?;
    for asset in ui::assets() {
        let path = asset.path.trim_start_matches('/');
        fs::write(folder.join(path), asset.bytes)?;
    }
    for theme in [Theme::Light, Theme::Dark] {
        write_pages(&folder, theme)?;
    }
    Ok(())
}

fn write_pages(folder: &Path, theme: Theme) -> io::Result<()> {
    let frame = sample::frame(theme);
    let mut alarmed = frame.clone();
    alarmed.alarms = vec!["The journal has stopped: the disk refused a write.".to_owned()];
    let mut open = sample::alerts();
    open.state = Some(AlertState::Open);
    open.rows.retain(|row| row.state == AlertState::Open);
    let pages = [
        ("overview", ui::overview_page(&frame, &sample::overview())),
        ("alerts", ui::alerts_page(&alarmed, &open)),
        ("alert", ui::alert_page(&frame, &sample::alert())),
        ("patients", ui::patients_page(&frame, &sample::patients())),
        ("patient", ui::patient_page(&frame, &sample::patient("a"))),
        (
            "quarantine",
            ui::quarantine_page(&frame, &sample::quarantine()),
        ),
        (
            "quarantined",
            ui::quarantined_page(&frame, &sample::quarantined()),
        ),
        ("kit", ui::kit_page(&frame)),
        ("refusal", ui::refusal_page(&frame, &sample::refusal(404))),
    ];
    for (name, page) in pages {
        let local = page.replace("\"/assets/", "\"assets/");
        fs::write(folder.join(format!("{name}-{}.html", theme.word())), local)?;
    }
    Ok(())
}
