//! The parsers of `make bench-load`, tried on the output of real programs.

#![allow(clippy::unwrap_used)] // A test that cannot set itself up fails, and should.

#[path = "../benches/load/said.rs"]
mod said;
#[path = "../benches/load/sample.rs"]
mod sample;

use sample::{Frame, PARTS, Part};

/// wrk 4.1.0, `-t1 -c 4 -d 1s`
const WRK: &str = "Running 1s test @ http://127.0.0.1:18099/demo
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   458.92us    1.00ms   7.85ms   87.31%
    Req/Sec    45.70k    18.97k   68.98k    63.64%
  50150 requests in 1.10s, 3.44MB read
Requests/sec:  45467.32
Transfer/sec:      3.12MB
";

/// ApacheBench 2.3, `-q -k -c 4 -t 1 -n 99999999`
const AB: &str = "This is ApacheBench, Version 2.3 <$Revision$>

Benchmarking 127.0.0.1 (be patient).....done


Server Software:        
Server Hostname:        127.0.0.1
Server Port:            18099

Document Path:          /demo
Document Length:        2 bytes

Concurrency Level:      4
Time taken for tests:   1.002 seconds
Complete requests:      29122
Failed requests:        0
Keep-Alive requests:    29122
Total transferred:      2795712 bytes
Requests per second:    29064.25 [#/sec] (mean)
Time per request:       0.138 [ms] (mean)
";

/// oha 1.16.0, `--no-tui -c 4 -z 1s --output-format json`, without its histograms and percentiles
const OHA: &str = r#"{
  "summary": {
    "successRate": 1.0,
    "total": 1.001048883,
    "slowest": 0.024319948,
    "fastest": 0.000014552,
    "average": 0.0000621412298055618,
    "requestsPerSec": 63555.33788653157,
    "totalData": 127238,
    "sizePerRequest": 2,
    "sizePerSec": 127104.68205976712
  },
  "metrics": {
    "success_rate": 1.0,
    "requests_per_sec": 63555.33788653157,
    "latency_ms": {
      "min": 0.015,
      "mean": 0.062,
      "p50": 0.051,
      "p95": 0.109,
      "p99": 0.125,
      "max": 24.32
    }
  },
  "details": {
    "DNSDialup": {
      "average": 0.0001096095,
      "fastest": 0.000039519,
      "slowest": 0.000208904
    },
    "DNSLookup": {
      "average": 8.042249999999999e-6,
      "fastest": 7.91e-7,
      "slowest": 0.000018678
    },
    "firstByte": {
      "average": 0.00006206973702824604,
      "fastest": 0.000014482,
      "slowest": 0.024319878
    }
  },
  "statusCodeDistribution": {
    "200": 63619
  },
  "errorDistribution": {
    "aborted due to deadline": 3
  }
}"#;

#[test]
fn other_generators_are_understood() {
    assert_eq!(said::wrk(WRK), Some((50_150.0, 1.1)));
    assert_eq!(said::ab(AB), Some((29_122.0, 1.002)));
    assert_eq!(said::oha(OHA), Some((63_619.0, 1.001_048_883)));
}

#[test]
fn what_is_no_result_is_none() {
    for said in ["", "unable to connect to 127.0.0.1:1 Connection refused\n", "{}"] {
        assert_eq!(said::wrk(said), None);
        assert_eq!(said::ab(said), None);
        assert_eq!(said::oha(said), None);
    }
}

/// The part that the lines of `perf script -F ip,sym,dso` belong to.
fn part(lines: &[&str]) -> Part {
    let frames: Vec<Frame> = lines.iter().map(|line| Frame::parse(line).unwrap()).collect();
    Part::of(&frames)
}

#[test]
fn a_sample_belongs_to_the_system_call_or_the_crate_that_it_was_taken_in() {
    let send = [
        "\tffffffff8201030f tcp_sendmsg_locked ([kernel.kallsyms])",
        "\tffffffff81e314b0 __x64_sys_sendto ([kernel.kallsyms])",
        "\tffffffff821ef691 do_syscall_64 ([kernel.kallsyms])",
        "\t          10aba4 __send (/usr/lib/x86_64-linux-gnu/libc.so.6)",
    ];
    assert_eq!(part(&send), Part::Send);
    assert_eq!(part(&send[2..]), Part::KernelElse);
    assert_eq!(part(&send[3..]), Part::Libc);
    let delivered = "\tffffffff81e695bb net_rx_action ([kernel.kallsyms])";
    assert_eq!(part(&[&[delivered], &send[..]].concat()), Part::Delivery);
    let woken = "\tffffffff813a0a11 try_to_wake_up ([kernel.kallsyms])";
    assert_eq!(part(&[&[woken], &send[..]].concat()), Part::Scheduling);
    let interrupt = "\tffffffff81000d62 asm_common_interrupt ([kernel.kallsyms])";
    assert_eq!(part(&[&[woken, interrupt], &send[..]].concat()), Part::Interrupts);
    for (line, expected) in [
        ("  b46 __vdso_clock_gettime ([vdso])", Part::Clock),
        (
            "  9ef34a stackmark::load::goose::configure::{{closure}}::{{closure}} (/t/stackmark)",
            Part::Stackmark,
        ),
        ("  835aea hdrhistogram::Histogram<T>::record_n_inner (/t/stackmark)", Part::Stackmark),
        (
            "  abc044 <tokio::time::sleep::Sleep as core::future::future::Future>::poll (/t/stackmark)",
            Part::Tokio,
        ),
        ("  8cd2d3 goose::user::user_main::{{closure}} (/t/stackmark)", Part::Goose),
        ("  0 [unknown] ([unknown])", Part::Else),
    ] {
        assert_eq!(part(&[line]), expected, "{line}");
    }
    assert_eq!(Frame::parse(""), None);
}

#[test]
fn every_part_has_its_place_and_a_name() {
    for (index, part) in PARTS.into_iter().enumerate() {
        assert_eq!(part as usize, index);
        assert!(!part.name().is_empty());
    }
}
