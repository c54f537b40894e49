//! `Debug` for the messages that can carry secrets or tokens: it shows what is safe and counts the rest.

use std::fmt;

use super::generated as wire;
use wire::{convert_objects_request, convert_objects_response};

/// How long a field is, wherever it is.
fn length(field: Option<&prost::bytes::Bytes>) -> usize {
    field.map_or(0, prost::bytes::Bytes::len)
}

macro_rules! redacted {
    ($message:path, $name:literal: shows $($shown:ident),* ; counts $($counted:ident),* ; headers $($headers:ident)?) => {
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct($name)
                    $(.field(stringify!($shown), &self.$shown))*
                    $(.field(stringify!($headers), &self.$headers.keys().collect::<Vec<_>>()))?
                    $(.field(stringify!($counted), &format_args!("<{} bytes>", length(self.$counted.as_ref()))))*
                    .finish_non_exhaustive()
            }
        }
    };
}

redacted!(wire::RawObject, "RawObject": shows gvk, warnings; counts raw; headers);
redacted!(wire::ResourceObject, "ResourceObject": shows r#type, namespace, name, rv; counts raw; headers);
redacted!(wire::AdmissionReviewRequest, "AdmissionReviewRequest": shows operation, kind; counts object_bytes, old_object_bytes; headers);
redacted!(wire::AdmissionReviewResponse, "AdmissionReviewResponse": shows error, allowed, warnings; counts object_bytes; headers);
redacted!(convert_objects_request::Object, "Object": shows gvk; counts raw; headers);
redacted!(convert_objects_response::Object, "Object": shows warnings; counts raw; headers);
redacted!(wire::RouteResource, "RouteResource": shows resource, name, rv; counts raw; headers);
redacted!(wire::CallRouteRequest, "CallRouteRequest": shows group, version, namespace, parent, path, method; counts body; headers headers);
redacted!(wire::CallRouteResponse, "CallRouteResponse": shows code; counts body; headers headers);
