//! `Debug` for the messages that carry secrets: it shows what is safe and counts the rest.

use std::fmt;

use super::generated as wire;

impl fmt::Debug for wire::DatasourceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatasourceInfo")
            .field("id", &self.id)
            .field("org_id", &self.org_id)
            .field("name", &self.name)
            .field("type", &self.r#type)
            .field("json_data", &format_args!("<{}>", self.json_data.len()))
            .field("decrypted_secure_json_data", &format_args!("<{}>", self.decrypted_secure_json_data.len()))
            .finish()
    }
}

impl fmt::Debug for wire::RenderRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenderRequest")
            .field("url", &self.url)
            .field("file_path", &self.file_path)
            .finish_non_exhaustive()
    }
}
