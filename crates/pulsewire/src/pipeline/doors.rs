//! The addresses of this process, taken before anything is opened.

use tokio::net::TcpListener;

use super::Error;
use crate::config::Config;
use crate::control;
use crate::intake::{http, mllp};
use crate::roles::Role;

/// The addresses, taken before anything else: a start that cannot succeed fails at once and changes nothing.
pub(super) struct Doors {
    pub(super) mllp: Option<mllp::Listener>,
    pub(super) http: Option<http::Listener>,
    pub(super) control: TcpListener,
}

/// Takes the addresses of this process.
pub(super) async fn bind(config: &Config) -> Result<Doors, Error> {
    let takes = config.roles.has(Role::Intake);
    let mllp = match takes {
        true => Some(mllp::bind(&config.mllp).await?),
        false => None,
    };
    let http = match takes {
        true => http::bind(&config.http).await?,
        false => None,
    };
    let control = control::bind(config.control_listen).await?;
    Ok(Doors {
        mllp,
        http,
        control,
    })
}
