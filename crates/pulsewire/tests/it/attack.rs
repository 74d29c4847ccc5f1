//! What hostile clients send, over HTTP and MLLP: each function does it and looks at what it meets.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

use flate2::{Compress, Compression, FlushCompress};
use formats::mllp::{END, END_SECOND, START};

use crate::rest::Rest;
use crate::setting::{PATIENCE, number};

/// More connections than are taken from one address.
const CROWD: u64 = 2_000;
/// So many of them are held open at once.
const HELD_MAX: usize = 400;

/// What a connection is answered until it ends; it must end.
pub(crate) fn answered(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection is taken");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    // Who refuses early does not read to the end.
    drop(stream.write_all(request));
    drop(stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        let waits = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        assert!(!waits, "the connection neither answers nor ends");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A gzip file that unpacks to so many MiB of blanks; its end is missing, which nobody should get to see.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(64 << 10);
    let blanks = vec![b' '; 1 << 20];
    let packed = deflate.compress_vec(&blanks, &mut block, FlushCompress::Full);
    packed.expect("blanks are packed");
    // Behind a full flush nothing refers to what is before it.
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [header.to_vec(), block.repeat(mebibytes)].concat()
}

/// Bodies that unpack to 256 MiB, by every door and in every packing.
pub(crate) fn bombs(rest: Rest) {
    let bomb = bomb(256);
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
    let doors = [
        ("/fhir/Patient", "application/fhir+json"),
        ("/fhir", "application/fhir+json"),
        ("/fhir/$import-ndjson", "application/fhir+ndjson"),
        ("/devices/bed-1/measurements", "application/json"),
    ];
    for (path, kind) in doors {
        let send = |packing: &str, body: &[u8]| {
            let headers = [("Content-Type", kind), ("Content-Encoding", packing)];
            let answer = rest.try_ask_at("POST", path, &headers, body);
            answer.map(|answer| answer.status)
        };
        assert_eq!(send("gzip", &bomb), Some(413), "{path}");
        for packing in ["deflate", "br", "zstd", "gzip, gzip"] {
            assert_eq!(send(packing, &bomb), Some(415), "{path} {packing}");
        }
    }
}

/// JSON that no resource is: too deep, too wide, of two minds, with numbers and texts that are none.
pub(crate) fn strange_json(rest: Rest) {
    let member = |number: usize| format!("\"k{number:07}\":0");
    let wide: Vec<String> = (0..1_000_000).map(member).collect();
    let within = |what: &str| format!(r#"{{"resourceType":"Patient","x":{what}}}"#);
    let bodies = [
        within(&"[".repeat(100_000)),
        within(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
        within(&r#"{"a":"#.repeat(100_000)),
        within(&format!("{{{}}}", wide.join(","))),
        r#"{"resourceType":"Patient","id":"1","id":"2"}"#.to_owned(),
        within(r#"{"a":1,"\u0061":2}"#),
        within(&"9".repeat(1_000_000)),
        within("1e999999999"),
        within("-"),
        within("NaN"),
        within(r#""\ud800""#),
        within(r#""\udc00\ud800""#),
        within(r#""\u0000""#),
        format!("{}\u{feff}", within("1")),
        String::new(),
    ];
    for body in &bodies {
        let start: String = body.chars().take(60).collect();
        let answer = rest.ask("POST", "/Patient", &[], body.as_bytes());
        assert_eq!(answer.status, 400, "{start}: {}", answer.json());
        assert_eq!(answer.json()["resourceType"], "OperationOutcome", "{start}");
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{body}]}}"#);
        let answer = rest.ask("POST", "", &[], bundle.as_bytes());
        assert_ne!(answer.status / 100, 5, "{start}");
    }
}

/// XML, which is not read at all.
pub(crate) fn xml(rest: Rest) {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]><Patient>&b;&x;</Patient>"#;
    for kind in ["application/fhir+xml", "application/xml", "text/xml"] {
        let headers = [("Content-Type", kind)];
        let answer = rest.ask("POST", "/Patient", &headers, laughs.as_bytes());
        assert_eq!(answer.status, 415, "{kind}");
    }
    let answer = rest.ask("POST", "/Patient", &[], laughs.as_bytes());
    assert_eq!(answer.status, 400, "it is no JSON, whatever it says it is");
}

/// Requests whose length two readers would see differently: at most one answer, and nothing hidden in a body is carried out.
pub(crate) fn smuggled(rest: Rest) {
    let hidden = "DELETE /fhir/Patient/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let head =
        "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n";
    let length = hidden.len() + 5;
    let heads = [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n0\r\n\r\n"),
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Content-Length: 0\r\nContent-Length: 70\r\n\r\n".to_owned(),
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "Content-Length: +0\r\n\r\n".to_owned(),
        "X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
    ];
    for rest_of_it in &heads {
        let answer = answered(rest.0, format!("{head}{rest_of_it}{hidden}").as_bytes());
        let answers = answer.matches("HTTP/1.1 ").count();
        assert!(answers <= 1, "{rest_of_it:?}: {answer}");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
}

/// HTTP/2, which is not spoken here: neither rapid resets nor empty DATA frames get anywhere.
pub(crate) fn http_2(rest: Rest) {
    let mut frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frames.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    for stream in (1_u32..20_001).step_by(2) {
        let id = stream.to_be_bytes();
        frames.extend([&[0, 0, 0, 0, 0], &id[..]].concat());
        frames.extend([&[0, 0, 4, 3, 0], &id[..], &[0, 0, 0, 8]].concat());
    }
    let answer = answered(rest.0, &frames);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
}

/// Thousands of connections that say nothing, or begin to say something and do not go on.
pub(crate) fn crowd(address: SocketAddr, said: &[u8]) {
    let mut held = std::collections::VecDeque::new();
    for _ in 0..number("PULSEWIRE_CROWD", CROWD) {
        let Ok(mut stream) = TcpStream::connect(address) else {
            continue;
        };
        drop(stream.write_all(said));
        held.push_back(stream);
        if held.len() > HELD_MAX {
            held.pop_front();
        }
    }
    // Each of those that stay is closed without being asked.
    for mut stream in held {
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        let mut rest = Vec::new();
        if let Err(error) = stream.read_to_end(&mut rest) {
            let waits = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!waits, "a connection that says nothing is held for ever");
        }
    }
}

/// A body without end: refused at the limit.
pub(crate) fn endless_body(rest: Rest) {
    let mut stream = TcpStream::connect(rest.0).expect("a connection is taken");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    let head = "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nTransfer-Encoding: chunked\r\n\r\n";
    drop(stream.write_all(head.as_bytes()));
    let chunk = [
        b"100000\r\n".to_vec(),
        vec![b' '; 1 << 20],
        b"\r\n".to_vec(),
    ]
    .concat();
    let taken = (0..1024).take_while(|_| stream.write_all(&chunk).is_ok());
    assert!(taken.count() < 1024, "a gigabyte is not taken");
}

/// Bytes that are no frame, and a stream that never ends one.
pub(crate) fn endless_frame(mllp: SocketAddr) {
    let noise = b"GET / HTTP/1.1\r\n".repeat(1024);
    assert_eq!(answered(mllp, &noise), "", "noise is not answered");
    let mut stream = TcpStream::connect(mllp).expect("a connection is taken");
    drop(stream.write_all(&[START]));
    drop(stream.write_all(b"MSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5\rZZZ|"));
    let piece = vec![b'x'; 1 << 20];
    let taken = (0..1024).take_while(|_| stream.write_all(&piece).is_ok());
    assert!(taken.count() < 1024, "a gigabyte is not taken");
}

/// A million of anything, in a frame.
pub(crate) fn million(mllp: SocketAddr) {
    let header = "MSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5\rPID|||9^^^E^MR|";
    for (what, many) in [
        ("segments", "\rNTE|"),
        ("repeats", "~"),
        ("parts", "&"),
        ("fields", "|"),
    ] {
        let mut frame = vec![START];
        frame.extend_from_slice(header.as_bytes());
        frame.extend(many.as_bytes().repeat(1_000_000));
        frame.extend([END, END_SECOND]);
        let answer = answered(mllp, &frame);
        let is_accepted = answer.contains("|AA|") || answer.contains("|CA|");
        assert!(!is_accepted, "{what}: {answer}");
    }
}
