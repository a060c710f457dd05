# One image for web, worker and beat: a bare Debian 12 on which bin/setup does what it does everywhere else.
FROM debian:12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/maillon

# The slow layer first: it changes only with the lock.
COPY bin/lib.sh bin/setup bin/
COPY requirements/ requirements/
RUN bin/setup base && rm -rf /var/lib/apt/lists/* var

COPY . .
RUN useradd --system --no-create-home --uid 10001 maillon \
    && mkdir -p var && chown maillon: var
USER maillon

ENV HOST=0.0.0.0 PORT=8000 MAILLON_MODE=production PYTHONUNBUFFERED=1
VOLUME /srv/maillon/var
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=40s CMD ["bin/health", "web"]
CMD ["bin/web"]
