//! `demo`: a simulated ward on the real platform: real messages over real sockets, nothing configured, nothing kept.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clinical::{EventTime, ReceivedTime};
use formats::mllp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use workloads::throughput::{Department, UnitBeds};

use super::{Failure, run};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::pipeline::{self, Running};
use crate::tasks::Stop;
use crate::ward::{Feed, Sent, Ward};

/// The port the pages have unless another is asked for.
const PORT: u16 = 8080;
/// So many messages of a feed may wait for their sender.
const QUEUE: usize = 256;
/// A sender tries to connect again after this.
const AGAIN: Duration = Duration::from_millis(200);

/// Run the platform with a simulated ward
///
/// Needs no configuration, no network and no database. A simulated ward (patients with physiology, admissions, transfers,
/// charting delays, corrections, device errors, a few who deteriorate) sends HL7 v2 over a real MLLP socket on loopback;
/// everything on the screen comes through the real path. What it writes is deleted at the end unless --data keeps it.
#[derive(Args)]
pub(crate) struct Demo {
    /// Another seed is another ward; the same seed is the same one
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many seconds of the ward pass in one
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Stop after this, such as 60s or 10m; without it, when interrupted
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    lasting: Option<Duration>,
    /// The address of the pages
    #[arg(long, default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT))]
    listen: SocketAddr,
    /// Keep the data in this directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

fn span(text: &str) -> Result<Duration, String> {
    config::duration(text).ok_or_else(|| "give a time such as 30s, 10m or 2h".to_owned())
}

/// A directory that goes with us, unless it was asked for by name.
struct Data {
    path: PathBuf,
    keep: bool,
}

impl Drop for Data {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be deleted is in the system's temporary folder and goes with it.
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

impl Demo {
    pub(crate) fn run(&self, out: &mut dyn Write) -> Result<(), Failure> {
        if !self.listen.ip().is_loopback() {
            let hint =
                "the pages have no sign-in: use 127.0.0.1 and reach it through an SSH tunnel";
            return Err(Failure::new(
                format!("{} is not on loopback", self.listen),
                hint,
            ));
        }
        super::log::start("warn")?;
        let data = self.data()?;
        let runtime = super::runtime()?;
        runtime.block_on(async {
            let config = self.config(&data.path, self.listen);
            let clock = Clock::scaled(self.speed);
            let running = self.start(config, clock, out).await?;
            let ended = self.until_the_end(&running, clock).await;
            running.stop().await;
            ended
        })
    }

    fn data(&self) -> Result<Data, Failure> {
        let keep = self.data.is_some();
        let path = self.data.clone().unwrap_or_else(|| {
            std::env::temp_dir().join(format!("pulsewire-demo-{}", std::process::id()))
        });
        std::fs::create_dir_all(&path)?;
        // Simulated patients among real ones would be worse than no demonstration, and an earlier one is ahead of us in time.
        if std::fs::read_dir(&path)?.next().is_some() {
            let what = format!("{} is not empty", path.display());
            return Err(Failure::new(what, "name an empty directory, or none"));
        }
        std::fs::write(
            path.join(pipeline::SIMULATED),
            "simulated patients: not to be used for real ones\n",
        )?;
        Ok(Data { path, keep })
    }

    fn config(&self, data: &std::path::Path, listen: SocketAddr) -> Config {
        let mut config = config::defaults();
        config.journal.directory = data.to_owned();
        config.mllp.listen = SocketAddr::new(listen.ip(), 0);
        config.http.listen = Some(SocketAddr::new(listen.ip(), 0));
        config.control_listen = listen;
        let beds = UnitBeds {
            department: 22,
            hospital: 60,
        };
        config.workloads.emergency = Some(Department {
            units: ["ED".into()].into(),
            waiting: ["WAIT".into()].into(),
            left_unseen: ["LWBS".into()].into(),
            beds: [("ED".into(), beds)].into(),
            ..Department::default()
        });
        config
    }

    async fn start(
        &self,
        config: Config,
        clock: Clock,
        out: &mut dyn Write,
    ) -> Result<Running, Failure> {
        let running = match pipeline::start(&config, clock, "Simulated ward").await {
            // A newcomer's port may be taken: any other does as well, as long as it was not asked for.
            Err(pipeline::Error::Control(_)) if self.listen.port() == PORT => {
                let config = Config {
                    control_listen: SocketAddr::new(self.listen.ip(), 0),
                    ..config.clone()
                };
                pipeline::start(&config, clock, "Simulated ward").await
            }
            started => started,
        };
        let running = running.map_err(run::starting)?;
        writeln!(out, "{}", super::addresses(&running, &config))?;
        writeln!(
            out,
            "\nA simulated ward (seed {}) is sending; one second is {} of its seconds. Alerts as they come:\n",
            self.seed, self.speed
        )?;
        out.flush()?;
        Ok(running)
    }

    /// Sends what the ward sends, each feed on a connection of its own, until it is time to stop.
    async fn until_the_end(&self, running: &Running, clock: Clock) -> Result<(), Failure> {
        let start = EventTime::from_micros(clock.now().micros());
        let ward = Ward::new(self.seed, start);
        let mut feeds = Vec::new();
        let door = running.mllp.expect("the demo has every role");
        for feed in Feed::ALL {
            let (sender, receiver) = mpsc::channel(QUEUE);
            running
                .tasks()
                .spawn(send(door, receiver, running.tasks().stop()));
            feeds.push((feed, sender));
        }
        running
            .tasks()
            .spawn(deal(ward, feeds, clock, running.tasks().stop()));
        match self.lasting {
            Some(lasting) => {
                tokio::select! {
                    () = tokio::time::sleep(lasting) => Ok(()),
                    asked = run::asked_to_stop() => asked,
                }
            }
            None => run::asked_to_stop().await,
        }
    }
}

/// Gives each message to its feed when its time has come.
async fn deal(ward: Ward, feeds: Vec<(Feed, mpsc::Sender<Sent>)>, clock: Clock, mut stop: Stop) {
    for sent in ward {
        let due = ReceivedTime::from_micros(sent.at.micros());
        if let Some(wait) = due.since(clock.now()).filter(|wait| !wait.is_zero())
            && !stop.sleep(clock.in_the_room(wait)).await
        {
            return;
        }
        let Some((_, feed)) = feeds.iter().find(|(feed, _)| *feed == sent.feed) else {
            continue;
        };
        if stop.is_asked() || feed.send(sent).await.is_err() {
            return;
        }
    }
}

/// One sending system: a message, its answer, the next.
async fn send(to: SocketAddr, mut messages: mpsc::Receiver<Sent>, mut stop: Stop) {
    let mut connection: Option<TcpStream> = None;
    while let Some(sent) = messages.recv().await {
        loop {
            if stop.is_asked() {
                return;
            }
            match exchange(&mut connection, to, &sent.bytes).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::debug!(%error, "the ward's sender connects again");
                    connection = None;
                    if !stop.sleep(AGAIN).await {
                        return;
                    }
                }
            }
        }
    }
}

async fn exchange(
    connection: &mut Option<TcpStream>,
    to: SocketAddr,
    message: &[u8],
) -> std::io::Result<()> {
    let stream = match connection {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(to).await?;
            stream.set_nodelay(true)?;
            connection.insert(stream)
        }
    };
    stream.write_all(&mllp::encode(message)).await?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(&[mllp::END, mllp::END_SECOND]) {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
    Ok(())
}
