//! What to tell the person who packaged: what lies where, and the exact settings for an unsigned plugin.
//!
//! The notes hold what real servers were seen to do, not what ought to be.

use std::path::Path;

use super::checks::FolderFacts;
use super::manifest::Manifest;
use super::platform::Linking;

pub(crate) fn text(folder: &Path, manifest: &Manifest, facts: &FolderFacts) -> String {
    let id = manifest.id();
    let here = std::env::current_dir().unwrap_or_default();
    let folder_shown = folder.strip_prefix(here).unwrap_or(folder).display();
    format!(
        "\
{folder_shown}
  {id} {version}, for Grafana {grafana}: {files} files, {size}
{executables}
To install it:

1. Put the folder into Grafana's plugin folder ([paths] plugins; /var/lib/grafana/plugins in the packages of the
   distributions and in the container image):

     cp -r {folder_shown} /var/lib/grafana/plugins/

2. Allow it, because it is not signed. In grafana.ini, several ids separated by commas:

     [plugins]
     allow_loading_unsigned_plugins = {id}

   or in the server's environment:

     GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS={id}

3. Restart Grafana and add the data source, or copy {folder_shown}/provisioning/ to where yours lies.

If it does not appear:

- Grafana 12 does not list a plugin whose first start failed and never tries again before a restart; the reason is in
  its log (logger=plugins.backend.start) and at /api/plugins/errors (signatureMissing: step 2 is missing;
  failedBackendStart: the executable did not start). Grafana 7 to 10 list it and answer 500 plugin.unavailable.
- The executable must stay 0755 and be readable by the user of Grafana; unzip and copies through other systems lose that.
- Since 12 plugins get nothing of the server's environment but proxy settings; this gives it back:

     [plugins]
     forward_host_env_vars = {id}

- Replace the executable of a running server by renaming the new file over the old one: a restart that finds no file
  or one it may not execute is tried once only.
",
        version = manifest.version(),
        grafana = manifest.grafana(),
        files = facts.files,
        size = megabytes(facts.bytes),
        executables = executables(facts),
    )
}

fn executables(facts: &FolderFacts) -> String {
    let line = |(platform, linking, bytes): &(super::platform::Platform, Linking, u64)| {
        let linked = match linking {
            Linking::Static => "static",
            Linking::Dynamic => "needs the system's C library",
        };
        format!("  {}/{}: {}, {linked}\n", platform.os, platform.arch, megabytes(*bytes))
    };
    facts.executables.iter().map(line).collect()
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / 1_048_576;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
