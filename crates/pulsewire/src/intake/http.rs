//! The HTTP listener: FHIR resources, bundles and lines of them, each answered when the journal has it.

mod answer;
mod body;
mod bundle;
mod capabilities;
mod chunks;
mod lines;
mod measure;
mod notified;
mod openapi;
mod own;
mod read;
mod request;
mod routes;
mod write;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, header};
use clinical::ReceivedTime;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connections::{Connections, Full};
use super::fhir::Fhir;
use super::refusals::Refusals;
use super::subscriptions::Subscriptions;
use super::{certificate, tls};
use crate::config::Http;
use crate::metrics::ReasonLabels;
use crate::tasks::{Stop, Tasks};
use body::{InFlight, Spent};
pub(crate) use own::is_address;

/// The head of a request has at most so many bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// And so many headers.
const HEADERS_MAX: usize = 100;

/// What its sender alone is to blame for, once its body was read.
const COSTLY: [u16; 4] = [400, 413, 415, 422];

/// Why the listener cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot listen on {listen}: {source}; choose another address for intake.http.listen")]
    Bind {
        listen: SocketAddr,
        source: io::Error,
    },
    #[error(transparent)]
    Tls(#[from] tls::Error),
}

/// A listener that is bound but not yet taking connections.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    config: Http,
}

/// What all connections share.
struct Door {
    fhir: Arc<Fhir>,
    subscriptions: Arc<Subscriptions>,
    config: Http,
    is_loopback: bool,
    tls: Option<TlsAcceptor>,
    in_flight: InFlight,
    refusals: Refusals,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
struct Peer {
    address: IpAddr,
    /// The source that the client's certificate is for.
    source: Option<Arc<str>>,
    /// When that certificate runs out.
    expires: Option<ReceivedTime>,
    is_tls: bool,
}

/// Takes the address, so that a start that cannot succeed fails before anything else is done; nothing where FHIR is not
/// taken over HTTP.
pub(crate) async fn bind(config: &Http) -> Result<Option<Listener>, Error> {
    let Some(listen) = config.listen else {
        return Ok(None);
    };
    let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let socket = TcpListener::bind(listen).await;
    let socket = socket.map_err(|source| Error::Bind { listen, source })?;
    Ok(Some(Listener {
        socket,
        tls,
        config: config.clone(),
    }))
}

impl Listener {
    /// The address it has, with the port the system chose if that was left open.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Takes connections until it is time to stop.
    pub(crate) async fn run(self, subscriptions: Arc<Subscriptions>, tasks: Tasks) {
        let connections = Connections::new(
            self.config.connections,
            "intake.http.connections",
            self.config.connections_per_address,
        );
        let is_loopback = self
            .address()
            .is_ok_and(|address| address.ip().is_loopback());
        let fhir = Arc::clone(subscriptions.fhir());
        let refusals_delayed = fhir.intake.metrics.refusals_delayed.clone();
        let door = Arc::new(Door {
            fhir,
            subscriptions,
            config: self.config,
            is_loopback,
            tls: self.tls,
            in_flight: InFlight::default(),
            refusals: Refusals::counted(&refusals_delayed),
        });
        let mut stop = tasks.stop();
        while let Some((stream, peer)) = Connections::next(&self.socket, &mut stop).await {
            let place = match connections.enter(peer.ip()) {
                Ok(place) => place,
                Err(Full::All) => {
                    door.refuse("http-too-many-connections");
                    continue;
                }
                Err(Full::Address) => {
                    door.refuse("http-too-many-from-address");
                    continue;
                }
            };
            let (door, stop) = (Arc::clone(&door), tasks.stop());
            tasks.spawn(async move {
                door.serve(stream, peer.ip(), stop).await;
                drop(place);
            });
        }
    }
}

impl Door {
    fn refuse(&self, reason: &'static str) {
        self.count(reason);
        tracing::warn!(reason, "a connection was closed at once");
    }

    fn count(&self, reason: &str) {
        let labels = ReasonLabels {
            stage: "intake",
            reason: reason.to_owned(),
        };
        let timeouts = &self.fhir.intake.metrics.timeouts;
        timeouts.get_or_create(&labels).inc();
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, address: IpAddr, stop: Stop) {
        // An answer is small and must not wait for more to send with it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
            return;
        }
        let (Some(tls), Some(config)) = (&self.tls, &self.config.tls) else {
            let peer = Peer {
                address,
                source: None,
                expires: None,
                is_tls: false,
            };
            return Arc::clone(&self).converse(stream, peer, stop).await;
        };
        match timeout(config.handshake_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let certificates = stream.get_ref().1.peer_certificates();
                let own = certificates.and_then(<[_]>::first);
                let peer = Peer {
                    address,
                    source: own.and_then(|own| self.source_of(own)),
                    expires: own.and_then(|own| certificate::expires(own)),
                    is_tls: true,
                };
                Arc::clone(&self).converse(stream, peer, stop).await;
            }
            Ok(Err(error)) => {
                self.count("http-tls");
                tracing::warn!(%error, "a TLS handshake failed");
            }
            Err(_) => self.count("http-tls-handshake-timeout"),
        }
    }

    /// The source whose name a certificate is for.
    fn source_of(&self, certificate: &CertificateDer<'_>) -> Option<Arc<str>> {
        let certificate = ParsedCertificate::try_from(certificate).ok()?;
        let is_for = |name: &str| {
            let name = ServerName::try_from(name).ok()?;
            rustls::client::verify_server_name(&certificate, &name).ok()
        };
        let mut sources = self.fhir.intake.sources.all();
        let found = sources.find(|source| is_for(&source.name).is_some());
        found.map(|source| Arc::clone(&source.name))
    }

    /// Answers the requests of a connection until either side ends it.
    async fn converse(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        mut stop: Stop,
    ) {
        let service = {
            let (door, stop) = (Arc::clone(&self), stop.clone());
            service_fn(move |request: Request<hyper::body::Incoming>| {
                let (door, peer, stop) = (Arc::clone(&door), peer.clone(), stop.clone());
                async move {
                    Ok::<_, std::convert::Infallible>(
                        door.answer(request.map(Body::new), &peer, stop).await,
                    )
                }
            })
        };
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.config.header_timeout)
            .max_headers(HEADERS_MAX)
            .max_header_size(HEAD_BYTES_MAX);
        let mut connection =
            std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.asked() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            match error.is_timeout() {
                true => self.count("http-header-timeout"),
                false => tracing::debug!(%error, "a connection broke"),
            }
        }
    }

    async fn answer(
        self: &Arc<Self>,
        request: Request<Body>,
        peer: &Peer,
        mut stop: Stop,
    ) -> Response<Body> {
        // Where a body's length is told in two ways, another one hidden in it must not be taken for the next request.
        let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        let spent = Spent::default();
        let answer = request::answer(self, request, (peer, &spent)).await;
        if COSTLY.contains(&answer.status) {
            let (address, bytes) = (peer.address, spent.bytes());
            self.refusals.hold(address, bytes, &mut stop).await;
        }
        let mut response = answer.into_response();
        if is_chunked {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }
}
