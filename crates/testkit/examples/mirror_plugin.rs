//! A plugin that has every capability of a data source and answers with what it was asked, for hosts that try them all.
//!
//! Queries of type `large` are answered with 20,000 rows.

use std::process::ExitCode;

use graftwire_sdk::model::{
    AdmissionRequest, ConversionRequest, ConversionResponse, MutationResponse, ValidationResponse,
};
use graftwire_sdk::prelude::*;
use graftwire_sdk::{Admission, Conversion};

fn main() -> ExitCode {
    Plugin::single("graftwire-mirror-datasource", Mirror)
        .build_info(graftwire_sdk::build_info!())
        .query_data()
        .query_chunked()
        .check_health()
        .call_resource()
        .stream_data()
        .publish_stream()
        .admission()
        .conversion()
        .serve()
}

struct Mirror;

fn frame(query: &Query) -> Frame {
    let rows = if query.query_type == "large" { 20_000 } else { 3 };
    let text = String::from_utf8_lossy(&query.json).into_owned();
    Frame::new(query.ref_id.clone())
        .with_field(Field::new("n", (0..rows).collect::<Vec<i64>>()))
        .with_field(Field::new("model", vec![text; usize::try_from(rows).unwrap_or_default()]))
}

impl QueryData for Mirror {
    async fn query(&self, _cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
        match query.query_type.as_str() {
            "fail" => Err(QueryError::downstream("the database said no").with_status(503)),
            _ => Ok(Answer::from(frame(&query))),
        }
    }
}

impl QueryChunked for Mirror {
    async fn query_chunked(
        &self,
        _cx: &RequestContext,
        query: Query,
        mut chunks: ChunkSender,
    ) -> Result<(), QueryError> {
        chunks.send("f", frame(&query)).await
    }
}

impl CheckHealth for Mirror {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok("a mirror"))
    }
}

impl CallResource for Mirror {
    async fn call_resource(
        &self,
        _cx: &RequestContext,
        request: ResourceRequest,
    ) -> Result<ResourceResponse, CallError> {
        Ok(ResourceResponse::new(200, "application/octet-stream", request.body))
    }
}

impl StreamData for Mirror {
    async fn subscribe(
        &self,
        _cx: &RequestContext,
        request: SubscribeRequest,
    ) -> Result<SubscribeResponse, CallError> {
        Ok(SubscribeResponse { status: StreamStatus::Ok, initial_data: request.data })
    }

    async fn run(
        &self,
        _cx: &RequestContext,
        request: RunStreamRequest,
        packets: PacketSender,
    ) -> Result<(), CallError> {
        for _ in 0..5 {
            packets.send_json(request.data.clone()).await?;
        }
        Ok(())
    }
}

impl PublishStream for Mirror {
    async fn publish(
        &self,
        _cx: &RequestContext,
        request: PublishRequest,
    ) -> Result<PublishResponse, CallError> {
        Ok(PublishResponse { status: StreamStatus::Ok, data: request.data })
    }
}

impl Admission for Mirror {
    async fn validate(
        &self,
        _cx: &RequestContext,
        _request: AdmissionRequest,
    ) -> Result<ValidationResponse, CallError> {
        Ok(ValidationResponse { allowed: true, ..ValidationResponse::default() })
    }

    async fn mutate(
        &self,
        _cx: &RequestContext,
        request: AdmissionRequest,
    ) -> Result<MutationResponse, CallError> {
        Ok(MutationResponse { allowed: true, object: request.object, ..MutationResponse::default() })
    }
}

impl Conversion for Mirror {
    async fn convert(
        &self,
        _cx: &RequestContext,
        request: ConversionRequest,
    ) -> Result<ConversionResponse, CallError> {
        Ok(ConversionResponse { uid: request.uid, result: None, objects: request.objects })
    }
}
