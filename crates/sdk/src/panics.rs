//! Panics: one in a handler is that call's error and the process lives on; one elsewhere is written so that the
//! host logs it as an error.
//!
//! Go hosts recognise a line beginning with `panic: ` and from then on log every plain line of the process as an
//! error, so that line is deliberately not used for a panic that is caught.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use graftwire_model::{CallError, Code};

thread_local! {
    /// Whether a panic on this thread would be caught by [`catch`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// Where the last caught panic happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A caught panic.
#[derive(Debug)]
pub(crate) struct Caught {
    pub(crate) message: String,
}

impl From<Caught> for CallError {
    fn from(caught: Caught) -> Self {
        Self::new(Code::Unknown, caught.message)
    }
}

/// Runs a future to its end; a panic in it is logged and returned.
pub(crate) async fn catch<F: Future>(future: F) -> Result<F::Output, Caught> {
    Guarded { inner: Box::pin(future) }.await
}

/// A future whose polls are guarded.
pub(crate) struct Guarded<F> {
    inner: Pin<Box<F>>,
}

impl<F> Guarded<F> {
    pub(crate) fn new(future: F) -> Self {
        Self { inner: Box::pin(future) }
    }
}

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Caught>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let before = GUARDED.replace(true);
        let polled = catch_unwind(AssertUnwindSafe(|| self.inner.as_mut().poll(cx)));
        GUARDED.set(before);
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(report(payload.as_ref()))),
        }
    }
}

fn report(payload: &(dyn Any + Send)) -> Caught {
    let text = text_of(payload);
    let place = PLACE.take().unwrap_or_default();
    tracing::error!(error = text, stack = place, "panic triggered");
    Caught { message: format!("panic triggered: {text}") }
}

/// Installs the hook that writes panics as this module says.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let catchable = GUARDED.get() && cfg!(panic = "unwind");
        if catchable {
            let backtrace = Backtrace::capture();
            PLACE.set(Some(format!("{} {backtrace}", place_of(info))));
        } else {
            // One write, so that lines of other threads don't fall between.
            let line =
                format!("panic: {} [{}]\n", text_of(info.payload()).replace('\n', " "), place_of(info));
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }));
}

fn place_of(info: &PanicHookInfo<'_>) -> String {
    info.location().map_or_else(|| "unknown place".to_owned(), ToString::to_string)
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
}
