# All Rust servers and the harness: `--target server --build-arg PACKAGE=axum-diesel`, or `--target harness`.
# The base images come from .env, the only file that pins them.
ARG RUST_IMAGE
ARG RUNTIME_IMAGE

FROM ${RUST_IMAGE} AS tools
# Diesel's layers link the C library of either database; the image has everything else.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libmariadb-dev libpq-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src

# The workspace without its code: manifests, and an empty target wherever cargo looks for one. The result changes only
# with a manifest or the lock, so the dependencies below stay as they are when code changes.
FROM tools AS manifests
COPY . /checkout
RUN cd /checkout \
    && cp Cargo.lock /src && find . -name Cargo.toml -exec cp --parents '{}' /src ';' \
    && find . -path '*/src/main.rs' -o -path '*/src/lib.rs' | while read -r target; do \
        mkdir -p "$(dirname "/src/$target")" && echo 'fn main() {}' > "/src/$target"; \
    done \
    # Tests and benches that a manifest names are not in the build's context, but must exist.
    && cd /src && find . -name Cargo.toml | while read -r manifest; do \
        sed -n 's/^path = "\(.*\.rs\)"$/\1/p' "$manifest" | while read -r target; do \
            target=$(dirname "$manifest")/$target; \
            mkdir -p "$(dirname "$target")" && echo 'fn main() {}' > "$target"; \
        done; \
    done

# The options are those of servers.toml and of the Makefile, so that features resolve as in a local build.
FROM tools AS build
COPY --from=manifests /src .
RUN cargo build --release --locked --workspace --exclude stackmark --bins \
    && cargo build --release --locked --package stackmark
COPY db/schema db/schema
COPY db/seed db/seed
COPY servers/contract servers/contract
COPY servers/drive servers/drive
COPY servers/frameworks servers/frameworks
COPY servers/layers servers/layers
COPY servers/rust servers/rust
# Cargo compares times, so the code must be newer than the empty targets that it replaces.
RUN find db servers -name '*.rs' -exec touch '{}' + \
    && cargo build --release --locked --workspace --exclude stackmark --bins
COPY db/config db/config
COPY servers/registry servers/registry
COPY harness harness
RUN find db harness servers/registry -name '*.rs' -exec touch '{}' + \
    && cargo build --release --locked --package stackmark

FROM ${RUNTIME_IMAGE} AS runtime
# What Diesel's layers are linked with. Every server has both libraries: a server's image then differs from another's in its
# program alone.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libmariadb3 libpq5 \
    && rm -rf /var/cache/apt/* /var/cache/debconf/* /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log
COPY --chmod=755 docker/entrypoint.sh /usr/local/bin/entrypoint.sh

FROM runtime AS harness
WORKDIR /stackmark
RUN mkdir results .stackmark
COPY Cargo.lock .
COPY servers/servers.toml servers/servers.toml
COPY harness/scenarios harness/scenarios
COPY harness/studies harness/studies
COPY --chmod=755 docker/harness.sh /usr/local/bin/harness.sh
COPY --from=build /src/target/release/stackmark /usr/local/bin/stackmark
# It starts as root, in order to become the owner of the results.
ENTRYPOINT ["/usr/local/bin/entrypoint.sh", "/usr/local/bin/harness.sh", "/usr/local/bin/stackmark"]
ARG RUST_IMAGE
ARG RUNTIME_IMAGE
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="stackmark" \
    org.opencontainers.image.description="The harness of Stackmark" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.revision="${COMMIT}" \
    org.opencontainers.image.base.name="${RUNTIME_IMAGE}" \
    stackmark.compiler="${RUST_IMAGE}"

FROM runtime AS server
ARG PACKAGE
COPY --from=build /src/target/release/${PACKAGE} /usr/local/bin/server
ENV BIND=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
# The health check is a process in the server's own container, so it is rare: no measurement sees it.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 CMD ["/usr/local/bin/server", "--health"]
ENTRYPOINT ["/usr/local/bin/entrypoint.sh", "/usr/local/bin/server"]
ARG RUST_IMAGE
ARG RUNTIME_IMAGE
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="${PACKAGE}" \
    org.opencontainers.image.description="A server of Stackmark" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.version="0.1.0" \
    org.opencontainers.image.revision="${COMMIT}" \
    org.opencontainers.image.base.name="${RUNTIME_IMAGE}" \
    stackmark.compiler="${RUST_IMAGE}"
