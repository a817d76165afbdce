# A static binary, and nothing else, run by a user that is not root.
#
#   docker build -t throng --build-arg VERSION=v0.1.0 .
#   docker run --rm -v throng-keys:/keys throng keys /keys
#   docker run -p 7400:7400 -v throng-keys:/keys:ro -v throng:/var/lib/throng throng
#
# /var/lib/throng is all that is kept, /keys are your secrets. deploy/README.md has more.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" \
        -o /out/throng ./cmd/throng \
    && mkdir -p /out/data /out/keys /out/tmp && chmod 1777 /out/tmp

FROM scratch
COPY --from=build /out/throng /throng
COPY --from=build --chown=7400:7400 /out/data /var/lib/throng
COPY --from=build --chown=7400:7400 --chmod=700 /out/keys /keys
COPY --from=build /out/tmp /tmp
USER 7400:7400
VOLUME /var/lib/throng /keys
ENV THRONG_DATA_DIR=/var/lib/throng THRONG_CLIENT_ADDR=:7400 \
    THRONG_SERVER_KEY_FILE=/keys/server.key THRONG_TOKEN_KEYS_FILE=/keys/token.keys \
    THRONG_ADMIN_TOKEN_FILE=/keys/admin.token
EXPOSE 7400
# A clean stop takes at most 15 seconds: run with --stop-timeout 30.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["/throng", "health"]
ENTRYPOINT ["/throng"]
CMD ["serve"]
