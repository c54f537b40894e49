//! Version 3: presence, unknown numbers, statuses, names, and what a debug print shows.

use std::time::Duration;

use bytes::Bytes;
use graftwire_model as model;
use graftwire_protocol::AdaptError;
use graftwire_protocol::v3::generated as wire;
use graftwire_protocol::v3::{DRAFT_PACKAGE, PACKAGE, from_wire, method, to_wire};
use proptest::prelude::*;
use prost::Message as _;

#[test]
fn every_method_is_of_the_package() {
    let generated = [
        wire::admission_service_server::SERVICE_NAME,
        wire::conversion_service_server::SERVICE_NAME,
        wire::route_service_server::SERVICE_NAME,
    ];
    let methods: Vec<_> = model::Capability::ALL.into_iter().filter_map(method).collect();
    assert_eq!(methods.len(), generated.len());
    for (method, service) in methods.iter().zip(generated) {
        assert!(method.starts_with(&format!("/{service}/")) && service.starts_with(PACKAGE), "{method}");
    }
    assert!(PACKAGE.ends_with(DRAFT_PACKAGE));
}

#[test]
fn absent_and_unknown_are_no_reason_to_refuse() {
    let empty = from_wire::admission_request(wire::AdmissionReviewRequest::default());
    assert_eq!(empty, model::AdmissionReviewRequest::default());
    let answer = from_wire::admission_response(wire::AdmissionReviewResponse::default());
    assert!(!answer.allowed, "what is not said is no grant");
    assert_eq!(
        from_wire::conversion_request(wire::ConvertObjectsRequest::default()),
        model::VersionConversionRequest::default()
    );
    assert_eq!(from_wire::route_request(wire::CallRouteRequest::default()), model::RouteRequest::default());

    use model::AdmissionOperation::{Create, Delete, Update};
    for (number, expected) in [
        (0, None),
        (1, Some(Create)),
        (2, Some(Update)),
        (3, Some(Delete)),
        (4, None),
        (-1, None),
        (i32::MAX, None),
    ] {
        let request = wire::AdmissionReviewRequest { operation: Some(number), ..Default::default() };
        assert_eq!(from_wire::admission_request(request).operation, expected, "{number}");
    }

    // An unknown field, and one of version 2's number for the status.
    let mut bytes =
        wire::StatusResult { message: Some("m".to_owned()), ..Default::default() }.encode_to_vec();
    bytes.extend_from_slice(&[0x0a, 1, b'x', 0xfa, 0x07, 1, b'y']);
    let mut answer = vec![0x0a, u8::try_from(bytes.len()).unwrap()];
    answer.extend(bytes);
    let answer =
        from_wire::admission_response(wire::AdmissionReviewResponse::decode(answer.as_slice()).unwrap());
    let error = answer.error.unwrap();
    assert_eq!((error.message.as_str(), error.status.as_str()), ("m", ""));
}

#[test]
fn a_route_has_an_http_status_or_is_an_error() {
    let first = |code| from_wire::first_route_piece(wire::CallRouteResponse { code, ..Default::default() });
    for (code, status) in [(None, 200), (Some(0), 200), (Some(100), 100), (Some(999), 999)] {
        assert_eq!(first(code).unwrap().status, status);
    }
    for found in [99, 1_000, -1, i32::MIN, i32::MAX] {
        assert_eq!(first(Some(found)), Err(AdaptError::RouteStatus { found }));
        let later = wire::CallRouteResponse { code: Some(found), ..Default::default() };
        assert_eq!(from_wire::later_route_piece(later).status, 0, "only the first counts");
    }
}

#[test]
fn retry_times_outside_of_the_wire_are_cut() {
    let details = |retry_after| model::ApiStatusDetails { retry_after, ..Default::default() };
    let there_and_back = |retry_after| {
        let mut error = model::ApiStatus::failure(429, "TooManyRequests", "later");
        error.details = Some(details(retry_after));
        let answer = to_wire::admission_response(model::AdmissionReviewResponse::refuse(error));
        from_wire::admission_response(answer).error.unwrap().details.unwrap().retry_after
    };
    assert_eq!(there_and_back(Duration::from_millis(1_999)), Duration::from_secs(1));
    assert_eq!(there_and_back(Duration::MAX), Duration::from_secs(i32::MAX as u64));
    let status = wire::StatusResult {
        details: Some(wire::StatusDetails { retry_after_seconds: Some(-5), ..Default::default() }),
        ..Default::default()
    };
    let answer = wire::AdmissionReviewResponse { error: Some(status), ..Default::default() };
    let answer = from_wire::admission_response(answer);
    assert_eq!(answer.error.unwrap().details.unwrap().retry_after, Duration::ZERO);
}

