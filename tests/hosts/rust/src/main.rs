//! Host: rusqlite. What it is given and prints: tests/hosts/README.md.

use rusqlite::types::Value;
use rusqlite::{Connection, LoadExtensionGuard};
use std::collections::HashMap;

struct Host {
    variables: HashMap<String, Value>,
    passed: u32,
    failed: u32,
}

fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn plain(rows: &[Vec<Value>]) -> String {
    let lines: Vec<String> =
        rows.iter().map(|row| row.iter().map(show).collect::<Vec<_>>().join("|")).collect();
    lines.join(" / ")
}

fn open(database: &str, extension: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(database)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    unsafe {
        let _guard = LoadExtensionGuard::new(&connection)?;
        connection.load_extension(extension, None::<&str>)?;
    }
    Ok(connection)
}

impl Host {
    fn query(&self, connection: &Connection, text: &str) -> rusqlite::Result<Vec<Vec<Value>>> {
        let mut statement = connection.prepare(text)?;
        for place in 1..=statement.parameter_count() {
            let name = statement.parameter_name(place).unwrap_or("").trim_start_matches(':').to_string();
            statement.raw_bind_parameter(place, self.variables.get(&name).unwrap_or(&Value::Null))?;
        }
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push((0..columns).map(|i| row.get(i)).collect::<rusqlite::Result<Vec<Value>>>()?);
        }
        Ok(all)
    }

    fn judge(&mut self, title: &str, found: &str, wanted: &str) {
        if found == wanted {
            self.passed += 1;
        } else {
            self.failed += 1;
            println!("FAILED: {title}\n    found:  {found}\n    wanted: {wanted}");
        }
    }

    fn step(&mut self, connection: &Connection, action: &str, value: &str, title: &str) {
        let text = match title.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path).expect("a file of sql/"),
            None => title.to_string(),
        };
        let value = match value.strip_prefix(':') {
            Some(name) => self.variables.get(name).map(show).unwrap_or_default(),
            None => value.to_string(),
        };
        if action == "script" {
            let found = connection.execute_batch(&text).err().map(|e| e.to_string());
            return self.judge(title, &found.unwrap_or_default(), "");
        }
        match (action, self.query(connection, &text)) {
            ("fails", Err(error)) if error.to_string().contains(&value) => self.passed += 1,
            (_, Err(error)) => self.judge(title, &format!("error: {error}"), &value),
            ("keep", Ok(rows)) if !rows.is_empty() => {
                for (name, kept) in value.split(',').zip(&rows[0]) {
                    self.variables.insert(name.to_string(), kept.clone());
                }
                self.passed += 1;
            }
            ("show", Ok(rows)) => println!("{value}: {}", plain(&rows)),
            (_, Ok(rows)) => self.judge(title, &plain(&rows), &value),
        }
    }
}

fn main() -> rusqlite::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let mut host = Host { variables: HashMap::new(), passed: 0, failed: 0 };
    for pair in &arguments[4..] {
        if let Some((name, value)) = pair.split_once('=') {
            host.variables.insert(name.to_string(), Value::Text(value.to_string()));
        }
    }
    let first = open(&arguments[1], &arguments[2])?;
    let second = open(&arguments[1], &arguments[2])?;
    let scenario = std::fs::read_to_string(&arguments[3]).expect("the scenario");
    for line in scenario.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.splitn(4, '\t').collect();
        let connection = if fields[0] == "a" { &first } else { &second };
        host.step(connection, fields[1], fields[2], fields[3]);
    }
    println!("{} passed, {} failed", host.passed, host.failed);
    Ok(())
}
