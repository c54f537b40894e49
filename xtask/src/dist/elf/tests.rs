//! Executables that need something of the machine are told from those that don't.

use super::*;

fn target(name: &str) -> &'static Target {
    Target::named(name).unwrap()
}

/// A file header of 64 bits with these segments: type and the bytes that it covers.
fn elf64(segments: &[(u32, &[u8])]) -> Vec<u8> {
    let header = 64;
    let entry = 56;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend(2u16.to_le_bytes()); // an executable
    bytes.extend(62u16.to_le_bytes()); // x86-64
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(64u64.to_le_bytes()); // where the segments' table is
    bytes.extend(0u64.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    for half in [64u16, 56, u16::try_from(segments.len()).unwrap(), 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    let mut offset = (header + entry * segments.len()) as u64;
    for (kind, content) in segments {
        let size = content.len() as u64;
        bytes.extend(kind.to_le_bytes());
        bytes.extend(4u32.to_le_bytes());
        for long in [offset, 0, 0, size, size, 8] {
            bytes.extend(long.to_le_bytes());
        }
        offset += size;
    }
    segments.iter().for_each(|(_, content)| bytes.extend(*content));
    bytes
}

#[test]
fn an_interpreter_and_a_needed_library_are_problems() {
    let needed: Vec<u8> = [1u64, 1, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    let bytes = elf64(&[(3, b"/lib64/ld-linux-x86-64.so.2\0"), (2, &needed)]);
    let found = problems(&bytes, target("linux-amd64")).unwrap().join("; ");
    assert!(found.contains("/lib64/ld-linux-x86-64.so.2"), "{found}");
    assert!(found.contains("needs 1 shared libraries"), "{found}");
}

#[test]
fn a_static_file_has_none_even_if_it_moves_itself() {
    // A static executable at any address has a dynamic segment that names no library.
    let own: Vec<u8> = [7u64, 0x1000, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(problems(&elf64(&[(2, &own)]), target("linux-amd64")).unwrap(), [""; 0]);
}

#[test]
fn the_other_byte_order_is_another_processor() {
    let found = problems(&elf64(&[]), target("linux-s390x")).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn no_elf_and_a_cut_one_are_errors() {
    assert!(problems(b"MZ", target("linux-amd64")).is_err());
    let whole = elf64(&[(3, b"/lib/ld.so\0")]);
    for length in 0..whole.len() {
        let _ = problems(&whole[..length], target("linux-amd64"));
    }
}

/// Attributes as a linker writes them: pairs of tag and number.
fn arm(pairs: &[(u8, u8)]) -> Arm {
    // Everything in small numbers, so that a tag or number is one byte.
    let content: Vec<u8> = pairs.iter().flat_map(|(tag, value)| [*tag, *value]).collect();
    let mut part = vec![1u8];
    part.extend(u32::try_from(content.len() + 5).unwrap().to_le_bytes());
    part.extend(&content);
    let mut section = b"A".to_vec();
    section.extend(u32::try_from(part.len() + 4 + 6).unwrap().to_le_bytes());
    section.extend(b"aeabi\0");
    section.extend(part);
    let section = object::read::elf::AttributesSection::<object::elf::FileHeader32<Endianness>>::new(
        Endianness::Little,
        section.leak(),
    );
    let mut found = Arm::default();
    for vendor in section.unwrap().subsections().unwrap() {
        for part in vendor.unwrap().subsubsections() {
            found.take(part.unwrap().attributes()).unwrap();
        }
    }
    found
}

#[test]
fn the_file_for_a_pi_zero_is_v6_with_vfp_2_and_hard_floats() {
    let good = arm(&[(6, 6), (8, 1), (10, 2), (28, 1)]);
    assert_eq!(good.beyond(target("linux-arm")), [""; 0]);
    assert_eq!(good.beyond(target("linux-armv7")), [""; 0]);
    for (wrong, told) in [
        (arm(&[(6, 10), (10, 2), (28, 1)]), "processor attribute is 10"),
        (arm(&[(6, 8), (10, 2), (28, 1)]), "processor attribute is 8"),
        (arm(&[(6, 6), (10, 3), (28, 1)]), "VFP attribute is 3"),
        (arm(&[(6, 6), (10, 2), (12, 1), (28, 1)]), "NEON"),
        (arm(&[(6, 6), (10, 2)]), "hard-float"),
    ] {
        let found = wrong.beyond(target("linux-arm"));
        assert!(found.iter().any(|problem| problem.contains(told)), "{told}: {found:?}");
    }
    assert_eq!(arm(&[(6, 10), (10, 3), (12, 1), (28, 1)]).beyond(target("linux-armv7")), [""; 0]);
}
