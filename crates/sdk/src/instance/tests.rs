use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use graftwire_model::CallContext;

use super::*;

fn request(id: i64, updated: i64) -> RequestContext {
    let data_source = DataSourceInstanceSettings {
        id,
        updated: EpochMillis(updated),
        ..DataSourceInstanceSettings::default()
    };
    RequestContext {
        plugin: PluginContext { data_source: Some(data_source), ..PluginContext::default() },
        ..RequestContext::default()
    }
}

fn counting(most: usize) -> (Arc<AtomicUsize>, Instances<usize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let instances = Instances::made(most, move |_cx| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(number)
        }
    });
    (made, instances)
}

#[tokio::test(start_paused = true)]
async fn the_same_settings_give_the_same_instance_and_a_change_a_new_one() {
    let (_made, instances) = counting(10);
    let first = instances.of_request(&request(1, 5)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &instances.of_request(&request(1, 5)).await.unwrap()));
    let renewed = instances.of_request(&request(1, 6)).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &renewed));

    let mut other_config = request(1, 6);
    other_config.plugin.grafana_config.insert("GF_APP_URL", "http://x");
    assert!(!Arc::ptr_eq(&renewed, &instances.of_request(&other_config).await.unwrap()));

    let mut other_tenant = request(1, 6);
    let mut call = CallContext::new();
    call.add_metadata("tenantID", "acme");
    other_tenant.call = call;
    instances.of_request(&other_tenant).await.unwrap();
    assert_eq!(instances.counts(), (2, 4));
}

#[tokio::test(start_paused = true)]
async fn callers_at_the_same_time_share_one_instance() {
    let (made, instances) = counting(10);
    let cx = request(1, 5);
    let all = futures_util::future::join_all((0..20).map(|_| instances.of_request(&cx))).await;
    assert_eq!(made.load(Ordering::SeqCst), 1);
    assert!(all.iter().all(|instance| **instance.as_ref().unwrap() == 0));
}

#[tokio::test]
async fn a_failure_is_told_and_not_kept() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tries);
    let instances: Instances<usize> = Instances::made(10, move |_cx| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        async move { if number == 0 { Err(InstanceError::new("no such host")) } else { Ok(number) } }
    });
    assert_eq!(instances.of_request(&request(1, 5)).await.unwrap_err().to_string(), "no such host");
    assert_eq!(*instances.of_request(&request(1, 5)).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_longest_unused_goes_first() {
    let (_made, instances) = counting(2);
    let first = instances.of_request(&request(1, 0)).await.unwrap();
    instances.of_request(&request(2, 0)).await.unwrap();
    instances.of_request(&request(1, 0)).await.unwrap();
    instances.of_request(&request(3, 0)).await.unwrap();
    assert_eq!(instances.counts(), (2, 3));
    assert!(Arc::ptr_eq(&first, &instances.of_request(&request(1, 0)).await.unwrap()));
}

#[tokio::test]
async fn a_request_without_settings_says_so() {
    let (_made, instances) = counting(2);
    let error = instances.of_request(&RequestContext::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("the request names no data source"));
}
