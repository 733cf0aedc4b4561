//! `POST /insert`: a row is inserted and read back.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use demo_data::Row;
use serde_json::json;

use crate::{
    bench::Bench,
    cases::wire::Cost,
    http::{Answer, abridged, compare},
    insertions::Insertions,
    packets::{BEGIN, COMMIT, IN_TRANSACTION},
    request::Request,
};

/// The longest body that a server must read, in bytes.
const BODY: usize = 16 * 1024;

/// The statuses of a body that is not as it should be.
const REFUSALS: [u16; 3] = [400, 415, 422];

/// How far the database's clock may be from the kit's, in seconds: less than time zones are apart.
const CLOCKS: i64 = 300;

pub(in crate::cases) fn insert(name: &str) -> Request {
    Request::post("/insert", json!({ "name": name }).to_string())
}

/// The JSON of a name with every character escaped, in as many bytes as it can take.
fn escaped(name: &str) -> String {
    let characters: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("{{\"name\":\"{characters}\"}}")
}

/// A row is in the database with its name, whatever that is, and the answer is that row.
pub(in crate::cases) async fn inserted_rows(bench: &Bench) -> Result<()> {
    let mut insertions = Insertions::open(bench.database()?).await?;
    let outcome = check_inserted_rows(bench, &mut insertions).await;
    outcome.and(insertions.remove().await)
}

async fn check_inserted_rows(bench: &Bench, insertions: &mut Insertions) -> Result<()> {
    let mut requests = Vec::new();
    for end in [
        "",
        "a",
        "a ",
        "a\t",
        "%",
        "_",
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "\\\\",
        "\\n",
        "?",
        "$1",
        ":name",
        "{}",
        "%s",
        "null",
        "'); DROP TABLE demo_data; -- ",
        "\", \"id\": \"7",
        "\n\r\u{1}",
        "é",
        "É",
        "a\u{301}",
        "日本語",
        "\u{1f980}",
        "\u{feff}",
        "\u{200b}",
        "\u{10ffff}",
    ] {
        let name = insertions.name(end);
        requests.push((insert(&name), name));
    }
    for longest in ["a".repeat(252), "é".repeat(252), "\u{1f980}".repeat(252)] {
        let name = insertions.name(&longest);
        requests.push((insert(&name), name));
        let name = insertions.name(&longest);
        requests.push((Request::post("/insert", escaped(&name)), name));
    }
    // Of the body's other fields none counts, and white space is none of its matter.
    let name = insertions.name("other fields");
    let others = json!({ "id": 7, "name": name, "create_time": "2000-01-01T00:00:00Z", "x": [{}] });
    requests.push((Request::post("/insert", format!("\r\n\t {others:#} ")), name));
    let name = insertions.name("as long as a body can be");
    let body = json!({ "name": name }).to_string();
    let padding = " ".repeat(BODY - body.len());
    requests.push((Request::post("/insert", format!("{padding}{body}")), name));

    let mut connection = bench.connect().await?;
    let mut ids = Vec::new();
    for (request, name) in &requests {
        let answer = connection.ask(request).await?;
        ids.push(check_row(insertions, name, &answer).await?);
    }
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == requests.len(), "{} rows, but {} ids", requests.len(), ids.len());
    // The same name again is another row.
    let (request, name) = &requests[0];
    ensure!(connection.ask(request).await?.status == 200, "a name is not inserted twice");
    let rows = insertions.rows_named(name).await?;
    ensure!(rows.len() == 2, "a name that was inserted twice has {} rows", rows.len());
    Ok(())
}

/// Checks an inserted row, as it was answered and as it is in the database, and returns its id.
async fn check_row(insertions: &mut Insertions, name: &str, answer: &Answer) -> Result<u64> {
    let value = answer.json(200)?;
    let shown = abridged(name);
    let row: Row = serde_json::from_value(value.clone())
        .with_context(|| format!("{shown:?} is answered with {value}"))?;
    ensure!(row.name == name, "{shown:?} is answered with the name {:?}", abridged(&row.name));
    let stored = insertions.rows_named(name).await?;
    compare(&format!("after the insertion of {shown:?} the database"), &stored, &[value])?;
    ensure!(row.id > demo_data::ROWS, "{shown:?} has the id {}, which was not free", row.id);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().cast_signed();
    let (created, updated) = (row.create_time.timestamp(), row.update_time.timestamp());
    ensure!(
        created == updated && (created - now).abs() <= CLOCKS,
        "{shown:?} has the times {} and {}, which are not now: the database's defaults, with a session in UTC, are",
        row.create_time,
        row.update_time
    );
    Ok(row.id)
}

