//! The driver's hold on life: standard input, which ends when the host is gone (1.2 and 1.3).

use std::fs::File;
use std::io::{self, Read};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, getppid};

use crate::uploads::lock;

/// How often the parent is looked at, for when somebody else holds the other end of the pipe.
const PARENT_SECONDS: i64 = 1;
/// Parameters are configuration, not data.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// The parameters of a driver, as the host gave them.
pub type Parameters = serde_json::Map<String, serde_json::Value>;

/// What the host says first.
pub struct FirstLine {
    /// What every ATTACH gives back.
    pub token: String,
    /// None if they stand in the argument list.
    pub parameters: Option<Parameters>,
}

/// Standard input, taken over: children of the driver get /dev/null.
pub struct Lifeline {
    input: File,
    parent: Option<Pid>,
}

/// Whether standard input has ended.
#[derive(Default)]
pub struct Ended {
    has_ended: Mutex<bool>,
    told: Condvar,
}

impl Ended {
    /// Wait until it has, but no longer than `time`.
    pub fn wait(&self, time: Duration) {
        let has_ended = lock(&self.has_ended);
        drop(self.told.wait_timeout_while(has_ended, time, |has_ended| !*has_ended));
    }

    fn tell(&self) {
        *lock(&self.has_ended) = true;
        self.told.notify_all();
    }
}

impl Lifeline {
    /// Take standard input over, before any other thread starts.
    pub fn take() -> io::Result<Self> {
        let input = File::from(rustix::io::dup(io::stdin())?);
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Ok(Self { input, parent: getppid() })
    }

    /// Read what the host says first. The text of an error is for a person.
    pub fn read_first_line(&mut self) -> Result<FirstLine, String> {
        let mut line = Vec::new();
        let mut buffer = [0; 65_536];
        // Nothing comes after the line.
        while line.last() != Some(&b'\n') {
            match self.input.read(&mut buffer) {
                Ok(0) => return Err("standard input ended within the first line".into()),
                Ok(length) => line.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("standard input cannot be read: {error}")),
            }
            if line.len() > MAX_LINE_BYTES {
                return Err("the first line of standard input is too long".into());
            }
        }
        first_line(&line)
    }

    /// Call `on_end`, from a thread of its own, when the host is gone.
    pub fn watch(
        self,
        ended: std::sync::Arc<Ended>,
        on_end: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let watch = move || {
            self.wait_for_end();
            ended.tell();
            on_end();
        };
        thread::Builder::new().name("lifeline".into()).spawn(watch).map(drop)
    }

    fn wait_for_end(mut self) {
        let mut buffer = [0; 4_096];
        let second = Timespec { tv_sec: PARENT_SECONDS, tv_nsec: 0 };
        while getppid() == self.parent {
            let mut watched = [PollFd::new(&self.input, PollFlags::IN)];
            if matches!(poll(&mut watched, Some(&second)), Ok(count) if count > 0)
                && matches!(self.input.read(&mut buffer), Ok(0))
            {
                return;
            }
        }
    }
}

fn first_line(line: &[u8]) -> Result<FirstLine, String> {
    // What it says is secret, so that an error tells only where it is.
    let object: Parameters = serde_json::from_slice(line)
        .map_err(|_| "the first line of standard input is not a JSON object".to_owned())?;
    let token = object.get("token").and_then(|token| token.as_str());
    let Some(token) = token else {
        return Err("the first line of standard input has no \"token\"".into());
    };
    let parameters = match object.get("parameters") {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::Object(parameters)) => Some(parameters.clone()),
        Some(_) => return Err("\"parameters\" in the first line is not an object".into()),
    };
    Ok(FirstLine { token: token.to_owned(), parameters })
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn the_first_line_is_an_object_with_a_token() {
        let line = first_line(b"{\"token\": \"t\", \"later\": 1}\n").expect("a good line");
        assert_eq!(line.token, "t");
        assert!(line.parameters.is_none());
        let line = first_line(b"{\"token\": \"t\", \"parameters\": {\"a\": 1}}\n").expect("good");
        assert_eq!(line.parameters.expect("parameters").len(), 1);
    }

    #[test]
    fn anything_else_is_refused_without_being_shown() {
        for line in ["", "[]", "{}", "{\"token\": 5}", "{\"token\": \"s3cret\", \"parameters\": 1}"]
        {
            let refused = first_line(line.as_bytes()).err().expect("refused");
            assert!(!refused.contains("s3cret"));
        }
    }
}
