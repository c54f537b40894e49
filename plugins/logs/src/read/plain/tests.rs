use std::io::Write as _;

use super::*;

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// All lines by reading every block.
fn lines_of(bytes: &[u8], block_size: u64) -> Vec<(Vec<u8>, bool)> {
    let file = file_of(bytes);
    let size = bytes.len() as u64;
    let (mut buffer, mut places, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for block in 0..size.div_ceil(block_size) {
        read_block(&file, size, block_size, block, &mut buffer, &mut places).unwrap();
        all.extend(places.iter().map(|place| (buffer[place.start..place.end].to_vec(), place.cut)));
    }
    all
}

#[test]
fn blocks_give_each_line_once_wherever_they_are_cut() {
    let text = "first\n\nthird line\r\n\n\nfourth\nlast without an end";
    let expected: Vec<(Vec<u8>, bool)> = text.lines().map(|line| (line.as_bytes().to_vec(), false)).collect();
    for block_size in 1..60 {
        assert_eq!(lines_of(text.as_bytes(), block_size), expected, "blocks of {block_size}");
    }
}

#[test]
fn a_line_of_many_blocks_is_cut_once_and_the_next_one_is_whole() {
    let mut text = b"before\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', 3 * MAX_LINE));
    text.extend(b"\nafter\n");
    for block_size in [1_000, 4_096, 65_536, 300_000, 10_000_000] {
        let lines = lines_of(&text, block_size);
        let lengths: Vec<_> = lines.iter().map(|(line, cut)| (line.len(), *cut)).collect();
        assert_eq!(lengths, [(6, false), (MAX_LINE, true), (5, false)], "blocks of {block_size}");
    }
}

#[test]
fn a_file_that_became_shorter_gives_what_is_left() {
    let file = file_of(b"one\ntwo\n");
    let (mut buffer, mut places) = (Vec::new(), Vec::new());
    read_block(&file, 1_000, 512, 0, &mut buffer, &mut places).unwrap();
    assert_eq!(places.len(), 2);
    read_block(&file, 1_000, 512, 1, &mut buffer, &mut places).unwrap();
    assert_eq!(places.len(), 0);
}

#[test]
fn lines_without_a_time_continue_the_one_before() {
    let text = b"  at start\n2026-11-25T01:02:03Z error\n  at main\n  at end\n2026-11-25T01:02:04Z next";
    let mut start = 0;
    let places: Vec<_> = text
        .split(|byte| *byte == b'\n')
        .map(|line| {
            let place = Place { start, end: start + line.len(), cut: false };
            start = place.end + 1;
            place
        })
        .collect();
    let context = StampContext { zone: crate::read::zone::Zone::utc(), written: 7 };
    const AT: i64 = 1_795_568_523_000_000_000;
    let next = AT + 1_000_000_000;
    assert_eq!(times_of(text, &places, None, &context), [AT, AT, AT, AT, next]);
    assert_eq!(times_of(text, &places, Some(5), &context), [5, AT, AT, AT, next]);
    assert_eq!(times_of(b"no time", &[Place { start: 0, end: 7, cut: false }], None, &context), [7]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_in_any_blocks_are_the_lines_of_the_whole(
        bytes in proptest::collection::vec(proptest::prop_oneof![proptest::strategy::Just(b'\n'), proptest::num::u8::ANY], 0..300),
        block_size in 1_u64..100,
    ) {
        let one_block = lines_of(&bytes, 1_000);
        proptest::prop_assert_eq!(lines_of(&bytes, block_size), one_block);
    }
}