/// A body that is too long, no JSON, or without a name that a row can have is refused, and nothing is inserted.
pub(in crate::cases) async fn refused_bodies(bench: &Bench) -> Result<()> {
    let mut insertions = Insertions::open(bench.database()?).await?;
    let outcome = check_refused_bodies(bench, &mut insertions).await;
    outcome.and(insertions.remove().await)
}

async fn check_refused_bodies(bench: &Bench, insertions: &mut Insertions) -> Result<()> {
    let mut name = |end: &str| insertions.name(end);
    let long = ["a".repeat(253), "é".repeat(253), " ".repeat(253)].map(|end| name(&end));
    let zero = name("\0");
    let cut = json!({ "name": name("cut") }).to_string();
    let more = json!({ "name": name("more") }).to_string();
    let other = json!({ "Name": name("other") }).to_string();
    let list = json!([{ "name": name("list") }]).to_string();
    let in_list = json!({ "name": [name("in a list")] }).to_string();
    let bare = json!(name("bare")).to_string();
    let form = format!("name={}", name("form"));
    let broken = name("broken");
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "{",
        "}",
        "[]",
        "{}",
        "null",
        "true",
        "7",
        "\"\"",
        "{\"name\"}",
        "{\"name\":}",
        "{\"name\":null}",
        "{\"name\":7}",
        "{\"name\":true}",
        "{\"name\":{}}",
        "{\"name\":\"\"}",
        "{\"name\":\"\\ud800\"}",
        "{\"name\":\"\\x41\"}",
        "{'name':'a'}",
        "<name>a</name>",
        &cut[..cut.len() - 1],
        &cut[..cut.len() - 2],
        &format!("{more} x"),
        &other,
        &list,
        &in_list,
        &bare,
        &form,
    ]
    .map(|body| body.as_bytes().to_vec())
    .to_vec();
    bodies.extend(long.iter().chain([&zero]).map(|name| insert(name).body.to_vec()));
    bodies.push([b"{\"name\":\"", broken.as_bytes(), b"\xff\xfe\"}"].concat());
    for body in bodies {
        let shown = abridged(&String::from_utf8_lossy(&body));
        // A server may close rather than read a body that it has no use for: each request has a connection.
        let answer = bench.connect().await?.ask(&Request::post("/insert", body)).await?;
        check_refusal(&answer, &REFUSALS).with_context(|| format!("the body {shown:?}"))?;
    }
    for length in [BODY + 1, 2 * BODY] {
        let body = json!({ "name": insertions.name("too long") }).to_string();
        let body = format!("{}{body}", " ".repeat(length - body.len()));
        let answer = bench.connect().await?.ask(&Request::post("/insert", body)).await?;
        check_refusal(&answer, &[400, 413]).with_context(|| format!("a body of {length} bytes"))?;
    }
    for name in insertions.names().to_vec().iter().filter(|name| !name.contains('\0')) {
        let stored = insertions.rows_named(name).await?;
        ensure!(stored.is_empty(), "{:?} was refused, and is inserted", abridged(name));
    }
    // What is sent as something else than JSON may be taken for JSON, or refused.
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let request = insert(&insertions.name("not said to be JSON"));
        let request = request.clone().with_body(content_type, request.body);
        let answer = bench.connect().await?.ask(&request).await?;
        if answer.status != 200 {
            let refused = check_refusal(&answer, &REFUSALS);
            refused.with_context(|| format!("a body of the type {content_type:?}"))?;
        }
    }
    Ok(())
}

fn check_refusal(answer: &Answer, statuses: &[u16]) -> Result<()> {
    ensure!(
        statuses.contains(&answer.status),
        "is answered with {} instead of one of {statuses:?}",
        answer.status
    );
    answer.check_error(answer.status)
}

/// An insertion is one INSERT and one SELECT in a transaction, and nothing else.
pub(in crate::cases) async fn one_transaction_per_row(bench: &Bench) -> Result<()> {
    let mut insertions = Insertions::open(bench.database()?).await?;
    let cost = Cost {
        what: "insertions",
        requests: vec![insert(&insertions.name("counted"))],
        owed: &[(BEGIN, 1), (IN_TRANSACTION, 2), (COMMIT, 1)],
        // Diesel has no other way to send a text to MySQL than between two of these.
        allowed: Some(("COM_SET_OPTION", 4)),
    };
    let outcome = async {
        cost.check(bench, 1, 20).await?;
        cost.check(bench, 8, 10).await
    };
    outcome.await.and(insertions.remove().await)
}
