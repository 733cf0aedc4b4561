# Names for commands. `make help` lists them.
PROFILE ?= quick
# The questions that bench-all answers: names of harness/studies, one or more.
STUDY ?= rust
BACKEND ?= local
CARGO ?= cargo
STACKMARK := $(or $(CARGO_TARGET_DIR),target)/release/stackmark
# rustup's folder, for a shell that has not read its profile since rustup was installed.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: bench-all
bench-all: harness ## seed, build, verify and measure the servers of a study; write a run and the table in README.md (STUDY=rust PROFILE=smoke|quick|standard|paper)
	@# A server that failed (status 1) is a row of the table.
	$(STACKMARK) run $(addprefix --study ,$(STUDY)) --profile $(PROFILE) --backend $(BACKEND); status=$$?; \
	if [ $$status -le 1 ]; then $(STACKMARK) report --splice README.md || exit; fi; exit $$status

.PHONY: test
test: harness servers valgrind ## test the suite itself: formatting, lints, unit, property, black-box and end-to-end tests
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(STACKMARK) db exec -- $(CARGO) test --workspace --locked
	rm -rf .stackmark/smoke
	$(STACKMARK) run --profile smoke --out .stackmark/smoke
	$(STACKMARK) report --check .stackmark/smoke
	$(STACKMARK) report --check

.PHONY: test-servers
test-servers: harness servers ## try the contract's test kit on all servers, and not only on those whose code no other has
	KIT_SERVERS=all $(STACKMARK) db exec -- $(CARGO) test --locked --package kit

.PHONY: test-docker
test-docker: bootstrap ## test the containers on this machine's Docker engine
	$(CARGO) test --workspace --locked --test docker

.PHONY: bootstrap
bootstrap: ## install what is missing on a Debian or Ubuntu machine
	@scripts/bootstrap

.PHONY: harness
harness: bootstrap ## build the harness
	$(CARGO) build --release --locked --package stackmark

.PHONY: servers
servers: bootstrap ## build all servers
	$(CARGO) build --release --locked --workspace --exclude stackmark --bins

.PHONY: bench-count
bench-count: harness servers valgrind ## count the instructions that the servers of a study execute for a request (STUDY=rust)
	$(STACKMARK) count $(addprefix --study ,$(STUDY))

.PHONY: bench-count-truth
bench-count-truth: harness servers valgrind ## measure how often counts call a server different from itself, and find 2% more instructions
	$(CARGO) bench --locked --package stackmark --bench truth -- count

.PHONY: valgrind
valgrind:
	@scripts/bootstrap valgrind

.PHONY: bench-load
bench-load: harness servers ## measure the cost and the accuracy of the load, beside wrk, ab, oha and Goose's own client
	$(CARGO) bench --locked --package stackmark --bench load

.PHONY: bench-against
bench-against: harness servers ## measure what the load costs beside that of another stackmark program (OTHER=PATH)
	$(CARGO) bench --locked --package stackmark --bench load -- against $(abspath $(OTHER))

.PHONY: bench-profile
bench-profile: harness servers ## show where the load's CPU time goes; needs perf
	$(CARGO) bench --locked --package stackmark --bench load -- profile

.PHONY: bench-design
bench-design: harness servers ## measure which order and length of slices resolves the smallest differences
	$(CARGO) bench --locked --package stackmark --bench design -- record $(CURDIR)/.stackmark/design
	$(CARGO) bench --locked --package stackmark --bench design -- $(CURDIR)/.stackmark/design

.PHONY: bench-truth
bench-truth: harness servers ## measure how often the same server is called different, and how often 3% more CPU time is found: 4 hours
	$(CARGO) bench --locked --package stackmark --bench truth -- time

.PHONY: bench-containers
bench-containers: harness servers ## measure what containers, their network and their quotas cost, on this machine's Docker engine
	$(CARGO) bench --locked --package stackmark --bench containers

.PHONY: bench-seed
bench-seed: harness ## time seeding against each database's own client loading the same rows from a file, alternating
	$(STACKMARK) db exec -- $(CARGO) run --release --locked -p demo-data --features loader --example bench-seed -- 7

.PHONY: doctor
doctor: harness ## check this machine for what makes results worse, and say how to fix it
	-@$(STACKMARK) doctor

.PHONY: clean
clean: ## remove all builds, and the private database
	-$(STACKMARK) db down
	$(CARGO) clean
	rm -rf .stackmark
	-git worktree prune
