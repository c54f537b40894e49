//! Queries answered by their type, for plugins whose editors offer several kinds.
//!
//! Between dispatch and the plugin's own code. It deliberately reads `queryType` alone: what else is in a query is the
//! handler's.

use std::fmt;

use graftwire_model::{BoxFuture, Query};

use crate::capability::{Answer, QueryError, RequestContext};

/// What answers one type of query.
pub type QueryHandler<I> =
    for<'a> fn(&'a I, &'a RequestContext, Query) -> BoxFuture<'a, Result<Answer, QueryError>>;

/// Handlers by query type.
///
/// ```
/// use graftwire_sdk::QueryTypes;
/// use graftwire_sdk::prelude::*;
///
/// struct Source {
///     types: QueryTypes<Self>,
/// }
///
/// impl Source {
///     fn new() -> Self {
///         let types = QueryTypes::<Self>::new().on("rows", |source, cx, query| Box::pin(source.rows(cx, query)));
///         Self { types }
///     }
///
///     async fn rows(&self, _cx: &RequestContext, _query: Query) -> Result<Answer, QueryError> {
///         Ok(Answer::from(Frame::new("rows")))
///     }
/// }
///
/// impl QueryData for Source {
///     async fn query(&self, cx: &RequestContext, query: Query) -> Result<Answer, QueryError> {
///         self.types.answer(self, cx, query).await
///     }
/// }
/// ```
pub struct QueryTypes<I> {
    handlers: Vec<(&'static str, QueryHandler<I>)>,
    otherwise: Option<QueryHandler<I>>,
}

impl<I> QueryTypes<I> {
    /// No handlers.
    #[must_use]
    pub const fn new() -> Self {
        Self { handlers: Vec::new(), otherwise: None }
    }

    /// Answers queries of a type, exactly as written; the first handler of a type counts.
    #[must_use]
    pub fn on(mut self, query_type: &'static str, handler: QueryHandler<I>) -> Self {
        self.handlers.push((query_type, handler));
        self
    }

    /// Answers queries of all other types, the empty one included.
    #[must_use]
    pub fn otherwise(mut self, handler: QueryHandler<I>) -> Self {
        self.otherwise = Some(handler);
        self
    }

    /// Answers a query.
    ///
    /// # Errors
    /// The handler's; for a type without a handler status 400, naming the types there are.
    pub async fn answer(
        &self,
        instance: &I,
        cx: &RequestContext,
        query: Query,
    ) -> Result<Answer, QueryError> {
        let handler = self.handlers.iter().find(|(known, _)| *known == query.query_type);
        match handler.map(|(_, handler)| handler).or(self.otherwise.as_ref()) {
            Some(handler) => handler(instance, cx, query).await,
            None => Err(self.unknown(&query.query_type)),
        }
    }

    fn unknown(&self, query_type: &str) -> QueryError {
        let mut known: Vec<String> = self.handlers.iter().map(|(known, _)| format!("{known:?}")).collect();
        known.dedup();
        QueryError::bad_request(format!("found query type {query_type:?}, expected {}", known.join(" or ")))
    }
}

impl<I> Default for QueryTypes<I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I> fmt::Debug for QueryTypes<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.handlers.iter().map(|(known, _)| known)).finish()
    }
}

#[cfg(test)]
mod tests {
    use graftwire_frame::Frame;

    use super::*;

    struct Named(&'static str);

    impl Named {
        async fn frame(&self, kind: &str) -> Result<Answer, QueryError> {
            Ok(Answer::from(Frame::new(format!("{} {kind}", self.0))))
        }
    }

    fn types() -> QueryTypes<Named> {
        QueryTypes::<Named>::new()
            .on("rows", |it, _, _| Box::pin(it.frame("rows")))
            .on("rows", |it, _, _| Box::pin(it.frame("never")))
            .on("logs", |it, _, _| Box::pin(it.frame("logs")))
    }

    async fn name(types: &QueryTypes<Named>, query_type: &str) -> Result<String, String> {
        let query = Query { query_type: query_type.to_owned(), ..Query::default() };
        match types.answer(&Named("it"), &RequestContext::default(), query).await {
            Ok(Answer::Frames(frames)) => Ok(frames.into_iter().map(|frame| frame.name).collect()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn queries_reach_the_handler_of_their_type() {
        assert_eq!(name(&types(), "rows").await.unwrap(), "it rows");
        assert_eq!(name(&types(), "logs").await.unwrap(), "it logs");
        let error = name(&types(), "Rows").await.unwrap_err();
        assert_eq!(error, "found query type \"Rows\", expected \"rows\" or \"logs\"");
        let open =
            types().otherwise(|it, _, query| Box::pin(async move { it.frame(&query.query_type).await }));
        assert_eq!(name(&open, "").await.unwrap(), "it ");
        assert_eq!(name(&open, "other").await.unwrap(), "it other");
    }
}
