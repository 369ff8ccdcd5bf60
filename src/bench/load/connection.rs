//! A connection that writes requests without waiting for answers, which come back in order.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

/// The longest answer that is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// A transaction on its way.
pub(super) struct Job {
    /// Whose it is.
    pub(super) account: usize,
    /// Its bytes.
    pub(super) body: Vec<u8>,
}

/// What a node said to it.
pub(super) struct Answer {
    /// Whose it is.
    pub(super) account: usize,
    /// The status.
    pub(super) status: u16,
    /// The code of a refusal; empty for none.
    pub(super) code: String,
}

type Waiting = Arc<Mutex<VecDeque<usize>>>;

/// Opens a connection that takes jobs and tells answers.
pub(super) async fn open(
    node: SocketAddr,
    answers: mpsc::UnboundedSender<Answer>,
) -> std::io::Result<mpsc::UnboundedSender<Job>> {
    let stream = TcpStream::connect(node).await?;
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    let (jobs, queue) = mpsc::unbounded_channel();
    let waiting = Waiting::default();
    tokio::spawn(send(node, write, queue, Arc::clone(&waiting)));
    tokio::spawn(async move {
        let mut read = BufReader::new(read);
        while let Ok((status, code)) = receive(&mut read).await {
            let account = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(account) = account else { return };
            if answers.send(Answer { account, status, code }).is_err() {
                return;
            }
        }
    });
    Ok(jobs)
}

async fn send(
    node: SocketAddr,
    mut write: OwnedWriteHalf,
    mut queue: mpsc::UnboundedReceiver<Job>,
    waiting: Waiting,
) {
    while let Some(Job { account, body }) = queue.recv().await {
        let head = format!(
            "POST /api/v1/txs HTTP/1.1\r\nhost: {node}\r\ncontent-type: \
             application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(account);
        let request = [head.as_bytes(), &body].concat();
        if write.write_all(&request).await.is_err() {
            return;
        }
    }
}

/// The next answer's status, and the code in it if it is a refusal.
async fn receive(read: &mut BufReader<OwnedReadHalf>) -> std::io::Result<(u16, String)> {
    let broken = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let mut line = String::new();
    if read.read_line(&mut line).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(broken)?;
    let mut length = 0usize;
    loop {
        line.clear();
        read.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| broken())?;
        }
    }
    if length > MAX_BODY {
        return Err(broken());
    }
    let mut body = vec![0; length];
    read.read_exact(&mut body).await?;
    let code = if status == 202 { String::new() } else { code(&body) };
    Ok((status, code))
}

fn code(body: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let code = problem.as_ref().and_then(|problem| problem.get("code")?.as_str());
    code.unwrap_or("unknown").to_owned()
}
