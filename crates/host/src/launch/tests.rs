//! What the bytes of a file tell, and that a plugin's socket directory is private and goes away.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{LaunchError, Program, SocketDirectory, socket_dir};
use crate::spec::{goarch, goos};

fn program(bytes: &[u8]) -> Program {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    Program::of_file(&path).unwrap()
}

/// A 64-bit little-endian ELF header with one program header of type PT_INTERP.
fn elf(machine: u16, loader: &str) -> Vec<u8> {
    let mut bytes = Vec::from(*b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    bytes.extend(2u16.to_le_bytes());
    bytes.extend(machine.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    [0u64, 64, 0].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend(0u32.to_le_bytes());
    [64u16, 56, 1, 64, 0, 0].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend(3u32.to_le_bytes());
    bytes.extend(4u32.to_le_bytes());
    let length = loader.len() as u64 + 1;
    [120u64, 0, 0, length, length, 1].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend(loader.as_bytes());
    bytes.push(0);
    bytes
}

#[test]
fn an_elf_file_tells_its_machine_and_loader() {
    let found = program(&elf(183, "/lib/ld-x.so"));
    assert_eq!(found.to_string(), "a program for linux/arm64 (ELF)");
    let Program::Native { loader, .. } = &found else { panic!("{found:?}") };
    assert_eq!(loader.as_deref(), Some(Path::new("/lib/ld-x.so")));
    assert_eq!(found.is_foreign(), (goos(), goarch()) != ("linux", "arm64"));
}

#[test]
fn the_test_program_itself_is_not_foreign() {
    assert!(!Program::of_file(&std::env::current_exe().unwrap()).unwrap().is_foreign());
}

#[test]
fn an_elf_file_cut_short_is_still_recognised() {
    assert_eq!(program(&elf(40, "")[..70]).to_string(), "a program for linux/arm (ELF)");
}

#[test]
fn machines_without_a_name_keep_their_number() {
    assert_eq!(program(&elf(9999, "")).to_string(), "a program for linux/ELF machine 9999 (ELF)");
}

#[test]
fn a_universal_mach_o_file_lists_its_machines() {
    let mut bytes = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2];
    for (cpu, offset) in [(0x0100_0007u32, 4096u32), (0x0100_000c, 8192)] {
        [cpu, 0, offset, 16, 12].iter().for_each(|field| bytes.extend(field.to_be_bytes()));
    }
    assert_eq!(program(&bytes).to_string(), "a program for darwin/amd64+arm64 (Mach-O)");
}

#[test]
fn a_pe_file_is_for_windows() {
    let mut bytes = vec![0u8; 0x200];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = 0x80;
    bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
    bytes[0x84..0x86].copy_from_slice(&0x8664u16.to_le_bytes());
    bytes[0x94..0x96].copy_from_slice(&240u16.to_le_bytes());
    bytes[0x98..0x9a].copy_from_slice(&0x20bu16.to_le_bytes());
    bytes[0x104..0x108].copy_from_slice(&16u32.to_le_bytes());
    assert_eq!(program(&bytes).to_string(), "a program for windows/amd64 (PE)");
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(program(b""), Program::Empty);
    assert_eq!(program(b"hello"), Program::Unknown);
    assert_eq!(program(b"PK\x03\x04zip"), Program::Unknown);
    assert_eq!(program(b"#!"), Program::Script { interpreter: PathBuf::new() });
    assert_eq!(program(b"#! /bin/sh -e\n"), Program::Script { interpreter: "/bin/sh".into() });
    assert_eq!(program(b"#!/bin/sh\r\n"), Program::Script { interpreter: "/bin/sh\r".into() });
    assert_eq!(Program::of_file(Path::new("/")).unwrap(), Program::Folder);
}

#[test]
fn any_bytes_after_a_magic_number_are_survived() {
    let magics: [&[u8]; 6] =
        [b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"MZ", b"#!"];
    for magic in magics {
        for filler in [0u8, 1, 0x7f, 0xff] {
            for length in [0, 1, 16, 58, 300] {
                program(&[magic, &vec![filler; length]].concat());
            }
        }
    }
}

#[test]
fn the_socket_directory_is_private_and_goes_with_its_contents() {
    let parent = tempfile::tempdir().unwrap();
    let made = socket_dir::make(&SocketDirectory::PrivateBelow(parent.path().into()), None).unwrap().unwrap();
    let path = made.path().to_owned();
    assert!(path.file_name().unwrap().to_str().unwrap().starts_with("plugin-dir"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    fs::write(path.join("plugin123"), "").unwrap();
    drop(made);
    assert!(!path.exists());
    assert!(socket_dir::make(&SocketDirectory::PluginsChoice, None).unwrap().is_none());
}

#[test]
fn a_socket_directory_that_is_no_use_says_why() {
    let parent = tempfile::tempdir().unwrap();
    let missing =
        socket_dir::make(&SocketDirectory::PrivateBelow(parent.path().join("x")), None).unwrap_err();
    assert!(matches!(&missing, LaunchError::SocketDirectory { source: Some(_), .. }), "{missing}");
    let deep = parent.path().join("x".repeat(90));
    fs::create_dir(&deep).unwrap();
    let long = socket_dir::make(&SocketDirectory::PrivateBelow(deep.clone()), None).unwrap_err();
    assert!(long.to_string().contains("the system allows"), "{long}");
    assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
}

#[test]
fn a_group_gets_the_socket_directory() {
    use std::os::unix::fs::MetadataExt;
    let parent = tempfile::tempdir().unwrap();
    let choice = SocketDirectory::PrivateBelow(parent.path().into());
    let own = parent.path().metadata().unwrap().gid();
    let made = socket_dir::make(&choice, Some(&own.to_string())).unwrap().unwrap();
    let metadata = fs::metadata(made.path()).unwrap();
    assert_eq!((metadata.gid(), metadata.permissions().mode() & 0o777), (own, 0o770));
    drop(made);
    let unknown = socket_dir::make(&choice, Some("no-such-group")).unwrap_err();
    let text = graftwire_model::error_text(&unknown);
    assert!(text.contains("can't be shared with a group") && text.contains("\"no-such-group\""), "{text}");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}
