# acgz in a container: docker build -t acgz . && docker run --rm -v "$PWD:/data" acgz compress genome.fa
# The first stage compiles the kernels; the last has no compiler, and root has no part in it.

FROM python:3.13-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
COPY . /source
WORKDIR /source
RUN python -m venv /opt/acgz
RUN python -m pip wheel --no-deps --wheel-dir /wheels .
RUN /opt/acgz/bin/python -m pip install --no-cache-dir --constraint constraints.txt /wheels/*.whl
RUN /opt/acgz/bin/python -m pip uninstall --yes pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="acgz" \
      org.opencontainers.image.description="Lossless compressor for genome sequences" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/acgz /opt/acgz
ENV PATH=/opt/acgz/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 65534:65534
WORKDIR /data
ENTRYPOINT ["acgz"]
