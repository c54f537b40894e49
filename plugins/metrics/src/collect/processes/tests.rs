//! `stat` lines as the kernel writes them, and as nobody should.

use super::*;

const LINE: &str = "1234 (a name) S 1 1234 1234 0 -1 4194560 500 0 2 0 150 50 0 0 20 0 3 0 98765 10485760 256 \
                    18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0";

#[test]
fn a_process_is_read_whatever_its_name() {
    let process = Process::parse(LINE).unwrap();
    assert_eq!(
        process,
        Process {
            pid: 1234,
            name: "a name",
            state: "S",
            is_kernel_thread: false,
            user_ticks: 150,
            system_ticks: 50,
            threads: 3,
            began: 98765,
            virtual_bytes: 10_485_760,
            resident_pages: 256,
        }
    );
    for name in ["", ")", ") (", "x) S 1 (", "ü\u{fffd}"] {
        assert_eq!(Process::parse(&LINE.replace("a name", name)).unwrap().name, name);
    }
    assert!(Process::parse(&LINE.replace("4194560", "2129984")).unwrap().is_kernel_thread);
}

#[test]
fn odd_lines_are_refused() {
    for line in [
        "",
        "(",
        ")",
        "()",
        "1 (",
        "1 (a)",
        "1 (a) ",
        "x (a) S 1",
        "1 (a) S 1 2 3",
        &LINE.replace("150", "-150"),
    ] {
        assert_eq!(Process::parse(line), None, "{line:?}");
    }
    for end in 0..LINE.find(" 18446744073709551615").unwrap() - 3 {
        assert_eq!(Process::parse(LINE.get(..end).unwrap()), None);
    }
}
