# The site in an image: `serve` by default, any command of manage.py in its place (docs/deployment.md).

FROM python:3.13-slim-bookworm AS packages
# an index other than PyPI: --build-arg PIP_INDEX_URL=...
ARG PIP_INDEX_URL
WORKDIR /srv/tunix
COPY requirements-uv.txt requirements.txt ./
RUN python -m venv /opt/uv \
    && /opt/uv/bin/python -m pip install --quiet --no-cache-dir --no-input --no-deps --require-hashes \
        -r requirements-uv.txt
RUN python -m venv --without-pip .venv \
    && /opt/uv/bin/uv pip install --python .venv --no-cache --compile-bytecode --no-deps \
        --require-hashes ${PIP_INDEX_URL:+--default-index "$PIP_INDEX_URL"} -r requirements.txt \
    && /opt/uv/bin/uv pip check --quiet --python .venv

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /srv/tunix \
        --shell /usr/sbin/nologin tunix \
    && install --directory --owner tunix --group tunix --mode 0700 /var/lib/tunix \
        /var/lib/tunix/uploads
WORKDIR /srv/tunix
COPY --from=packages /srv/tunix/.venv .venv
COPY . .
RUN .venv/bin/python -m compileall -q -x '[.]venv' .
ENV HOST=0.0.0.0 PORT=8000 TUNIX_VAR=/var/lib/tunix PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=2m \
    CMD [".venv/bin/python", "deploy/is_healthy.py"]
ENTRYPOINT [".venv/bin/python", "manage.py"]
CMD ["serve"]
