//! Calls to an app's API group: who calls, what about, within which limits; then the plugin's own method, and whether its
//! answer is one.
//!
//! A handler that is missing is said first: that is no secret, and hosts find out by it what an app has.

use graftwire_model::{
    AdmissionReviewRequest, AdmissionReviewResponse, AppInstanceSettings, BoxFuture, CallContext, CallError,
    Capability, PluginContext, ReplyStream, ResourcePiece, RouteRequest, VersionConversionRequest,
    VersionConversionResponse, VersionedObject,
};

use super::{Dispatcher, call, resource};
use crate::app::access::{Access, covers_group, covers_namespace};
use crate::app::{AppContext, envelope, sniff};
use crate::capability::{RequestContext, ResourceResponse};

mod checks;

type Handler<I, R, T> = for<'a> fn(&'a I, &'a AppContext, R) -> BoxFuture<'a, Result<T, CallError>>;

/// What was attached for an app.
pub(crate) struct AppHandlers<I> {
    pub(crate) review: Option<Handler<I, AdmissionReviewRequest, AdmissionReviewResponse>>,
    pub(crate) convert: Option<Handler<I, VersionConversionRequest, VersionConversionResponse>>,
    pub(crate) route: Option<Handler<I, RouteRequest, ResourceResponse>>,
    pub(crate) access: Access,
}

impl<I> Default for AppHandlers<I> {
    fn default() -> Self {
        Self { review: None, convert: None, route: None, access: Access::default() }
    }
}

impl<I> AppHandlers<I> {
    /// Each capability, and whether it was attached.
    pub(crate) const fn attached(&self) -> [(Capability, bool); 3] {
        [
            (Capability::ReviewAdmission, self.review.is_some()),
            (Capability::ConvertVersions, self.convert.is_some()),
            (Capability::CallRoute, self.route.is_some()),
        ]
    }
}

impl<I: Send + Sync + 'static> Dispatcher<I> {
    pub(super) async fn review(
        &self,
        cx: CallContext,
        request: AdmissionReviewRequest,
    ) -> Result<AdmissionReviewResponse, CallError> {
        let handler = self.handlers.app.review;
        self.app_call(Capability::ReviewAdmission, handler, cx, async |cx| {
            let caller = cx.caller.as_ref();
            covers_group(caller, &request.kind.group, &self.plugin_id)?;
            let objects = [("object", &request.object), ("old_object", &request.old_object)];
            for (name, object) in objects {
                checks::within(name, object, self.limits.object_bytes)?;
            }
            if objects.iter().all(|(_, object)| object.is_empty()) {
                return Err(checks::wrong("the request carries no object, neither new nor old"));
            }
            for (name, object) in objects.into_iter().filter(|(_, object)| !object.is_empty()) {
                let found = envelope::read(object).map_err(|why| checks::wrong(format!("{name} {why}")))?;
                covers_namespace(caller, &found.namespace)?;
            }
            Ok(request)
        })
        .await
        .and_then(|answer| {
            checks::answer_within("object", &answer.object, self.limits.object_bytes).map(|()| answer)
        })
    }

    pub(super) async fn versions(
        &self,
        cx: CallContext,
        request: VersionConversionRequest,
    ) -> Result<VersionConversionResponse, CallError> {
        let handler = self.handlers.app.convert;
        let asked = (request.uid.clone(), request.objects.clone(), request.target_version.clone());
        let mut answer = self
            .app_call(Capability::ConvertVersions, handler, cx, async |cx| {
                let caller = cx.caller.as_ref();
                covers_group(caller, checks::common_group(&request.objects)?, &self.plugin_id)?;
                for (index, VersionedObject { raw, .. }) in request.objects.iter().enumerate() {
                    let name = format!("objects[{index}]");
                    checks::within(&name, raw, self.limits.object_bytes)?;
                    let found = envelope::read(raw).map_err(|why| checks::wrong(format!("{name} {why}")))?;
                    covers_namespace(caller, &found.namespace)?;
                }
                Ok(request)
            })
            .await?;
        let (uid, objects, target) = asked;
        answer.uid = uid;
        match answer.error {
            Some(_) => answer.converted.clear(),
            None => checks::converted(&objects, &target, &answer.converted, self.limits.object_bytes)?,
        }
        Ok(answer)
    }

    pub(super) async fn route(
        &self,
        cx: CallContext,
        request: RouteRequest,
    ) -> Result<ReplyStream<ResourcePiece>, CallError> {
        let handler = self.handlers.app.route;
        let response = self
            .app_call(Capability::CallRoute, handler, cx, async |cx| {
                covers_group(cx.caller.as_ref(), &request.group, &self.plugin_id)?;
                covers_namespace(cx.caller.as_ref(), &request.namespace)?;
                Ok(request)
            })
            .await?;
        Ok(typed(resource::pieces(checks::with_status(response)?)))
    }

    /// One call: missing handlers, log, metrics, deadline and panics around it, tokens and `check` before the handler.
    async fn app_call<R, T>(
        &self,
        capability: Capability,
        handler: Option<Handler<I, R, T>>,
        cx: CallContext,
        check: impl AsyncFnOnce(&AppContext) -> Result<R, CallError>,
    ) -> Result<T, CallError> {
        let handler = handler.ok_or_else(|| CallError::unimplemented(capability))?;
        // An app without settings, as nobody sends any.
        let plugin = PluginContext { app: Some(AppInstanceSettings::default()), ..PluginContext::default() };
        let around: RequestContext = self.context(cx, plugin, graftwire_model::Headers::new());
        call::observed(&self.telemetry, capability, &around, async {
            let caller = self.handlers.app.access.authenticate(&around.call).await?;
            let cx =
                AppContext { plugin_id: around.plugin.plugin_id.clone(), caller, call: around.call.clone() };
            let request = check(&cx).await?;
            let instance = self.instances.of_request(&around).await?;
            handler(&instance, &cx, request).await
        })
        .await
    }
}

/// The pieces of a route's answer, the first with a content type if it has a body.
fn typed(pieces: ReplyStream<ResourcePiece>) -> ReplyStream<ResourcePiece> {
    let mut is_first = true;
    ReplyStream::new(futures_util::StreamExt::map(pieces, move |piece| {
        let mut piece = piece?;
        if std::mem::replace(&mut is_first, false)
            && !piece.body.is_empty()
            && piece.headers.get("Content-Type").is_none()
            && piece.headers.get("Transfer-Encoding").is_none()
        {
            piece.headers.append("Content-Type", sniff::content_type(&piece.body));
        }
        Ok::<_, CallError>(piece)
    }))
}

#[cfg(test)]
mod tests;
