//! What a file that should be a plugin really is: read from its first bytes after the system refused it.
//!
//! It deliberately is not asked before a start: only the system knows what it can run (an emulator may be
//! registered for foreign programs).

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use object::read::elf::{FileHeader, ProgramHeader};
use object::read::macho::{FatArch, MachOFatFile32, MachOFatFile64};
use object::{Architecture, Endianness, FileKind, Object, ReadCache, ReadRef, elf};

use crate::spec::{goarch, goos};

/// What a file is. `Display` gives it as the rest of the sentence "the file is …".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Program {
    /// A native program.
    Native {
        /// `ELF`, `Mach-O` or `PE`.
        format: &'static str,
        /// The operating system in Go's words; what the format implies.
        os: &'static str,
        /// The processors in Go's words; several in a universal Mach-O file.
        archs: Vec<String>,
        /// The loader an ELF file asks for; `None` for a static one.
        loader: Option<PathBuf>,
    },
    /// A script with its interpreter.
    Script {
        /// The path after `#!`.
        interpreter: PathBuf,
    },
    /// A file of no bytes.
    Empty,
    /// A folder.
    Folder,
    /// Something else: text without `#!`, an archive, a damaged program.
    Unknown,
}

impl Program {
    /// Looks into a file.
    ///
    /// # Errors
    /// The file can't be opened or read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Ok(Self::Folder);
        }
        let mut start = Vec::new();
        file.by_ref().take(256).read_to_end(&mut start)?;
        if start.is_empty() {
            return Ok(Self::Empty);
        }
        Ok(script(&start).or_else(|| native(&ReadCache::new(file))).unwrap_or(Self::Unknown))
    }

    /// Whether it is native code for another machine than this one.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        match self {
            Self::Native { os, archs, .. } => *os != goos() || !archs.iter().any(|arch| arch == goarch()),
            _ => false,
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native { format, os, archs, .. } => {
                write!(f, "a program for {os}/{} ({format})", archs.join("+"))
            }
            Self::Script { interpreter } => write!(f, "a script for {}", interpreter.display()),
            Self::Empty => f.write_str("empty"),
            Self::Folder => f.write_str("a folder"),
            Self::Unknown => f.write_str("neither a program (ELF, Mach-O, PE) nor a script with #!"),
        }
    }
}

fn script(start: &[u8]) -> Option<Program> {
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let word = line.trim_ascii_start().split(|byte| *byte == b' ' || *byte == b'\t').next()?;
    Some(Program::Script { interpreter: path_of(word) })
}

fn native(data: &ReadCache<File>) -> Option<Program> {
    match FileKind::parse(data).ok()? {
        FileKind::Elf32 => elf_program(elf::FileHeader32::<Endianness>::parse(data).ok()?, data),
        FileKind::Elf64 => elf_program(elf::FileHeader64::<Endianness>::parse(data).ok()?, data),
        FileKind::MachOFat32 => {
            let fat = MachOFatFile32::parse(data).ok()?;
            Some(mach_o(fat.arches().iter().map(|arch| arch_name(arch.architecture())).collect()))
        }
        FileKind::MachOFat64 => {
            let fat = MachOFatFile64::parse(data).ok()?;
            Some(mach_o(fat.arches().iter().map(|arch| arch_name(arch.architecture())).collect()))
        }
        FileKind::MachO32 | FileKind::MachO64 => Some(mach_o(vec![single_arch(data)?])),
        FileKind::Pe32 | FileKind::Pe64 => Some(Program::Native {
            format: "PE",
            os: "windows",
            archs: vec![single_arch(data)?],
            loader: None,
        }),
        _ => None,
    }
}

fn mach_o(archs: Vec<String>) -> Program {
    Program::Native { format: "Mach-O", os: "darwin", archs, loader: None }
}

fn single_arch(data: &ReadCache<File>) -> Option<String> {
    Some(arch_name(object::File::parse(data).ok()?.architecture()))
}

/// The headers alone are read, so that a file cut short is still recognised.
fn elf_program<'data, H, R>(header: &H, data: R) -> Option<Program>
where
    H: FileHeader<Endian = Endianness>,
    R: ReadRef<'data> + Copy,
{
    let endian = header.endian().ok()?;
    let os = if header.e_ident().os_abi == elf::ELFOSABI_FREEBSD { "freebsd" } else { "linux" };
    let loader = header
        .program_headers(endian, data)
        .ok()
        .into_iter()
        .flatten()
        .find_map(|segment| segment.interpreter(endian, data).ok().flatten())
        .map(path_of);
    let archs = vec![elf_arch(header.e_machine(endian), header.is_class_64(), endian)];
    Some(Program::Native { format: "ELF", os, archs, loader })
}

fn elf_arch(machine: elf::Machine, wide: bool, endian: Endianness) -> String {
    let little = endian == Endianness::Little;
    let name = match machine {
        elf::EM_X86_64 => "amd64",
        elf::EM_386 => "386",
        elf::EM_AARCH64 => "arm64",
        elf::EM_ARM => "arm",
        elf::EM_RISCV if wide => "riscv64",
        elf::EM_RISCV => "riscv32",
        elf::EM_PPC64 if little => "ppc64le",
        elf::EM_PPC64 => "ppc64",
        elf::EM_S390 => "s390x",
        elf::EM_LOONGARCH if wide => "loong64",
        elf::EM_MIPS => match (wide, little) {
            (true, true) => "mips64le",
            (true, false) => "mips64",
            (false, true) => "mipsle",
            (false, false) => "mips",
        },
        other => return format!("ELF machine {}", other.0),
    };
    name.to_owned()
}

fn arch_name(architecture: Architecture) -> String {
    match architecture {
        Architecture::X86_64 => "amd64".to_owned(),
        Architecture::I386 => "386".to_owned(),
        Architecture::Aarch64 => "arm64".to_owned(),
        Architecture::Arm => "arm".to_owned(),
        other => format!("{other:?}").to_ascii_lowercase(),
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    let name: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(bytes);
    PathBuf::from(name)
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::new(String::from_utf8_lossy(bytes).as_ref()))
}
