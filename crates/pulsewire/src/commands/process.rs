//! Asks a running process over HTTP, as commands do that leave the work to it.

use std::time::Duration;

use ureq::Body;
use ureq::http::{Response, StatusCode};

use super::Failure;
use crate::delivery;

/// A process, and how it is asked.
pub(super) struct Process<'p> {
    /// Its control.listen.
    pub(super) address: &'p str,
    /// An answer that takes longer is none.
    pub(super) timeout: Duration,
    /// A longer answer is none.
    pub(super) answer_bytes_max: u64,
    /// What to do where it does not answer.
    pub(super) hint: &'p str,
}

impl Process<'_> {
    /// Asks for what is at a path; gives the code and the text of the answer.
    pub(super) fn get(&self, path: &str) -> Result<(StatusCode, String), Failure> {
        let url = self.url(path);
        // Whatever leads to it, a process answers to names of its own machine alone.
        let get = self.agent(&url)?.get(&url).header("Host", "localhost");
        self.read(get.call())
    }

    /// Sends JSON to a path; gives the code and the text of the answer.
    pub(super) fn post(&self, path: &str, body: &[u8]) -> Result<(StatusCode, String), Failure> {
        let url = self.url(path);
        let post = self.agent(&url)?.post(&url).header("Host", "localhost");
        self.read(post.header("Content-Type", "application/json").send(body))
    }

    fn url(&self, path: &str) -> String {
        let address = self.address.trim_start_matches("http://");
        format!("http://{}{path}", address.trim_end_matches('/'))
    }

    fn agent(&self, url: &str) -> Result<ureq::Agent, Failure> {
        delivery::agent(url, None, self.timeout).map_err(|error| self.silent(&error))
    }

    fn read(
        &self,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<(StatusCode, String), Failure> {
        let answer = answer.map_err(|error| self.silent(&error))?;
        let code = answer.status();
        let body = answer.into_body().into_with_config();
        let read = body.limit(self.answer_bytes_max).read_to_string();
        Ok((code, read.map_err(|error| self.silent(&error))?))
    }

    fn silent(&self, error: &dyn std::fmt::Display) -> Failure {
        let what = format!("{} does not answer: {error}", self.address);
        Failure::new(what, self.hint)
    }
}
