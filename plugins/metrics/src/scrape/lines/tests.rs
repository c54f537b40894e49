use super::*;

fn cut(pieces: &[&[u8]], limit: usize) -> Result<Vec<(u64, Vec<u8>)>, String> {
    let mut seen = Vec::new();
    let mut lines = Lines::new(limit);
    let mut each = |number: u64, line: &[u8]| {
        seen.push((number, line.to_vec()));
        Ok(())
    };
    for piece in pieces {
        lines.feed(piece, &mut each).map_err(|error| error.to_string())?;
    }
    let count = lines.finish(&mut each).map_err(|error| error.to_string())?;
    assert_eq!(count, seen.len() as u64);
    Ok(seen)
}

#[test]
fn a_line_too_long_is_refused_before_it_is_held() {
    let expected = Err("line 2: found a longer line, expected at most 4 bytes in a line".to_owned());
    assert_eq!(cut(&[b"abc\nabcd\n"], 4), expected);
    assert_eq!(cut(&[b"abc\nab", b"cd", b"e"], 4), expected);
    assert!(cut(&[b"abc\nab", b"c\nabcd"], 4).is_ok());
}

proptest::proptest! {
    #[test]
    fn however_a_page_is_cut_its_lines_are_the_same(page in "[a\n]{0,40}", cuts in proptest::collection::vec(0_usize..40, 0..6)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|at| at.min(page.len())).collect();
        cuts.extend([0, page.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &page.as_bytes()[pair[0]..pair[1]]).collect();
        let expected: Vec<_> = (1..).zip(page.split_terminator('\n')).map(|(number, line)| (number, line.as_bytes().to_vec())).collect();
        proptest::prop_assert_eq!(cut(&pieces, 100).unwrap(), expected);
    }
}
