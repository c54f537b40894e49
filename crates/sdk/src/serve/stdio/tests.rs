use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, StreamExt as _};

use super::{Output, STDIO_PIECE};

/// Everything that can be read now, as text.
fn now(output: &Output) -> String {
    let mut reader = pin!(output.subscribe());
    let mut text = String::new();
    while let Some(Some(Ok((_, piece)))) = reader.next().now_or_never() {
        assert!(piece.len() <= STDIO_PIECE);
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    text
}

#[test]
fn what_was_printed_before_anybody_reads_waits_up_to_64_kib_and_the_rest_is_counted() {
    let output = Output::none();
    let began = Instant::now();
    output.take_all(&*vec![b'a'; 100 * 1024]);
    assert!(began.elapsed() < Duration::from_secs(5), "nobody is waited for");
    let text = now(&output);
    let (printed, _) = text.split_once('\n').unwrap();
    assert_eq!(printed.len(), 64 * 1024);
    assert!(text.ends_with("\n[36864 bytes of output were dropped: the host did not read them in time]\n"));
    output.take_all(&b"later"[..]);
    assert_eq!(now(&output), "later");
}

#[tokio::test]
async fn a_slow_reader_gets_all_of_what_is_printed_beside_it() {
    let output = Output::none();
    let mut reader = Box::pin(output.subscribe());
    let printing = tokio::task::spawn_blocking(move || output.take_all(&*vec![b'b'; 2 * 1024 * 1024]));
    let mut got = 0;
    while got < 2 * 1024 * 1024 {
        let (_, piece) = reader.next().await.unwrap().unwrap();
        got += piece.len();
        if got % (256 * 1024) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    printing.await.unwrap();
}

#[test]
fn a_reader_that_stands_still_is_waited_for_once_and_told_what_it_missed() {
    let output = Output::none();
    let mut reader = pin!(output.subscribe());
    let began = Instant::now();
    output.take_all(&*vec![b'c'; 300 * 1024]);
    assert!(began.elapsed() < Duration::from_secs(5));
    let mut text = String::new();
    while let Some(Some(Ok((_, piece)))) = reader.next().now_or_never() {
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    assert!(
        text.ends_with("[241664 bytes of output were dropped: the host did not read them in time]\n"),
        "{}",
        text.len()
    );
}

#[test]
fn the_newest_reader_is_the_one() {
    let output = Output::none();
    let mut earlier = pin!(output.subscribe());
    let mut newest = pin!(output.subscribe());
    output.take_all(&b"x"[..]);
    assert!(earlier.next().now_or_never().unwrap().is_none());
    assert!(newest.next().now_or_never().unwrap().is_some());
}
