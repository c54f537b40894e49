//! Health and the resources of editors.

use graftwire_model::{CallContext, HealthRequest, HealthStatus, ResourceRequest};
use serde_json::{Value, json};

use crate::world::World;

const TABLES: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, placed DATETIME, amount REAL);
    CREATE VIEW big AS SELECT * FROM orders WHERE amount > 100; CREATE VIRTUAL TABLE words USING fts5(body);";

async fn resource(world: &World, url: &str) -> (i32, Value) {
    let request = ResourceRequest {
        context: world.context(),
        path: url.split('?').next().unwrap().to_owned(),
        url: url.to_owned(),
        method: "GET".to_owned(),
        ..ResourceRequest::default()
    };
    let mut pieces = world.backend().call_resource(CallContext::new(), request).await.unwrap();
    let piece = pieces.next().await.unwrap().unwrap();
    (piece.status, serde_json::from_slice(&piece.body).unwrap())
}

#[tokio::test]
async fn health_reads_from_the_database() {
    let world = World::new(TABLES).await;
    let check = async |world: &World| {
        let request = HealthRequest { context: world.context(), ..HealthRequest::default() };
        world.backend().check_health(CallContext::new(), request).await.unwrap()
    };
    let health = check(&world).await;
    assert_eq!(health.status, HealthStatus::Ok, "{}", health.message);
    assert!(
        health.message.starts_with("SQLite 3.") && health.message.contains("journal delete"),
        "{}",
        health.message
    );
    let details: Value = serde_json::from_slice(&health.json_details).unwrap();
    assert!(details["tables"].as_u64().unwrap() >= 3 && details["bytes"].as_u64().unwrap() > 0, "{details}");
    std::fs::write(&world.file, "broken").unwrap();
    let health = check(&world).await;
    assert_eq!(health.status, HealthStatus::Error);
    assert!(health.message.contains("does not begin as SQLite databases do"), "{}", health.message);
}

#[tokio::test]
async fn editors_learn_tables_columns_functions_and_macros() {
    let world = World::new(TABLES).await;
    let (status, tables) = resource(&world, "tables").await;
    assert_eq!(status, 200);
    assert_eq!(
        tables,
        json!([{"name": "big", "type": "view"}, {"name": "orders", "type": "table"}, {"name": "words", "type": "virtual"}])
    );
    let (_, columns) = resource(&world, "columns?table=orders").await;
    assert_eq!(
        columns,
        json!([{"name": "id", "type": "INTEGER"}, {"name": "placed", "type": "DATETIME"}, {"name": "amount", "type": "REAL"}])
    );
    assert_eq!(resource(&world, "columns?table=no%27such").await, (200, json!([])));
    let (_, functions) = resource(&world, "functions").await;
    let has = |name: &str| functions.as_array().unwrap().iter().any(|function| function == name);
    assert!(has("count") && has("json_extract") && has("sqrt") && !has("load_extension"), "{functions}");
    let (_, macros) = resource(&world, "macros").await;
    let filter = macros.as_array().unwrap().iter().find(|entry| entry["name"] == "$__timeFilter").unwrap();
    assert_eq!(filter["arguments"], json!(["column"]));
}

#[tokio::test]
async fn wrong_resources_are_told() {
    let mut world = World::new(TABLES).await;
    assert_eq!(resource(&world, "columns").await.0, 400);
    let (status, body) = resource(&world, "../tables").await;
    assert_eq!(status, 404);
    assert!(body["message"].as_str().unwrap().contains("there are tables"), "{body}");
    world.settings["path"] = json!("/no/such.db");
    let (status, body) = resource(&world, "tables").await;
    assert_eq!(status, 502);
    assert!(body["message"].as_str().unwrap().contains("there is no such file"), "{body}");
}
