FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG GITHASH=unknown
ARG BUILDSTAMP=unknown
RUN CGO_ENABLED=0 go build -trimpath \
      -ldflags "-s -w -X main.version=${VERSION} -X main.githash=${GITHASH} -X main.buildstamp=${BUILDSTAMP}" -o /out/ecs-api . \
 && mkdir -p /out/state /out/tmp

# The binary, the CAs that it trusts AWS by, and two directories that it may write to.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ecs-api /ecs-api
COPY --from=build --chown=65532:65532 /out/state /state
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
VOLUME /state
EXPOSE 8080
# The configuration is mounted at /config/config.json; its secrets may come from the environment or from files.
ENTRYPOINT ["/ecs-api"]
