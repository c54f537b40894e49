//! The content type of an answer that says none: what its first bytes look like.
//!
//! The table is the one of the WHATWG's MIME sniffing standard, as far as Go's servers apply it, so that an answer arrives
//! with the type it would have behind a Go plugin. It deliberately finds no JSON: neither do they.

/// How many bytes are looked at.
const LOOKED_AT: usize = 512;

const TEXT: &str = "text/plain; charset=utf-8";
const BINARY: &str = "application/octet-stream";

/// Tags that begin a page, when a blank or `>` follows.
const TAGS: [&str; 17] = [
    "<!DOCTYPE HTML",
    "<HTML",
    "<HEAD",
    "<SCRIPT",
    "<IFRAME",
    "<H1",
    "<DIV",
    "<FONT",
    "<TABLE",
    "<A",
    "<STYLE",
    "<TITLE",
    "<B",
    "<BODY",
    "<BR",
    "<P",
    "<!--",
];

/// Beginnings of files. `None` stands for any byte.
const BEGINNINGS: [(&[Option<u8>], &str); 30] = [
    (&any(b"%PDF-"), "application/pdf"),
    (&any(b"%!PS-Adobe-"), "application/postscript"),
    (&any(b"\xfe\xff"), "text/plain; charset=utf-16be"),
    (&any(b"\xff\xfe"), "text/plain; charset=utf-16le"),
    (&any(b"\xef\xbb\xbf"), TEXT),
    (&any(b"\x00\x00\x01\x00"), "image/x-icon"),
    (&any(b"\x00\x00\x02\x00"), "image/x-icon"),
    (&any(b"BM"), "image/bmp"),
    (&any(b"GIF87a"), "image/gif"),
    (&any(b"GIF89a"), "image/gif"),
    (&holes(b"RIFF????WEBPVP"), "image/webp"),
    (&any(b"\x89PNG\r\n\x1a\n"), "image/png"),
    (&any(b"\xff\xd8\xff"), "image/jpeg"),
    (&holes(b"FORM????AIFF"), "audio/aiff"),
    (&any(b"ID3"), "audio/mpeg"),
    (&any(b"OggS\x00"), "application/ogg"),
    (&any(b"MThd\x00\x00\x00\x06"), "audio/midi"),
    (&holes(b"RIFF????AVI "), "video/avi"),
    (&holes(b"RIFF????WAVE"), "audio/wave"),
    (&any(b"\x1a\x45\xdf\xa3"), "video/webm"),
    (&any(b"\x00\x01\x00\x00"), "font/ttf"),
    (&any(b"OTTO"), "font/otf"),
    (&any(b"ttcf"), "font/collection"),
    (&any(b"wOFF"), "font/woff"),
    (&any(b"wOF2"), "font/woff2"),
    (&any(b"\x1f\x8b\x08"), "application/x-gzip"),
    (&any(b"PK\x03\x04"), "application/zip"),
    (&any(b"Rar!\x1a\x07\x00"), "application/x-rar-compressed"),
    (&any(b"Rar!\x1a\x07\x01\x00"), "application/x-rar-compressed"),
    (&any(b"\x00asm"), "application/wasm"),
];

/// A pattern of these bytes.
const fn any<const N: usize>(bytes: &[u8; N]) -> [Option<u8>; N] {
    pattern(bytes, None)
}

/// A pattern in which `?` stands for any byte.
const fn holes<const N: usize>(bytes: &[u8; N]) -> [Option<u8>; N] {
    pattern(bytes, Some(b'?'))
}

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler; the index is below both lengths")]
const fn pattern<const N: usize>(bytes: &[u8; N], hole: Option<u8>) -> [Option<u8>; N] {
    let mut pattern = [None; N];
    let mut at = 0;
    while at < N {
        pattern[at] = match hole {
            Some(hole) if hole == bytes[at] => None,
            _ => Some(bytes[at]),
        };
        at += 1;
    }
    pattern
}

/// What the beginning of a body looks like; always a type.
pub(crate) fn content_type(body: &[u8]) -> &'static str {
    let body = body.get(..LOOKED_AT).unwrap_or(body);
    let text = body.trim_ascii_start();
    if TAGS.iter().any(|tag| begins_with_tag(text, tag.as_bytes())) {
        return "text/html; charset=utf-8";
    }
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    if is_mp4(body) {
        return "video/mp4";
    }
    if let Some((_, found)) = BEGINNINGS.iter().find(|(pattern, _)| matches(body, pattern)) {
        return found;
    }
    if body.iter().any(|&byte| is_binary(byte)) { BINARY } else { TEXT }
}

/// A box of type `ftyp` with a brand that begins with `mp4`, beside the version in the fourth word.
fn is_mp4(body: &[u8]) -> bool {
    let Some((length, rest)) = body.split_first_chunk::<4>() else { return false };
    let length = u32::from_be_bytes(*length) as usize;
    let Some(brands) = rest.strip_prefix(b"ftyp") else { return false };
    let whole = length.is_multiple_of(4) && length >= 12 && length <= body.len();
    let brands = brands.get(..length.saturating_sub(8)).unwrap_or_default();
    whole && brands.chunks_exact(4).enumerate().any(|(at, brand)| at != 1 && brand.starts_with(b"mp4"))
}

fn begins_with_tag(text: &[u8], tag: &[u8]) -> bool {
    let Some((begin, rest)) = text.split_at_checked(tag.len()) else { return false };
    let ends = rest.first().is_some_and(|next| matches!(next, b' ' | b'>'));
    begin.eq_ignore_ascii_case(tag) && ends
}

fn matches(body: &[u8], pattern: &[Option<u8>]) -> bool {
    body.len() >= pattern.len()
        && pattern.iter().zip(body).all(|(expected, found)| expected.is_none_or(|byte| byte == *found))
}

/// Control characters that no text has.
const fn is_binary(byte: u8) -> bool {
    matches!(byte, 0x00..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_type_that_go_finds() {
        // Found by net/http.DetectContentType of Go 1.26.
        let cases: [(&[u8], &str); 19] = [
            (b"", TEXT),
            (b"hello", TEXT),
            (b"{\"a\":1}", TEXT),
            (b"\x1b[1mbold", TEXT),
            (b"a\x00b", BINARY),
            (b"  \r\n<html>", "text/html; charset=utf-8"),
            (b"<!doctype html >", "text/html; charset=utf-8"),
            (b"<!-- x", "text/html; charset=utf-8"),
            (b"<html", TEXT),
            (b"<pre>", TEXT),
            (b"\n<?xml version", "text/xml; charset=utf-8"),
            (b"\x89PNG\r\n\x1a\nrest", "image/png"),
            (b"RIFF1234WEBPVP8", "image/webp"),
            (b"RIFF1234WAVE", "audio/wave"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"\x1f\x8b\x08\x00", "application/x-gzip"),
            (b"\0\0\0\x14ftypisom\0\0\0\x01mp42", "video/mp4"),
            (b"\0\0\0\x10ftypisommp42", BINARY),
            (b"<!--x", TEXT),
        ];
        for (body, expected) in cases {
            assert_eq!(content_type(body), expected, "{}", body.escape_ascii());
        }
    }

    #[test]
    fn only_the_beginning_counts() {
        let mut body = vec![b'a'; LOOKED_AT];
        body.push(0);
        assert_eq!(content_type(&body), TEXT);
        body[LOOKED_AT - 1] = 0;
        assert_eq!(content_type(&body), BINARY);
    }
}
