use super::*;

const SECOND: i64 = 1_000_000_000;

#[test]
fn a_window_needs_the_blocks_that_it_meets() {
    let starts: Vec<_> = (0..10).map(|at| Some(at * 3_600 * SECOND)).collect();
    let spans = Spans { block: LEAST_BLOCK, covered: 0, spans: sampled(&starts, 36_000 * SECOND) };
    let blocks = |from: i64, to: i64| -> Vec<u64> {
        spans.meeting(Window { from: from * SECOND, to: to * SECOND }).collect()
    };
    assert_eq!(blocks(3_600 * 4 + 600, 3_600 * 4 + 1_200), [4]);
    // Two minutes of room beside the border of two blocks.
    assert_eq!(blocks(3_600 * 4 + 60, 3_600 * 4 + 90), [3, 4]);
    assert_eq!(blocks(36_000 + 121, 40_000), [] as [u64; 0]);
    assert_eq!(spans.bounds(), (-ROOM, 36_000 * SECOND + ROOM));
}

#[test]
fn a_clock_that_goes_backwards_widens_the_spans_around() {
    let spans = sampled(&[Some(100 * SECOND), Some(9_000 * SECOND), Some(5_000 * SECOND)], 6_000 * SECOND);
    assert_eq!((spans[1].first, spans[1].last), (5_000 * SECOND - ROOM, 9_000 * SECOND + ROOM));
}

#[test]
fn blocks_without_times_take_those_around_them() {
    let spans = sampled(&[None, Some(500 * SECOND), None, None], 900 * SECOND);
    assert_eq!((spans[0].first, spans[0].last), (500 * SECOND - ROOM, 500 * SECOND + ROOM));
    assert_eq!((spans[3].first, spans[3].last), (500 * SECOND - ROOM, 900 * SECOND + ROOM));
}

#[test]
fn blocks_grow_with_the_file() {
    assert_eq!(Spans::for_size(10 << 30).block, 512 * 1024);
    assert_eq!(Spans::for_size(0).block, LEAST_BLOCK);
    let huge = Spans::for_size(1 << 45);
    assert!(huge.blocks_of(1 << 45) <= MAX_SPANS);
}
