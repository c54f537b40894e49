//! Admission and conversion of stored objects: within which size, and what an answer leaves unsaid.
//!
//! It deliberately looks into no object: what is in it is between the host and the plugin.

use bytes::Bytes;
use graftwire_model::{
    AdmissionOperation, AdmissionRequest, CallContext, CallError, Capability, Code, ConversionRequest,
    ConversionResponse, Headers, MutationResponse, ValidationResponse,
};

use super::Dispatcher;

impl<I: Send + Sync + 'static> Dispatcher<I> {
    pub(super) async fn validate(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> Result<ValidationResponse, CallError> {
        self.check_asked(&request)?;
        let cx = self.context(cx, request.context.clone(), Headers::new());
        self.unary(Capability::ValidateAdmission, self.handlers.validate, cx, request).await
    }

    /// An allowed object that the answer leaves out is stored as it came: an empty one would be stored as empty.
    pub(super) async fn mutate(
        &self,
        cx: CallContext,
        request: AdmissionRequest,
    ) -> Result<MutationResponse, CallError> {
        self.check_asked(&request)?;
        let cx = self.context(cx, request.context.clone(), Headers::new());
        let stored = if request.operation == AdmissionOperation::Delete {
            Bytes::new()
        } else {
            request.object.clone()
        };
        let mut answer = self.unary(Capability::MutateAdmission, self.handlers.mutate, cx, request).await?;
        if answer.allowed && answer.object.is_empty() {
            answer.object = stored;
        }
        answer_within("object", &answer.object, self.limits.object_bytes)?;
        Ok(answer)
    }

    /// The answer has the request's uid unless it has its own.
    pub(super) async fn convert(
        &self,
        cx: CallContext,
        request: ConversionRequest,
    ) -> Result<ConversionResponse, CallError> {
        if self.handlers.convert.is_some() {
            for (index, object) in request.objects.iter().enumerate() {
                within(&format!("objects[{index}]"), &object.raw, self.limits.object_bytes)?;
            }
        }
        let cx = self.context(cx, request.context.clone(), Headers::new());
        let uid = request.uid.clone();
        let mut answer = self.unary(Capability::ConvertObjects, self.handlers.convert, cx, request).await?;
        for (index, object) in answer.objects.iter().enumerate() {
            answer_within(&format!("objects[{index}]"), &object.raw, self.limits.object_bytes)?;
        }
        if answer.uid.is_empty() {
            answer.uid = uid;
        }
        Ok(answer)
    }

    fn check_asked(&self, request: &AdmissionRequest) -> Result<(), CallError> {
        // Who has no admission says that first.
        if self.handlers.validate.is_none() && self.handlers.mutate.is_none() {
            return Ok(());
        }
        within("object_bytes", &request.object, self.limits.object_bytes)?;
        within("old_object_bytes", &request.old_object, self.limits.object_bytes)
    }
}

/// Whether an object of the request is small enough.
pub(super) fn within(name: &str, object: &Bytes, limit: usize) -> Result<(), CallError> {
    if object.len() <= limit {
        return Ok(());
    }
    Err(CallError::new(
        Code::ResourceExhausted,
        format!(
            "{name} has {} bytes, this plugin takes objects of at most {limit} (Limits::object_bytes)",
            object.len()
        ),
    ))
}

/// Whether an object of the answer is small enough.
pub(super) fn answer_within(name: &str, object: &Bytes, limit: usize) -> Result<(), CallError> {
    within(name, object, limit)
        .map_err(|error| CallError::new(Code::Internal, format!("the plugin's answer: {error}")))
}
