//! The exchange directory (see ../../README.md).

use serde_json::Value;
use std::error::Error;
use std::path::{Path, PathBuf};

pub type Answer<T> = Result<T, Box<dyn Error>>;

pub struct Exchange {
    directory: PathBuf,
}

impl Exchange {
    pub fn new(directory: &str) -> Self {
        Exchange { directory: Path::new(directory).to_path_buf() }
    }

    pub fn read(&self, name: &str) -> Answer<Value> {
        Ok(serde_json::from_str(&std::fs::read_to_string(self.directory.join(name))?)?)
    }

    pub fn write(&self, name: &str, document: &Value) -> Answer<()> {
        Ok(std::fs::write(self.directory.join(name), serde_json::to_string_pretty(document)?)?)
    }

    /// The text of the payload for case `number`: the templates take turns, `jti` tells cases
    /// apart.
    pub fn payload(&self, number: usize, jti: &str) -> Answer<String> {
        let text = std::fs::read_to_string(self.directory.join("payloads.jsonl"))?;
        let lines: Vec<&str> = text.lines().collect();
        Ok(lines[number % lines.len()].replace("@JTI@", jti))
    }
}

pub fn text<'a>(case: &'a Value, member: &str) -> Answer<&'a str> {
    case[member].as_str().ok_or_else(|| format!("offered.json: {member} is not text").into())
}
