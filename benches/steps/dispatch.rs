//! Step *dispatch*: a model request to the plugin's own method and back, with a handler that does nothing: context,
//! instance, limits, panic guard, count. No subscriber listens to the log here; `log` measures a line.

use criterion::{BatchSize, Criterion};
use graftwire_benches::{Size, context, headers, request};
use graftwire_model::{CallContext, FrameFormat, HealthRequest};
use graftwire_sdk::prelude::*;

use crate::pace;

struct Nothing;

impl QueryData for Nothing {
    async fn query(&self, _cx: &RequestContext, _query: Query) -> Result<Answer, QueryError> {
        Ok(Answer::from(Vec::new()))
    }
}

impl CheckHealth for Nothing {
    async fn check_health(&self, _cx: &RequestContext) -> Result<HealthResponse, CallError> {
        Ok(health_ok(""))
    }
}

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("dispatch");
    pace::quick(&mut group);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let single = Plugin::single("graftwire-nothing-datasource", Nothing).query_data();
    let made =
        Plugin::with_instances("graftwire-nothing-datasource", |_: InstanceContext| async { Ok(Nothing) })
            .query_data();
    for (name, backend) in [("query", single.into_backend()), ("query with instances", made.into_backend())] {
        let asked = request(Size::SMALL, FrameFormat::Arrow);
        group.bench_function(name, |b| {
            b.iter_batched(
                || asked.clone(),
                |asked| runtime.block_on(backend.query_data(CallContext::new(), asked)).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    let backend = Plugin::single("graftwire-nothing-datasource", Nothing).check_health().into_backend();
    let asked = HealthRequest { context: context(), headers: headers() };
    group.bench_function("health", |b| {
        b.iter_batched(
            || asked.clone(),
            |asked| runtime.block_on(backend.check_health(CallContext::new(), asked)).unwrap(),
            BatchSize::SmallInput,
        );
    });
}
