//! What a Linux executable needs of the machine it is put on, read from the file itself.
//!
//! Segments count, not sections: they are what a kernel looks at. It deliberately starts nothing.

use std::path::Path;

use anyhow::{Context as _, bail};
use object::elf::DT_NEEDED;
use object::elf::{EM_ARM, PT_INTERP, SHT_ARM_ATTRIBUTES};
use object::read::elf::{AttributeReader, Dyn as _, FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, FileKind};

use super::targets::Target;

/// Fails unless the file is static, of the target's byte order, and on 32-bit ARM within what the target promises.
pub(crate) fn check(file: &Path, target: &Target) -> anyhow::Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let problems = problems(&bytes, target).with_context(|| format!("{} cannot be read", file.display()))?;
    if !problems.is_empty() {
        bail!("{} would not run on every {}:\n  - {}", file.display(), target.name, problems.join("\n  - "));
    }
    Ok(())
}

fn problems(bytes: &[u8], target: &Target) -> anyhow::Result<Vec<String>> {
    match FileKind::parse(bytes)? {
        FileKind::Elf32 => of_class::<object::elf::FileHeader32<Endianness>>(bytes, target),
        FileKind::Elf64 => of_class::<object::elf::FileHeader64<Endianness>>(bytes, target),
        other => bail!("found {other:?}, expected ELF"),
    }
}

fn of_class<Elf: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    target: &Target,
) -> anyhow::Result<Vec<String>> {
    let header = Elf::parse(bytes)?;
    let endian = header.endian()?;
    let mut found = needs::<Elf>(header, endian, bytes)?;
    let big = target.platform.arch == "s390x";
    if (endian == Endianness::Big) != big {
        found.push(format!("found {endian:?} endian code, which is another processor's"));
    }
    if header.e_machine(endian) == EM_ARM {
        found.extend(Arm::read::<Elf>(header, endian, bytes)?.beyond(target));
    }
    Ok(found)
}

/// A loader or a library that has to be there.
fn needs<Elf: FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    bytes: &[u8],
) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for segment in header.program_headers(endian, bytes)? {
        if segment.p_type(endian) == PT_INTERP {
            let name = segment.interpreter(endian, bytes)?.unwrap_or_default();
            found
                .push(format!("it is started by {}, expected no interpreter", String::from_utf8_lossy(name)));
        }
        let entries = segment.dynamic(endian, bytes)?.unwrap_or_default();
        let libraries = entries.iter().filter(|entry| entry.tag(endian) == DT_NEEDED).count();
        if libraries > 0 {
            found.push(format!("it needs {libraries} shared libraries, expected none"));
        }
    }
    Ok(found)
}

/// The attributes that ARM's ABI lets a linker write down: the most that any part of the file needs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arm {
    /// `Tag_CPU_arch`: 6 is v6, 10 is v7.
    processor: u64,
    /// `Tag_FP_arch`: 2 is VFPv2, which the first Raspberry Pi has; 0 is none.
    floats: u64,
    /// `Tag_Advanced_SIMD_arch`: 0 is none.
    simd: u64,
    /// `Tag_ABI_VFP_args`: 1 is floats in registers, the ABI called hard-float.
    arguments: u64,
}

const CPU_RAW_NAME: u64 = 4;
const CPU_NAME: u64 = 5;
const CPU_ARCH: u64 = 6;
const FP_ARCH: u64 = 10;
const SIMD_ARCH: u64 = 12;
const VFP_ARGS: u64 = 28;
const COMPATIBILITY: u64 = 32;

/// Values of `Tag_CPU_arch` that an ARM1176 runs: up to v6KZ, and v6K.
const UP_TO_V6: [u64; 8] = [1, 2, 3, 4, 5, 6, 7, 9];
/// v7 and before; what follows are microcontrollers and v8.
const UP_TO_V7: [u64; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

impl Arm {
    fn read<Elf: FileHeader<Endian = Endianness>>(
        header: &Elf,
        endian: Endianness,
        bytes: &[u8],
    ) -> anyhow::Result<Self> {
        let mut found = Self::default();
        for section in header.sections(endian, bytes)?.iter() {
            if section.sh_type(endian) != SHT_ARM_ATTRIBUTES {
                continue;
            }
            for vendor in section.attributes(endian, bytes)?.subsections()? {
                for part in vendor?.subsubsections() {
                    found.take(part?.attributes())?;
                }
            }
        }
        Ok(found)
    }

    fn take(&mut self, mut reader: AttributeReader<'_>) -> anyhow::Result<()> {
        while let Some(tag) = reader.read_tag()? {
            match tag {
                CPU_ARCH => self.processor = reader.read_integer()?,
                FP_ARCH => self.floats = reader.read_integer()?,
                SIMD_ARCH => self.simd = reader.read_integer()?,
                VFP_ARGS => self.arguments = reader.read_integer()?,
                COMPATIBILITY => {
                    reader.read_integer()?;
                    reader.read_string()?;
                }
                CPU_RAW_NAME | CPU_NAME => {
                    reader.read_string()?;
                }
                // Above 32 the ABI says: odd tags have texts, even ones numbers.
                tag if tag > COMPATIBILITY && tag % 2 == 1 => {
                    reader.read_string()?;
                }
                _ => {
                    reader.read_integer()?;
                }
            }
        }
        Ok(())
    }

    /// What is more than the target's boards have.
    fn beyond(&self, target: &Target) -> Vec<String> {
        let v6 = target.triple.starts_with("arm-");
        let mut found = Vec::new();
        let runs: &[u64] = if v6 { &UP_TO_V6 } else { &UP_TO_V7 };
        if !runs.contains(&self.processor) {
            let wanted = if v6 { "v6 (6, 7 or 9)" } else { "v7 (10)" };
            found.push(format!("its processor attribute is {}, expected at most {wanted}", self.processor));
        }
        if self.arguments != 1 {
            found.push("floats are not passed in VFP registers, expected the hard-float ABI".to_owned());
        }
        if v6 && (self.floats == 0 || self.floats > 2) {
            found.push(format!("its VFP attribute is {}, expected VFPv2 (2) at most", self.floats));
        }
        if v6 && self.simd != 0 {
            found.push("it uses NEON, which ARMv6 does not have".to_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests;
