//! A server on loopback that answers each connection with whatever bytes a test wants.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// A running server; dropped, it takes no more connections.
pub(super) struct Server {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers with these bytes and closes.
    pub(super) fn raw(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start("127.0.0.1:0", move |_, stream| stream.write_all(&answer)).unwrap()
    }

    /// Answers with a page.
    pub(super) fn page(page: &str) -> Self {
        Self::raw(answer(page))
    }

    /// `serve` gets each request's head and the connection, which is closed afterwards.
    pub(super) fn start(
        at: &str,
        serve: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(at)?;
        let address = listener.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (serve, over) = (Arc::new(serve), is_over.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let (serve, Ok(mut stream)) = (serve.clone(), stream) else { continue };
                std::thread::spawn(move || {
                    // The client may leave at any time.
                    let _ = head(&mut stream).and_then(|head| serve(&head, &mut stream));
                });
            }
        });
        Ok(Self { address, is_over, thread: Some(thread) })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        if TcpStream::connect(self.address).is_ok() {
            self.thread.take().map(JoinHandle::join);
        }
    }
}

/// A page as an answer.
pub(super) fn answer(page: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\n\r\n",
        page.len()
    );
    [head.as_bytes(), page.as_bytes()].concat()
}

fn head(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
