//! What the client makes of answers that no registry should give.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use expect_test::{Expect, expect};
use schema::compatibility::Language;

use super::*;

/// No answer of a test takes longer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An address where every request gets this answer, byte for byte.
fn answering(status: &'static str, headers: &'static str, body: &'static str) -> String {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = TcpListener::bind(any).expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.expect("somebody came"));
            let (mut line, mut length) = (String::new(), 0_u64);
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(count) = lower.strip_prefix("content-length:") {
                    length = count.trim().parse().expect("it is a number");
                }
                line.clear();
            }
            std::io::copy(&mut (&mut stream).take(length), &mut std::io::sink()).expect("it came");
            let answer = format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n{body}");
            let mut stream = stream.into_inner();
            stream
                .write_all(answer.as_bytes())
                .expect("it is listened to");
        }
    });
    format!("http://{address}")
}

fn string() -> Schema {
    Schema::parse(Language::Json, r#"{"type":"string"}"#).expect("it is a schema")
}

/// What is said when a schema is looked up, its subject's versions are asked for, and it is checked.
fn check(url: &str, expected: Expect) {
    let client = Client::at(url, None, TIMEOUT).expect("loopback needs no certificate");
    let told = |found: Result<String, Error>| match found {
        Ok(found) => found,
        Err(error) => {
            let again = if error.passes() { " (asked again)" } else { "" };
            format!("{error}{again}").replace(url, "http://it")
        }
    };
    let all = [
        told(client.lookup("x", &string()).map(|id| format!("{id:?}"))),
        told(client.versions("x").map(|all| format!("{all:?}"))),
        told(client.check("x", &string()).map(|why| format!("{why:?}"))),
    ];
    expected.assert_eq(&all.join("\n"));
}

#[test]
fn a_page_that_is_not_there_is_no_registry_without_the_subject() {
    let page = "<html>not here</html>";
    check(
        &answering("404 Not Found", "Content-Type: text/html\r\n", page),
        expect![[r#"
            http://it answers as no schema registry does: 404 for a path that registries have: 404 Not Found; is schema_registry.url its base address?
            http://it answers as no schema registry does: 404 for a path that registries have: 404 Not Found; is schema_registry.url its base address?
            http://it answers as no schema registry does: 404 for a path that registries have: 404 Not Found; is schema_registry.url its base address?"#]],
    );
    let wrong_path = r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#;
    check(
        &answering("404 Not Found", "", wrong_path),
        expect![[r#"
        http://it answers as no schema registry does: 404 for a path that registries have: HTTP 404 Not Found; is schema_registry.url its base address?
        http://it answers as no schema registry does: 404 for a path that registries have: HTTP 404 Not Found; is schema_registry.url its base address?
        http://it answers as no schema registry does: 404 for a path that registries have: HTTP 404 Not Found; is schema_registry.url its base address?"#]],
    );
    let missing = r#"{"error_code":40401,"message":"Subject 'x' not found."}"#;
    check(
        &answering("404 Not Found", "", missing),
        expect![[r#"
        None
        []
        []"#]],
    );
}

#[test]
fn what_passes_is_asked_again() {
    check(
        &answering("429 Too Many Requests", "", "slowly"),
        expect![[r#"
            the schema registry refuses with code 429: 429 Too Many Requests (asked again)
            the schema registry refuses with code 429: 429 Too Many Requests (asked again)
            the schema registry refuses with code 429: 429 Too Many Requests (asked again)"#]],
    );
    check(
        &answering("200 OK", "Content-Length: 100\r\n", r#"{"id":"#),
        expect![[r#"
            the schema registry at http://it cannot be reached: io: Peer disconnected; start it, or correct schema_registry.url (asked again)
            the schema registry at http://it cannot be reached: io: Peer disconnected; start it, or correct schema_registry.url (asked again)
            the schema registry at http://it cannot be reached: io: Peer disconnected; start it, or correct schema_registry.url (asked again)"#]],
    );
    check(
        &answering("200 OK", "", "<html>"),
        expect![[r#"
        http://it answers as no schema registry does: 200 OK without JSON; is schema_registry.url its base address?
        http://it answers as no schema registry does: 200 OK without JSON; is schema_registry.url its base address?
        http://it answers as no schema registry does: 200 OK without JSON; is schema_registry.url its base address?"#]],
    );
}

#[test]
fn a_password_in_an_address_is_refused_and_told_to_nobody() {
    let refused = Client::at("http://user:hush@127.0.0.1:9", None, TIMEOUT).err();
    let told = refused.map(|error| error.to_string()).unwrap_or_default();
    expect!["schema_registry: the address holds a user, which errors and logs would show: set user and password_file"]
        .assert_eq(&told);
}
