//! Images of pages: what a renderer plugin is asked and what it answers.
//!
//! It deliberately carries no image: the plugin writes a file that the host can read.

use std::fmt;

use crate::{Millis, MultiHeaders};

/// A page to be made an image of. `Debug` hides what lets the page be read.
#[derive(Clone, PartialEq, Default)]
pub struct RenderRequest {
    /// The page.
    pub url: String,
    /// Width in pixels; 0 or less = not said.
    pub width: i32,
    /// Height in pixels; 0 or less = not said.
    pub height: i32,
    /// Device pixels per pixel; 0 = not said, which is 1.
    pub device_scale_factor: f32,
    /// How long it may take; 0 or less = not said. The wire has whole seconds.
    pub timeout: Millis,
    /// The page's time zone by its IANA name; may be empty.
    pub timezone: String,
    /// `png`, `pdf`, …; empty = `png`. Later hosts say it by the file's name alone.
    pub encoding: String,
    /// Where the image is to be written.
    pub file_path: String,
    /// The value of the cookie `renderKey`, which lets the page be read.
    pub render_key: String,
    /// The domain of that cookie.
    pub domain: String,
    /// HTTP headers for the page; old hosts send none.
    pub headers: MultiHeaders,
    /// The token by which the plugin knows its host; old hosts send none.
    pub auth_token: String,
    /// Whether the plugin should say more in its log; later hosts never do.
    pub debug: bool,
}

impl fmt::Debug for RenderRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderRequest")
            .field("url", &self.url)
            .field("width", &self.width)
            .field("height", &self.height)
            .field("timeout", &self.timeout)
            .field("file_path", &self.file_path)
            .finish_non_exhaustive()
    }
}

/// Whether the image was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RenderResponse {
    /// Why there is no image; empty = it is there.
    pub error: String,
}

impl RenderResponse {
    /// Whether there is no image.
    #[must_use]
    pub fn is_error(&self) -> bool {
        !self.error.is_empty()
    }
}
