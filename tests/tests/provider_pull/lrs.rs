//! A learning-record store of the test's own: a small HTTP server on a real socket that behaves as told.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

/// A question as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub target: String,
    pub headers: Vec<(String, String)>,
}

impl Asked {
    /// A parameter of the query, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(found.replace("%3A", ":").replace("%2B", "+"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer that is not the store's own.
#[derive(Clone)]
pub enum Odd {
    /// A status with headers and a body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// The store's own answer, but only so many bytes of its body before the line is cut.
    CutAfter(usize),
    /// A body that goes on and on.
    Endless,
    /// Nothing for that long.
    Silence(Duration),
    /// The line is closed without a word.
    HangUp,
    /// The store's own answer with another `more`.
    More(String),
}

/// How the store behaves.
#[derive(Default)]
pub struct Behaviour {
    pub statements: Vec<Value>,
    /// Compares `since` with `timestamp`, as Ralph does.
    pub since_is_timestamp: bool,
    /// Turns each page round, as Ralph does.
    pub pages_turned: bool,
    /// Gives the newest first whatever it is asked.
    pub descending: bool,
    pub consistent_through: Option<String>,
    /// Statements a page at most, whatever is asked.
    pub most: Option<usize>,
    /// Answers that come first, one a question; none: the store's own.
    pub odd: VecDeque<Option<Odd>>,
    /// Every answer from then on.
    pub always: Option<Odd>,
    pub asked: Vec<Asked>,
}

/// A running store.
pub struct Lrs {
    pub address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    over: Arc<AtomicBool>,
}

impl Lrs {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let behaviour = Arc::new(Mutex::new(Behaviour::default()));
        let over = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(&behaviour), Arc::clone(&over));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, behaviour, over }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}/xAPI/", self.address)
    }

    /// Looks into it or changes how it behaves.
    pub fn with<T>(&self, change: impl FnOnce(&mut Behaviour) -> T) -> T {
        change(&mut self.behaviour.lock().unwrap())
    }

    /// Puts statements in, in the order of their `stored`.
    pub fn store(&self, statements: impl IntoIterator<Item = Value>) {
        self.with(|store| store.statements.extend(statements));
    }

    /// The next answers.
    pub fn odd(&self, answers: impl IntoIterator<Item = Option<Odd>>) {
        self.with(|store| store.odd.extend(answers));
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.with(|store| store.asked.clone())
    }

    /// Forgets what it was asked.
    pub fn forget(&self) {
        self.with(|store| store.asked.clear());
    }
}

impl Drop for Lrs {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, shared: &Mutex<Behaviour>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or_default() == 0 {
        return;
    }
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or_default() == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.trim().split_once(':').unwrap_or_default();
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let asked = Asked { target, headers };
    let (odd, own, consistent) = {
        let mut store = shared.lock().unwrap();
        store.asked.push(asked.clone());
        let odd = store.odd.pop_front().flatten().or_else(|| store.always.clone());
        (odd, answer(&store, &asked), store.consistent_through.clone())
    };
    let mut extra = Vec::new();
    if let Some(consistent) = consistent {
        extra.push(("X-Experience-API-Consistent-Through", consistent));
    }
    let own_body = own.to_string();
    match odd {
        None => write(stream, 200, &extra, own_body.as_bytes(), own_body.len()),
        Some(Odd::Status(status, headers, body)) => write(stream, status, &headers, body.as_bytes(), body.len()),
        Some(Odd::CutAfter(bytes)) => write(stream, 200, &extra, &own_body.as_bytes()[..bytes], own_body.len()),
        Some(Odd::More(more)) => {
            let mut own = own;
            own["more"] = json!(more);
            let body = own.to_string();
            write(stream, 200, &extra, body.as_bytes(), body.len());
        }
        Some(Odd::Endless) => {
            let mut stream = stream;
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"statements\": [\"",
            );
            while stream.write_all(&[b'x'; 65_536]).is_ok() {}
        }
        Some(Odd::Silence(time)) => std::thread::sleep(time),
        Some(Odd::HangUp) => drop(stream.shutdown(std::net::Shutdown::Both)),
    }
    let _ = reader.get_mut().read(&mut [0; 1]);
}

fn write(mut stream: TcpStream, status: u16, headers: &[(&str, String)], body: &[u8], length: usize) {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n"
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(b"\r\n");
    let _ = stream.write_all(body);
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

fn time(statement: &Value, name: &str) -> Option<Timestamp> {
    statement[name].as_str()?.parse().ok()
}

/// The store's own answer: statements since then, in order, a page of them, and a link with the place.
fn answer(store: &Behaviour, asked: &Asked) -> Value {
    if let Some(id) = asked.parameter("statementId") {
        return store.statements.iter().find(|one| one["id"] == json!(id)).cloned().unwrap_or(json!({}));
    }
    let since: Option<Timestamp> = asked.parameter("since").map(|since| since.parse().expect("since is a time"));
    let compared = if store.since_is_timestamp { "timestamp" } else { "stored" };
    let after = |one: &&Value| since.is_none_or(|since| time(one, compared).is_none_or(|at| at > since));
    let mut found: Vec<&Value> = store.statements.iter().filter(after).collect();
    found.sort_by_key(|one| time(one, "stored"));
    if store.descending {
        found.reverse();
    }
    let limit: usize = asked.parameter("limit").map_or(100, |limit| limit.parse().unwrap());
    let limit = limit.min(store.most.unwrap_or(limit));
    let from: usize = asked.parameter("from").map_or(0, |from| from.parse().unwrap());
    let mut page: Vec<&Value> = found.iter().skip(from).take(limit).copied().collect();
    if store.pages_turned {
        page.reverse();
    }
    let mut answer = json!({ "statements": page });
    if from + limit < found.len() {
        let since =
            asked.parameter("since").map(|since| format!("&since={}", since.replace('+', "%2B"))).unwrap_or_default();
        answer["more"] = json!(format!("/xAPI/statements?from={}&limit={limit}{since}", from + limit));
    }
    answer
}
