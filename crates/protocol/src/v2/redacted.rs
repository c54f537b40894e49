//! `Debug` for the messages that can carry secrets or tokens: it shows what is safe and counts the rest.

use std::fmt;

use super::generated as wire;

macro_rules! redacted {
    ($message:ident: shows $($shown:ident),* ; counts $($counted:ident),*) => {
        impl fmt::Debug for wire::$message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($message))
                    $(.field(stringify!($shown), &self.$shown))*
                    $(.field(stringify!($counted), &format_args!("<{}>", self.$counted.len())))*
                    .finish()
            }
        }
    };
}

redacted!(AppInstanceSettings: shows last_updated_ms, api_version; counts json_data, decrypted_secure_json_data);
redacted!(DataSourceInstanceSettings: shows id, uid, name, last_updated_ms, api_version; counts json_data, decrypted_secure_json_data);
redacted!(PluginContext: shows org_id, plugin_id, plugin_version, user, app_instance_settings, data_source_instance_settings, user_agent, api_version, namespace; counts grafana_config);
redacted!(QueryDataRequest: shows plugin_context, queries, format; counts headers);
redacted!(QueryChunkedDataRequest: shows plugin_context, queries, format; counts headers);
redacted!(CheckHealthRequest: shows plugin_context; counts headers);
redacted!(CallResourceRequest: shows plugin_context, path, method; counts url, headers, body);
redacted!(SubscribeStreamRequest: shows plugin_context, path; counts data, headers);
redacted!(PublishStreamRequest: shows plugin_context, path; counts data, headers);
redacted!(RunStreamRequest: shows plugin_context, path; counts data, headers);
redacted!(AdmissionRequest: shows plugin_context, operation, kind; counts object_bytes, old_object_bytes);
redacted!(MutationResponse: shows allowed, result, warnings; counts object_bytes);
redacted!(RawObject: shows content_type; counts raw);