#[test]
fn objects_bodies_headers_and_queries_never_show_in_debug() {
    let hush = || Some(Bytes::from_static(b"hush"));
    let headers = [("Authorization".to_owned(), wire::StringList { values: vec!["hush".to_owned()] })];
    let route = wire::CallRouteRequest {
        parent: Some(wire::RouteResource { raw: hush(), ..Default::default() }),
        url: Some("/?token=hush".to_owned()),
        headers: headers.clone().into(),
        body: hush(),
        ..Default::default()
    };
    let piece = wire::CallRouteResponse { headers: headers.into(), body: hush(), ..Default::default() };
    let review =
        wire::AdmissionReviewRequest { object_bytes: hush(), old_object_bytes: hush(), ..Default::default() };
    let reviewed = wire::AdmissionReviewResponse { object_bytes: hush(), ..Default::default() };
    let object = wire::convert_objects_request::Object { raw: hush(), ..Default::default() };
    let conversion = wire::ConvertObjectsRequest { objects: vec![object], ..Default::default() };
    let object = wire::convert_objects_response::Object { raw: hush(), ..Default::default() };
    let converted = wire::ConvertObjectsResponse { converted: vec![object], ..Default::default() };
    let raw = wire::RawObject { raw: hush(), ..Default::default() };
    let resource = wire::ResourceObject { raw: hush(), ..Default::default() };
    let of_wire = format!(
        "{route:?} {piece:?} {review:?} {reviewed:?} {conversion:?} {converted:?} {raw:?} {resource:?}"
    );
    assert!(!of_wire.contains("hush"), "{of_wire}");
    assert!(of_wire.contains("<4 bytes>") && of_wire.contains("Authorization"), "{of_wire}");
    let of_model = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        from_wire::route_request(route),
        from_wire::admission_request(review),
        from_wire::admission_response(reviewed),
        from_wire::conversion_request(conversion),
        from_wire::conversion_response(converted),
    );
    assert!(!of_model.contains("hush"), "{of_model}");
}

fn kind() -> impl Strategy<Value = model::GroupVersionKind> {
    (".*", ".*", ".*").prop_map(|(group, version, kind)| model::GroupVersionKind { group, version, kind })
}

fn bytes() -> impl Strategy<Value = Bytes> {
    any::<Vec<u8>>().prop_map(Bytes::from)
}

proptest! {
    #[test]
    fn what_is_asked_survives_the_wire(
        kind in kind(), raw in bytes(), old in bytes(), texts in prop::array::uniform8(".*"),
        headers in prop::collection::btree_map(".*", prop::collection::vec(".*", 0..3), 0..3),
    ) {
        let review = model::AdmissionReviewRequest {
            operation: Some(model::AdmissionOperation::Update),
            kind: kind.clone(),
            object: raw.clone(),
            old_object: old.clone(),
        };
        prop_assert_eq!(from_wire::admission_request(to_wire::admission_request(review.clone())), review);
        let [group, version, namespace, path, method, url, name, resource] = texts;
        let conversion = model::VersionConversionRequest {
            api: model::GroupVersion { group: group.clone(), version: version.clone() },
            uid: name.clone(),
            objects: vec![model::VersionedObject { kind, raw: raw.clone() }],
            target_version: version.clone(),
        };
        let back = from_wire::conversion_request(to_wire::conversion_request(conversion.clone()));
        prop_assert_eq!(back, conversion);
        let parent = model::RouteParent { resource, name, resource_version: "7".to_owned(), raw: old };
        let route = model::RouteRequest {
            group, version, namespace, parent: Some(parent), path, method, url, headers: headers.into(), body: raw,
        };
        prop_assert_eq!(from_wire::route_request(to_wire::route_request(route.clone())), route);
    }
}
