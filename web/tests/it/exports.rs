//! Results in the forms of other ecosystems, as they stand. Their schemas are checked by
//! `tests/web/unit/export.test.mjs`.

use axum::http::header;

use crate::stage::{Stage, get, text};

const FORMATS: [(&str, &str); 8] = [
    ("every-eval-ever", "application/json"),
    ("eval-results", "application/yaml"),
    ("model-index", "application/yaml"),
    ("in-toto", "application/vnd.in-toto+json"),
    ("cyclonedx", "application/vnd.cyclonedx+json"),
    ("ainft", "application/json"),
    ("csv", "text/csv; charset=utf-8"),
    ("badge", "image/svg+xml"),
];

#[tokio::test]
async fn every_form_says_the_same_score_under_its_own_media_type() {
    let stage = Stage::new();
    for (format, media) in FORMATS {
        let path = format!("/api/v1/results/{}/export/{format}", stage.known.done);
        let response = stage.send(get(&path)).await;
        assert_eq!(response.status(), 200, "{format}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], media);
        let said = text(response).await;
        assert!(said.contains("0.595"), "{format}: {said}");
        assert!(
            !said.contains("0000000000000000"),
            "a hash that nobody stated is left out: {said}"
        );
        insta::assert_snapshot!(format!("export_{}", format.replace('-', "_")), said);
    }
}

#[tokio::test]
async fn a_form_that_there_is_not_is_told_with_those_that_there_are() {
    let stage = Stage::new();
    let (done, open) = (stage.known.done, stage.known.open);
    let path = format!("/results/{done}/export/poem");
    let detail = stage.get_refused(&path, 400, "malformed_id").await;
    assert!(detail.contains("poem") && detail.contains("cyclonedx"), "{detail}");
    stage.get_refused("/results/12/export/csv", 400, "malformed_id").await;
    stage.get_refused(&format!("/results/{open}/export/csv"), 404, "result_not_found").await;
}
