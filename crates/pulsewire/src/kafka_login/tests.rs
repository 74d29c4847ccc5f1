//! What is asked of a token endpoint, what it may answer, and what the brokers get of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};

use expect_test::{Expect, expect};

use super::*;

const SECRET: &str = "s3cret: /+";

/// An endpoint that gives each answer once, in order, and tells what it was asked.
fn endpoint(answers: &[&str]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!(
        "http://{}/token",
        listener.local_addr().expect("it is bound")
    );
    let (tell, told) = sync_channel(answers.len());
    let answers: Vec<String> = answers.iter().map(|text| (*text).to_owned()).collect();
    // It ends with its last answer.
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("somebody asks");
            tell.send(request(&mut stream)).expect("there is room");
            stream.write_all(answer.as_bytes()).expect("it is taken");
        }
    });
    (url, told)
}

/// The request without what the client says of itself.
fn request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut kept, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("the head goes on");
        let lower = line.trim().to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().expect("it is a number");
        }
        if lower.is_empty() {
            break;
        }
        let own = ["host:", "user-agent:", "accept-encoding:"];
        if !own.iter().any(|name| lower.starts_with(name)) {
            kept.push_str(line.trim());
            kept.push('\n');
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body is as long");
    kept + "\n" + &String::from_utf8_lossy(&body)
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn client(url: &str) -> Client {
    Client {
        token_url: url.to_owned(),
        id: "ward north".to_owned(),
        secret: SECRET.to_owned(),
        scope: Some("kafka.write kafka.read".to_owned()),
        ca: None,
    }
}

fn ask(url: &str) -> Ask {
    Ask {
        agent: delivery::agent(url, None, ASK_TIMEOUT).expect("loopback needs no certificate"),
        client: client(url),
    }
}

/// What is said of an endpoint that answers so.
fn check(answer: &str, expected: Expect) {
    let (url, _told) = endpoint(&[answer]);
    let said = match ask(&url).token() {
        Ok(granted) => format!("{} for {:?}", granted.token, granted.lifetime),
        Err(why) => why.replace(&url, "URL"),
    };
    assert!(!said.contains("s3cret"), "{said}");
    expected.assert_eq(&said);
}

#[test]
fn the_client_is_named_and_the_scope_asked_for() {
    let granted = answer("200 OK", r#"{"access_token":"abc","expires_in":60}"#);
    let (url, told) = endpoint(&[&granted]);
    ask(&url).token().expect("it is granted");
    expect![[r#"
        POST /token HTTP/1.1
        content-length: 58
        authorization: Basic d2FyZCtub3J0aDpzM2NyZXQlM0ErJTJGJTJC
        accept: application/json
        content-type: application/x-www-form-urlencoded

        grant_type=client_credentials&scope=kafka.write+kafka.read"#]]
    .assert_eq(&told.recv().expect("it was asked"));
}

#[test]
fn a_token_is_taken_with_its_lifetime() {
    check(
        &answer(
            "200 OK",
            r#"{"access_token":"abc","token_type":"Bearer","expires_in":3600,"scope":"x"}"#,
        ),
        expect!["abc for 3600s"],
    );
    check(
        &answer("200 OK", r#"{"access_token":"abc"}"#),
        expect!["abc for 300s"],
    );
}

#[test]
fn no_token_is_told_with_the_reason_and_what_to_do() {
    check(
        &answer(
            "401 Unauthorized",
            r#"{"error":"invalid_client","error_description":"no such client"}"#,
        ),
        expect![
            "URL answered 401 Unauthorized, invalid_client (no such client): check kafka.login.client_id, client_secret_file and scope"
        ],
    );
    check(
        &answer("503 Service Unavailable", "<html>"),
        expect!["URL answered 503 Service Unavailable"],
    );
    check(
        &answer("302 Found\r\nLocation: http://127.0.0.1:1/", ""),
        expect!["URL answered 302 Found"],
    );
    check(
        &answer("200 OK", "<html>"),
        expect![
            "URL gave no token: its answer is no JSON object of a token; is kafka.login.token_url right?"
        ],
    );
    check(
        &answer("200 OK", r#"{"error":"invalid_scope"}"#),
        expect![
            "URL gave no token: its answer has no access_token, invalid_scope; is kafka.login.token_url right?"
        ],
    );
    check(
        &answer("200 OK", r#"{"access_token":"abc","token_type":"mac"}"#),
        expect![
            "URL gave no token: the token is of another type than bearer; is kafka.login.token_url right?"
        ],
    );
    check(
        &answer("200 OK", &" ".repeat(300 << 10)),
        expect![
            "the answer of URL breaks off: the response body is larger than request limit: 262144"
        ],
    );
    check("", expect!["URL does not answer: io: Peer disconnected"]);
}

/// A token that lasts 100 s.
fn granted(token: &str) -> Granted {
    Granted {
        token: token.to_owned(),
        principal: "ward".to_owned(),
        lifetime: Duration::from_secs(100),
    }
}

/// Asks the cache at a second; an endpoint that is asked answers with the given.
fn at(cache: &mut Cache, second: i64, answer: Result<&str, &str>) -> String {
    let told = cache.get(second * 1_000, || {
        answer.map(granted).map_err(str::to_owned)
    });
    match told {
        Ok(token) => format!("{} until {}", token.token, token.expires_ms / 1_000),
        Err(why) => why,
    }
}

#[test]
fn a_token_is_shared_until_three_quarters_of_its_time_are_over() {
    let mut cache = Cache::default();
    assert_eq!(at(&mut cache, 0, Ok("first")), "first until 100");
    assert_eq!(at(&mut cache, 74, Ok("second")), "first until 100");
    assert_eq!(at(&mut cache, 75, Ok("third")), "third until 175");
}

#[test]
fn an_endpoint_that_is_down_is_not_pressed_and_the_old_token_serves_until_its_end() {
    let mut cache = Cache::default();
    assert_eq!(at(&mut cache, 0, Ok("first")), "first until 100");
    assert_eq!(at(&mut cache, 80, Err("down")), "first until 100");
    // Nobody asks again within five seconds.
    assert_eq!(at(&mut cache, 84, Ok("second")), "first until 100");
    assert_eq!(at(&mut cache, 98, Err("down still")), "first until 100");
    assert_eq!(at(&mut cache, 100, Ok("third")), "down still");
    assert_eq!(at(&mut cache, 103, Ok("fourth")), "fourth until 203");
}

#[test]
fn all_clients_of_a_process_share_one_token() {
    let granted = answer("200 OK", r#"{"access_token":"abc","expires_in":3600}"#);
    let (url, told) = endpoint(&[&granted]);
    let tokens = tokens(client(&url)).expect("loopback needs no certificate");
    let given: Vec<_> = (0..3)
        .map(|_| tokens().expect("the first one serves all"))
        .collect();
    assert!(given.iter().all(|token| token.token == "abc"));
    assert!(given.iter().all(|token| token.principal == "ward north"));
    assert_eq!(told.iter().count(), 1);
}
