# Everything installed is named with its hash in a lock file. docs/container.md tells how to run it.
FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements.lock runtime.lock ./
RUN python -m venv /build && /build/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
RUN python -m venv /opt/mcp-ogc && /opt/mcp-ogc/bin/python -m pip install --no-cache-dir --require-hashes -r runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY mcp_ogc mcp_ogc
COPY prompts prompts
RUN /build/bin/python -m hatchling build -t wheel \
    && /opt/mcp-ogc/bin/python -m pip install --no-cache-dir --no-index --no-deps dist/*.whl

FROM python:3.13-slim
LABEL io.modelcontextprotocol.server.name="io.github.mcp-ogc/mcp-ogc" \
      org.opencontainers.image.title="mcp-ogc" \
      org.opencontainers.image.source="https://github.com/mcp-ogc/mcp-ogc" \
      org.opencontainers.image.licenses="Apache-2.0 AND BSD-2-Clause AND ISC"
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin mcp && install -d -o mcp -g mcp /data
COPY --from=build /opt/mcp-ogc /opt/mcp-ogc
COPY packaging/healthy.py /opt/mcp-ogc/healthy.py
# Nothing is written outside /data and /tmp: the root file system may be read-only.
ENV PATH=/opt/mcp-ogc/bin:$PATH HOME=/data MCP_OGC_DATA_FOLDER=/data MCP_OGC_DOWNLOAD_FOLDER=/data/downloads \
    PYTHONDONTWRITEBYTECODE=1
VOLUME /data
WORKDIR /data
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["python", "/opt/mcp-ogc/healthy.py"]
ENTRYPOINT ["mcp-ogc"]
