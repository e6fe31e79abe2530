# The service without the sandbox. The same image runs the web processes and the worker.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
# For the names on certificates, in whatever script they are written.
RUN apt-get update && apt-get install --no-install-recommends -y fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --uid 10001 identity \
    && install -d -m 0700 -o identity /var/lib/get-an-identity/evidence
WORKDIR /app
COPY --from=build /venv /venv
COPY wsgi.py ./
COPY config config
COPY matching matching
COPY identity_provider identity_provider
COPY support_console support_console
COPY migrations migrations
USER identity
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BIND=0.0.0.0:8000 PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
EXPOSE 8000
CMD ["python", "-m", "config.server"]
