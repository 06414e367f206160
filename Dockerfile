# Two stages: the first installs what the lock names, the second holds Python, that, and the package.
FROM python:3.13-slim-bookworm AS build
RUN ["mkdir", "/store"]
COPY requirements.lock /build/
RUN ["python", "-m", "pip", "install", "--no-cache-dir", "--no-compile", "--disable-pip-version-check", \
     "--no-deps", "--only-binary=:all:", "--require-hashes", "--target=/opt/watcher", \
     "--requirement=/build/requirements.lock"]
COPY watcher /opt/watcher/watcher
COPY config/image/watcher /opt/watcher/bin/watcher
# The root may be read-only at run time: byte code is made here, once.
RUN ["python", "-m", "compileall", "-q", "-j", "0", "/opt/watcher"]

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="watcher" \
      org.opencontainers.image.description="Knows which scrape jobs Prometheus should have, sees when one is gone, and says why." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE /opt/watcher/LICENSE
COPY --from=build /opt/watcher /opt/watcher
ENV PATH=/opt/watcher/bin:$PATH PYTHONPATH=/opt/watcher PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# The store: made here so that a new volume belongs to the user the daemon runs as.
COPY --from=build --chown=65532:65532 /store /var/lib/watcher
WORKDIR /var/lib/watcher
VOLUME /var/lib/watcher
USER 65532:65532
EXPOSE 9393
ENTRYPOINT ["watcher"]
CMD ["run"]
