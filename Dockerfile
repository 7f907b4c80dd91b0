# The service on its own; the database is another container (see docker-compose.yml).
FROM python:3.13-slim-trixie

RUN useradd --system --create-home --uid 10001 medextract
WORKDIR /srv/medextract

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY pyproject.toml README.md ./
COPY app ./app
COPY migrations ./migrations
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .

USER medextract
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["sh", "-c", "medextract migrate && exec medextract serve --host 0.0.0.0"]
